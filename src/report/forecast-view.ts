/** What a plan means for one job, as JSON. */
import { z } from "zod";
import { isoTime } from "../catalog/time.ts";
import type { RunningForecast, WaitingForecast } from "../domain/plan.ts";
import {
  gpusField,
  idField,
  secondsField,
  timeField,
  usdField,
  vmTypeField,
  warningsField,
} from "./view-fields.ts";

/** Expected course of a job that runs. */
export const runningJobSchema = z
  .strictObject({
    kind: z.literal("running"),
    jobId: idField,
    nodeId: z.string().meta({ example: "node-1" }),
    vmType: vmTypeField,
    gpus: gpusField,
    holdSeconds: secondsField.meta({
      description:
        "Seconds on the GPUs before it makes progress: its node boots, its checkpoint is loaded. Part of remainingSeconds.",
      example: 0,
    }),
    remainingSeconds: secondsField.meta({ description: "Predicted seconds that are left." }),
    expectedCompletionAt: timeField,
    earliestCompletionAt: timeField.meta({ description: "Lower end of the duration model's interval." }),
    latestCompletionAt: timeField.meta({ description: "Upper end of the duration model's interval." }),
    expectedTardinessSeconds: secondsField.meta({
      description: "Expected seconds after the due date; 0 if in time.",
    }),
    expectedRentUsd: usdField.meta({ description: "The job's share of its node's rent until it completes." }),
    expectedTardinessCostUsd: usdField.meta({ description: "Tardiness weight times expected tardiness." }),
    expectedTotalCostUsd: usdField.meta({ description: "Expected rent and tardiness cost together." }),
    warnings: warningsField,
  })
  .meta({
    id: "RunningJob",
    description: "Expected course of a job that runs; it holds while the job stays where it is.",
  });

/** A job that waits. */
export const waitingJobSchema = z
  .strictObject({
    kind: z.literal("waiting"),
    jobId: idField,
    reason: z.enum(["not-yet", "budget"]).meta({
      description:
        "budget: no configuration can finish it within what is left of its budget, so that it does not start until that is raised.",
    }),
    slackSeconds: z.number().meta({
      description:
        "Seconds it can still wait and meet its due date in its fastest configuration; negative when it is late already.",
      example: 1800,
    }),
    soonestCompletionAt: timeField.meta({
      description: "Completion if it started now in its fastest configuration.",
    }),
    leastTardinessSeconds: secondsField.meta({
      description: "Tardiness that not even an immediate start avoids.",
    }),
    leastTardinessCostUsd: usdField.meta({ description: "Cost of the least tardiness." }),
  })
  .meta({
    id: "WaitingJob",
    description: "A job that waits; when it will start is not known, so only bounds are stated.",
  });

export type RunningJobView = z.output<typeof runningJobSchema>;
export type WaitingJobView = z.output<typeof waitingJobSchema>;

/** A running job's forecast as JSON. */
export function runningJobView(forecast: RunningForecast): RunningJobView {
  return {
    kind: "running",
    jobId: forecast.jobId,
    nodeId: forecast.nodeId,
    vmType: forecast.vmTypeId,
    gpus: forecast.gpus,
    holdSeconds: forecast.holdSeconds,
    remainingSeconds: forecast.remainingSeconds,
    expectedCompletionAt: isoTime(forecast.expectedCompletionAtSeconds),
    earliestCompletionAt: isoTime(forecast.earliestCompletionAtSeconds),
    latestCompletionAt: isoTime(forecast.latestCompletionAtSeconds),
    expectedTardinessSeconds: forecast.expectedTardinessSeconds,
    expectedRentUsd: forecast.expectedRentUsd,
    expectedTardinessCostUsd: forecast.expectedTardinessCostUsd,
    expectedTotalCostUsd: forecast.expectedRentUsd + forecast.expectedTardinessCostUsd,
    warnings: [...forecast.warnings],
  };
}

/** A waiting job's forecast as JSON. */
export function waitingJobView(forecast: WaitingForecast): WaitingJobView {
  return {
    kind: "waiting",
    jobId: forecast.jobId,
    reason: forecast.reason,
    slackSeconds: forecast.slackSeconds,
    soonestCompletionAt: isoTime(forecast.soonestCompletionAtSeconds),
    leastTardinessSeconds: forecast.leastTardinessSeconds,
    leastTardinessCostUsd: forecast.leastTardinessCostUsd,
  };
}
