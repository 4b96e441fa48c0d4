/** One run of a campaign in a thread of its own. */
import { workerData } from "node:worker_threads";
import { loadReferenceData } from "../../catalog/reference-data.ts";
import { answerFromThread } from "../comparisons/answer-from-thread.ts";
import type { CampaignRunTask } from "./campaign-input.ts";
import { simulateRun } from "./simulate-run.ts";

await answerFromThread(async ({ solver, onProgress }) => {
  const task = JSON.parse(workerData as string) as CampaignRunTask;
  return JSON.stringify(await simulateRun(task, { reference: loadReferenceData(), solver }, onProgress));
});
