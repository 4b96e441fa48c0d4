import type { Allocation } from "./allocation.ts";
import { EMPTY_ALLOCATION } from "./allocation.ts";
import type { JobId } from "./ids.ts";
import { compareIds, sortedById } from "./ids.ts";
import type { Job } from "./job.ts";
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
  /** H */
  readonly replanIntervalSeconds: number;
}

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
  readonly nextNodeNumber: number;
  /** Rent of all nodes from the first event until now. */
  readonly accruedRentUsd: number;
  /** Tardiness cost of all completed jobs. */
  readonly accruedTardinessUsd: number;
}

/** A cluster without jobs or nodes. */
export function emptyCluster(settings: ClusterSettings): ClusterState {
  return {
    revision: 0,
    nowSeconds: null,
    settings: { ...settings, vmTypes: sortedById(settings.vmTypes) },
    jobs: [],
    allocation: EMPTY_ALLOCATION,
    nextNodeNumber: 1,
    accruedRentUsd: 0,
    accruedTardinessUsd: 0,
  };
}

/** The job of that id, if the cluster has it. */
export function findJob(state: ClusterState, id: string): JobState | undefined {
  const index = jobIndex(state.jobs, id);
  return index === null ? undefined : state.jobs[index];
}

/** Where the job of that id is among jobs that are sorted by id; null where it is not. */
export function jobIndex(jobs: readonly Pick<JobState, "id">[], id: string): number | null {
  let low = 0;
  let high = jobs.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const order = compareIds(jobs[middle]?.id ?? "", id);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return null;
}

/** Jobs that are neither completed nor cancelled. */
export function activeJobs(state: ClusterState): readonly JobState[] {
  return state.jobs.filter((entry) => entry.status.kind === "active");
}
