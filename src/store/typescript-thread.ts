import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";

/**
 * Starts a thread on a TypeScript file. Node 20 runs neither a worker's entry nor what that imports through a loader given by --import:
 * the entry registers it.
 */
export function typescriptThread(entry: URL, workerData: unknown): Worker {
  const loader = new URL("esm/api/index.mjs", pathToFileURL(createRequire(import.meta.url).resolve("tsx")));
  const program = `import { register } from ${JSON.stringify(loader.href)}; register(); await import(${JSON.stringify(entry.href)});`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`), { workerData });
}
