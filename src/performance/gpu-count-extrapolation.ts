/**
 * From a user's own iterations on some GPU counts to other counts, without measuring them.
 *
 *   measured   t(g) ≈ φ·(t_1(b_g) + θ·a(g))     t_1: predicted time on one GPU; a: predicted addition of g GPUs (data-parallel.ts)
 *   φ          from the rows with the fewest GPUs, so that t there is met exactly
 *   θ          geometric mean over the other rows of (t(g)/φ − t_1) / a(g), drawn half-way to 1 on the log scale: √θ
 *
 * One measured addition is a small difference of two noisy times; half-way between it and the fit, the median error on T4 and
 * K80 is a quarter to a third lower than with either alone (docs/performance/multi-gpu.md, "From one and two GPUs").
 */

/** A measured iteration with what the models say about it. */
export interface ScaledMeasurement {
  readonly gpus: number;
  readonly measuredSeconds: number;
  /** t_1 at the per-GPU batch of this row. */
  readonly computeSeconds: number;
  /** a(g): 0 on one GPU. */
  readonly addedSeconds: number;
}

/** Factors that carry the models over to a user's job. */
export interface GpuCountCalibration {
  /** φ */
  readonly computeFactor: number;
  /** √θ, 1 where only one GPU count was measured. */
  readonly addedFactor: number;
}

/** θ is kept at or above this: two measurements whose noise hides the addition do not prove that there is none. */
const LEAST_ADDED_FACTOR = 0.01;

/** Calibrates on measured iterations of one job and VM type; throws on no row or on seconds that are not above zero. */
export function calibrateGpuCounts(measured: readonly ScaledMeasurement[]): GpuCountCalibration {
  const fewest = Math.min(...measured.map(({ gpus }) => gpus));
  const base = measured.filter(({ gpus }) => gpus === fewest);
  if (base.length === 0) throw new Error("No measured iteration was given; give one or more.");
  for (const { gpus, measuredSeconds, computeSeconds } of measured) {
    if (!(measuredSeconds > 0 && computeSeconds > 0)) {
      throw new Error(
        `The iteration on ${gpus} GPUs has ${measuredSeconds} s measured and ${computeSeconds} s predicted; both must be above 0.`,
      );
    }
  }
  const computeFactor = geometricMean(
    base.map((row) => row.measuredSeconds / (row.computeSeconds + row.addedSeconds)),
  );
  const thetas = measured
    .filter(({ gpus, addedSeconds }) => gpus > fewest && addedSeconds > 0)
    .map((row) =>
      Math.max(
        LEAST_ADDED_FACTOR,
        (row.measuredSeconds - computeFactor * row.computeSeconds) / (computeFactor * row.addedSeconds),
      ),
    );
  return { computeFactor, addedFactor: thetas.length === 0 ? 1 : Math.sqrt(geometricMean(thetas)) };
}

/** Seconds of an iteration on another GPU count, from what the models say about it. */
export function extrapolatedSeconds(
  { computeFactor, addedFactor }: GpuCountCalibration,
  { computeSeconds, addedSeconds }: Pick<ScaledMeasurement, "computeSeconds" | "addedSeconds">,
): number {
  return computeFactor * (computeSeconds + addedFactor * addedSeconds);
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
