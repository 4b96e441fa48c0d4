import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";

/** Whether this runs as bin/compiled.js compiled it, and not through a loader. */
const IS_COMPILED = import.meta.url.endsWith(".js");

/**
 * Starts a thread on a file of the sources, named with its ending ".ts". Node 20 runs neither a worker's entry nor what that imports through
 * a loader given by --import: where there is one, the entry registers it.
 */
export function typescriptThread(entry: URL, workerData: unknown): Worker {
  if (IS_COMPILED) return new Worker(new URL(entry.href.replace(/\.ts$/, ".js")), { workerData });
  const loader = new URL("esm/api/index.mjs", pathToFileURL(createRequire(import.meta.url).resolve("tsx")));
  const program = `import { register } from ${JSON.stringify(loader.href)}; register(); await import(${JSON.stringify(entry.href)});`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`), { workerData });
}
