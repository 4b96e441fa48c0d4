/** Runs the horizons of a comparison on all cores. */
import type { HorizonRunner } from "../comparison/compare-horizons.ts";
import type { HorizonRun, HorizonTask } from "../comparison/horizon-run.ts";
import { runHorizon } from "../comparison/horizon-run.ts";
import { highsSolver } from "../solver/highs-solver.ts";
import { runPooled } from "./simulation-pool.ts";

/** Runs one horizon in the caller's thread with a solver of its own. */
export async function runHorizonHere(
  task: HorizonTask,
  onShare: (share: number) => void,
): Promise<HorizonRun> {
  const solver = highsSolver({ threads: 1 });
  try {
    const run = await runHorizon(task, solver, { onShare });
    if (run === null) throw new Error("A horizon stopped that nobody stops");
    return run;
  } finally {
    await solver.close();
  }
}

/** A runner with so many workers, one for each core when left out. Nobody cancels a command but by ending it. */
export function pooledHorizons(threads: number | undefined): HorizonRunner {
  return async (tasks, { onShare }) => ({
    kind: "finished",
    runs: await runPooled(
      { workerUrl: new URL("./horizon-worker.ts", import.meta.url), runHere: runHorizonHere },
      tasks,
      { ...(threads === undefined ? {} : { threads }), onProgress: onShare },
    ),
  });
}
