/** One comparison in a thread of its own: it keeps nobody waiting, and whoever started it ends it by ending the thread. */
import { parentPort, workerData } from "node:worker_threads";
import { loadReferenceData } from "../../catalog/reference-data.ts";
import { highsSolver } from "../../solver/highs-solver.ts";
import { compareInput } from "./compare-input.ts";
import { keptInput } from "./comparison-input.ts";
import type { ComparisonMessage } from "./start-comparison.ts";

/** Share of the work after which progress is told again. */
const PROGRESS_STEP = 0.01;

const port = parentPort;
if (port === null) throw new Error("comparison-thread.ts runs as a worker thread only");
const tell = (message: ComparisonMessage): void => {
  port.postMessage(message);
};

let told = 0;
const solver = highsSolver({ threads: 1 });
try {
  const input = keptInput(workerData as object);
  const view = await compareInput(
    input,
    { reference: loadReferenceData(), solver },
    {
      onProgress: (share) => {
        if (share < told + PROGRESS_STEP) return;
        told = share;
        tell({ kind: "progress", share });
      },
    },
  );
  tell({ kind: "result", view });
} catch (error) {
  tell({ kind: "failed", reason: error instanceof Error ? error.message : String(error) });
} finally {
  await solver.close();
}
