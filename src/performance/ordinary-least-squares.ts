/**
 * Ordinary least squares with an intercept, by Householder QR of the centred design (ml-matrix):
 *   β = argmin ‖y − β₀ − X·β‖²,  s² = RSS / (n − k − 1),  se_j = s·√[((XᶜᵀXᶜ)⁻¹)_jj]
 * with Xᶜ the design less its column means. Columns are scaled to length 1 first: augmented features span many decades.
 */
import { inverse, Matrix, QrDecomposition } from "ml-matrix";

/** A fitted line: ŷ = intercept + Σ coefficients_j · x_j. */
export interface LeastSquaresLine {
  readonly intercept: number;
  readonly coefficients: readonly number[];
  /** Standard errors of the coefficients; NaN without degrees of freedom. */
  readonly standardErrors: readonly number[];
  readonly residuals: readonly number[];
  /** n − k − 1. */
  readonly degreesOfFreedom: number;
}

/** Fits `target` on the columns (each as long as the target); undefined where columns are constant or linearly dependent. */
export function ordinaryLeastSquares(
  columns: readonly (readonly number[])[],
  target: readonly number[],
): LeastSquaresLine | undefined {
  const rows = target.length;
  const degreesOfFreedom = rows - columns.length - 1;
  const targetMean = mean(target);
  if (columns.length === 0) {
    return {
      intercept: targetMean,
      coefficients: [],
      standardErrors: [],
      residuals: target.map((value) => value - targetMean),
      degreesOfFreedom,
    };
  }
  if (degreesOfFreedom < 0) return undefined;
  const means = columns.map(mean);
  const centred = columns.map((column, index) => column.map((value) => value - (means[index] ?? 0)));
  const lengths = centred.map((column) => Math.sqrt(column.reduce((sum, value) => sum + value ** 2, 0)));
  if (lengths.some((length, index) => !(length > CONSTANT * Math.abs(means[index] ?? 0) * Math.sqrt(rows)))) {
    return undefined;
  }
  const scaled = new Matrix(
    target.map((_, row) => centred.map((column, index) => (column[row] ?? 0) / (lengths[index] ?? 1))),
  );
  const decomposition = new QrDecomposition(scaled);
  const triangle = decomposition.upperTriangularMatrix;
  if (columns.some((_, index) => Math.abs(triangle.get(index, index)) < DEPENDENT)) return undefined;
  const solution = decomposition.solve(Matrix.columnVector(target.map((value) => value - targetMean)));
  const coefficients = lengths.map((length, index) => solution.get(index, 0) / length);
  const intercept =
    targetMean - coefficients.reduce((sum, value, index) => sum + value * (means[index] ?? 0), 0);
  const residuals = target.map(
    (value, row) =>
      value - targetMean - coefficients.reduce((sum, b, index) => sum + b * (centred[index]?.[row] ?? 0), 0),
  );
  const variance = residuals.reduce((sum, value) => sum + value ** 2, 0) / degreesOfFreedom;
  const inverseTriangle = inverse(triangle);
  const standardErrors = lengths.map((length, index) => {
    const squares = inverseTriangle.getRow(index).reduce((sum, value) => sum + value ** 2, 0);
    return degreesOfFreedom === 0 ? NaN : Math.sqrt(variance * squares) / length;
  });
  return { intercept, coefficients, standardErrors, residuals, degreesOfFreedom };
}

/** A column whose spread is this share of its mean is constant to rounding. */
const CONSTANT = 1e-12;
/** Diagonal of R, columns of length 1: below this a column is a combination of those before it. */
const DEPENDENT = 1e-9;

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
