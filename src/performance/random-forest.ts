/**
 * Random forest for regression (Breiman, 2001): each tree on a bootstrap sample, each split the best of a random third of the
 * features by squared error; the forest is the mean of its trees. Randomness comes in as a function, so that a seed decides all.
 */
import type { Random } from "../domain/seeded-random.ts";

export interface ForestOptions {
  readonly trees?: number;
  /** A leaf holds at least so many rows. */
  readonly leastLeafRows?: number;
}

type Tree =
  | { readonly kind: "leaf"; readonly value: number }
  | {
      readonly kind: "split";
      readonly feature: number;
      readonly threshold: number;
      readonly below: Tree;
      readonly above: Tree;
    };

/** A fitted forest. */
export interface RandomForest {
  readonly trees: readonly Tree[];
}

interface Row {
  readonly features: readonly number[];
  readonly target: number;
}

const DEFAULT_TREES = 200;
const DEFAULT_LEAST_LEAF_ROWS = 2;

/** Fits a forest; rows are arrays of equal length. Throws on no row. */
export function fitRandomForest(
  features: readonly (readonly number[])[],
  target: readonly number[],
  random: Random,
  { trees = DEFAULT_TREES, leastLeafRows = DEFAULT_LEAST_LEAF_ROWS }: ForestOptions = {},
): RandomForest {
  const rows = features.map((row, index) => ({ features: row, target: target[index] ?? NaN }));
  if (rows.length === 0) throw new Error("A forest of no rows was asked for.");
  return {
    trees: Array.from({ length: trees }, () => {
      const sample = rows.flatMap(() => rows[Math.floor(random() * rows.length)] ?? []);
      return grow(sample, leastLeafRows, random);
    }),
  };
}

/** Mean of the trees' answers. */
export function predictForest({ trees }: RandomForest, features: readonly number[]): number {
  return mean(trees.map((tree) => answer(tree, features)));
}

function answer(tree: Tree, features: readonly number[]): number {
  let node = tree;
  while (node.kind === "split") {
    node = (features[node.feature] ?? NaN) <= node.threshold ? node.below : node.above;
  }
  return node.value;
}

function grow(rows: readonly Row[], leastLeafRows: number, random: Random): Tree {
  const leaf: Tree = { kind: "leaf", value: mean(rows.map(({ target }) => target)) };
  if (rows.length < 2 * leastLeafRows || rows.every(({ target }) => target === rows[0]?.target)) return leaf;
  const split = bestSplit(rows, leastLeafRows, random);
  if (split === undefined) return leaf;
  const isBelow = (row: Row): boolean => (row.features[split.feature] ?? NaN) <= split.threshold;
  return {
    kind: "split",
    ...split,
    below: grow(rows.filter(isBelow), leastLeafRows, random),
    above: grow(
      rows.filter((row) => !isBelow(row)),
      leastLeafRows,
      random,
    ),
  };
}

function bestSplit(
  rows: readonly Row[],
  leastLeafRows: number,
  random: Random,
): { readonly feature: number; readonly threshold: number } | undefined {
  let best: { readonly feature: number; readonly threshold: number; readonly error: number } | undefined;
  for (const feature of someFeatures(rows[0]?.features.length ?? 0, random)) {
    const sorted = [...rows].sort((a, b) => (a.features[feature] ?? 0) - (b.features[feature] ?? 0));
    for (let cut = leastLeafRows; cut <= sorted.length - leastLeafRows; cut++) {
      const below = sorted[cut - 1]?.features[feature] ?? NaN;
      const above = sorted[cut]?.features[feature] ?? NaN;
      if (!(below < above)) continue;
      const error = squaredError(sorted.slice(0, cut)) + squaredError(sorted.slice(cut));
      if (best === undefined || error < best.error) best = { feature, threshold: (below + above) / 2, error };
    }
  }
  return best === undefined ? undefined : { feature: best.feature, threshold: best.threshold };
}

/** A third of the features, rounded up, drawn without replacement (Fisher and Yates). */
function someFeatures(count: number, random: Random): readonly number[] {
  const features = Array.from({ length: count }, (_, index) => index);
  for (let index = count - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    const held = features[index] ?? 0;
    features[index] = features[other] ?? 0;
    features[other] = held;
  }
  return features.slice(0, Math.ceil(count / 3));
}

function squaredError(rows: readonly Row[]): number {
  const middle = mean(rows.map(({ target }) => target));
  return rows.reduce((sum, { target }) => sum + (target - middle) ** 2, 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
