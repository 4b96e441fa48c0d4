/** What a network's graph says about how busy it keeps a GPU: the features of Yeung et al. (HotCloud 2020), as far as a graph has them. */
import { layerComplexity } from "./layer-complexity.ts";
import { layerSize } from "./layer-size.ts";
import type { Network } from "./network.ts";

/** Counts of one run; operations are multiply-accumulates and the like of one iteration or request. */
export interface UtilisationFeatures {
  readonly convCount: number;
  readonly linearCount: number;
  readonly activationCount: number;
  readonly otherCount: number;
  /** Of the whole batch, forward and, in training, backward. */
  readonly operations: number;
  readonly parameters: number;
  readonly batchSize: number;
}

export const UTILISATION_FEATURES = [
  "convCount",
  "linearCount",
  "activationCount",
  "otherCount",
  "operations",
  "parameters",
  "batchSize",
] as const satisfies readonly (keyof UtilisationFeatures)[];

/** Features of a network at a batch; training counts the backward pass too. Throws when the batch is below 1. */
export function utilisationFeatures(
  { layers }: Pick<Network, "layers">,
  batchSize: number,
  run: "training" | "inference",
): UtilisationFeatures {
  if (!(batchSize >= 1)) throw new Error(`A batch of ${batchSize} samples cannot run; give 1 or more.`);
  const count = (isCounted: (kind: string) => boolean): number =>
    layers.filter(({ kind }) => isCounted(kind)).length;
  const convCount = count((kind) => kind === "conv");
  const linearCount = count((kind) => kind === "fc");
  const activationCount = count((kind) => kind === "relu" || kind === "activation");
  const reshapeCount = count((kind) => kind === "reshape");
  const operationsPerSample = layers.reduce((sum, layer) => {
    const { forwardOperations, backwardOperations } = layerComplexity(layer);
    return sum + forwardOperations + (run === "training" ? backwardOperations : 0);
  }, 0);
  return {
    convCount,
    linearCount,
    activationCount,
    otherCount: layers.length - convCount - linearCount - activationCount - reshapeCount,
    operations: operationsPerSample * batchSize,
    parameters: layers.reduce((sum, layer) => sum + layerSize(layer).weightCount, 0),
    batchSize,
  };
}
