/**
 * Data parallelism on g GPUs of one node, the global batch B kept (strong scaling):
 *
 *   per-GPU batch       b = ⌈B / g⌉
 *   all-reduce (ring)   t_r = 2(g − 1)·latency + 2(g − 1)/g · bytes · secondsPerByte
 *   iteration           t = t_network(b) + t_r
 *
 * Communication is not overlapped with the backward pass. TensorFlow's own figures on K80 (2017) show what no overlap gives:
 * VGG-16 takes 84 ms more on two GPUs than on one, and 553 MB at DeepBench's rate take 97 ms; an overlap factor would need
 * measurements per framework (docs/performance-models.md, "More GPUs").
 */
import type { AllReduceFit } from "./fit.ts";
import type { SecondsInterval } from "./layer-duration.ts";

/** Samples that the busiest of g GPUs gets of a global batch. */
export function batchSizePerGpu(batchSize: number, gpus: number): number {
  return Math.ceil(batchSize / gpus);
}

/** What is summed over the GPUs in each iteration. */
export interface AllReduce {
  readonly gpus: number;
  /** Bytes of the gradients. */
  readonly bytes: number;
}

/** Seconds of one ring all-reduce; 0 on one GPU. Formula in the header. */
export function allReduceSeconds({ gpus, bytes }: AllReduce, fit: AllReduceFit): SecondsInterval {
  const steps = 2 * (gpus - 1);
  const seconds = steps * fit.latencySecondsPerStep + (steps / gpus) * bytes * fit.secondsPerByte;
  return {
    seconds,
    lowerSeconds: seconds * Math.min(1, fit.residuals.lower),
    upperSeconds: seconds * Math.max(1, fit.residuals.upper),
  };
}

/** GPU whose all-reduce stands for GPUs without measurements of their own: a server board on PCIe. */
const DEFAULT_ALL_REDUCE_GPU = "P100";

/** The all-reduce fit of a GPU, or that of P100 boards on PCIe with a warning; undefined when neither is there. */
export function chooseAllReduceFit(
  gpuType: string,
  fits: readonly AllReduceFit[],
): { readonly fit: AllReduceFit; readonly warnings: readonly string[] } | undefined {
  const own = fits.find((fit) => fit.gpu === gpuType);
  if (own !== undefined) return { fit: own, warnings: [] };
  const stand = fits.find((fit) => fit.gpu === DEFAULT_ALL_REDUCE_GPU);
  if (stand === undefined) return undefined;
  return {
    fit: stand,
    warnings: [
      `communication between ${gpuType} was not measured: that of ${stand.gpu} on PCIe is used (NVLink is faster)`,
    ],
  };
}
