/** A job as JSON: what was asked for, how far it is, where it runs, and what is expected. */
import { z } from "zod";
import { isoTime } from "../catalog/time.ts";
import type { Placement } from "../domain/allocation.ts";
import { placements } from "../domain/allocation.ts";
import type { ClusterState, JobState } from "../domain/cluster-state.ts";
import { FRAMEWORKS } from "../domain/job.ts";
import type { JobForecast } from "../domain/plan.ts";
import { perSecondToPerHour } from "../domain/units.ts";
import { forecastJobs } from "../planner/forecast.ts";
import { durationTableSchema, durationTableView } from "./estimate-view.ts";
import { runningJobSchema, runningJobView, waitingJobSchema, waitingJobView } from "./forecast-view.ts";
import { gpusField, idField, timeField, usdField, vmTypeField } from "./view-fields.ts";

/** What a user calls the state of a job. */
export const JOB_STATUSES = ["waiting", "running", "completed", "cancelled"] as const;

/** JSON form of a job. */
export const jobViewSchema = z
  .strictObject({
    id: idField,
    status: z.enum(JOB_STATUSES),
    network: z
      .string()
      .meta({ description: 'Name of the network, "inline" or "measured".', example: "resnet50" }),
    framework: z.enum(FRAMEWORKS),
    batchSize: z.int().min(1),
    samples: z.int().min(1),
    epochs: z.int().min(1),
    submittedAt: timeField,
    dueAt: timeField,
    tardinessCostPerHourUsd: usdField.meta({ description: "What each hour after the due date costs." }),
    completedShare: z.number().min(0).max(1).meta({
      description: "Share of the work that is done: as reported, and as predicted since.",
      example: 0.4,
    }),
    savedShare: z.number().min(0).max(1).meta({
      description:
        "Share of the work that is not lost with a node: last reported, or done when the job was last stopped or moved.",
      example: 0.4,
    }),
    pace: z
      .strictObject({
        durationFactor: z.number().gt(0).meta({
          description:
            "The job takes this many times as long as predicted; 1 until it has reported progress.",
          example: 1.1,
        }),
        observedShare: z.number().min(0).meta({
          description: "Share of the job's work that this was learnt from.",
          example: 0.4,
        }),
      })
      .meta({ id: "Pace", description: "How fast the job really is, learnt from its own reports." }),
    placement: z
      .strictObject({ nodeId: z.string(), vmType: vmTypeField, gpus: gpusField })
      .nullable()
      .meta({ description: "Where it runs; null when it does not." }),
    forecast: z
      .discriminatedUnion("kind", [runningJobSchema, waitingJobSchema])
      .nullable()
      .meta({ description: "What is expected from now on; null once the job has ended." }),
    completedAt: timeField.nullable(),
    cancelledAt: timeField.nullable(),
    tardinessCostUsd: usdField
      .nullable()
      .meta({ description: "Tardiness cost that the completed job has caused; null before." }),
  })
  .meta({ id: "Job", description: "A job and how far it has come." });

/** JSON form of one job with its duration table. */
export const jobDetailSchema = z
  .strictObject({ ...jobViewSchema.shape, ...durationTableSchema.shape })
  .meta({ id: "JobDetail", description: "A job with its duration table." });

export type JobView = z.output<typeof jobViewSchema>;
export type JobDetail = z.output<typeof jobDetailSchema>;

/** All jobs of a state as JSON, sorted by id. Forecasts are of the state's own time and allocation. */
export function jobViews(state: ClusterState): readonly JobView[] {
  const placed = placements(state.allocation);
  const forecasts = new Map(
    forecastJobs(state, state.allocation).map((forecast) => [forecast.jobId, forecast]),
  );
  return state.jobs.map((entry) => jobView(entry, placed.get(entry.id), forecasts.get(entry.id)));
}

/** One job of a state as JSON with its duration table. */
export function jobDetail(state: ClusterState, entry: JobState): JobDetail {
  const [view] = jobViews({ ...state, jobs: [entry] });
  if (view === undefined) throw new Error(`Job ${entry.id} has no view`);
  return { ...view, ...durationTableView(entry.job.durations, state.settings.vmTypes) };
}

function jobView(
  { id, job, status, completedShare, savedShare, pace }: JobState,
  placement: Placement | undefined,
  forecast: JobForecast | undefined,
): JobView {
  return {
    id,
    status: status.kind === "active" ? (placement === undefined ? "waiting" : "running") : status.kind,
    network: job.workload.networkName,
    framework: job.workload.framework,
    batchSize: job.workload.batchSize,
    samples: job.workload.samples,
    epochs: job.workload.epochs,
    submittedAt: isoTime(job.submittedAtSeconds),
    dueAt: isoTime(job.dueAtSeconds),
    tardinessCostPerHourUsd: perSecondToPerHour(job.tardinessCostPerSecondUsd),
    completedShare,
    savedShare,
    pace: { durationFactor: pace.factor, observedShare: pace.observedShare },
    placement:
      placement === undefined
        ? null
        : { nodeId: placement.nodeId, vmType: placement.vmTypeId, gpus: placement.gpus },
    forecast: forecast === undefined ? null : forecastView(forecast),
    completedAt: status.kind === "completed" ? isoTime(status.atSeconds) : null,
    cancelledAt: status.kind === "cancelled" ? isoTime(status.atSeconds) : null,
    tardinessCostUsd: status.kind === "completed" ? status.tardinessCostUsd : null,
  };
}

const forecastView = (forecast: JobForecast): JobView["forecast"] =>
  forecast.kind === "running" ? runningJobView(forecast) : waitingJobView(forecast);
