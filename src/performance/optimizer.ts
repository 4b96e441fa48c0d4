/**
 * Optimisers, by what they keep and move for each learned number in float32:
 *
 *   optimiser  kept besides weight and gradient   bytes moved by a step
 *   sgd        nothing                            12   read weight and gradient, write weight
 *   momentum   velocity                           20   and read and write the velocity
 *   adam       first and second moment            28   and read and write both
 */

/** Optimisers that memory and durations know; "adam" stands for AdamW and others with two moments. */
export const OPTIMIZERS = ["sgd", "momentum", "adam"] as const;
export type Optimizer = (typeof OPTIMIZERS)[number];
/** Taken where none is named: most image networks are trained with it. */
export const DEFAULT_OPTIMIZER: Optimizer = "momentum";

const BYTES_PER_NUMBER = 4;

/** Numbers that the optimiser keeps for each weight, between steps. */
export function optimizerStatesPerWeight(optimizer: Optimizer): 0 | 1 | 2 {
  switch (optimizer) {
    case "sgd":
      return 0;
    case "momentum":
      return 1;
    case "adam":
      return 2;
  }
}

/** Bytes that a step reads and writes for each weight. */
export function updateBytesPerWeight(optimizer: Optimizer): number {
  return (3 + 2 * optimizerStatesPerWeight(optimizer)) * BYTES_PER_NUMBER;
}

/** Bytes of a step relative to those of the default optimiser, in which layer-work.ts counts. */
export function updateBytesRatio(optimizer: Optimizer): number {
  return updateBytesPerWeight(optimizer) / updateBytesPerWeight(DEFAULT_OPTIMIZER);
}
