import { Worker } from "node:worker_threads";

/** Whether this runs as bin/compiled.js compiled it, and not through a loader. */
const IS_COMPILED = import.meta.url.endsWith(".js");
const SOURCES = new URL("../", import.meta.url);
const THREAD = new URL("../../bin/thread.js", import.meta.url);

/** Starts a thread on a file of the sources, named with its ending ".ts"; where a loader runs them, which threads do not inherit, it has the thread's compiled. */
export function typescriptThread(entry: URL, workerData: unknown): Worker {
  if (IS_COMPILED) return new Worker(new URL(entry.href.replace(/\.ts$/, ".js")), { workerData });
  const name = entry.href.slice(SOURCES.href.length).replace(/\.ts$/, "");
  return new Worker(THREAD, { workerData, argv: [name] });
}
