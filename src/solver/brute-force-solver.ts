/**
 * Brute force behind SolverPort, for tests: enumerates every integer point within the bounds, and for each of them every vertex of the
 * remaining continuous problem. Exact and slow; answers `failed` to what it cannot enumerate, and takes every model for bounded.
 */
import { Matrix, solve as solveLinear } from "ml-matrix";
import { checkPoint, FEASIBILITY_TOLERANCE } from "../milp/check-point.ts";
import { valueAt } from "../milp/linear-expression.ts";
import type { Column, MilpModel, Row } from "../milp/milp-model.ts";
import { objectiveAt } from "../milp/milp-model.ts";
import type { SolveOutcome, SolverPort } from "../milp/solver-port.ts";

const MAX_INTEGER_POINTS = 2_000_000;
const MAX_CONTINUOUS_COLUMNS = 4;

/** Every point, nothing clever. */
export function bruteForceSolver(): SolverPort {
  return {
    name: "brute-force",
    solve: (model) => Promise.resolve(solve(model)),
    close: () => Promise.resolve(),
  };
}

function solve(model: MilpModel): SolveOutcome {
  const integers = columnsOf(model, "integer");
  const continuous = columnsOf(model, "continuous");
  const open = integers.map((index) => model.columns[index]).find((column) => !hasFiniteBounds(column));
  if (open !== undefined) return { kind: "failed", message: `column ${open.name} has no finite bounds` };
  const count = integers.reduce((total, index) => total * valuesOf(model, index).length, 1);
  if (count > MAX_INTEGER_POINTS) return { kind: "failed", message: `${count} integer points are too many` };
  if (continuous.length > MAX_CONTINUOUS_COLUMNS) {
    return { kind: "failed", message: `${continuous.length} continuous columns are too many` };
  }
  let best: { readonly point: readonly number[]; readonly objective: number } | undefined;
  const point = model.columns.map(() => 0);
  const integerRows = model.rows.filter((row) => row.terms.every((term) => integers.includes(term.column)));
  const consider = (): void => {
    // Most integer points break a row that has no continuous column; then the vertices need not be looked for.
    if (integerRows.some((row) => breaks(row, point))) return;
    for (const candidate of continuous.length === 0 ? [point] : vertices(model, point, continuous)) {
      if (checkPoint(model, candidate).length > 0) continue;
      const objective = objectiveAt(model, candidate);
      if (best === undefined || objective < best.objective) best = { point: [...candidate], objective };
    }
  };
  const fix = (depth: number): void => {
    const column = integers[depth];
    if (column === undefined) {
      consider();
      return;
    }
    for (const value of valuesOf(model, column)) {
      point[column] = value;
      fix(depth + 1);
    }
  };
  fix(0);
  return best === undefined ? { kind: "infeasible" } : { kind: "proven", ...best, bound: best.objective };
}

function breaks(row: Row, point: readonly number[]): boolean {
  const activity = valueAt(row.terms, point);
  const slack = FEASIBILITY_TOLERANCE * Math.max(1, ...row.terms.map((term) => Math.abs(term.coefficient)));
  return activity < row.lower - slack || activity > row.upper + slack;
}

function columnsOf(model: MilpModel, domain: "integer" | "continuous"): readonly number[] {
  return model.columns.flatMap((column, index) => (column.domain === domain ? [index] : []));
}

const hasFiniteBounds = (column: Column | undefined): boolean =>
  column !== undefined && Number.isFinite(column.upper - column.lower);

function valuesOf(model: MilpModel, index: number): readonly number[] {
  const column = model.columns[index];
  if (column === undefined) return [];
  const least = Math.ceil(column.lower);
  return Array.from({ length: Math.floor(column.upper) - least + 1 }, (_, step) => least + step);
}

/** All intersections of as many tight rows or bounds as there are continuous columns; a bounded LP has its optimum at one of them. */
function* vertices(
  model: MilpModel,
  point: readonly number[],
  continuous: readonly number[],
): Generator<readonly number[]> {
  const planes = tightPlanes(model, point, continuous);
  for (const chosen of subsets(planes, continuous.length)) {
    const matrix = new Matrix(chosen.map((plane) => [...plane.normal]));
    const solution = solveNonsingular(
      matrix,
      chosen.map((plane) => plane.offset),
    );
    if (solution === undefined) continue;
    const candidate = [...point];
    continuous.forEach((column, index) => {
      candidate[column] = solution[index] ?? NaN;
    });
    yield candidate;
  }
}

interface Plane {
  readonly normal: readonly number[];
  readonly offset: number;
}

function tightPlanes(
  model: MilpModel,
  point: readonly number[],
  continuous: readonly number[],
): readonly Plane[] {
  const planes: Plane[] = [];
  const push = (normal: readonly number[], offset: number): void => {
    if (Number.isFinite(offset) && normal.some((value) => value !== 0)) planes.push({ normal, offset });
  };
  const integerPart = point.map((value, index) => (continuous.includes(index) ? 0 : value));
  for (const row of model.rows) {
    const normal = continuous.map(
      (column) => row.terms.find((term) => term.column === column)?.coefficient ?? 0,
    );
    const fixed = valueAt(row.terms, integerPart);
    push(normal, row.lower - fixed);
    if (row.upper !== row.lower) push(normal, row.upper - fixed);
  }
  continuous.forEach((column, position) => {
    const normal = continuous.map((_, index) => (index === position ? 1 : 0));
    push(normal, model.columns[column]?.lower ?? NaN);
    push(normal, model.columns[column]?.upper ?? NaN);
  });
  return planes;
}

function solveNonsingular(matrix: Matrix, offsets: readonly number[]): readonly number[] | undefined {
  try {
    const solution = solveLinear(matrix, Matrix.columnVector([...offsets])).to1DArray();
    return solution.every(Number.isFinite) ? solution : undefined;
  } catch {
    // ml-matrix throws on a singular matrix: these planes do not meet in one point, so there is no vertex.
    return undefined;
  }
}

function* subsets<Item>(items: readonly Item[], size: number): Generator<readonly Item[]> {
  if (size === 0) {
    yield [];
    return;
  }
  for (let index = 0; index <= items.length - size; index += 1) {
    const first = items[index];
    if (first === undefined) continue;
    for (const rest of subsets(items.slice(index + 1), size - 1)) yield [first, ...rest];
  }
}
