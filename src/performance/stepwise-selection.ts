/**
 * Stepwise selection of regression features (Draper and Smith, Applied Regression Analysis, 3rd ed., ch. 15), in the form
 * that the slides' group uses (design/performance-models.md, "End-to-end model"):
 *
 *   repeat at most 100 times
 *     1. the candidate is the unselected feature with the largest |correlation with the residuals|;
 *        least squares with it and an intercept; it enters if z = |β / (t(1 − p_enter/2, ν)·se)| > 1
 *     2. of the selected features the one with the smallest z is dropped if z < t(1 − p_remove/2, ν) / t(1 − p_enter/2, ν)
 *   until neither step changes the selection
 *
 * ν are the degrees of freedom of that regression; p_enter 0.05, p_remove 0.1. A feature that was just dropped may not come
 * back at once, or the two steps would cycle. A candidate that is a combination of selected features cannot enter; the next one is
 * tried. Features come in the caller's order; of equal correlations the first wins.
 */
import { ordinaryLeastSquares, type LeastSquaresLine } from "./ordinary-least-squares.ts";
import { studentTQuantile } from "./student-t.ts";

/** Values of one feature, one per observation. */
export interface FeatureColumn {
  readonly name: string;
  readonly values: readonly number[];
}

/** Levels of the two tests; P_ENTER and P_REMOVE where absent. */
export interface StepwiseOptions {
  readonly enterProbability?: number;
  readonly removeProbability?: number;
}

export const P_ENTER = 0.05;
export const P_REMOVE = 0.1;
const MAX_ROUNDS = 100;

/** The selected features with their regression; no feature leaves the mean of the target. */
export interface StepwiseSelection {
  /** In the order of entering. */
  readonly names: readonly string[];
  readonly line: LeastSquaresLine;
}

/** Selects features of the target; the header holds the method. Throws on columns of another length than the target, or on no observation. */
export function selectStepwise(
  features: readonly FeatureColumn[],
  target: readonly number[],
  { enterProbability = P_ENTER, removeProbability = P_REMOVE }: StepwiseOptions = {},
): StepwiseSelection {
  check(features, target);
  let selected: readonly FeatureColumn[] = [];
  let line = fitted(selected, target);
  let barred: string | undefined;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const entering = nextFeature({ features, selected, line, target, barred, enterProbability });
    if (entering !== undefined) ({ selected, line } = entering);
    const weakest = weakestFeature(line, enterProbability);
    const leaves =
      weakest !== undefined && weakest.z < removalBound(line, enterProbability, removeProbability);
    barred = leaves ? selected[weakest.index]?.name : undefined;
    if (leaves) {
      selected = selected.filter((_, index) => index !== weakest.index);
      line = fitted(selected, target);
    }
    if (entering === undefined && !leaves) break;
  }
  return { names: selected.map((feature) => feature.name), line };
}

interface Search {
  readonly features: readonly FeatureColumn[];
  readonly selected: readonly FeatureColumn[];
  readonly line: LeastSquaresLine;
  readonly target: readonly number[];
  /** Name of the feature that was dropped in the round before. */
  readonly barred: string | undefined;
  readonly enterProbability: number;
}

/** Step 1. */
function nextFeature({
  features,
  selected,
  line,
  target,
  barred,
  enterProbability,
}: Search): { readonly selected: readonly FeatureColumn[]; readonly line: LeastSquaresLine } | undefined {
  if (line.degreesOfFreedom < 2) return undefined;
  const candidates = features
    .filter((feature) => feature.name !== barred && !selected.includes(feature))
    .map((feature) => ({ feature, correlation: Math.abs(correlation(feature.values, line.residuals)) }))
    .filter((candidate) => candidate.correlation > 0)
    .sort((a, b) => b.correlation - a.correlation);
  for (const { feature } of candidates) {
    const wider = [...selected, feature];
    const widerLine = ordinaryLeastSquares(
      wider.map(({ values }) => values),
      target,
    );
    if (widerLine === undefined) continue;
    return zOf(widerLine, wider.length - 1, enterProbability) > 1
      ? { selected: wider, line: widerLine }
      : undefined;
  }
  return undefined;
}

/** |β / (t·se)|; a feature that fits without any error is infinitely significant. */
function zOf(line: LeastSquaresLine, index: number, enterProbability: number): number {
  const coefficient = Math.abs(line.coefficients[index] ?? 0);
  const standardError = line.standardErrors[index] ?? NaN;
  if (standardError === 0) return coefficient === 0 ? 0 : Infinity;
  return coefficient / (studentTQuantile(1 - enterProbability / 2, line.degreesOfFreedom) * standardError);
}

function weakestFeature(
  line: LeastSquaresLine,
  enterProbability: number,
): { readonly index: number; readonly z: number } | undefined {
  return line.coefficients
    .map((_, index) => ({ index, z: zOf(line, index, enterProbability) }))
    .sort((a, b) => a.z - b.z)[0];
}

function removalBound(
  { degreesOfFreedom }: LeastSquaresLine,
  enterProbability: number,
  removeProbability: number,
): number {
  return (
    studentTQuantile(1 - removeProbability / 2, degreesOfFreedom) /
    studentTQuantile(1 - enterProbability / 2, degreesOfFreedom)
  );
}

/** Pearson's correlation; 0 where either is constant. */
function correlation(left: readonly number[], right: readonly number[]): number {
  const leftMean = left.reduce((sum, value) => sum + value, 0) / left.length;
  const rightMean = right.reduce((sum, value) => sum + value, 0) / right.length;
  let product = 0;
  let leftSquares = 0;
  let rightSquares = 0;
  left.forEach((value, index) => {
    const a = value - leftMean;
    const b = (right[index] ?? 0) - rightMean;
    product += a * b;
    leftSquares += a * a;
    rightSquares += b * b;
  });
  const scale = Math.sqrt(leftSquares) * Math.sqrt(rightSquares);
  return scale > 0 ? product / scale : 0;
}

function fitted(selected: readonly FeatureColumn[], target: readonly number[]): LeastSquaresLine {
  const line = ordinaryLeastSquares(
    selected.map(({ values }) => values),
    target,
  );
  if (line === undefined) throw new Error("A part of independent features turned out dependent.");
  return line;
}

function check(features: readonly FeatureColumn[], target: readonly number[]): void {
  if (target.length === 0) throw new Error("A regression of no observations was asked for.");
  const uneven = features.find(({ values }) => values.length !== target.length);
  if (uneven !== undefined) {
    throw new Error(
      `Feature ${uneven.name} has ${uneven.values.length} values for ${target.length} observations; give as many.`,
    );
  }
}
