/** Times that no GPU can reach: the sign of another unit, or of a clock stopped before the GPU was done. */
import type { ProfiledLayer } from "./calibration.ts";
import type { GpuSpec } from "./gpu.ts";
import { multiplyAccumulates } from "./multiply-accumulates.ts";

/** Tensor cores reach up to 16 times the float32 peak of their GPU, Winograd saves another 2.25. */
const MOST_TIMES_PEAK = 36;
/** Where the GPU is unknown: no GPU of 2026 reaches this rate on one layer. */
const MOST_FLOPS_PER_SECOND = 5e15;
/** A large layer that runs at less than this share of the peak was timed in another unit. */
const LEAST_SHARE_OF_PEAK = 0.001;
const LEAST_FLOPS_PER_SECOND = 1e9;
/** Smaller layers are mostly launch. */
const LEAST_CHECKED_FLOPS = 1e9;
const LARGE_FLOPS = 1e10;

/** What is wrong with a layer's forward time; undefined when it is possible. */
export function implausibleTime(
  { layer, batchSize, forwardSeconds }: ProfiledLayer,
  gpu: GpuSpec | undefined,
): string | undefined {
  if (forwardSeconds === undefined || forwardSeconds === 0) return undefined;
  const flops = 2 * multiplyAccumulates(layer) * batchSize;
  if (flops < LEAST_CHECKED_FLOPS) return undefined;
  const rate = flops / forwardSeconds;
  const most = gpu === undefined ? MOST_FLOPS_PER_SECOND : gpu.peakFp32Tflops * 1e12 * MOST_TIMES_PEAK;
  const teraflops = (rate / 1e12).toPrecision(3);
  if (rate > most) return `it would mean ${teraflops} TFLOP/s, more than any GPU of this kind reaches`;
  const least = gpu === undefined ? LEAST_FLOPS_PER_SECOND : gpu.peakFp32Tflops * 1e12 * LEAST_SHARE_OF_PEAK;
  if (flops >= LARGE_FLOPS && rate < least)
    return `it would mean ${teraflops} TFLOP/s, less than any GPU falls to`;
  return undefined;
}
