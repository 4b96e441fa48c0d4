import type { Allocation } from "./allocation.ts";
import type { ChangeLosses } from "./change-losses.ts";
import type { JobId, NodeId, VmTypeId } from "./ids.ts";

/** Why the search for a better plan ended. */
export type StopReason =
  | "proven-optimal"
  | "gap-reached"
  | "time-limit"
  | "node-limit"
  | "deadline"
  | "solver-failed"
  | "rule"
  | "nothing-to-decide";

/** How good the plan is, and how far from optimal it can be at most. */
export interface Proof {
  /** Name of what was optimised, for example "progress-value". */
  readonly objectiveName: string;
  readonly sense: "maximize" | "minimize";
  readonly unit: "USD per hour" | "USD";
  /** Objective of the plan, recomputed from the plan itself. */
  readonly objective: number;
  /** No plan can be better than this; null when the solver gave none. */
  readonly bound: number | null;
  /** |bound − objective| / |objective|; null when unknown. */
  readonly gap: number | null;
  readonly stopReason: StopReason;
}

/** Expected course of a job that runs. Costs hold if the job stays where it is. */
export interface RunningForecast {
  readonly kind: "running";
  readonly jobId: JobId;
  readonly nodeId: NodeId;
  readonly vmTypeId: VmTypeId;
  readonly gpus: number;
  /** Seconds on the GPUs before the job makes progress: its node boots, its checkpoint is loaded. Part of `remainingSeconds`. */
  readonly holdSeconds: number;
  readonly remainingSeconds: number;
  readonly expectedCompletionAtSeconds: number;
  /** Interval of the duration model around the expected completion. */
  readonly earliestCompletionAtSeconds: number;
  readonly latestCompletionAtSeconds: number;
  readonly expectedTardinessSeconds: number;
  readonly expectedTardinessCostUsd: number;
  /** The job's share of its node's rent until it completes. */
  readonly expectedRentUsd: number;
  readonly warnings: readonly string[];
}

/** A job that waits; when it will start is not known, so only bounds are stated. */
export interface WaitingForecast {
  readonly kind: "waiting";
  readonly jobId: JobId;
  /** "budget": no configuration can finish it within what is left of its budget, so that it does not start until that is raised. */
  readonly reason: "not-yet" | "budget";
  /** Completion if it started now in its fastest configuration. */
  readonly soonestCompletionAtSeconds: number;
  /** Tardiness that not even an immediate start avoids. */
  readonly leastTardinessSeconds: number;
  readonly leastTardinessCostUsd: number;
  /** Seconds that it can still wait and meet its due date in its fastest configuration; negative when it is late already. */
  readonly slackSeconds: number;
}

export type JobForecast = RunningForecast | WaitingForecast;

/** One decision: what to rent, who runs where, who waits, what it costs, and the proof. */
export interface Plan {
  /** Revision of the cluster state that it was decided on. */
  readonly revision: number;
  readonly decidedAtSeconds: number;
  readonly policy: string;
  readonly allocation: Allocation;
  /** Sorted by job id. */
  readonly forecasts: readonly JobForecast[];
  readonly rentPerHourUsd: number;
  readonly proof: Proof;
  /** Jobs that ran before and now run elsewhere, on other GPUs, or wait. */
  readonly movedJobIds: readonly JobId[];
  readonly stoppedJobIds: readonly JobId[];
  /** What the changes of this plan cost, if it stands until they are through. */
  readonly changeLosses: ChangeLosses;
  /** When to decide again if nothing happens before; null when there is no reason to. */
  readonly wakeUpAtSeconds: number | null;
}

/** What an executor must do to follow a plan. */
export type Command =
  | { readonly kind: "release-node"; readonly nodeId: NodeId; readonly vmTypeId: VmTypeId }
  | { readonly kind: "rent-node"; readonly nodeId: NodeId; readonly vmTypeId: VmTypeId }
  | { readonly kind: "stop-job"; readonly jobId: JobId; readonly nodeId: NodeId }
  | { readonly kind: "start-job"; readonly jobId: JobId; readonly nodeId: NodeId; readonly gpus: number }
  | {
      readonly kind: "move-job";
      readonly jobId: JobId;
      readonly fromNodeId: NodeId;
      readonly nodeId: NodeId;
      readonly gpus: number;
    };
