/**
 * When two plans' objectives may be compared. What a job's progress is worth looks at all its configurations and their prices, and at how long N nodes need
 * for the work there is, so that the same plan has another objective in another catalogue or with other limits: raw objectives of two variants say something
 * only where every worth is the same. For all others there is one yardstick: what the plan gains each hour at the worths of the first variant.
 */
import { placements } from "../domain/allocation.ts";
import type { ClusterState } from "../domain/cluster-state.ts";
import type { Plan } from "../domain/plan.ts";
import { findConfiguration } from "../domain/planning-problem.ts";
import { rentPerHourUsd } from "../domain/cost.ts";
import { vmTypesOf } from "../domain/vm-type.ts";
import { progressValueObjective } from "../formulation/progress-value.ts";
import { pose } from "../planner/pose.ts";
import type { VariantCase } from "./variant.ts";

/** What may be compared and what not; for every answer. */
export const OBJECTIVE_NOTE =
  "The progress value of a job looks at all VM types and prices that it could have and at how scarce nodes are, so that objectives of variants with other catalogues, prices, limits, durations, due dates, weights or policies cannot be compared; cost, tardiness and utilisation can, and so can the gain at the first variant's worths. Cost holds if every job stays where it is put and every waiting one gets the best that it could: where many wait, compare gains or simulate the horizon.";

/** Whether the objectives of two cases measure the same: everything that a worth depends on is equal. */
export function hasSameWorths(a: VariantCase, b: VariantCase): boolean {
  return a.variant.catalogue === b.variant.catalogue && worthsOf(a) === worthsOf(b);
}

function worthsOf({ variant, state, policy, plannedDurations }: VariantCase): string {
  const vmTypes = state.settings.vmTypes.filter((vmType) => vmType.quotaNodes !== 0);
  return JSON.stringify([
    policy,
    plannedDurations,
    state.settings.maxNodes,
    vmTypes.map(({ id, pricePerHourUsd, quotaNodes }) => [id, pricePerHourUsd, quotaNodes]),
    variant.dueDateSlack,
    variant.tardinessWeightFactor,
  ]);
}

/** Σ_j R_jvg − Σ_v c_v z_v of a plan in USD per hour: worths from the base, t and c from the state it was decided on, both at median durations. */
export function gainAtWorthsOf(
  base: ClusterState,
): (state: ClusterState, plan: Pick<Plan, "allocation">) => number {
  const worths = progressValueObjective(pose(base));
  return (state, { allocation }) => {
    const placed = placements(allocation);
    const work = pose(state).jobs.reduce((total, job) => {
      const placement = placed.get(job.id);
      const configuration =
        placement === undefined ? undefined : findConfiguration(job, placement.vmTypeId, placement.gpus);
      return configuration === undefined ? total : total - worths.running(job, configuration);
    }, 0);
    return work - rentPerHourUsd(vmTypesOf(allocation, state.settings.vmTypes));
  };
}
