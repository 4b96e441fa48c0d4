/** A mixed-integer linear program as plain data: minimise cost·x subject to row and column bounds. */
import type { LinearExpression } from "./linear-expression.ts";
import { merged, negated } from "./linear-expression.ts";

/** A variable. Bounds may be infinite. */
export interface Column {
  readonly name: string;
  readonly lower: number;
  readonly upper: number;
  readonly domain: "integer" | "continuous";
  /** Objective coefficient. */
  readonly cost: number;
}

/** lower ≤ Σ terms ≤ upper. */
export interface Row {
  readonly name: string;
  readonly lower: number;
  readonly upper: number;
  readonly terms: LinearExpression;
}

/** The objective is always minimised; a formulation that maximises negates its costs. */
export interface MilpModel {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

/** left ≤ right, as a row with all columns on the left. */
export function atMost(name: string, left: LinearExpression, right: LinearExpression | number): Row {
  return typeof right === "number"
    ? { name, lower: -Infinity, upper: right, terms: merged(left) }
    : { name, lower: -Infinity, upper: 0, terms: merged([...left, ...negated(right)]) };
}

/** left ≥ right. */
export function atLeast(name: string, left: LinearExpression, right: LinearExpression | number): Row {
  const row = atMost(name, left, right);
  return { ...row, lower: row.upper, upper: Infinity };
}

/** left = right. */
export function equal(name: string, left: LinearExpression, right: LinearExpression | number): Row {
  const row = atMost(name, left, right);
  return { ...row, lower: row.upper };
}

/** Collects columns while a formulation is written; the index returned by `add` is the column's place in terms. */
export interface ColumnList {
  readonly add: (column: Column) => number;
  readonly all: () => readonly Column[];
}

/** An empty list of columns. */
export function columnList(): ColumnList {
  const columns: Column[] = [];
  return {
    add: (column) => columns.push(column) - 1,
    all: () => columns,
  };
}

/** A 0/1 variable. */
export const binary = (name: string, cost: number): Column => ({
  name,
  lower: 0,
  upper: 1,
  domain: "integer",
  cost,
});

/** Objective value of a point. */
export function objectiveAt(model: MilpModel, point: ArrayLike<number>): number {
  return model.columns.reduce((total, column, index) => total + column.cost * (point[index] ?? NaN), 0);
}
