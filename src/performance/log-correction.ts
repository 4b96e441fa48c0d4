/**
 * A factor exp(c) on the time of the linear model, learned from what many measured shapes leave over (boosted-correction.ts):
 *
 *   t = exp(c(z)) · Σ_f β_f · count_f          c(z) = w(z) · clamp(Σ_trees leaf(z), ±LARGEST)
 *
 * z: logarithms of a layer's shape (CORRECTION_VARIABLES). It says what no linear count can: which algorithm a library picks,
 * how full its tiles are. w falls from 1 inside the measured range of every variable to 0 one factor of REACH outside it, summed
 * over the variables, so that far from the measurements the physical model stands alone.
 *
 * Trees are oblivious: all nodes of one level share a split, so that a leaf is a number of as many bits as levels.
 */
import type { Layer } from "./network.ts";
import { channelCount, elementCount, fcApplications, positionCount } from "./shape.ts";

/** What a correction may look at; natural logarithms, so that a threshold is a ratio. */
export const CORRECTION_VARIABLES = [
  "batch",
  "inputChannels",
  "outputChannels",
  "outputPositions",
  "kernelArea",
  "stride",
  "padding",
  "operations",
  "reduction",
  "inputElements",
  "outputElements",
  "batchTileFill",
  "outputChannelTileFill",
  "inputChannelTileFill",
] as const;
export type CorrectionVariable = (typeof CORRECTION_VARIABLES)[number];

/** One tree: level by level the variable and threshold asked (value > threshold sets the level's bit), and 2^levels leaves. */
export interface CorrectionTree {
  readonly variables: readonly CorrectionVariable[];
  readonly thresholds: readonly number[];
  readonly leaves: readonly number[];
}

/** Trees, and the range of each variable that they were learned on; a variable without range is not checked. */
export interface LogCorrection {
  readonly ranges: Readonly<
    Partial<Record<CorrectionVariable, { readonly min: number; readonly max: number }>>
  >;
  readonly trees: readonly CorrectionTree[];
}

/** Values of the variables for one layer and batch, in the order of CORRECTION_VARIABLES. */
export type CorrectionInputs = readonly number[];

/** Logarithm of the largest factor; the linear model errs by more on hardly a row. */
const LARGEST = Math.log(2.5);
/** Logarithm of the factor outside the measured range at which nothing of the correction is left. */
const REACH = Math.log(4);
const TILE = 32;

/** Inputs of a convolution or a fully connected layer. */
export function correctionInputs(
  layer: Extract<Layer, { kind: "conv" | "fc" }>,
  batchSize: number,
): CorrectionInputs {
  const isConv = layer.kind === "conv";
  const applications = isConv ? 1 : fcApplications(layer.input);
  const rows = batchSize * applications;
  const inputChannels = isConv
    ? channelCount(layer.input) / layer.groups
    : elementCount(layer.input) / applications;
  const outputChannels = isConv ? channelCount(layer.output) : elementCount(layer.output) / applications;
  const positions = isConv ? positionCount(layer.output) : 1;
  const kernelArea = isConv ? layer.kernel[0] * layer.kernel[1] : 1;
  const reduction = inputChannels * kernelArea;
  return [
    Math.log(rows),
    Math.log(inputChannels),
    Math.log(outputChannels),
    Math.log(positions),
    Math.log(kernelArea),
    isConv ? Math.log(layer.stride[0] * layer.stride[1]) : 0,
    isConv && layer.padding.some((side) => side > 0) ? 1 : 0,
    Math.log(rows * positions * reduction * outputChannels),
    Math.log(reduction),
    Math.log(batchSize * elementCount(layer.input)),
    Math.log(batchSize * elementCount(layer.output)),
    Math.log(tileFill(rows)),
    Math.log(tileFill(outputChannels)),
    Math.log(tileFill(inputChannels)),
  ];
}

/** Share of the tiles of 32 that a count fills. */
function tileFill(count: number): number {
  return count / (TILE * Math.ceil(count / TILE));
}

/** Levels of a tree at most: the leaf of each is then half a byte. */
export const MAX_CORRECTION_LEVELS = 4;
const LEAVES = 2 ** MAX_CORRECTION_LEVELS;
const TREES_PER_WORD = 32 / MAX_CORRECTION_LEVELS;

/** One variable's thresholds, sorted, and for each count of thresholds passed the bits that are set in all trees. */
interface CompiledVariable {
  readonly index: number;
  readonly thresholds: Float64Array;
  /** Words of count 0, then of count 1, … */
  readonly masks: Int32Array;
}

