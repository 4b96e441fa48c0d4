/**
 * javascript-lp-solver behind SolverPort: the second opinion on small problems. What its answers are worth (test/contract/solver-port.test.ts
 * and thousands of random models against HiGHS and brute force while this was written):
 * - No wrong optimum was found on pure-integer, mixed or continuous models of up to 15 columns, with equalities, ranges, fractions,
 *   coefficients up to 10^5, positive lower bounds and open upper bounds, nor on the aggregated and per-node models of small problems.
 *   Values come rounded to 8 decimals, so that optima agree to about 10^-6 of their size, not to the last digit.
 * - It calls an unbounded model feasible; that is answered with `failed`.
 * - On time-out it calls a fractional point feasible, so that an answer that took the whole deadline is not used.
 * - It has no cuts: a per-node model under the first-completion objective with 38 columns did not end within 10 s. It blocks its caller's
 *   thread meanwhile, so that anything but a test gives it a deadline.
 */
import solver from "javascript-lp-solver";
import type { ModelDefinition } from "javascript-lp-solver";
import { checkPoint } from "../milp/check-point.ts";
import type { MilpModel } from "../milp/milp-model.ts";
import { objectiveAt } from "../milp/milp-model.ts";
import type { SolveLimits, SolveOutcome, SolverPort } from "../milp/solver-port.ts";

/** Columns beyond which this solver would block its caller for too long to be a second opinion. */
const MAX_COLUMNS = 2000;

/** javascript-lp-solver; bounds below zero are not supported and answered with `failed`. Node limits, seeds and start points are ignored. */
export function javascriptLpSolver(): SolverPort {
  return {
    name: "javascript-lp-solver",
    solve: (model, limits) => Promise.resolve(solve(model, limits)),
    close: () => Promise.resolve(),
  };
}

function solve(model: MilpModel, { deadlineSeconds }: SolveLimits): SolveOutcome {
  const unsupported = model.columns.find((column) => column.lower < 0);
  if (unsupported !== undefined) {
    return { kind: "failed", message: `column ${unsupported.name} has a negative lower bound` };
  }
  if (model.columns.length > MAX_COLUMNS) {
    return { kind: "failed", message: `${model.columns.length} columns, at most ${MAX_COLUMNS} are taken` };
  }
  const timeoutMilliseconds = deadlineSeconds === null ? null : deadlineSeconds * 1000;
  const startedAt = performance.now();
  const result = solver.Solve({
    ...definition(model),
    // 0 would mean no time-out.
    ...(timeoutMilliseconds === null ? {} : { timeout: Math.max(1, timeoutMilliseconds) }),
  });
  if (timeoutMilliseconds !== null && performance.now() - startedAt >= timeoutMilliseconds) {
    return { kind: "no-incumbent", bound: null, reason: "deadline" };
  }
  if (!isResult(result)) return { kind: "failed", message: "unexpected answer of javascript-lp-solver" };
  if (!result.feasible) return { kind: "infeasible" };
  if (result["bounded"] === false) return { kind: "failed", message: "the model is unbounded" };
  const point = model.columns.map((column, index) => {
    const value = result[`x${index}`];
    const number = typeof value === "number" ? value : 0;
    return column.domain === "integer" ? Math.round(number) : number;
  });
  const violation = checkPoint(model, point)[0];
  if (violation !== undefined) {
    return {
      kind: "failed",
      message: `point breaks ${violation.kind} ${violation.name} by ${violation.amount}`,
    };
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
