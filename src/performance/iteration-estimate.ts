/** One iteration of a network on one GPU or several of a kind, outside any catalogue: time, interval, memory. */
import type { FitChoice } from "./choose-fit.ts";
import {
  batchSizePerGpu,
  type ScaledIteration,
  type ScalingChoice,
  spreadIteration,
} from "./data-parallel.ts";
import { layerSize } from "./layer-size.ts";
import { type TrainingMemory, trainingMemory } from "./memory.ts";
import { type NetworkDuration, networkDuration } from "./network-duration.ts";
import type { Network } from "./network.ts";

/** What to estimate, and with what. */
export interface GpuIterationRequest {
  readonly network: Network;
  /** Samples of one iteration, over all GPUs. */
  readonly batchSize: number;
  readonly gpus: number;
  readonly choice: Extract<FitChoice, { kind: "found" }>;
  /** undefined where nothing is known about several GPUs; one GPU needs none. */
  readonly scaling: ScalingChoice | undefined;
  /** Memory of one GPU; null where it is not known. */
  readonly gpuMemoryGib: number | null;
}

/** One iteration on g GPUs. */
export interface GpuIteration {
  /** Samples on the busiest GPU. */
  readonly batchSizePerGpu: number;
  /** Layer by layer, on the busiest GPU. */
  readonly compute: NetworkDuration;
  /** With what the other GPUs add. */
  readonly scaled: ScaledIteration;
  readonly memory: TrainingMemory;
  /** null where the GPU's memory is not known. */
  readonly fitsMemory: boolean | null;
  /** Each once: the fit's, the scaling's, the network's. */
  readonly warnings: readonly string[];
}

const BYTES_PER_GRADIENT = 4;

/** Estimates one iteration, also where its memory does not fit; throws where the batch cannot be split or several GPUs have no model. */
export function gpuIteration(request: GpuIterationRequest): GpuIteration {
  const { network, gpus, choice, scaling, gpuMemoryGib } = request;
  if (gpus > request.batchSize) {
    throw new Error(`A batch of ${request.batchSize} samples cannot be split over ${gpus} GPUs.`);
  }
  const batchSize = batchSizePerGpu(request.batchSize, gpus);
  const compute = networkDuration({ network, batchSize, fit: choice.fit, widening: choice.widening });
  const memory = trainingMemory(network, batchSize);
  return {
    batchSizePerGpu: batchSize,
    compute,
    scaled: scaledIteration(request, compute),
    memory,
    fitsMemory: gpuMemoryGib === null ? null : memory.totalGib <= gpuMemoryGib,
    warnings: [
      ...new Set([...choice.warnings, ...(gpus === 1 ? [] : (scaling?.warnings ?? [])), ...compute.warnings]),
    ],
  };
}

function scaledIteration(
  { network, gpus, scaling }: GpuIterationRequest,
  { total }: NetworkDuration,
): ScaledIteration {
  if (gpus === 1) return { total, addedSeconds: 0, allReduceSeconds: 0 };
  if (scaling === undefined) throw new Error(`${gpus} GPUs have no model: there is no all-reduce fit.`);
  const weightCount = network.layers.reduce((sum, layer) => sum + layerSize(layer).weightCount, 0);
  return spreadIteration({ compute: total, gpus, gradientBytes: BYTES_PER_GRADIENT * weightCount }, scaling);
}
