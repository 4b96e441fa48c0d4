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
  const lowest = bound === null ? null : Math.min(bound + args.objectiveOffset, cost);
  const gap = lowest === null ? null : relativeGap(cost, lowest);
  return {
    objectiveName: objective.name,
    sense: objective.sense,
    unit: objective.unit,
    objective: inOwnSense(objective, cost),
    bound: lowest === null ? null : inOwnSense(objective, lowest),
    gap,
    stopReason: stopReasonOf(outcome, gap),
  };
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
