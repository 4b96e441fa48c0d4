/**
 * Regressors of GPU utilisation on graph features, and their error RMSLE = √(mean (ln(p + 1) − ln(y + 1))²), percent.
 * All are fitted to ln(y + 1), so that they minimise what they are judged by; features enter as ln(1 + x), spanning decades.
 */
import { inverse, Matrix } from "ml-matrix";
import type { Random } from "../domain/seeded-random.ts";
import { fitRandomForest, predictForest } from "./random-forest.ts";
import { UTILISATION_FEATURES, type UtilisationFeatures } from "./utilisation-features.ts";

/** A measured run. */
export interface UtilisationRow {
  /** Runs of one network are left out together. */
  readonly network: string;
  readonly features: UtilisationFeatures;
  /** 0 to 100. */
  readonly utilisationPercent: number;
}

export const UTILISATION_REGRESSORS = ["constant", "linear", "forest"] as const;
export type UtilisationRegressor = (typeof UTILISATION_REGRESSORS)[number];

/** Percent, 0 to 100. */
export type UtilisationPredictor = (features: UtilisationFeatures) => number;

/** Fits one regressor. "constant" is the mean of ln(y + 1): what any other has to beat. Throws on no row. */
export function fitUtilisation(
  regressor: UtilisationRegressor,
  rows: readonly UtilisationRow[],
  random: Random,
): UtilisationPredictor {
  if (rows.length === 0) throw new Error("Utilisation cannot be fitted on no runs.");
  const inputs = rows.map(({ features }) => logFeatures(features));
  const target = rows.map(({ utilisationPercent }) => Math.log1p(utilisationPercent));
  const log = logPredictor(regressor, inputs, target, random);
  return (features) => Math.min(100, Math.max(0, Math.expm1(log(logFeatures(features)))));
}

function logPredictor(
  regressor: UtilisationRegressor,
  inputs: readonly (readonly number[])[],
  target: readonly number[],
  random: Random,
): (input: readonly number[]) => number {
  switch (regressor) {
    case "constant": {
      const value = mean(target);
      return () => value;
    }
    case "linear":
      return ridge(inputs, target);
    case "forest": {
      const forest = fitRandomForest(inputs, target, random);
      return (input) => predictForest(forest, input);
    }
  }
}

/** Weight of the penalty on standardised coefficients: seven features and a dozen rows have no plain least-squares answer. */
const RIDGE = 1;

/** Ridge regression on standardised inputs, the intercept unpenalised. */
function ridge(
  inputs: readonly (readonly number[])[],
  target: readonly number[],
): (input: readonly number[]) => number {
  const columns = inputs[0]?.length ?? 0;
  const index = Array.from({ length: columns }, (_, column) => column);
  const means = index.map((column) => mean(inputs.map((row) => row[column] ?? 0)));
  const deviations = index.map((column) => {
    const squares = inputs.map((row) => ((row[column] ?? 0) - (means[column] ?? 0)) ** 2);
    return Math.sqrt(mean(squares)) || 1;
  });
  const standardised = (row: readonly number[]): number[] =>
    index.map((column) => ((row[column] ?? 0) - (means[column] ?? 0)) / (deviations[column] ?? 1));
  const middle = mean(target);
  const design = new Matrix(inputs.map(standardised));
  const gram = design.transpose().mmul(design).add(Matrix.eye(columns).mul(RIDGE));
  const weights = inverse(gram)
    .mmul(design.transpose())
    .mmul(Matrix.columnVector(target.map((value) => value - middle)))
    .to1DArray();
  return (input) =>
    middle + standardised(input).reduce((sum, value, column) => sum + value * (weights[column] ?? 0), 0);
}

/** ln(predicted + 1) − ln(measured + 1) of each row, by a regressor that saw no run of its network. */
export function leaveOneNetworkOut(
  regressor: UtilisationRegressor,
  rows: readonly UtilisationRow[],
  random: Random,
): readonly number[] {
  return heldOutErrors(regressor, rows, (row) => row.network, random);
}

/** The same leaving out single runs: other batches of the network stay in. */
export function leaveOneRunOut(
  regressor: UtilisationRegressor,
  rows: readonly UtilisationRow[],
  random: Random,
): readonly number[] {
  const numbers = new Map(rows.map((row, index) => [row, String(index)]));
  return heldOutErrors(regressor, rows, (row) => numbers.get(row) ?? "", random);
}

function heldOutErrors(
  regressor: UtilisationRegressor,
  rows: readonly UtilisationRow[],
  groupOf: (row: UtilisationRow) => string,
  random: Random,
): readonly number[] {
  const groups = [...new Set(rows.map(groupOf))];
  return groups.flatMap((group) => {
    const predict = fitUtilisation(
      regressor,
      rows.filter((row) => groupOf(row) !== group),
      random,
    );
    return rows
      .filter((row) => groupOf(row) === group)
      .map((row) => Math.log1p(predict(row.features)) - Math.log1p(row.utilisationPercent));
  });
}

/** Root mean square of logarithmic errors; NaN of none. */
export function rmsle(errors: readonly number[]): number {
  return Math.sqrt(mean(errors.map((error) => error ** 2)));
}

function logFeatures(features: UtilisationFeatures): readonly number[] {
  return UTILISATION_FEATURES.map((name) => Math.log1p(features[name]));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
