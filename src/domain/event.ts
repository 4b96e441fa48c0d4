import type { ClusterSettings } from "./cluster-state.ts";
import type { DurationTable } from "./duration-table.ts";
import type { JobId, NodeId } from "./ids.ts";
import type { Job } from "./job.ts";

interface EventBase {
  /** The only clock: seconds since the Unix epoch. */
  readonly atSeconds: number;
}

/** A batch of jobs is submitted. */
export interface JobsArrived extends EventBase {
  readonly kind: "jobs-arrived";
  readonly jobs: readonly Job[];
}
/** A job has finished. */
export interface JobCompleted extends EventBase {
  readonly kind: "job-completed";
  readonly jobId: JobId;
}
/** A job's owner withdraws it. */
export interface JobCancelled extends EventBase {
  readonly kind: "job-cancelled";
  readonly jobId: JobId;
}
/** A job says how far it has come; this replaces what was predicted. */
export interface ProgressReported extends EventBase {
  readonly kind: "progress-reported";
  readonly jobId: JobId;
  /** Share of the whole job's work that is done, in [0, 1). */
  readonly completedShare: number;
}
/** A node is gone, for example evicted or broken: its jobs wait, and what they did since their work was last safe is lost. */
export interface NodeLost extends EventBase {
  readonly kind: "node-lost";
  readonly nodeId: NodeId;
}
/** A job's owner changes its due date, its tardiness weight or its budget. */
export interface JobChanged extends EventBase {
  readonly kind: "job-changed";
  readonly jobId: JobId;
  readonly dueAtSeconds: number;
  readonly tardinessCostPerSecondUsd: number;
  /** null is unlimited; absent leaves it as it is. */
  readonly budgetUsd?: number | null;
}
/**
 * The cluster's limits or prices change. VM types that are no longer offered stay in `settings` with a quota of 0, so that nodes of them can be given
 * back; jobs whose durations are listed are planned by the new ones from now on.
 */
export interface SettingsChanged extends EventBase {
  readonly kind: "settings-changed";
  readonly settings: ClusterSettings;
  readonly durations: readonly { readonly jobId: JobId; readonly durations: DurationTable }[];
}
/** Ended jobs leave the state, so that it does not grow for ever; the history keeps them. */
export interface JobsForgotten extends EventBase {
  readonly kind: "jobs-forgotten";
  readonly jobIds: readonly JobId[];
}
/** H seconds have passed, a wake-up is due, or somebody asks for a new plan. */
export interface TimerElapsed extends EventBase {
  readonly kind: "timer-elapsed";
}

/** What triggers a decision. */
export type ClusterEvent =
  | JobsArrived
  | JobCompleted
  | JobCancelled
  | JobChanged
  | ProgressReported
  | NodeLost
  | SettingsChanged
  | JobsForgotten
  | TimerElapsed;
