import type { Allocation } from "./allocation.ts";
import { EMPTY_ALLOCATION } from "./allocation.ts";
import type { ChangeLosses } from "./change-losses.ts";
import { NO_CHANGE_LOSSES } from "./change-losses.ts";
import type { JobId } from "./ids.ts";
import { placeOfId, sortedById } from "./ids.ts";
import type { Job } from "./job.ts";
import type { NodeLease } from "./node-lease.ts";
import type { NodeLimit } from "./node-limit.ts";
import type { VmType } from "./vm-type.ts";

/** What happens to a job: waiting ⇄ running (the allocation says where), then completed or cancelled for good. */
export type JobStatus =
  | { readonly kind: "active" }
  | { readonly kind: "completed"; readonly atSeconds: number; readonly tardinessCostUsd: number }
  | { readonly kind: "cancelled"; readonly atSeconds: number };

/** A job and how far it has come. */
export interface JobState {
  readonly id: JobId;
  readonly job: Job;
  readonly status: JobStatus;
  /** Share of the job's work that is done, in [0, 1]. */
  readonly completedShare: number;
  /** Share that is not lost with a node: last reported, or reached when the job was last stopped or moved. */
  readonly savedShare: number;
  readonly pace: Pace;
  /** Until then the job holds its GPUs without progress: its node boots, or it loads its checkpoint. null when it makes progress or waits. */
  readonly resumesAtSeconds: number | null;
  /** The job's shares of the rent of its nodes so far, by the GPUs in use (cost.ts). */
  readonly spentUsd: number;
  /** W: time that it has run in units of its predicted duration, beyond 1 where it outlasts it; missing means `completedShare`. */
  readonly spentShare?: number;
}

/** How far predictions were off: over the jobs that completed, the sum of (ln F_k / σ_k)² with F_k the actual over the predicted duration. */
export interface SpreadEvidence {
  readonly jobs: number;
  readonly sumOfSquares: number;
}

/**
 * How much slower a job runs than predicted, learnt from its own progress reports: t_jvg counts `factor` times.
 * log factor is the mean of the logs observed, weighted by the share of work that each rests on, with PRIOR_SHARE of weight on the prediction.
 */
export interface Pace {
  readonly factor: number;
  readonly observedShare: number;
  readonly weightedLog: number;
  /** Since when the job has run in its present configuration, and its share then; null while it waits. */
  readonly measuredFrom: { readonly atSeconds: number; readonly completedShare: number } | null;
}

/** As predicted, nothing observed. */
export const UNMEASURED_PACE: Pace = { factor: 1, observedShare: 0, weightedLog: 0, measuredFrom: null };

/** The limits of one cluster; they change by configuration, not by events. */
export interface ClusterSettings {
  /** Sorted by id. */
  readonly vmTypes: readonly VmType[];
  /** N */
  readonly maxNodes: number;
  /** Quotas of regions and families, the budget per hour; may be empty. */
  readonly nodeLimits: readonly NodeLimit[];
  /** H */
  readonly replanIntervalSeconds: number;
  /** Which duration a decision reckons with: the median (left out, too) or the upper end of the 80 % interval, for who would rather be early. */
  readonly durationPercentile?: DurationPercentile;
}

/** P50 is t_jvg, the predicted median; P90 is what it exceeds one time in ten. */
export type DurationPercentile = "P50" | "P90";

/** Everything Berth knows about one cluster; a fold of its events and of the plans enacted. */
export interface ClusterState {
  /** Grows by one with every event applied and every plan enacted. */
  readonly revision: number;
  /** Time of the last event; null before the first. */
  readonly nowSeconds: number | null;
  readonly settings: ClusterSettings;
  /** Sorted by id. */
  readonly jobs: readonly JobState[];
  readonly allocation: Allocation;
  /** Of the allocation's nodes, sorted by node; a node without a lease was there before anything was recorded: ready, its minimum billing over. */
  readonly leases: readonly NodeLease[];
  readonly nextNodeNumber: number;
  /** Rent of all nodes from the first event until now, with what was left of the minimum billing of those given back or lost. */
  readonly accruedRentUsd: number;
  /** Tardiness cost of all completed jobs. */
  readonly accruedTardinessUsd: number;
  /** What changes of the allocation have cost until now. */
  readonly changeLosses: ChangeLosses;
  /** Missing before the first completion. */
  readonly spreadEvidence?: SpreadEvidence;
}

/** A cluster without jobs or nodes. */
export function emptyCluster(settings: ClusterSettings): ClusterState {
  return {
    revision: 0,
    nowSeconds: null,
    settings: { ...settings, vmTypes: sortedById(settings.vmTypes) },
    jobs: [],
    allocation: EMPTY_ALLOCATION,
    leases: [],
    nextNodeNumber: 1,
    accruedRentUsd: 0,
    accruedTardinessUsd: 0,
    changeLosses: NO_CHANGE_LOSSES,
  };
}

/** The job of that id, if the cluster has it. */
export function findJob(state: ClusterState, id: string): JobState | undefined {
  const index = jobIndex(state.jobs, id);
  return index === null ? undefined : state.jobs[index];
}

/** Where the job of that id is among jobs that are sorted by id; null where it is not. */
export function jobIndex(jobs: readonly Pick<JobState, "id">[], id: string): number | null {
  const place = placeOfId(jobs, id);
  return jobs[place]?.id === id ? place : null;
}

/** Jobs that are neither completed nor cancelled. */
export function activeJobs(state: ClusterState): readonly JobState[] {
  return state.jobs.filter((entry) => entry.status.kind === "active");
}
