import type { Allocation } from "./allocation.ts";
import type { JobId, VmTypeId } from "./ids.ts";
import type { NodeLease } from "./node-lease.ts";
import type { NodeLimit } from "./node-limit.ts";
import type { VmType } from "./vm-type.ts";

/** One way to run a job: g GPUs of one node of VM type v. */
export interface Configuration {
  readonly vmTypeId: VmTypeId;
  /** g */
  readonly gpus: number;
  /** t_jvg: predicted REMAINING seconds of work in this configuration; what a change costs before it comes on top. */
  readonly durationSeconds: number;
}

/** A job as the decision sees it: submitted, unfinished, with what is left of it. */
export interface PlanningJob {
  readonly id: JobId;
  /** a_j, for rules that go by the order of submission; without it a job comes last, by id. */
  readonly submittedAtSeconds?: number;
  /** d_j */
  readonly dueAtSeconds: number;
  /** ω_j */
  readonly tardinessCostPerSecondUsd: number;
  /** What is left of the job's budget; without it there is none. */
  readonly budgetLeftUsd?: number;
  /** Sorted by VM type id, then GPUs; never empty, since a job that fits nothing is refused at the door. */
  readonly configurations: readonly Configuration[];
  /** Seconds without progress that a move, or a start after a stop, costs the job now; missing means 0, as it is before the first progress. */
  readonly restartSeconds?: number;
  /** Seconds that the job still holds its present GPUs before it makes progress; missing means 0. */
  readonly heldSeconds?: number;
  /** σ_j: spread of ln F_j, with what is left of the job F_j times as long as the durations say; missing means 0, durations that come true. */
  readonly restSpread?: number;
}

/** Everything one decision needs, and nothing else. All sets are sorted by id. */
export interface PlanningProblem {
  /** Revision of the cluster state that the problem was posed from. */
  readonly revision: number;
  /** T */
  readonly nowSeconds: number;
  /** H */
  readonly replanIntervalSeconds: number;
  /** N: nodes that may be rented at once. */
  readonly maxNodes: number;
  /** Σ_v a_kv z_v ≤ b_k */
  readonly nodeLimits: readonly NodeLimit[];
  readonly vmTypes: readonly VmType[];
  readonly jobs: readonly PlanningJob[];
  /** What runs now; jobs that ended are already gone from it. */
  readonly current: Allocation;
  /** Of the nodes of `current`; a node without one is ready, and its minimum billing is over. */
  readonly leases?: readonly NodeLease[];
  /** Number that the next newly rented node gets. */
  readonly nextNodeNumber: number;
}

/** The configuration of a job for (v, g), if it has one. */
export function findConfiguration(
  job: PlanningJob,
  vmTypeId: VmTypeId,
  gpus: number,
): Configuration | undefined {
  return job.configurations.find((entry) => entry.vmTypeId === vmTypeId && entry.gpus === gpus);
}

/** min_vg t_jvg in seconds. */
export function shortestDurationSeconds(job: PlanningJob): number {
  return job.configurations.reduce((least, entry) => Math.min(least, entry.durationSeconds), Infinity);
}

/** max_vg t_jvg in seconds, the literature's maxExec_j. */
export function longestDurationSeconds(job: PlanningJob): number {
  return job.configurations.reduce((most, entry) => Math.max(most, entry.durationSeconds), 0);
}
