/** Policies behind one interface: an objective that is optimised, or a rule that is followed; one file per rule. */
import type { Allocation } from "../domain/allocation.ts";
import { assertNever } from "../domain/assert-never.ts";
import type { PlanningProblem } from "../domain/planning-problem.ts";
import { aggregated } from "../formulation/aggregated.ts";
import { firstCompletionObjective } from "../formulation/first-completion.ts";
import type { FormulatedProblem } from "../formulation/formulation.ts";
import { myopicObjective } from "../formulation/myopic.ts";
import type { Objective, SeparableObjective } from "../formulation/objective.ts";
import { perNode } from "../formulation/per-node.ts";
import { progressValueObjective } from "../formulation/progress-value.ts";
import { earliestDue, firstPrinciplePlan, firstSubmitted, heaviestWeight } from "./first-principle.ts";
import { greedy } from "./greedy.ts";
import { localSearchPlan } from "./local-search.ts";
import { place } from "./place.ts";
import { randomGreedyPlan } from "./random-greedy.ts";

/** Names of the policies that a user may ask for. */
export const POLICY_NAMES = [
  "progress-value",
  "per-node",
  "myopic",
  "greedy",
  "random-greedy",
  "local-search",
  "fifo",
  "edf",
  "priority",
] as const;

/**
 * How a decision is made.
 * `progress-value`: Berth's own objective on the aggregated formulation. `per-node`: the literature's MILP. `myopic`: the peer's cost of one event on the
 * aggregated formulation. `greedy`, `random-greedy`, `local-search`: the peer's rules. `fifo`, `edf`, `priority`: first-principle rules without preemption.
 */
export type PolicyName = (typeof POLICY_NAMES)[number];

/**
 * What a policy makes of one problem: exactly one of `formulate` and `rule` is given.
 * `objective` is what `formulate` poses; a rule has none of its own while it decides, and its plan is judged by the progress value, without a bound.
 */
export type PosedPolicy =
  | {
      readonly objective: Objective;
      readonly formulate: () => FormulatedProblem;
      readonly rule: null;
    }
  | {
      readonly objective: Objective;
      readonly formulate: null;
      /** The rule's plan, complete and feasible: it is enacted as it is. */
      readonly rule: () => Allocation;
    };

/** Applies a policy to a problem; `seed` is for the rules that draw. */
export function posePolicy(name: PolicyName, problem: PlanningProblem, seed = 1): PosedPolicy {
  const follow = (rule: () => Allocation): PosedPolicy => ({
    objective: progressValueObjective(problem),
    formulate: null,
    rule,
  });
  switch (name) {
    case "progress-value":
      return optimise(problem, progressValueObjective(problem));
    case "myopic":
      return optimise(problem, myopicObjective(problem));
    case "per-node": {
      const objective = firstCompletionObjective(problem);
      return { objective, formulate: () => perNode(problem, objective), rule: null };
    }
    case "greedy":
      return follow(() => place(problem, greedy(problem)));
    case "random-greedy":
      return follow(() => randomGreedyPlan(problem, seed));
    case "local-search":
      return follow(() => localSearchPlan(problem, seed));
    case "fifo":
      return follow(() => firstPrinciplePlan(problem, firstSubmitted));
    case "edf":
      return follow(() => firstPrinciplePlan(problem, earliestDue));
    case "priority":
      return follow(() => firstPrinciplePlan(problem, heaviestWeight));
    default:
      return assertNever(name);
  }
}

const optimise = (problem: PlanningProblem, objective: SeparableObjective): PosedPolicy => ({
  objective,
  formulate: () => aggregated(problem, objective),
  rule: null,
});
