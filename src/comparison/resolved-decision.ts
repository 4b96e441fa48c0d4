/** A decision made again under other limits or budgets, by an objective whose worths stay as they are. */
import type { Allocation } from "../domain/allocation.ts";
import { EMPTY_ALLOCATION } from "../domain/allocation.ts";
import type { PlanningProblem } from "../domain/planning-problem.ts";
import type { SeparableObjective } from "../formulation/objective.ts";
import type { DecisionMeans } from "../planner/decide.ts";
import { place } from "../planner/place.ts";
import { cheapestFeasible } from "../planner/settle.ts";
import { solveSeparable } from "../planner/solve-separable.ts";

/** What deciding again found. */
export interface Resolved {
  readonly allocation: Allocation;
  /** To be minimised. */
  readonly cost: number;
  /** cost − bound; null without a bound. */
  readonly gap: number | null;
}

/** `known` are further plans that are feasible; a proof within the limits of `means` ends the search. */
export async function resolveSeparable(
  problem: PlanningProblem,
  objective: SeparableObjective,
  { means, known }: { readonly means: DecisionMeans; readonly known: readonly Allocation[] },
): Promise<Resolved & { readonly gap: number }> {
  const { clock, limits } = means;
  const startedAt = clock?.() ?? 0;
  const solution = await solveSeparable(problem, objective, {
    solver: means.solver,
    limits,
    warmStart: null,
    secondsLeft: () =>
      limits.deadlineSeconds === null || clock === undefined
        ? null
        : limits.deadlineSeconds - (clock() - startedAt),
  });
  const plans = [place(problem, solution.assignment), ...known, EMPTY_ALLOCATION];
  const { allocation, cost } = cheapestFeasible(problem, objective, plans);
  return { allocation, cost, gap: Math.max(0, cost - solution.bound) };
}
