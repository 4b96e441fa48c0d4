/** Independent check of a solver's point against a MILP: bounds, integrality and rows. */
import { valueAt } from "./linear-expression.ts";
import type { MilpModel } from "./milp-model.ts";

/** A bound, integrality or row that a point violates. */
export interface PointViolation {
  readonly name: string;
  readonly kind: "bound" | "integrality" | "row";
  /** By how much, in the row's or column's own unit. */
  readonly amount: number;
}

/** HiGHS's default primal feasibility tolerance; rows are scaled by their largest coefficient, so that big-M rows get no free slack. */
export const FEASIBILITY_TOLERANCE = 1e-6;

/** All violations of a point beyond the tolerance; empty when it is feasible. */
export function checkPoint(
  model: MilpModel,
  point: ArrayLike<number>,
  tolerance: number = FEASIBILITY_TOLERANCE,
): readonly PointViolation[] {
  const violations: PointViolation[] = [];
  model.columns.forEach((column, index) => {
    const value = point[index] ?? NaN;
    const outside = Math.max(column.lower - value, value - column.upper);
    if (!(outside <= tolerance)) violations.push({ name: column.name, kind: "bound", amount: outside });
    const fraction = Math.abs(value - Math.round(value));
    if (column.domain === "integer" && !(fraction <= tolerance)) {
      violations.push({ name: column.name, kind: "integrality", amount: fraction });
    }
  });
  for (const row of model.rows) {
    const activity = valueAt(row.terms, point);
    const scale = row.terms.reduce((most, term) => Math.max(most, Math.abs(term.coefficient)), 1);
    const outside = Math.max(row.lower - activity, activity - row.upper);
    if (!(outside <= tolerance * scale)) violations.push({ name: row.name, kind: "row", amount: outside });
  }
  return violations;
}
