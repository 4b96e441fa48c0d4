import type { Feature, FeatureCounts } from "../../src/performance/work-counts.ts";
import type { MeasuredRange } from "../../src/performance/fit.ts";
import {
  mapePercent,
  type Observation,
  type ResidualQuantiles,
} from "../../src/performance/prediction-error.ts";
import { relativeLeastSquares } from "../../src/performance/regression.ts";
import { FOLDS } from "../../src/performance/shape-folds.ts";

/** One observation of a regression: a design row and the seconds it explains. */
export interface FitRow {
  readonly design: readonly number[];
  readonly seconds: number;
  readonly pass: "forward" | "training";
}

/** Coefficients, and predictions of every row by the whole fit and by one that never saw the row. */
export interface FittedRows {
  readonly coefficients: readonly number[];
  readonly inSample: readonly (Observation & Pick<FitRow, "pass">)[];
  readonly heldOut: readonly (Observation & Pick<FitRow, "pass">)[];
}

/** Relative NNLS of all rows, and 5-fold cross-validation; row i is held out in fold i mod 5. */
export function fitRows(rows: readonly FitRow[], lowerBounds: readonly number[]): FittedRows {
  const coefficients = fitted(rows, lowerBounds);
  const folds = Array.from({ length: FOLDS }, (_, fold) =>
    fitted(
      rows.filter((_row, index) => index % FOLDS !== fold),
      lowerBounds,
    ),
  );
  const observation = (row: FitRow, using: readonly number[]): Observation & Pick<FitRow, "pass"> => ({
    measuredSeconds: row.seconds,
    predictedSeconds: row.design.reduce((sum, count, column) => sum + count * (using[column] ?? 0), 0),
    pass: row.pass,
  });
  return {
    coefficients,
    inSample: rows.map((row) => observation(row, coefficients)),
    heldOut: rows.map((row, index) => observation(row, folds[index % FOLDS] ?? coefficients)),
  };
}

function fitted(rows: readonly FitRow[], lowerBounds: readonly number[]): readonly number[] {
  return relativeLeastSquares({
    design: rows.map((row) => row.design),
    target: rows.map((row) => row.seconds),
    lowerBounds,
  });
}

/** In-sample and cross-validated MAPE, rounded to 0.01 %. */
export function errorOf(
  fit: FittedRows,
  pass: FitRow["pass"],
): { readonly inSampleMapePercent: number; readonly crossValidatedMapePercent: number } {
  return {
    inSampleMapePercent: rounded(mapePercent(fit.inSample.filter((row) => row.pass === pass))),
    crossValidatedMapePercent: rounded(mapePercent(fit.heldOut.filter((row) => row.pass === pass))),
  };
}

/** Smallest and largest count of each feature. */
export function measuredRange(
  features: readonly Feature[],
  counts: readonly FeatureCounts[],
): Partial<Record<Feature, MeasuredRange>> {
  const range: Partial<Record<Feature, MeasuredRange>> = {};
  for (const feature of features) {
    if (feature === "launches") continue;
    const values = counts.map((count) => count[feature] ?? 0);
    range[feature] = {
      min: values.reduce((least, value) => Math.min(least, value), Infinity),
      max: values.reduce((most, value) => Math.max(most, value), -Infinity),
    };
  }
  return range;
}

/** Coefficients by feature, in seconds per unit, to six significant digits so that the file does not depend on the platform. */
export function namedCoefficients(
  features: readonly Feature[],
  values: readonly number[],
): Partial<Record<Feature, number>> {
  const named: Partial<Record<Feature, number>> = {};
  for (const [index, feature] of features.entries()) named[feature] = significant(values[index] ?? 0);
  return named;
}

export const significant = (value: number): number => Number(value.toPrecision(6));
export const rounded = (value: number): number => Number(value.toFixed(2));

/** Quantiles to two digits after the point. */
export function roundedQuantiles({ lower, median, upper }: ResidualQuantiles): ResidualQuantiles {
  return { lower: rounded(lower), median: rounded(median), upper: rounded(upper) };
}
