import { activationElements } from "./activation-elements.ts";
import { layerComplexity } from "./layer-complexity.ts";
import { layerSize } from "./layer-size.ts";
import { multiplyAccumulates } from "./multiply-accumulates.ts";
import type { Network } from "./network.ts";

/** Totals of a network for one sample. */
export interface NetworkComplexity {
  readonly forwardOperations: number;
  readonly backwardOperations: number;
  /** Of the conv, fc, recurrent and attention layers: what papers print as (G)MAC, and some as FLOPs. */
  readonly multiplyAccumulates: number;
  /** Learned numbers of all layers; a table used twice (tied weights) would count twice. */
  readonly weightCount: number;
  /** Numbers kept from the forward pass for the backward pass. */
  readonly activationElements: number;
}

/** Sums the operations, weights and activations of all layers of a network, for one sample. */
export function networkComplexity({ layers }: Pick<Network, "layers">): NetworkComplexity {
  const complexities = layers.map(layerComplexity);
  return {
    forwardOperations: sum(complexities.map(({ forwardOperations }) => forwardOperations)),
    backwardOperations: sum(complexities.map(({ backwardOperations }) => backwardOperations)),
    multiplyAccumulates: sum(layers.map(multiplyAccumulates)),
    weightCount: sum(layers.map((layer) => layerSize(layer).weightCount)),
    activationElements: sum(layers.map(activationElements)),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
