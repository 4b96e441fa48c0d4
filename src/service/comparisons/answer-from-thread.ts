/** What threads that compute have in common: they tell how far they are, and answer once. */
import type { MessagePort } from "node:worker_threads";
import { parentPort } from "node:worker_threads";
import type { SolverPort } from "../../milp/solver-port.ts";
import { highsSolver } from "../../solver/highs-solver.ts";
import type { ThreadMessage } from "./start-thread.ts";

/** What the work is done with. */
export interface ThreadMeans {
  readonly solver: SolverPort;
  readonly port: MessagePort;
  readonly onProgress: (share: number) => void;
}

/** Share of the work after which progress is told again. */
const PROGRESS_STEP = 0.01;

/** Does the thread's work. */
export async function answerFromThread<Result>(work: (means: ThreadMeans) => Promise<Result>): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error("This file runs as a worker thread only");
  const tell = (message: ThreadMessage<Result>): void => {
    port.postMessage(message);
  };
  let told = 0;
  const solver = highsSolver({ threads: 1 });
  try {
    const result = await work({
      solver,
      port,
      onProgress: (share) => {
        if (share < told + PROGRESS_STEP) return;
        told = share;
        tell({ kind: "progress", share });
      },
    });
    tell({ kind: "result", result });
  } catch (error) {
    tell({ kind: "failed", reason: error instanceof Error ? error.message : String(error) });
  } finally {
    await solver.close();
  }
}
