/**
 * What is known of a GPU before its profile is read: a roofline (Williams, Waterman, Patterson 2009). Each coefficient has a prior
 * value that the regression leans on (regression.ts), so that a kind of which the profile holds a single layer is still priced
 * sensibly, and so that small layers do not decide what large ones cost.
 *
 *   operation      2 FLOP / (efficiency · peak)
 *   element        4 bytes / bandwidth                unfolded element: a ninth of that (3 × 3 windows overlap in the cache)
 *   launch         10 µs
 *
 * Convolution. Layers whose sums are long (REDUCTION and more products each) and whose channels fill tiles run near the peak; a
 * profile without such layers cannot show it, and a fit of smaller ones alone prices them a fifth to a quarter too slow. So the
 * rate is believed strongly unless the profile has SATURATED_ROWS such layers. Believed is 0.88 of the data sheet's peak, within
 * 1 to 1.2 times the best rate that the profile itself reaches (tensor cores pass the float32 peak, old GPUs stay far below).
 *
 * Fully connected. At the batch of a training step the product is thin: DeepBench's products of width 128 reach 0.45 to 0.57 of
 * the peak on an M40, and wide ones 0.65 in the median (baidu-research/DeepBench da81ba7, gemm). Forward is thin, half of backward is.
 *
 * Without a data sheet the peak and the bandwidth are the best that the profile reaches.
 */
import type { GpuSpec } from "./gpu.ts";
import type { CoefficientPrior } from "./regression.ts";
import type { Feature, FeatureCounts } from "./work-counts.ts";

/** Speeds that priors start from. */
export interface Roofline {
  readonly flopsPerSecond: number;
  readonly bytesPerSecond: number;
}

/** Roofline of a data sheet. */
export function rooflineOf(gpu: GpuSpec): Roofline {
  return {
    flopsPerSecond: gpu.peakFp32Tflops * 1e12,
    bytesPerSecond: gpu.memoryBandwidthGbPerSecond * 1e9,
  };
}

type Pass = "forward" | "backward";

const FLOPS_PER_OPERATION = 2;
const BYTES_PER_ELEMENT = 4;
const LAUNCH_SECONDS = 1e-5;
const CONV_EFFICIENCY = 0.88;
const FC_EFFICIENCY: Readonly<Record<Pass, number>> = { forward: 0.5, backward: 0.65 };
const ELEMENTWISE_EFFICIENCY = 0.7;
const POOL_OPERATIONS_PER_BYTE = 1;
/** A filter gradient over few input channels reads its unfolded input about three times. */
const STEM_PASSES = 3;
/** Weight of a weak belief, in rows: it decides only what the rows leave open. */
const WEAK = 0.01;
const ONE_ROW = 1;
const STRONG = 100;
const MAX_RATE_ABOVE_SEEN = 1.2;

/** Products per output element from which a convolution counts as saturating, and rows of them that make the belief weak. */
const SATURATING_REDUCTION = 2048;
const SATURATED_ROWS = 3;

/** What the regression of convolutions needs to know of the rows. */
export interface ConvRow {
  readonly counts: FeatureCounts;
  readonly seconds: number;
}

/** Prior of each feature of convolutions. */
export function convPriors(
  features: readonly Feature[],
  rows: readonly ConvRow[],
  roofline: Roofline | undefined,
): readonly CoefficientPrior[] {
  const seen = Math.max(0, ...rows.map(({ counts, seconds }) => (counts.tiledOperations ?? 0) / seconds));
  const believed = ((roofline?.flopsPerSecond ?? 0) * CONV_EFFICIENCY) / FLOPS_PER_OPERATION;
  const upperRate = seen * MAX_RATE_ABOVE_SEEN;
  const rate = roofline === undefined ? upperRate : Math.min(Math.max(believed, seen), upperRate);
  const saturated = rows.filter(({ counts }) => isSaturating(counts)).length >= SATURATED_ROWS;
  const bytesPerSecond = roofline?.bytesPerSecond ?? seen / 10;
  return features.map((feature): CoefficientPrior => {
    switch (feature) {
      case "launches":
        return { value: LAUNCH_SECONDS, strength: WEAK };
      case "operations":
      case "tiledOperations":
        return { value: 1 / rate, strength: saturated ? ONE_ROW : STRONG };
      case "unfoldedElements":
        return { value: BYTES_PER_ELEMENT / 9 / bytesPerSecond, strength: WEAK };
      case "stemElements":
        return { value: (STEM_PASSES * BYTES_PER_ELEMENT) / bytesPerSecond, strength: WEAK };
      case "inputElements":
      case "outputElements":
      case "weights":
        return { value: BYTES_PER_ELEMENT / bytesPerSecond, strength: WEAK };
      case "bytes":
        return { value: 1 / bytesPerSecond, strength: WEAK };
    }
  });
}

function isSaturating(counts: FeatureCounts): boolean {
  const outputs = counts.outputElements ?? 0;
  return outputs > 0 && (counts.operations ?? 0) / outputs >= SATURATING_REDUCTION;
}

/** Prior of each feature of every other kind of work. */
export function memoryBoundPriors(
  features: readonly Feature[],
  roofline: Roofline,
  pass: Pass,
): readonly CoefficientPrior[] {
  const { flopsPerSecond, bytesPerSecond } = roofline;
  return features.map((feature): CoefficientPrior => {
    switch (feature) {
      case "launches":
        return { value: LAUNCH_SECONDS, strength: WEAK };
      case "operations":
        return { value: 1 / (POOL_OPERATIONS_PER_BYTE * bytesPerSecond), strength: WEAK };
      case "tiledOperations":
        return { value: FLOPS_PER_OPERATION / (FC_EFFICIENCY[pass] * flopsPerSecond), strength: WEAK };
      case "inputElements":
      case "outputElements":
      case "unfoldedElements":
      case "stemElements":
      case "weights":
        return { value: BYTES_PER_ELEMENT / bytesPerSecond, strength: WEAK };
      case "bytes":
        return { value: 1 / (ELEMENTWISE_EFFICIENCY * bytesPerSecond), strength: WEAK };
    }
  });
}

/** Prior of each feature of fully connected layers. */
export function fcPriors(
  features: readonly Feature[],
  roofline: Roofline,
  pass: Pass,
): readonly CoefficientPrior[] {
  const secondsPerOperation = FLOPS_PER_OPERATION / (FC_EFFICIENCY[pass] * roofline.flopsPerSecond);
  return features.map((feature): CoefficientPrior => {
    if (feature === "launches") return { value: 5 * LAUNCH_SECONDS, strength: WEAK };
    if (feature === "operations") return { value: secondsPerOperation, strength: ONE_ROW };
    return { value: BYTES_PER_ELEMENT / roofline.bytesPerSecond, strength: ONE_ROW };
  });
}

/** Belief in coefficients fitted on a wider kind of work, worth one row. */
export function widerPriors(values: readonly number[]): readonly CoefficientPrior[] {
  return values.map((value) =>
    value > 0 ? { value, strength: ONE_ROW } : { value: LAUNCH_SECONDS, strength: WEAK },
  );
}
