/** Folds of a cross-validation that keep all rows of one shape and batch together, so that no held-out shape was ever seen. */
import type { Layer } from "./network.ts";

export const FOLDS = 5;

/** Row indices of each fold: shapes go round-robin in the order in which they first appear; fewer shapes than folds leave folds empty. */
export function shapeFolds(
  rows: readonly { readonly layer: Layer; readonly batchSize: number }[],
): readonly ReadonlySet<number>[] {
  const folds = Array.from({ length: FOLDS }, () => new Set<number>());
  const foldOfShape = new Map<string, number>();
  for (const [index, { layer, batchSize }] of rows.entries()) {
    const key = JSON.stringify({ ...layer, name: "", inputs: [], bias: true, batchSize });
    const fold = foldOfShape.get(key) ?? foldOfShape.size % FOLDS;
    foldOfShape.set(key, fold);
    folds[fold]?.add(index);
  }
  return folds;
}
