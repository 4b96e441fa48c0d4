/**
 * A fit carried from one GPU to another by data-sheet ratios (roofline): operations by peak FLOP/s, everything that moves
 * data by memory bandwidth; launches are the host's and stay. A learned correction stays too: it says which shapes suit the library.
 */
import type { DurationFit, WorkFit } from "./fit.ts";
import type { GpuSpec } from "./gpu.ts";
import { FEATURES, type Feature } from "./work-counts.ts";

/** Speed of the target GPU relative to that of the fit. */
export interface SpeedRatios {
  readonly peak: number;
  readonly bandwidth: number;
}

/** Speed of `to` relative to `from`. */
export function speedRatios(from: GpuSpec, to: GpuSpec): SpeedRatios {
  return {
    peak: to.peakFp32Tflops / from.peakFp32Tflops,
    bandwidth: to.memoryBandwidthGbPerSecond / from.memoryBandwidthGbPerSecond,
  };
}

/** The fit for another GPU: coefficients divided by the ratio of the resource that each feature uses. */
export function scaleFit(fit: DurationFit, target: string, ratios: SpeedRatios): DurationFit {
  return {
    ...fit,
    gpu: target,
    status: "scaled",
    method: `scaled from ${fit.gpu} (peak ×${ratios.peak.toPrecision(3)}, bandwidth ×${ratios.bandwidth.toPrecision(3)}): ${fit.method}`,
    work: fit.work.map((work) => scaleWork(work, ratios)),
  };
}

/** How unlike two GPUs are: the distance of the logarithms of peak and bandwidth. */
export function specDistance(left: GpuSpec, right: GpuSpec): number {
  const { peak, bandwidth } = speedRatios(left, right);
  return Math.hypot(Math.log(peak), Math.log(bandwidth));
}

function scaleWork(work: WorkFit, ratios: SpeedRatios): WorkFit {
  const coefficients: Partial<Record<Feature, number>> = {};
  for (const feature of FEATURES) {
    const value = work.coefficients[feature];
    if (value !== undefined) coefficients[feature] = value / ratioOf(feature, ratios);
  }
  const rates = Object.entries(work.benchmarkSecondsPerByte ?? {});
  return {
    ...work,
    status: "scaled",
    coefficients,
    ...(rates.length === 0
      ? {}
      : {
          benchmarkSecondsPerByte: Object.fromEntries(
            rates.map(([name, rate]) => [name, rate / ratios.bandwidth]),
          ),
        }),
  };
}

function ratioOf(feature: Feature, { peak, bandwidth }: SpeedRatios): number {
  switch (feature) {
    case "launches":
      return 1;
    case "operations":
    case "tiledOperations":
      return peak;
    case "inputElements":
    case "outputElements":
    case "weights":
    case "unfoldedElements":
    case "stemElements":
    case "bytes":
      return bandwidth;
  }
}
