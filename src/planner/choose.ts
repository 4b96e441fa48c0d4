/**
 * Between posing and enacting: the allocation and its proof.
 *
 *   rule                 followed, judged, no bound
 *   separable objective  the pipeline of solve-separable.ts
 *   any other            the policy's MILP as it stands, started from the best draft
 *
 * Whatever is found is checked by the independent checker and competes with what runs now and with everybody waiting, which is always
 * feasible; among equals what runs now stays.
 */
import type { Allocation } from "../domain/allocation.ts";
import { EMPTY_ALLOCATION } from "../domain/allocation.ts";
import type { Proof } from "../domain/plan.ts";
import type { PlanningProblem } from "../domain/planning-problem.ts";
import type { FormulatedProblem } from "../formulation/formulation.ts";
import type { Objective, SeparableObjective } from "../formulation/objective.ts";
import { isSeparable } from "../formulation/objective.ts";
import type { SolveLimits, SolverPort } from "../milp/solver-port.ts";
import { checkedOutcome } from "./checked-outcome.ts";
import { greedy } from "./greedy.ts";
import { place } from "./place.ts";
import type { PolicyName } from "./policy.ts";
import { posePolicy } from "./policy.ts";
import { cheapestFeasible, proofOf, proofWithin } from "./settle.ts";
import { solveSeparable } from "./solve-separable.ts";
import type { WarmStart } from "./warm-start.ts";
import type { Weighing } from "./weigh-changes.ts";
import { weighedProblem } from "./weigh-changes.ts";

/** How to decide. */
export interface DecisionMeans {
  readonly policy: PolicyName;
  readonly solver: SolverPort;
  readonly limits: SolveLimits;
  /** Seconds from any fixed moment, never falling; needed for `deadlineSeconds` to bind the part outside the solver. */
  readonly clock?: () => number;
  /** Whether moves, stops and new nodes must pay for themselves; left out, they must. */
  readonly costsOfChange?: Weighing;
  /** What the last decision learnt; null or missing to start cold. */
  readonly warmStart?: WarmStart | null;
}

/** What was chosen, and what the next decision may start from; `warmStart` is null where nothing was learnt. */
export interface Chosen {
  readonly allocation: Allocation;
  readonly proof: Proof;
  readonly warmStart: WarmStart | null;
}

/** Chooses the allocation of a problem. */
export async function choose(problem: PlanningProblem, means: DecisionMeans): Promise<Chosen> {
  const startedAt = means.clock?.() ?? 0;
  const { objective, formulate, rule } = posePolicy(means.policy, problem, means.limits.seed);
  if (rule !== null) {
    const { allocation, cost } = cheapestFeasible(problem, objective, [rule()]);
    const proof = proofOf({ objective, cost, objectiveOffset: 0, outcome: null });
    return { allocation, proof, warmStart: null };
  }
  if (problem.jobs.length === 0) {
    const proof = proofWithin({
      objective,
      cost: 0,
      bound: 0,
      relativeGap: 0,
      rounding: 0,
      limitReason: "rule",
    });
    return {
      allocation: EMPTY_ALLOCATION,
      proof: { ...proof, stopReason: "nothing-to-decide" },
      warmStart: means.warmStart ?? null,
    };
  }
  return isSeparable(objective)
    ? chooseSeparable(problem, objective, { means, startedAt })
    : chooseByMilp(problem, objective, { means, formulated: formulate() });
}

async function chooseSeparable(
  problem: PlanningProblem,
  objective: SeparableObjective,
  args: { readonly means: DecisionMeans; readonly startedAt: number },
): Promise<Chosen> {
  const { clock, limits, solver, warmStart } = args.means;
  const { deadlineSeconds } = limits;
  const offered = weighedProblem(problem, objective, args.means);
  const solution = await solveSeparable(offered.problem, offered.objective, {
    solver,
    limits,
    warmStart: warmStart ?? null,
    secondsLeft: () =>
      deadlineSeconds === null || clock === undefined ? null : deadlineSeconds - (clock() - args.startedAt),
  });
  const { allocation, cost } = cheapestFeasible(problem, offered.judge, [
    stillRunning(problem.current),
    offered.allocate(solution.assignment),
    EMPTY_ALLOCATION,
  ]);
  const proof = proofWithin({
    objective: offered.judge,
    cost,
    bound: solution.bound,
    rounding: solution.rounding,
    relativeGap: limits.relativeGap,
    limitReason: solution.stopReason,
  });
  return { allocation, proof, warmStart: solution.warmStart };
}

async function chooseByMilp(
  problem: PlanningProblem,
  objective: Objective,
  args: { readonly means: DecisionMeans; readonly formulated: FormulatedProblem },
): Promise<Chosen> {
  const { solver, limits } = args.means;
  const { milpModel, objectiveOffset, encode, decode } = args.formulated;
  const drafts = [stillRunning(problem.current), place(problem, greedy(problem)), EMPTY_ALLOCATION];
  const start = cheapestFeasible(problem, objective, drafts);
  const outcome = checkedOutcome(milpModel, await solver.solve(milpModel, limits, encode(start.allocation)));
  const solved =
    outcome.kind === "proven" || outcome.kind === "incumbent" ? [place(problem, decode(outcome.point))] : [];
  const { allocation, cost } = cheapestFeasible(problem, objective, [start.allocation, ...solved]);
  return { allocation, proof: proofOf({ objective, cost, objectiveOffset, outcome }), warmStart: null };
}

const stillRunning = (allocation: Allocation): Allocation => ({
  nodes: allocation.nodes.filter((node) => node.parts.length > 0),
});
