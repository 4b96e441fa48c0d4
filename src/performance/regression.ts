/**
 * Non-negative least squares, min ‖A·x − b‖² subject to x ≥ 0, by the active-set method of
 * Lawson and Hanson, Solving Least Squares Problems (1974), algorithm 23.10.
 *
 * A time cannot fall when work is added, so every coefficient of a duration model is kept at zero or above.
 */
import { Matrix, solve } from "ml-matrix";

/** Rows of A, one array per observation, all of the same length, and b. */
export interface LeastSquaresProblem {
  readonly design: readonly (readonly number[])[];
  readonly target: readonly number[];
  /** Least value of each coefficient; 0 where absent. */
  readonly lowerBounds?: readonly number[];
}

/** Relative size of a gradient that counts as zero. */
const TOLERANCE = 1e-10;
/** Lawson and Hanson's method ends by itself; rounding could make it cycle, so that each column is tried at most this often. */
const MAX_ROUNDS_PER_COLUMN = 30;

/** Coefficients x ≥ lowerBounds that minimise ‖A·x − b‖². Throws when a row has another length than the first. */
export function nonNegativeLeastSquares({
  design,
  target,
  lowerBounds,
}: LeastSquaresProblem): readonly number[] {
  const columns = checkedColumnCount(design, target);
  const bounds = lowerBounds ?? Array.from({ length: columns }, () => 0);
  const scales = columnNorms(design, columns);
  const { gram, projection } = normalEquations({ design, target, bounds, scales });
  const scaled = lawsonHanson(gram, projection);
  return scaled.map((value, column) => at(bounds, column) + value / at(scales, column));
}

/** What is believed of a coefficient before any observation. */
export interface CoefficientPrior {
  /** Above 0. */
  readonly value: number;
  /** How many average observations the belief weighs as much as. */
  readonly strength: number;
}

/** A problem whose rows are weighted by their size. */
export interface RelativeProblem extends LeastSquaresProblem {
  /**
   * γ: each row is divided by target^γ. 1, where absent, minimises the squared relative error; ½ weighs a row of ten times the time
   * ten times as much, so that totals come out right too.
   */
  readonly exponent?: number;
  /** One for each coefficient; adds Σ strength·(x/value − 1)² in units of an average row's relative error. */
  readonly priors?: readonly CoefficientPrior[];
}

/**
 * Minimises Σ w_i ((A·x − b)_i / b_i)² with w_i = (b_i / geometric mean of b)^(2 − 2γ), plus the priors' ridge.
 * Layer times span four decades; unweighted, the longest few decide everything.
 */
export function relativeLeastSquares(problem: RelativeProblem): readonly number[] {
  const { design, target, lowerBounds, exponent = 1, priors = [] } = problem;
  const logarithms = target.map((value, index) => Math.log(positive(value, index)));
  const centre = logarithms.reduce((sum, value) => sum + value, 0) / Math.max(1, logarithms.length);
  const weights = logarithms.map((value) => Math.exp((1 - exponent) * (value - centre)));
  const meanSquare = weights.reduce((sum, weight) => sum + weight ** 2, 0) / Math.max(1, weights.length);
  const ridge = priors.flatMap(({ value, strength }, column) => {
    if (strength === 0) return [];
    const weight = Math.sqrt(strength * (weights.length === 0 ? 1 : meanSquare));
    return [{ row: priors.map((_prior, other) => (other === column ? weight / value : 0)), weight }];
  });
  return nonNegativeLeastSquares({
    design: [
      ...design.map((row, index) => {
        const factor = at(weights, index) / at(target, index);
        return row.map((value) => value * factor);
      }),
      ...ridge.map(({ row }) => row),
    ],
    target: [...weights, ...ridge.map(({ weight }) => weight)],
    ...(lowerBounds === undefined ? {} : { lowerBounds }),
  });
}

