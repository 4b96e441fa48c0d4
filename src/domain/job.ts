import type { DurationTable } from "./duration-table.ts";
import type { JobId, NetworkId } from "./ids.ts";

/** Frameworks that a job may name. */
export const FRAMEWORKS = ["tensorflow", "pytorch", "caffe"] as const;
export type Framework = (typeof FRAMEWORKS)[number];

/** What a job trains: enough to count its iterations. */
export interface Workload {
  /** Name of the network in models/networks, or of the layers given inline. */
  readonly networkName: string;
  /** Of layers given inline, which are kept apart; missing where the network is a shipped one, or there is none. */
  readonly networkId?: NetworkId;
  readonly framework: Framework;
  /** Samples of one iteration, over all GPUs of the job. */
  readonly batchSize: number;
  /** Training samples of one epoch. */
  readonly samples: number;
  readonly epochs: number;
}

/** One deep-learning training run, j ∈ J. Times are seconds since the Unix epoch. */
export interface Job {
  readonly id: JobId;
  readonly workload: Workload;
  readonly submittedAtSeconds: number;
  /** d_j */
  readonly dueAtSeconds: number;
  /** ω_j, USD for each second of tardiness. */
  readonly tardinessCostPerSecondUsd: number;
  /** What its shares of rent may come to from its first iteration to its last; null is unlimited. */
  readonly budgetUsd: number | null;
  /** t_jvg of the whole job, from its first iteration to its last. */
  readonly durations: DurationTable;
  /** Seconds that the job holds its GPUs without progress each time it goes on after a stop or a move: loading its checkpoint, warming up. Missing means 0: free. */
  readonly checkpointSeconds?: number;
}

/** I = epochs · ⌈samples / batch⌉ (Gianniti et al., SBAC-PAD 2018). */
export function iterations(workload: Workload): number {
  return workload.epochs * Math.ceil(workload.samples / workload.batchSize);
}
