/**
 * javascript-lp-solver behind SolverPort: the second opinion on small problems.
 * It runs in the caller's thread and without its own time-out, because on time-out it calls a fractional point feasible.
 */
import solver from "javascript-lp-solver";
import type { ModelDefinition } from "javascript-lp-solver";
import { checkPoint } from "../milp/check-point.ts";
import type { MilpModel } from "../milp/milp-model.ts";
import { objectiveAt } from "../milp/milp-model.ts";
import type { SolveOutcome, SolverPort } from "../milp/solver-port.ts";

/** Columns beyond which this solver would block its caller for too long to be a second opinion. */
const MAX_COLUMNS = 2000;

/** javascript-lp-solver; bounds below zero and deadlines are not supported and answered with `failed`. */
export function javascriptLpSolver(): SolverPort {
  return {
    name: "javascript-lp-solver",
    solve: (model) => Promise.resolve(solve(model)),
    close: () => Promise.resolve(),
  };
}

function solve(model: MilpModel): SolveOutcome {
  const unsupported = model.columns.find((column) => column.lower < 0);
  if (unsupported !== undefined) {
    return { kind: "failed", message: `column ${unsupported.name} has a negative lower bound` };
  }
  if (model.columns.length > MAX_COLUMNS) {
    return { kind: "failed", message: `${model.columns.length} columns, at most ${MAX_COLUMNS} are taken` };
  }
  const result = solver.Solve(definition(model));
  if (!isResult(result)) return { kind: "failed", message: "unexpected answer of javascript-lp-solver" };
  if (!result.feasible) return { kind: "infeasible" };
  const point = model.columns.map((column, index) => {
    const value = result[`x${index}`];
    const number = typeof value === "number" ? value : 0;
    return column.domain === "integer" ? Math.round(number) : number;
  });
  const violations = checkPoint(model, point);
  if (violations.length > 0) {
    return { kind: "failed", message: `point violates ${violations[0]?.name ?? ""}` };
  }
  // Its branch and bound runs to the end, so that the objective is its own bound.
  const objective = objectiveAt(model, point);
  return { kind: "proven", point, objective, bound: objective };
}

function isResult(value: unknown): value is { readonly feasible: boolean; readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && "feasible" in value;
}

function definition(model: MilpModel): ModelDefinition {
  const constraints: Record<string, { min?: number; max?: number; equal?: number }> = {};
  const variables: Record<string, Record<string, number>> = {};
  const ints: Record<string, 1> = {};
  model.columns.forEach((column, index) => {
    const coefficients: Record<string, number> = { cost: column.cost };
    if (column.lower > 0 || column.upper < Infinity) {
      coefficients[`b${index}`] = 1;
      constraints[`b${index}`] = bounds(column.lower > 0 ? column.lower : -Infinity, column.upper);
    }
    variables[`x${index}`] = coefficients;
    if (column.domain === "integer") ints[`x${index}`] = 1;
  });
  model.rows.forEach((row, rowIndex) => {
    constraints[`r${rowIndex}`] = bounds(row.lower, row.upper);
    for (const term of row.terms) {
      const coefficients = variables[`x${term.column}`];
      if (coefficients !== undefined) coefficients[`r${rowIndex}`] = term.coefficient;
    }
  });
  return { optimize: "cost", opType: "min", constraints, variables, ints };
}

function bounds(lower: number, upper: number): { min?: number; max?: number; equal?: number } {
  if (lower === upper) return { equal: upper };
  return {
    ...(lower > -Infinity ? { min: lower } : {}),
    ...(upper < Infinity ? { max: upper } : {}),
  };
}
