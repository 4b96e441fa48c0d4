/**
 * Learns a LogCorrection by gradient boosting (Friedman 2001) with oblivious trees (as in CatBoost) and Newton steps:
 *
 *   minimise  Σ_i huber(ln t_i − ln(exp(c(z_i))·base_i + other_i))
 *
 * base_i: seconds of the linear model that the factor applies to; other_i: seconds of the row that it does not touch (the forward
 * pass and the benchmark's own work in a training step). With s_i = exp(c)·base_i / predicted_i and residual r_i, a tree's leaf is
 * RATE · Σ w s r / (Σ w s² + SHRINKAGE), w = min(1, HUBER / |r|), which follows the median rather than outliers.
 *
 * Deterministic: no sampling; thresholds are quantiles of the data; ties go to the first variable.
 */
import {
  CORRECTION_VARIABLES,
  type CorrectionInputs,
  type CorrectionTree,
  type CorrectionVariable,
  type LogCorrection,
} from "./log-correction.ts";
import { quantile } from "./prediction-error.ts";

/** One observation. */
export interface BoostingRow {
  readonly inputs: CorrectionInputs;
  readonly baseSeconds: number;
  readonly otherSeconds: number;
  readonly seconds: number;
}

/** Size of an ensemble; chosen by cross-validation over whole shapes on all GPUs alike (docs/performance-models.md). */
export interface BoostingSize {
  readonly trees: number;
  readonly levels: number;
}

export const BOOSTING_SIZE: BoostingSize = { trees: 80, levels: 4 };
/** Fewer rows than this get no correction: the linear model alone extrapolates better than trees of a few leaves. */
export const LEAST_BOOSTING_ROWS = 1000;

const RATE = 0.15;
const HUBER = 0.15;
const SHRINKAGE = 4;
const MAX_BINS = 24;
/** Variables that have no range: they repeat within every range. */
const UNRANGED: ReadonlySet<CorrectionVariable> = new Set<CorrectionVariable>([
  "padding",
  "batchTileFill",
  "outputChannelTileFill",
  "inputChannelTileFill",
]);
/** Share of the rows left out at either end of a variable's range, where trees have hardly any data. */
const RANGE_TAIL = 0.005;

/** Learns the correction of one kind of work and direction. */
export function boostedCorrection(
  rows: readonly BoostingRow[],
  size: BoostingSize = BOOSTING_SIZE,
): LogCorrection {
  const columns = CORRECTION_VARIABLES.map((_name, index) => rows.map((row) => row.inputs[index] ?? 0));
  const thresholds = columns.map(binThresholds);
  const bins = columns.map((values, index) => binned(values, thresholds[index] ?? []));
  const sums = new Float64Array(rows.length);
  const trees: CorrectionTree[] = [];
  for (let round = 0; round < size.trees; round++) {
    const { gradients, curvatures } = derivatives(rows, sums);
    const grown = growTree({ bins, thresholds, gradients, curvatures, levels: size.levels });
    if (grown === undefined) break;
    trees.push(grown.tree);
    for (let row = 0; row < rows.length; row++) {
      sums[row] = (sums[row] ?? 0) + (grown.tree.leaves[grown.leafOf[row] ?? 0] ?? 0);
    }
  }
  return { ranges: ranges(columns), trees };
}

function ranges(columns: readonly (readonly number[])[]): LogCorrection["ranges"] {
  const found: Partial<Record<CorrectionVariable, { min: number; max: number }>> = {};
  for (const [index, name] of CORRECTION_VARIABLES.entries()) {
    const values = columns[index] ?? [];
    if (UNRANGED.has(name)) continue;
    found[name] = {
      min: rounded(quantile(values, RANGE_TAIL)),
      max: rounded(quantile(values, 1 - RANGE_TAIL)),
    };
  }
  return found;
}

/** Quantiles of the values as thresholds, each once; none of a constant. */
function binThresholds(values: readonly number[]): readonly number[] {
  const sorted = [...values].sort((a, b) => a - b);
  const found = new Set<number>();
  for (let bin = 1; bin < MAX_BINS; bin++) {
    const position = Math.floor((bin * sorted.length) / MAX_BINS);
    const below = sorted[position - 1] ?? 0;
    const above = sorted.find((value) => value > below) ?? below;
    const here = sorted[position] ?? 0;
    // Halfway to the next value, so that rounding of the threshold moves no row across it.
    found.add(rounded(here > below ? (below + here) / 2 : (below + above) / 2));
  }
  const last = sorted.at(-1) ?? 0;
  return [...found].filter((threshold) => threshold < last).sort((a, b) => a - b);
}

function binned(values: readonly number[], thresholds: readonly number[]): Uint8Array {
  return Uint8Array.from(values, (value) => thresholds.filter((threshold) => value > threshold).length);
}

