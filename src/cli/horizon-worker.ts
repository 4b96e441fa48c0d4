/** Runs in a worker thread: one variant's horizon for each message. */
import type { HorizonRun, HorizonTask } from "../comparison/horizon-run.ts";
import { runHorizonHere } from "./horizon-pool.ts";
import type { PoolMessage } from "./simulation-pool.ts";

/** Share of the jobs after which progress is told again. */
const PROGRESS_STEP = 0.01;

/** Runs the task; the share of completed jobs goes to the port now and then. */
export default async function simulateHorizon({
  task,
  progress,
}: PoolMessage<HorizonTask>): Promise<HorizonRun> {
  let told = 0;
  try {
    return await runHorizonHere(task, (share) => {
      if (share < told + PROGRESS_STEP) return;
      told = share;
      progress.postMessage(told);
    });
  } finally {
    progress.close();
  }
}
