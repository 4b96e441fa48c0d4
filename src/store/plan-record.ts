/** A plan as it is kept. */
import type { AllocationDelta } from "../domain/allocation-delta.ts";
import type { Command, Plan } from "../domain/plan.ts";

/** What is kept of a plan for good. */
export type StoredPlan = Omit<Plan, "allocation" | "forecasts">;

/** A plan in the order of plans, and what it took to follow it. */
export interface PlanRecord {
  readonly plan: StoredPlan;
  /** The plan as it is shown, with the prices of its time; null once it was pruned. */
  readonly body: object | null;
  /** 1, 2, 3, … */
  readonly number: number;
  /** Last event that the plan knew; later ones apply on top of it. */
  readonly afterSequence: number;
  readonly delta: AllocationDelta;
  readonly commands: readonly Command[];
}

/** What is kept of a plan for good. */
export function storedPlan(plan: Plan): StoredPlan {
  const { revision, decidedAtSeconds, policy, rentPerHourUsd, proof } = plan;
  const { movedJobIds, stoppedJobIds, changeLosses, wakeUpAtSeconds } = plan;
  return {
    revision,
    decidedAtSeconds,
    policy,
    rentPerHourUsd,
    proof,
    movedJobIds,
    stoppedJobIds,
    changeLosses,
    wakeUpAtSeconds,
  };
}