function lawsonHanson(
  gram: readonly (readonly number[])[],
  projection: readonly number[],
): readonly number[] {
  const columns = projection.length;
  let solution = Array.from({ length: columns }, () => 0);
  const passive = new Set<number>();
  const largest = Math.max(...projection.map(Math.abs), Number.MIN_VALUE);
  for (let round = 0; round < MAX_ROUNDS_PER_COLUMN * columns; round++) {
    const entering = steepestColumn({ gram, projection, solution, passive });
    if (entering === undefined || entering.gradient <= TOLERANCE * largest) break;
    passive.add(entering.column);
    let trial = solveOn(passive, gram, projection);
    while ([...passive].some((column) => at(trial, column) <= 0)) {
      const step = Math.min(
        ...[...passive]
          .filter((column) => at(trial, column) <= 0)
          .map((column) => at(solution, column) / (at(solution, column) - at(trial, column))),
      );
      solution = solution.map((value, column) => value + step * (at(trial, column) - value));
      for (const column of [...passive]) {
        if (at(solution, column) <= TOLERANCE) {
          passive.delete(column);
          solution[column] = 0;
        }
      }
      trial = solveOn(passive, gram, projection);
    }
    solution = [...trial];
  }
  return solution;
}

interface ActiveSet {
  readonly gram: readonly (readonly number[])[];
  readonly projection: readonly number[];
  readonly solution: readonly number[];
  readonly passive: ReadonlySet<number>;
}

function steepestColumn({
  gram,
  projection,
  solution,
  passive,
}: ActiveSet): { readonly column: number; readonly gradient: number } | undefined {
  let best: { readonly column: number; readonly gradient: number } | undefined;
  for (const [column, row] of gram.entries()) {
    if (passive.has(column)) continue;
    const gradient = at(projection, column) - dot(row, solution);
    if (best === undefined || gradient > best.gradient) best = { column, gradient };
  }
  return best;
}

/** Unconstrained solution on the passive columns, zero elsewhere. */
function solveOn(
  passive: ReadonlySet<number>,
  gram: readonly (readonly number[])[],
  projection: readonly number[],
): readonly number[] {
  const chosen = [...passive].sort((a, b) => a - b);
  const solution = projection.map(() => 0);
  if (chosen.length === 0) return solution;
  const matrix = new Matrix(chosen.map((row) => chosen.map((column) => at(gram[row] ?? [], column))));
  // Singular value decomposition: two columns of a fit may be collinear (a feature that never varies in the data).
  const values = solve(matrix, Matrix.columnVector(chosen.map((column) => at(projection, column))), true);
  chosen.forEach((column, index) => {
    solution[column] = values.get(index, 0);
  });
  return solution;
}

interface ScaledProblem {
  readonly design: readonly (readonly number[])[];
  readonly target: readonly number[];
  readonly bounds: readonly number[];
  readonly scales: readonly number[];
}

/** AᵀA and Aᵀ(b − A·bounds), with the columns of A scaled to length 1. */
function normalEquations({ design, target, bounds, scales }: ScaledProblem): {
  readonly gram: readonly (readonly number[])[];
  readonly projection: readonly number[];
} {
  const gram = scales.map(() => scales.map(() => 0));
  const projection = scales.map(() => 0);
  for (const [index, row] of design.entries()) {
    const remaining = at(target, index) - dot(row, bounds);
    const scaledRow = row.map((value, column) => value / at(scales, column));
    for (const [i, left] of scaledRow.entries()) {
      projection[i] = at(projection, i) + left * remaining;
      const gramRow = gram[i] ?? [];
      for (const [j, right] of scaledRow.entries()) gramRow[j] = at(gramRow, j) + left * right;
    }
  }
  return { gram, projection };
}

function columnNorms(design: readonly (readonly number[])[], columns: number): readonly number[] {
  const squares = Array.from({ length: columns }, () => 0);
  for (const row of design)
    for (const [column, value] of row.entries()) squares[column] = at(squares, column) + value ** 2;
  return squares.map((square) => (square === 0 ? 1 : Math.sqrt(square)));
}

function checkedColumnCount(design: readonly (readonly number[])[], target: readonly number[]): number {
  const columns = design[0]?.length ?? 0;
  if (design.length !== target.length) {
    throw new Error(
      `A least-squares problem has ${design.length} rows and ${target.length} targets; give as many.`,
    );
  }
  const uneven = design.findIndex((row) => row.length !== columns);
  if (uneven >= 0) throw new Error(`Row ${uneven} of a least-squares problem has another length than row 0.`);
  return columns;
}

function positive(value: number, index: number): number {
  if (value > 0) return value;
  throw new Error(`Observation ${index} is ${value}; relative errors need observations above 0.`);
}

function dot(left: readonly number[], right: readonly number[]): number {
  return left.reduce((sum, value, index) => sum + value * at(right, index), 0);
}

function at(values: readonly number[], index: number): number {
  const value = values[index];
  if (value === undefined) throw new Error(`Index ${index} is outside a vector of ${values.length}.`);
  return value;
}
