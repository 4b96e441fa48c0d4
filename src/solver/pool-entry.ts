import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

/** What a pool of worker threads is told of their entry. */
export interface PoolEntry {
  readonly filename: string;
  readonly execArgv: string[];
}

/** For a file of the sources, named with its ending ".ts": compiled ones run as they are, others through the loader, which threads do not inherit. */
export function poolEntry(entry: URL): PoolEntry {
  const isCompiled = import.meta.url.endsWith(".js");
  if (isCompiled) return { filename: fileURLToPath(entry).replace(/\.ts$/, ".js"), execArgv: [] };
  const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  return { filename: fileURLToPath(entry), execArgv: ["--import", loader] };
}
