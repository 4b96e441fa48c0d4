/**
 * Dual prices of limits: L(λ*; b) − L(λ*; b + 1), where λ* maximises the Lagrangian L (formulation/lagrangian-dual.ts) under the limits b. Where one more of a limit
 * brings slots or rows that λ* does not price, or makes a row idle that it does, the dual is maximised anew.
 */
import type { PlanningProblem } from "../domain/planning-problem.ts";
import { dualPrices } from "../formulation/dual-prices.ts";
import type { DualEffort } from "../formulation/dual-prices.ts";
import { lagrangianDual } from "../formulation/lagrangian-dual.ts";
import type { SeparableObjective } from "../formulation/objective.ts";
import type { SlotTable } from "../formulation/slot-table.ts";
import { slotTable } from "../formulation/slot-table.ts";
import type { WarmStart } from "../planner/warm-start.ts";
import { pricesOf } from "../planner/warm-start.ts";
import type { RaisableLimit } from "./raisable-limits.ts";

/** Prices of the limits of one problem, in the objective's unit and never negative. */
export interface LimitPrices {
  readonly priceOf: (limit: RaisableLimit) => number;
  /** L(λ*; b): no plan costs less. */
  readonly bound: number;
  /** Amounts below this are what floating point leaves of the largest cost. */
  readonly rounding: number;
}

const ROUNDING = 1e-7;
/** Without a clock, so that equal input gives equal prices. */
const EFFORT: DualEffort = { maxEvaluations: 2000, relativeAccuracy: 1e-9, expired: () => false };

/** Maximises the dual, from the prices of the last decision if there are any. */
export function limitPrices(
  problem: PlanningProblem,
  objective: SeparableObjective,
  warmStart: WarmStart | null,
): LimitPrices {
  const table = slotTable(problem, objective);
  const dual = dualPrices(table, pricesOf(warmStart, table, objective.name), EFFORT);
  const bound = lagrangianAt(table, dual.prices);
  const rounding = ROUNDING * Math.max(table.largestCost, Math.abs(bound));
  return {
    bound,
    rounding,
    priceOf: (limit) => {
      const raised = slotTable(limit.raise(problem), objective);
      const least = isPricedAlike(table, raised)
        ? lagrangianAt(raised, dual.prices)
        : dualPrices(raised, null, EFFORT).bound;
      const price = bound - least;
      return price > rounding ? price : 0;
    },
  };
}

const lagrangianAt = (table: SlotTable, prices: Float64Array): number =>
  lagrangianDual(table).evaluate(prices, new Float64Array(prices.length));

/** Prices of one table mean the same in another only if slots and rows do. */
const isPricedAlike = (a: SlotTable, b: SlotTable): boolean =>
  a.slotCount === b.slotCount &&
  a.vmTypes.length === b.vmTypes.length &&
  a.vmTypes.every(
    ({ id, firstSlot }, v) => b.vmTypes[v]?.id === id && b.vmTypes[v].firstSlot === firstSlot,
  ) &&
  a.limits.length === b.limits.length &&
  a.limits.every(({ limitId }, k) => b.limits[k]?.limitId === limitId);
