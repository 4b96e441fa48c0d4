import type { JobId } from "./ids.ts";
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
/** H seconds have passed, a wake-up is due, or somebody asks for a new plan. */
export interface TimerElapsed extends EventBase {
  readonly kind: "timer-elapsed";
}

/** What triggers a decision. */
export type ClusterEvent = JobsArrived | JobCompleted | JobCancelled | ProgressReported | TimerElapsed;
