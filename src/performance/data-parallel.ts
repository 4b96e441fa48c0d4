/**
 * Data parallelism on g GPUs of n nodes, the global batch B kept (strong scaling):
 *
 *   per-GPU batch       b = ⌈B / g⌉
 *   all-reduce (ring)   R = 2(g − 1)·latency + 2(g − 1)/g · bytes · secondsPerByte        (all-reduce fit, DeepBench)
 *   one node            t = t_1(b)·(1 + κ(1 − 1/g)) + α(g − 1) + σ·R
 *   several nodes       t = t_1(b)·(1 + κ'(1 − 1/g)) + ν(n − 1) + ρ·2(g − 1)/g · bytes
 *
 * σ is the share of the all-reduce that the backward pass does not hide, κ what GPUs lose to a shared host, α what the framework
 * and the launch of collectives cost for each GPU; all are ≥ 0, so that no term makes more GPUs faster: only the smaller
 * per-GPU batch can, and small batches or large gradients do come out slower. They are fitted on whole networks
 * (docs/performance/multi-gpu.md). Without a scaling fit t = t_1 + R: nothing hidden, nothing added.
 */
import type { Framework } from "../domain/job.ts";
import type { AllReduceFit } from "./fit.ts";
import type { SecondsInterval } from "./layer-duration.ts";
import type { ScalingFit } from "./scaling-fit.ts";
import type { ResidualQuantiles } from "./prediction-error.ts";

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

/** How more GPUs are priced, and in words where that comes from. */
export interface ScalingChoice {
  readonly allReduceFit: AllReduceFit;
  /** undefined where no framework's scaling was measured: then the ring alone is added. */
  readonly scalingFit: ScalingFit | undefined;
  /** For the user: framework, GPU and source of the measurements. */
  readonly origin: string;
  readonly warnings: readonly string[];
  /** Factor by which the scaling's own interval is stretched on both sides. */
  readonly widening: number;
}

/** What a scaling is wanted for. */
export interface ScalingRequest {
  readonly gpuType: string;
  readonly framework: Framework;
  readonly allReduceFits: readonly AllReduceFit[];
  readonly scalingFits: readonly ScalingFit[];
}

/**
 * Stretch where the scaling was measured on another GPU or framework: so wide, the interval of the K80's fit holds 82 % of the T4's
 * rows and the T4's all of the K80's (docs/performance/multi-gpu.md, "Carried over").
 */
export const OTHER_SCALING_WIDENING = 1.3;

/** The scaling fit of this framework and GPU, or the nearest with a warning; undefined where not even an all-reduce fit stands in. */
export function chooseScaling(request: ScalingRequest): ScalingChoice | undefined {
  const { gpuType, framework, scalingFits } = request;
  const sameFramework = scalingFits.filter((fit) => fit.framework === framework);
  const chosen = sameFramework.find((fit) => fit.gpu === gpuType) ?? sameFramework[0] ?? scalingFits[0];
  const isOwn = chosen?.gpu === gpuType && chosen.framework === framework;
  // σ of a fit on this very GPU holds the speed of its bus already, relative to the ring that it was fitted with.
  const ring = isOwn
    ? withoutWarnings(chooseAllReduceFit(chosen.withinNode.allReduceGpu, request.allReduceFits))
    : chooseAllReduceFit(gpuType, request.allReduceFits);
  if (ring === undefined) return undefined;
  if (chosen === undefined) {
    return {
      allReduceFit: ring.fit,
      scalingFit: undefined,
      origin: `ring all-reduce of ${ring.fit.gpu} (${ring.fit.source}), not overlapped`,
      warnings: [
        ...ring.warnings,
        "no scaling of whole networks was measured: the all-reduce is added in full",
      ],
      widening: 1,
    };
  }
  return {
    allReduceFit: ring.fit,
    scalingFit: chosen,
    origin: `${chosen.framework} on ${chosen.gpu} (${chosen.source}), ring of ${ring.fit.gpu}`,
    warnings: [
      ...ring.warnings,
      ...(isOwn
        ? []
        : [
            `scaling over GPUs was measured for ${chosen.framework} on ${chosen.gpu}, not for ${framework} on ${gpuType}`,
          ]),
    ],
    widening: isOwn ? 1 : OTHER_SCALING_WIDENING,
  };
}

