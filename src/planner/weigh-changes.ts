/**
 * Costs of change in a decision, where there are any: the worth of jobs counts them (change-worth.ts), prices count them (change-prices.ts), rented nodes and new ones
 * are different offers (change-offers.ts), and a decision is due when a minimum billing ends. Where changes are free, everything is as if none of this were there.
 * Policies with a separable objective weigh; rules and the literature's MILP decide as they were published, and pay.
 */
import type { Allocation } from "../domain/allocation.ts";
import type { ClusterState } from "../domain/cluster-state.ts";
import type { PlanningProblem } from "../domain/planning-problem.ts";
import type { Objective, SeparableObjective } from "../formulation/objective.ts";
import { isSeparable } from "../formulation/objective.ts";
import type { OfferedProblem } from "./change-offers.ts";
import { changeOffers } from "./change-offers.ts";
import { changePrices } from "./change-prices.ts";
import { withTimeToChange, withWorthOfChange } from "./change-worth.ts";
import { place } from "./place.ts";
import type { PolicyName } from "./policy.ts";
import { posePolicy } from "./policy.ts";
import { leasesAfter } from "./resumption.ts";
import { wakeUpAtSeconds } from "./wake-up.ts";

/** `ignored` decides as if changes were free, whatever they cost. */
export type Weighing = "weighed" | "ignored";

interface Means {
  readonly policy: PolicyName;
  /** Missing means `weighed`. */
  readonly costsOfChange?: Weighing;
}

/** Whether any change in this problem costs anything. */
export function hasCostsOfChange({ nowSeconds, vmTypes, jobs, leases }: PlanningProblem): boolean {
  return (
    vmTypes.some((vmType) => (vmType.bootSeconds ?? 0) > 0 || (vmType.minimumBillingSeconds ?? 0) > 0) ||
    jobs.some((job) => (job.restartSeconds ?? 0) > 0 || (job.heldSeconds ?? 0) > 0) ||
    (leases ?? []).some((lease) => Math.max(lease.readyAtSeconds, lease.paidUntilSeconds) > nowSeconds)
  );
}

const weighs = (problem: PlanningProblem, { costsOfChange }: Means): boolean =>
  costsOfChange !== "ignored" && hasCostsOfChange(problem);

/** The problem as it is solved. */
export function weighedProblem(
  problem: PlanningProblem,
  objective: SeparableObjective,
  means: Means,
): OfferedProblem {
  if (weighs(problem, means)) return changeOffers(problem, worthOf(problem, objective, means.policy));
  return {
    problem,
    objective,
    judge: objective,
    allocate: (assignment) => place(problem, assignment),
  };
}

/** The objective as plans of a policy are judged by it. */
export function weighedObjective(problem: PlanningProblem, objective: Objective, means: Means): Objective {
  if (!isSeparable(objective) || !weighs(problem, means)) return objective;
  return {
    ...objective,
    costOf: changePrices(problem, worthOf(problem, objective, means.policy)).costOf,
  };
}

/** When to decide again: where slack or H asks for it, or where a minimum billing ends, since from then on the node's rent is no longer paid anyway. */
export function nextDecisionAtSeconds(
  state: ClusterState,
  problem: PlanningProblem,
  { allocation, means }: { readonly allocation: Allocation; readonly means: Means },
): number | null {
  if (!weighs(problem, means)) return wakeUpAtSeconds(problem, allocation);
  const wakeUp = wakeUpAtSeconds(withTimeToChange(problem), allocation);
  const ends = leasesAfter(state, allocation).map((lease) => lease.paidUntilSeconds);
  return wakeUp === null
    ? null
    : ends.reduce((soonest, end) => (end > problem.nowSeconds ? Math.min(soonest, end) : soonest), wakeUp);
}

/** The objective with the worth of change; prices are still those of the problem as it is posed. */
function worthOf(
  problem: PlanningProblem,
  objective: SeparableObjective,
  policy: PolicyName,
): SeparableObjective {
  const worth = posePolicy(policy, withWorthOfChange(problem)).objective;
  return isSeparable(worth) ? worth : objective;
}
