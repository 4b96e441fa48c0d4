/** Runs in a worker thread: one simulation for each message. */
import type { PoolMessage } from "./simulation-pool.ts";
import type { SimulationReport, SimulationTask } from "./simulation-run.ts";
import { runSimulation } from "./simulation-run.ts";

/** Share of the jobs after which progress is told again. */
const PROGRESS_STEP = 0.01;

/** Runs the task; the share of completed jobs goes to the port now and then. */
export default async function simulateTask({
  task,
  progress,
}: PoolMessage<SimulationTask>): Promise<SimulationReport> {
  let told = 0;
  try {
    return await runSimulation(task, (completed, all) => {
      if (completed / all < told + PROGRESS_STEP) return;
      told = completed / all;
      progress.postMessage(told);
    });
  } finally {
    progress.close();
  }
}
