/** How long jobs really take in a simulation; the engine knows only the predictions. */
import type { JobId, VmTypeId } from "../domain/ids.ts";
import type { Job } from "../domain/job.ts";
import { seededRandom, seedOf, standardNormal } from "../domain/seeded-random.ts";

/** Seconds that the whole job really takes on g GPUs of a VM type; throws where the job has no duration. */
export type ActualSeconds = (job: Job, vmTypeId: VmTypeId, gpus: number) => number;

/** Predictions come true. */
export const asPredicted: ActualSeconds = (job, vmTypeId, gpus) => {
  const entry = job.durations.entries.find((row) => row.vmTypeId === vmTypeId && row.gpus === gpus);
  if (entry === undefined) throw new Error(`${job.id} has no duration on ${gpus} GPUs of ${vmTypeId}`);
  return entry.durationSeconds;
};

/**
 * Lognormal noise around the prediction, which is the median: actual = predicted · exp(σ (z_j + z_jvg) / √2) with standard normal z.
 * Half of the variance is the job's own (its network is slower than thought everywhere), half is the configuration's.
 * `sigma` is σ, dimensionless: 0.2 means that two thirds of the jobs take 0.82 to 1.22 times as long as predicted.
 */
export function noisyDurations({
  seed,
  sigma,
}: {
  readonly seed: number;
  readonly sigma: number;
}): ActualSeconds {
  const draw = (text: string): number => standardNormal(seededRandom(seedOf(seed, text)));
  return (job, vmTypeId, gpus) => {
    const deviation = (draw(job.id) + draw(`${job.id} ${vmTypeId} ${gpus}`)) / Math.SQRT2;
    return asPredicted(job, vmTypeId, gpus) * Math.exp(sigma * deviation);
  };
}

/** One measured duration. */
export interface MeasuredDuration {
  readonly jobId: JobId;
  readonly vmTypeId: VmTypeId;
  readonly gpus: number;
  /** Seconds of the whole job. */
  readonly actualSeconds: number;
}

/** Measured durations where there are some, predictions elsewhere. */
export function measuredDurationsOr(
  fallback: ActualSeconds,
  measured: readonly MeasuredDuration[],
): ActualSeconds {
  const key = (id: JobId, vmTypeId: VmTypeId, gpus: number): string => `${id} ${vmTypeId} ${gpus}`;
  const known = new Map(measured.map((row) => [key(row.jobId, row.vmTypeId, row.gpus), row.actualSeconds]));
  return (job, vmTypeId, gpus) => known.get(key(job.id, vmTypeId, gpus)) ?? fallback(job, vmTypeId, gpus);
}
