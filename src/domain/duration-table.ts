import type { VmTypeId } from "./ids.ts";

/** Where a duration comes from: a user's own measurement, a fit on measurements of that GPU, or a fit scaled from another GPU. */
export type DurationSource = "user" | "measured" | "scaled";

/** One entry t_jvg: how long a job takes on g GPUs of VM type v. */
export interface DurationEntry {
  readonly vmTypeId: VmTypeId;
  /** g, GPUs of one node. */
  readonly gpus: number;
  /** Predicted median. */
  readonly durationSeconds: number;
  /** Interval of the prediction (80 % unless the fit says otherwise); equal to the median for a user's own figure. */
  readonly lowerSeconds: number;
  readonly upperSeconds: number;
  readonly source: DurationSource;
  /** On several GPUs: the measurements that the scaling over them rests on, in words. Absent on one GPU and for a user's own figure. */
  readonly scalingOrigin?: string;
  /** What makes this prediction weaker than its interval says, for example "conv: operations outside the measured range". */
  readonly warnings: readonly string[];
}

/** A configuration that has no entry, and why (memory, missing fit). */
export interface MissingDuration {
  readonly vmTypeId: VmTypeId;
  readonly gpus: number;
  readonly reason: string;
}

/** t[j][v][g] of one job: the entries and, for the rest of the catalogue, why there is none. */
export interface DurationTable {
  readonly entries: readonly DurationEntry[];
  readonly missing: readonly MissingDuration[];
}