function derivatives(
  rows: readonly BoostingRow[],
  sums: Float64Array,
): { readonly gradients: Float64Array; readonly curvatures: Float64Array } {
  const gradients = new Float64Array(rows.length);
  const curvatures = new Float64Array(rows.length);
  for (const [index, { baseSeconds, otherSeconds, seconds }] of rows.entries()) {
    const corrected = baseSeconds * Math.exp(sums[index] ?? 0);
    const predicted = corrected + otherSeconds;
    const share = corrected / predicted;
    const residual = Math.log(seconds / predicted);
    const weight = Math.min(1, HUBER / Math.max(Math.abs(residual), Number.MIN_VALUE));
    gradients[index] = weight * share * residual;
    curvatures[index] = weight * share * share;
  }
  return { gradients, curvatures };
}

interface Growing {
  readonly bins: readonly Uint8Array[];
  readonly thresholds: readonly (readonly number[])[];
  readonly gradients: Float64Array;
  readonly curvatures: Float64Array;
  readonly levels: number;
}

function growTree(
  growing: Growing,
): { readonly tree: CorrectionTree; readonly leafOf: Uint16Array } | undefined {
  const { bins, thresholds, gradients, curvatures, levels } = growing;
  const leafOf = new Uint16Array(gradients.length);
  const variables: CorrectionVariable[] = [];
  const chosen: number[] = [];
  for (let level = 0; level < levels; level++) {
    const split = bestSplit(growing, leafOf, 2 ** level);
    if (split === undefined) break;
    variables.push(CORRECTION_VARIABLES[split.variable] ?? "batch");
    chosen.push(thresholds[split.variable]?.[split.bin] ?? 0);
    const column = bins[split.variable];
    for (let row = 0; row < leafOf.length; row++) {
      if ((column?.[row] ?? 0) > split.bin) leafOf[row] = (leafOf[row] ?? 0) + 2 ** level;
    }
  }
  if (variables.length === 0) return undefined;
  const gradientSums = new Float64Array(2 ** variables.length);
  const curvatureSums = new Float64Array(2 ** variables.length);
  for (let row = 0; row < leafOf.length; row++) {
    const leaf = leafOf[row] ?? 0;
    gradientSums[leaf] = (gradientSums[leaf] ?? 0) + (gradients[row] ?? 0);
    curvatureSums[leaf] = (curvatureSums[leaf] ?? 0) + (curvatures[row] ?? 0);
  }
  const leaves = Array.from(gradientSums, (gradient, leaf) =>
    rounded((RATE * gradient) / ((curvatureSums[leaf] ?? 0) + SHRINKAGE)),
  );
  return { tree: { variables, thresholds: chosen, leaves }, leafOf };
}

/** The variable and bin that split every leaf of the level with the largest gain Σ G²/(H + SHRINKAGE); undefined when none gains. */
function bestSplit(
  { bins, thresholds, gradients, curvatures }: Growing,
  leafOf: Uint16Array,
  leaves: number,
): { readonly variable: number; readonly bin: number } | undefined {
  let best: { readonly variable: number; readonly bin: number } | undefined;
  let bestGain = 1e-9;
  const width = MAX_BINS + 1;
  const gradientSums = new Float64Array(leaves * width);
  const curvatureSums = new Float64Array(leaves * width);
  for (const [variable, column] of bins.entries()) {
    const splits = thresholds[variable]?.length ?? 0;
    if (splits === 0) continue;
    gradientSums.fill(0);
    curvatureSums.fill(0);
    for (let row = 0; row < column.length; row++) {
      const cell = (leafOf[row] ?? 0) * width + (column[row] ?? 0);
      gradientSums[cell] = (gradientSums[cell] ?? 0) + (gradients[row] ?? 0);
      curvatureSums[cell] = (curvatureSums[cell] ?? 0) + (curvatures[row] ?? 0);
    }
    const gains = new Float64Array(splits);
    for (let leaf = 0; leaf < leaves; leaf++) {
      addGains(gains, gradientSums.subarray(leaf * width, (leaf + 1) * width), {
        curvatures: curvatureSums.subarray(leaf * width, (leaf + 1) * width),
      });
    }
    for (const [bin, gain] of gains.entries()) {
      if (gain > bestGain) {
        bestGain = gain;
        best = { variable, bin };
      }
    }
  }
  return best;
}

function addGains(
  gains: Float64Array,
  gradients: Float64Array,
  { curvatures }: { readonly curvatures: Float64Array },
): void {
  let gradientTotal = 0;
  let curvatureTotal = 0;
  for (let bin = 0; bin < gradients.length; bin++) {
    gradientTotal += gradients[bin] ?? 0;
    curvatureTotal += curvatures[bin] ?? 0;
  }
  const whole = gradientTotal ** 2 / (curvatureTotal + SHRINKAGE);
  let gradientLeft = 0;
  let curvatureLeft = 0;
  for (let bin = 0; bin < gains.length; bin++) {
    gradientLeft += gradients[bin] ?? 0;
    curvatureLeft += curvatures[bin] ?? 0;
    const gain =
      gradientLeft ** 2 / (curvatureLeft + SHRINKAGE) +
      (gradientTotal - gradientLeft) ** 2 / (curvatureTotal - curvatureLeft + SHRINKAGE) -
      whole;
    gains[bin] = (gains[bin] ?? 0) + gain;
  }
}

/** Four digits after the point: a factor of 1.0001. */
const rounded = (value: number): number => Number(value.toFixed(4));
