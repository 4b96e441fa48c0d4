/**
 * The one engine: the simulator, the live service and the command line all decide here.
 *
 *   observe   pure bookkeeping of the events
 *   pose      the decision problem of the state
 *   draft     greedy, the allocation so far, and nobody: always feasible
 *   solve     the policy's MILP, started from the best draft
 *   settle    check everything independently, keep the cheapest, state the proof
 */
import { EMPTY_ALLOCATION } from "../domain/allocation.ts";
import type { Allocation } from "../domain/allocation.ts";
import type { ClusterState } from "../domain/cluster-state.ts";
import { rentPerHourUsd } from "../domain/cost.ts";
import type { ClusterEvent } from "../domain/event.ts";
import type { Command, Plan, Proof } from "../domain/plan.ts";
import type { PlanningProblem } from "../domain/planning-problem.ts";
import { checkPoint } from "../milp/check-point.ts";
import type { MilpModel } from "../milp/milp-model.ts";
import type { SolveLimits, SolveOutcome, SolverPort } from "../milp/solver-port.ts";
import { commandsBetween, churn, enact } from "./enact.ts";
import { forecastJobs } from "./forecast.ts";
import { greedy } from "./greedy.ts";
import { observe } from "./observe.ts";
import { place } from "./place.ts";
import type { PolicyName } from "./policy.ts";
import { posePolicy } from "./policy.ts";
import { pose } from "./pose.ts";
import { cheapestFeasible, proofOf } from "./settle.ts";
import { wakeUpAtSeconds } from "./wake-up.ts";

/** How to decide. */
export interface DecisionMeans {
  readonly policy: PolicyName;
  readonly solver: SolverPort;
  readonly limits: SolveLimits;
}

/** A decision that has been put into practice. */
export interface Decision {
  readonly state: ClusterState;
  readonly plan: Plan;
  readonly commands: readonly Command[];
}

/** Applies the events, decides, and enacts the plan. */
export async function decide(
  state: ClusterState,
  events: readonly ClusterEvent[],
  means: DecisionMeans,
): Promise<Decision> {
  const observed = events.reduce(observe, state);
  const plan = await planFor(observed, means);
  return {
    state: enact(observed, plan),
    plan,
    commands: commandsBetween(observed.allocation, plan.allocation),
  };
}

/** The plan for a state, not yet enacted. Throws before the first event. */
export async function planFor(state: ClusterState, means: DecisionMeans): Promise<Plan> {
  const problem = pose(state);
  const { allocation, proof } = await choose(problem, means);
  const vmTypes = new Map(problem.vmTypes.map((vmType) => [vmType.id, vmType]));
  return {
    revision: problem.revision,
    decidedAtSeconds: problem.nowSeconds,
    policy: means.policy,
    allocation,
    forecasts: forecastJobs(state, allocation),
    rentPerHourUsd: rentPerHourUsd(allocation.nodes.flatMap((node) => vmTypes.get(node.vmTypeId) ?? [])),
    proof,
    ...churn(problem.current, allocation),
    wakeUpAtSeconds: wakeUpAtSeconds(problem, allocation),
  };
}

/** The allocation and its proof; what `decide` does between posing and enacting. */
export async function choose(
  problem: PlanningProblem,
  { policy, solver, limits }: DecisionMeans,
): Promise<{ readonly allocation: Allocation; readonly proof: Proof }> {
  const { objective, formulate } = posePolicy(policy, problem);
  const drafted = place(problem, greedy(problem));
  if (formulate === null) {
    const cost = objective.costOf(drafted);
    return { allocation: drafted, proof: proofOf({ objective, cost, objectiveOffset: 0, outcome: null }) };
  }
  if (problem.jobs.length === 0) {
    const proof = proofOf({ objective, cost: 0, objectiveOffset: 0, outcome: NOTHING_TO_SOLVE });
    return { allocation: EMPTY_ALLOCATION, proof: { ...proof, stopReason: "nothing-to-decide" } };
  }
  // What runs now comes first, so that it is kept among equals.
  const drafts = [stillRunning(problem.current), drafted, EMPTY_ALLOCATION];
  const start = cheapestFeasible(problem, objective, drafts);
  const { milpModel, objectiveOffset, encode, decode } = formulate();
  const outcome = checked(milpModel, await solver.solve(milpModel, limits, encode(start.allocation)));
  const solved =
    outcome.kind === "proven" || outcome.kind === "incumbent" ? [place(problem, decode(outcome.point))] : [];
  const { allocation, cost } = cheapestFeasible(problem, objective, [start.allocation, ...solved]);
  return { allocation, proof: proofOf({ objective, cost, objectiveOffset, outcome }) };
}

/** A solver's word is not taken: a point that breaks the model is a failure, and its bound is worth nothing. */
function checked(milpModel: MilpModel, outcome: SolveOutcome): SolveOutcome {
  if (outcome.kind !== "proven" && outcome.kind !== "incumbent") return outcome;
  const violation = checkPoint(milpModel, outcome.point)[0];
  if (violation === undefined) return outcome;
  return {
    kind: "failed",
    message: `point breaks ${violation.kind} ${violation.name} by ${violation.amount}`,
  };
}

const NOTHING_TO_SOLVE: SolveOutcome = { kind: "proven", point: [], objective: 0, bound: 0 };

const stillRunning = (allocation: Allocation): Allocation => ({
  nodes: allocation.nodes.filter((node) => node.parts.length > 0),
});