/**
 * A correction as arrays. A word holds the leaves of eight trees, four bits each; the bits that a variable sets depend only on how
 * many of its thresholds the value passes, so that all trees are walked by a few ors (as QuickScorer does; Lucchese et al. 2015).
 */
interface CompiledCorrection {
  readonly rangedVariables: readonly number[];
  readonly minima: readonly number[];
  readonly maxima: readonly number[];
  readonly trees: number;
  readonly words: Int32Array;
  readonly variables: readonly CompiledVariable[];
  readonly leaves: Float64Array;
}

const compiledCorrections = new WeakMap<LogCorrection, CompiledCorrection>();

function compiled(correction: LogCorrection): CompiledCorrection {
  const known = compiledCorrections.get(correction);
  if (known !== undefined) return known;
  const ranged = CORRECTION_VARIABLES.flatMap((name, index) => {
    const range = correction.ranges[name];
    return range === undefined ? [] : [{ index, ...range }];
  });
  const { trees } = correction;
  const words = Math.ceil(trees.length / TREES_PER_WORD);
  const leaves = new Float64Array(trees.length * LEAVES);
  trees.forEach((tree, index) => {
    leaves.set(tree.leaves, index * LEAVES);
  });
  const made: CompiledCorrection = {
    rangedVariables: ranged.map(({ index }) => index),
    minima: ranged.map(({ min }) => min),
    maxima: ranged.map(({ max }) => max),
    trees: trees.length,
    words: new Int32Array(words),
    variables: CORRECTION_VARIABLES.flatMap((_name, index) => compiledVariable(trees, index, words)),
    leaves,
  };
  compiledCorrections.set(correction, made);
  return made;
}

function compiledVariable(
  trees: readonly CorrectionTree[],
  index: number,
  words: number,
): readonly CompiledVariable[] {
  const name = CORRECTION_VARIABLES[index];
  const nodes = trees.flatMap((tree, position) =>
    tree.variables.flatMap((variable, level) =>
      variable === name ? [{ position, level, threshold: tree.thresholds[level] ?? 0 }] : [],
    ),
  );
  if (nodes.length === 0) return [];
  const thresholds = Float64Array.from(new Set(nodes.map(({ threshold }) => threshold))).sort();
  const masks = new Int32Array((thresholds.length + 1) * words);
  for (const { position, level, threshold } of nodes) {
    const word = Math.floor(position / TREES_PER_WORD);
    const bit = 1 << ((position % TREES_PER_WORD) * MAX_CORRECTION_LEVELS + level);
    for (let passed = thresholds.indexOf(threshold) + 1; passed <= thresholds.length; passed++) {
      const cell = passed * words + word;
      masks[cell] = (masks[cell] ?? 0) | bit;
    }
  }
  return [{ index, thresholds, masks }];
}

/** c(z): the natural logarithm of the factor on the linear model's time. */
export function correctionOf(correction: LogCorrection, inputs: CorrectionInputs): number {
  const trees = compiled(correction);
  const weight = insideWeight(trees, inputs);
  if (weight === 0) return 0;
  return weight * Math.min(LARGEST, Math.max(-LARGEST, treeSum(trees, inputs)));
}

function insideWeight(
  { rangedVariables, minima, maxima }: CompiledCorrection,
  inputs: CorrectionInputs,
): number {
  let outside = 0;
  for (let index = 0; index < rangedVariables.length; index++) {
    const value = inputs[rangedVariables[index] ?? 0] ?? 0;
    const below = (minima[index] ?? 0) - value;
    const above = value - (maxima[index] ?? 0);
    if (below > 0) outside += below;
    else if (above > 0) outside += above;
  }
  return Math.max(0, 1 - outside / REACH);
}

function treeSum({ trees, words, variables, leaves }: CompiledCorrection, inputs: CorrectionInputs): number {
  words.fill(0);
  const count = words.length;
  for (const { index, thresholds, masks } of variables) {
    const value = inputs[index] ?? 0;
    const passed = countBelow(thresholds, value);
    const first = passed * count;
    for (let word = 0; word < count; word++) words[word] = (words[word] ?? 0) | (masks[first + word] ?? 0);
  }
  let sum = 0;
  for (let tree = 0; tree < trees; tree++) {
    const bits = words[tree >>> 3] ?? 0;
    const leaf = (bits >>> ((tree & 7) << 2)) & (LEAVES - 1);
    sum += leaves[tree * LEAVES + leaf] ?? 0;
  }
  return sum;
}

/** How many of the sorted thresholds the value passes, by halving. */
function countBelow(thresholds: Float64Array, value: number): number {
  let low = 0;
  let high = thresholds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value > (thresholds[middle] ?? 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}
