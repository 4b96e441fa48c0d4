import { fileURLToPath } from "node:url";

/** What a pool of worker threads is told of their entry. */
export interface PoolEntry {
  readonly filename: string;
  readonly argv: string[];
}

const SOURCES = new URL("../", import.meta.url);
const THREAD = new URL("../../bin/thread.js", import.meta.url);

/** For a file of the sources, named with its ending ".ts": compiled ones run as they are, and others have threads compiled, which inherit no loader. */
export function poolEntry(entry: URL): PoolEntry {
  const isCompiled = import.meta.url.endsWith(".js");
  if (isCompiled) return { filename: fileURLToPath(entry).replace(/\.ts$/, ".js"), argv: [] };
  const name = entry.href.slice(SOURCES.href.length).replace(/\.ts$/, "");
  return { filename: fileURLToPath(THREAD), argv: [name] };
}