/** What weakens a scaling over g GPUs of one node: how the fit was chosen, and where it is carried beyond its measurements. */
export function scalingWarnings(
  choice: ScalingChoice,
  { gpus, gradientBytes }: Pick<SpreadIteration, "gpus" | "gradientBytes">,
): readonly string[] {
  if (gpus === 1) return [];
  const within = choice.scalingFit?.withinNode;
  if (within === undefined) return choice.warnings;
  const { measuredGpus, measuredGradientBytes } = within;
  return [
    ...choice.warnings,
    ...(gpus > measuredGpus.max
      ? [`scaling over GPUs was measured on up to ${measuredGpus.max} of a node, not on ${gpus}`]
      : []),
    ...(gradientBytes < measuredGradientBytes.min || gradientBytes > measuredGradientBytes.max
      ? [
          `${megabytes(gradientBytes)} MB of gradients are outside the ` +
            `${megabytes(measuredGradientBytes.min)}–${megabytes(measuredGradientBytes.max)} MB that scaling was measured with`,
        ]
      : []),
  ];
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);

/** One iteration to be spread over GPUs. */
export interface SpreadIteration {
  /** On one GPU with the batch of the busiest one. */
  readonly compute: SecondsInterval;
  readonly gpus: number;
  /** 1 where absent. */
  readonly nodes?: number;
  /** Bytes of all gradients. */
  readonly gradientBytes: number;
}

/** An iteration on several GPUs, with what was added to the time of one. */
export interface ScaledIteration {
  readonly total: SecondsInterval;
  readonly addedSeconds: number;
  /** Of those, the all-reduce that is not hidden. */
  readonly allReduceSeconds: number;
}

/** Seconds of one iteration; the header holds the formulas. Throws on several nodes without measurements of several nodes. */
export function spreadIteration(iteration: SpreadIteration, choice: ScalingChoice): ScaledIteration {
  const { compute, gpus } = iteration;
  if (gpus === 1) return { total: compute, addedSeconds: 0, allReduceSeconds: 0 };
  const { addedSeconds, exposedSeconds, residuals } = added(iteration, choice);
  const seconds = compute.seconds + addedSeconds;
  const spread = {
    lower: Math.min(1, residuals.lower) / choice.widening,
    upper: Math.max(1, residuals.upper) * choice.widening,
  };
  return {
    total: {
      seconds,
      lowerSeconds: seconds / combined(compute.seconds / compute.lowerSeconds, 1 / spread.lower),
      upperSeconds: seconds * combined(compute.upperSeconds / compute.seconds, spread.upper),
    },
    addedSeconds,
    allReduceSeconds: exposedSeconds,
  };
}

/** Two independent errors, each a factor ≥ 1: their logarithms add in quadrature. A compute time of 0 has no error. */
function combined(first: number, second: number): number {
  return Math.exp(Math.hypot(first > 0 && Number.isFinite(first) ? Math.log(first) : 0, Math.log(second)));
}

function added(
  { compute, gpus, nodes = 1, gradientBytes }: SpreadIteration,
  { allReduceFit, scalingFit }: ScalingChoice,
): { readonly addedSeconds: number; readonly exposedSeconds: number; readonly residuals: ResidualQuantiles } {
  const ringSeconds = allReduceSeconds({ gpus, bytes: gradientBytes }, allReduceFit).seconds;
  if (nodes > 1) {
    const across = scalingFit?.acrossNodes ?? null;
    if (across === null) {
      throw new Error(`${nodes} nodes were asked for, and no scaling over several nodes is known; use 1.`);
    }
    const exposedSeconds = across.secondsPerByte * ((2 * (gpus - 1)) / gpus) * gradientBytes;
    const hostSeconds =
      across.computeShare * compute.seconds * (1 - 1 / gpus) + across.secondsPerNode * (nodes - 1);
    return { addedSeconds: hostSeconds + exposedSeconds, exposedSeconds, residuals: across.residuals };
  }
  if (scalingFit === undefined) {
    return { addedSeconds: ringSeconds, exposedSeconds: ringSeconds, residuals: allReduceFit.residuals };
  }
  const { computeShare, secondsPerGpu, exposedAllReduceShare, residuals } = scalingFit.withinNode;
  const exposedSeconds = exposedAllReduceShare * ringSeconds;
  const hostSeconds = computeShare * compute.seconds * (1 - 1 / gpus) + secondsPerGpu * (gpus - 1);
  return { addedSeconds: hostSeconds + exposedSeconds, exposedSeconds, residuals };
}

function withoutWarnings<Choice extends { readonly warnings: readonly string[] }>(
  choice: Choice | undefined,
): Choice | undefined {
  return choice === undefined ? undefined : { ...choice, warnings: [] };
}
