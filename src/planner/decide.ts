/**
 * The one engine: the simulator, the live service and the command line all decide here.
 *
 *   observe   pure bookkeeping of the events
 *   pose      the decision problem of the state
 *   choose    the allocation and its proof, by the policy's rule, by the pipeline or by the policy's MILP
 *   enact     the plan becomes the state's allocation, and commands follow
 */
import type { ClusterState } from "../domain/cluster-state.ts";
import { rentPerHourUsd } from "../domain/cost.ts";
import { vmTypesOf } from "../domain/vm-type.ts";
import type { ClusterEvent } from "../domain/event.ts";
import type { Command, Plan } from "../domain/plan.ts";
import type { DecisionMeans } from "./choose.ts";
import { choose } from "./choose.ts";
import { commandsBetween, churn, enact } from "./enact.ts";
import { forecastJobs } from "./forecast.ts";
import { observe } from "./observe.ts";
import { pose } from "./pose.ts";
import { lossesOfChange } from "./resumption.ts";
import type { WarmStart } from "./warm-start.ts";
import { nextDecisionAtSeconds } from "./weigh-changes.ts";

export type { DecisionMeans } from "./choose.ts";
export { choose } from "./choose.ts";

/** A decision that has been put into practice. */
export interface Decision {
  readonly state: ClusterState;
  readonly plan: Plan;
  readonly commands: readonly Command[];
  /** For the means of the next decision, which it makes faster; it changes no optimum. */
  readonly warmStart?: WarmStart | null;
}

/** Applies the events, decides, and enacts the plan. */
export async function decide(
  state: ClusterState,
  events: readonly ClusterEvent[],
  means: DecisionMeans,
): Promise<Decision> {
  const observed = events.reduce(observe, state);
  const { plan, warmStart } = await planWithWarmStart(observed, means);
  return {
    state: enact(observed, plan),
    plan,
    commands: commandsBetween(observed.allocation, plan.allocation),
    warmStart,
  };
}

/** The plan for a state, not yet enacted. Throws before the first event. */
export async function planFor(state: ClusterState, means: DecisionMeans): Promise<Plan> {
  return (await planWithWarmStart(state, means)).plan;
}

/** A plan, and what the next decision may start from. */
export interface PlanWithWarmStart {
  readonly plan: Plan;
  readonly warmStart: WarmStart | null;
}

/** The plan for a state, not yet enacted, and what the next decision may start from. Throws before the first event. */
export async function planWithWarmStart(
  state: ClusterState,
  means: DecisionMeans,
): Promise<PlanWithWarmStart> {
  const problem = pose(state);
  const { allocation, proof, warmStart } = await choose(problem, means);
  const plan: Plan = {
    revision: problem.revision,
    decidedAtSeconds: problem.nowSeconds,
    policy: means.policy,
    allocation,
    forecasts: forecastJobs(state, allocation),
    rentPerHourUsd: rentPerHourUsd(vmTypesOf(allocation, problem.vmTypes)),
    proof,
    ...churn(problem.current, allocation),
    changeLosses: lossesOfChange(state, allocation),
    wakeUpAtSeconds: nextDecisionAtSeconds(state, problem, { allocation, means }),
  };
  return { plan, warmStart };
}
