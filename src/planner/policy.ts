import { assertNever } from "../domain/assert-never.ts";
import type { PlanningProblem } from "../domain/planning-problem.ts";
import { aggregated } from "../formulation/aggregated.ts";
import { firstCompletionObjective } from "../formulation/first-completion.ts";
import type { FormulatedProblem } from "../formulation/formulation.ts";
import type { Objective } from "../formulation/objective.ts";
import { perNode } from "../formulation/per-node.ts";
import { progressValueObjective } from "../formulation/progress-value.ts";

/** Names of the policies that a user may ask for. */
export const POLICY_NAMES = ["progress-value", "per-node", "greedy"] as const;

/**
 * How a decision is made. `progress-value`: Berth's own objective on the aggregated formulation. `per-node`: the literature's MILP.
 * `greedy`: the peer's rule, judged by the progress value but with no proof.
 */
export type PolicyName = (typeof POLICY_NAMES)[number];

/** What a policy makes of one problem; `formulate` is null for a rule that needs no solver. */
export interface PosedPolicy {
  readonly objective: Objective;
  readonly formulate: (() => FormulatedProblem) | null;
}

/** Applies a policy to a problem. */
export function posePolicy(name: PolicyName, problem: PlanningProblem): PosedPolicy {
  switch (name) {
    case "progress-value": {
      const objective = progressValueObjective(problem);
      return { objective, formulate: () => aggregated(problem, objective) };
    }
    case "per-node": {
      const objective = firstCompletionObjective(problem);
      return { objective, formulate: () => perNode(problem, objective) };
    }
    case "greedy":
      return { objective: progressValueObjective(problem), formulate: null };
    default:
      return assertNever(name);
  }
}
