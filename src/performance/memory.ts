/**
 * GPU memory that training takes, per GPU, in float32:
 *
 *   weights      4 W                      W learned numbers
 *   gradients    4 W
 *   optimiser    4 W · states             0 of sgd, 1 of momentum (the default), 2 of adam (optimizer.ts)
 *   activations  4 · batch · Σ_l a_l      what the forward pass writes and the backward pass reads (activation-elements.ts)
 *   workspace    4 · batch · 2 max_l a_l  gradients of the largest layer's output and input, alive at once
 *   reserve      0.5 GiB                  CUDA context, framework, cuDNN and cuBLAS handles
 *
 * relu and dropout write over their input, as PyTorch's inplace=True and TensorFlow's buffer forwarding do, and keep nothing.
 * The reserve is an allowance of ours: on the PyTorch forum 723 MiB (discuss.pytorch.org/t/73021) and about 800 MB (/t/81330)
 * are reported on large GPUs, whose context grows with the number of multiprocessors; small GPUs and older CUDA take less.
 * Fragmentation and larger cuDNN workspaces are not counted.
 */
import { BYTES_PER_GIB, bytesToGib } from "../domain/units.ts";
import { activationElements } from "./activation-elements.ts";
import { layerSize } from "./layer-size.ts";
import type { Layer, Network } from "./network.ts";
import { DEFAULT_OPTIMIZER, optimizerStatesPerWeight, type Optimizer } from "./optimizer.ts";

/** GiB of one GPU, by what it holds. */
export interface TrainingMemory {
  readonly weightsGib: number;
  readonly gradientsGib: number;
  readonly optimizerGib: number;
  readonly activationsGib: number;
  readonly workspaceGib: number;
  readonly reserveGib: number;
  readonly totalGib: number;
}

const BYTES_PER_NUMBER = 4;
const RESERVE_BYTES = 0.5 * BYTES_PER_GIB;

/** Memory of one GPU that trains the network on `batchSize` samples at once; formulas in the header. */
export function trainingMemory(
  network: Pick<Network, "layers">,
  batchSize: number,
  optimizer: Optimizer = DEFAULT_OPTIMIZER,
): TrainingMemory {
  const weightsGib = bytesToGib(
    BYTES_PER_NUMBER * sum(network.layers.map((layer) => layerSize(layer).weightCount)),
  );
  const kept = network.layers.map(keptElements);
  const largest = kept.reduce((most, elements) => Math.max(most, elements), 0);
  const activationsGib = bytesToGib(BYTES_PER_NUMBER * batchSize * sum(kept));
  const workspaceGib = bytesToGib(BYTES_PER_NUMBER * batchSize * 2 * largest);
  const reserveGib = bytesToGib(RESERVE_BYTES);
  const optimizerGib = optimizerStatesPerWeight(optimizer) * weightsGib;
  return {
    weightsGib,
    gradientsGib: weightsGib,
    optimizerGib,
    activationsGib,
    workspaceGib,
    reserveGib,
    totalGib: 2 * weightsGib + optimizerGib + activationsGib + workspaceGib + reserveGib,
  };
}

function keptElements(layer: Layer): number {
  return layer.kind === "relu" || layer.kind === "dropout" ? 0 : activationElements(layer);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Why a configuration does not run: what is needed for what, and what the GPU has. */
export function outOfMemoryReason(
  memory: TrainingMemory,
  configuration: {
    readonly batchSize: number;
    readonly optimizer: Optimizer;
    readonly gpuType: string;
    readonly gpuMemoryGib: number;
  },
): string {
  const { batchSize, optimizer, gpuType, gpuMemoryGib } = configuration;
  const gib = (value: number): string => value.toFixed(1);
  const weights = memory.weightsGib + memory.gradientsGib;
  return (
    `needs ${gib(memory.totalGib)} GiB on each GPU for ${batchSize} samples, ${gpuType} has ${gpuMemoryGib} GiB ` +
    `(activations ${gib(memory.activationsGib)}, weights and gradients ${gib(weights)}, ${optimizer} ${gib(memory.optimizerGib)}, ` +
    `workspace and reserve ${gib(memory.workspaceGib + memory.reserveGib)})`
  );
}
