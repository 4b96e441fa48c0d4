/** One horizon of a comparison in a thread of its own. */
import { workerData } from "node:worker_threads";
import { runHorizon } from "../../comparison/horizon-run.ts";
import { answerFromThread } from "./answer-from-thread.ts";
import { horizonRunText, horizonTaskOf } from "./horizon-codec.ts";

await answerFromThread(async ({ solver, onProgress }) => {
  const run = await runHorizon(horizonTaskOf(workerData as string), solver, { onShare: onProgress });
  if (run === null) throw new Error("A horizon stopped that nobody stops");
  return horizonRunText(run);
});
