/** Settles on a plan: every candidate is checked by the independent checker, the cheapest feasible one wins, and its proof is stated. */
import type { Allocation } from "../domain/allocation.ts";
import { checkAllocation } from "../domain/check-allocation.ts";
import { assertNever } from "../domain/assert-never.ts";
import type { Proof, StopReason } from "../domain/plan.ts";
import type { PlanningProblem } from "../domain/planning-problem.ts";
import type { Objective } from "../formulation/objective.ts";
import { inOwnSense } from "../formulation/objective.ts";
import type { SolveOutcome } from "../milp/solver-port.ts";

/** Relative difference below which two costs count as equal: the solver's own feasibility tolerance. */
const EQUAL_COSTS = 1e-6;

/** An allocation and what it costs under the objective. */
export interface Candidate {
  readonly allocation: Allocation;
  readonly cost: number;
}

/** The cheapest of the feasible allocations, the earlier one among equals; throws when none is feasible, which is a bug. */
export function cheapestFeasible(
  problem: PlanningProblem,
  objective: Objective,
  allocations: readonly Allocation[],
): Candidate {
  let best: Candidate | undefined;
  for (const allocation of allocations) {
    if (checkAllocation(problem, allocation).length > 0) continue;
    const cost = objective.costOf(allocation);
    if (best === undefined || cost < best.cost - EQUAL_COSTS * Math.abs(best.cost))
      best = { allocation, cost };
  }
  if (best === undefined) throw new Error("No candidate plan is feasible, not even the empty one");
  return best;
}

/** The proof of a plan: its own recomputed objective beside the bound that the solver proved. `outcome` is null for a rule. */
export function proofOf(args: {
  readonly objective: Objective;
  readonly cost: number;
  readonly objectiveOffset: number;
  readonly outcome: SolveOutcome | null;
}): Proof {
  const { objective, cost, outcome } = args;
  const bound = boundOf(outcome);
  const stated = bound === null ? null : bound + args.objectiveOffset;
  const total = stated !== null && isRefuted(cost, stated) ? null : stated;
  const gap = total === null ? null : relativeGap(cost, total);
  return statedProof({ objective, cost, bound: total, stopReason: stopReasonOf(outcome, gap) });
}

/** The proof of a plan whose bound is known from elsewhere; `limitReason` says why the search ended short of the gap asked for, if it did. */
export function proofWithin(args: {
  readonly objective: Objective;
  readonly cost: number;
  readonly bound: number;
  readonly relativeGap: number;
  /** What is left of two equal costs when large ones cancel out. */
  readonly rounding: number;
  readonly limitReason: StopReason;
}): Proof {
  const bound = args.cost - args.bound <= args.rounding ? args.cost : args.bound;
  const gap = relativeGap(args.cost, bound);
  const reached = gap !== null && gap <= args.relativeGap;
  return statedProof({
    ...args,
    bound,
    stopReason: gap === 0 ? "proven-optimal" : reached ? "gap-reached" : args.limitReason,
  });
}

function statedProof(args: {
  readonly objective: Objective;
  readonly cost: number;
  readonly bound: number | null;
  readonly stopReason: StopReason;
}): Proof {
  const { objective, cost, stopReason } = args;
  // Rounding may leave the bound a trifle above the cost of an optimal plan.
  const lowest = args.bound === null ? null : Math.min(args.bound, cost);
  return {
    objectiveName: objective.name,
    sense: objective.sense,
    unit: objective.unit,
    objective: inOwnSense(objective, cost),
    bound: lowest === null ? null : inOwnSense(objective, lowest),
    gap: lowest === null ? null : relativeGap(cost, lowest),
    stopReason,
  };
}

/** Whether a plan costs less than a bound allows, by more than rounding explains: then the bound is wrong and proves nothing. */
function isRefuted(cost: number, bound: number): boolean {
  return bound - cost > EQUAL_COSTS * Math.max(1, Math.abs(cost));
}

/** |cost − bound| / |cost|; null when the cost is 0 and the bound is not, since then no ratio says anything. */
function relativeGap(cost: number, bound: number): number | null {
  const difference = cost - bound;
  if (difference <= EQUAL_COSTS * Math.abs(cost)) return 0;
  return cost === 0 ? null : difference / Math.abs(cost);
}

function boundOf(outcome: SolveOutcome | null): number | null {
  if (outcome === null || outcome.kind === "infeasible" || outcome.kind === "failed") return null;
  return outcome.bound;
}

function stopReasonOf(outcome: SolveOutcome | null, gap: number | null): StopReason {
  if (outcome === null) return "rule";
  switch (outcome.kind) {
    case "proven":
      if (gap === null && outcome.bound !== null) return "solver-failed";
      return gap === 0 ? "proven-optimal" : "gap-reached";
    case "incumbent":
    case "no-incumbent":
      return outcome.reason;
    // Everybody may wait, so a decision problem is never infeasible: a solver that says so is wrong.
    case "infeasible":
    case "failed":
      return "solver-failed";
    default:
      return assertNever(outcome);
  }
}
