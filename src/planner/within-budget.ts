/**
 * Budgets of jobs: what a job has spent, and which configurations its budget still pays for.
 *
 *   spent      while a job runs, its share of its node's rent by the GPUs in use (cost.ts): exact, and more when GPUs of the node are idle
 *   expected   t_jvg c_v g / G_v: the rest of the work in one configuration if all GPUs of the node are in use
 *
 * A configuration whose expected cost is more than what is left is not offered to the decision, and a job with none left waits. A job may be let
 * in at the shared cost and then pay for idle GPUs, so that it moves to what its budget still pays for, or stops. A budget is never exceeded by
 * more than what one period between decisions costs.
 */
import { gpusInUse } from "../domain/allocation.ts";
import type { ClusterState, JobState } from "../domain/cluster-state.ts";
import { shareOfRentUsd } from "../domain/cost.ts";
import type { JobId, VmTypeId } from "../domain/ids.ts";
import type { Configuration, PlanningJob, PlanningProblem } from "../domain/planning-problem.ts";
import type { VmType } from "../domain/vm-type.ts";
import { vmTypesOf } from "../domain/vm-type.ts";

/** Relative to the cost: a job whose budget is just what it costs must not lose its configuration to rounding on the way. */
const ROUNDING = 1e-6;

/** What each running job spends while nothing happens for some seconds, in USD. */
export function spendingUsd(state: ClusterState, durationSeconds: number): ReadonlyMap<JobId, number> {
  const { nodes } = state.allocation;
  const vmTypes = vmTypesOf(state.allocation, state.settings.vmTypes);
  const spending = new Map<JobId, number>();
  nodes.forEach((node, index) => {
    const pricePerHourUsd = vmTypes[index]?.pricePerHourUsd ?? 0;
    for (const { jobId, gpus } of node.parts) {
      spending.set(
        jobId,
        shareOfRentUsd({ pricePerHourUsd, durationSeconds, gpus, gpusInUse: gpusInUse(node) }),
      );
    }
  });
  return spending;
}

/** Expected cost in USD of the rest of a job in one configuration, all GPUs of the node being in use. */
export function sharedCostUsd(vmType: VmType, { gpus, durationSeconds }: Configuration): number {
  const { pricePerHourUsd, gpuCount } = vmType;
  return shareOfRentUsd({ pricePerHourUsd, durationSeconds, gpus, gpusInUse: gpuCount });
}

/** Whether a cost stays within what is left of a budget; without a budget it always does. */
export const paysFor = (budgetLeftUsd: number | undefined, costUsd: number): boolean =>
  budgetLeftUsd === undefined || costUsd <= budgetLeftUsd * (1 + ROUNDING);

/** The problem without configurations that budgets do not pay for, and without jobs that have none left. */
export function withinBudgets(problem: PlanningProblem): PlanningProblem {
  if (problem.jobs.every((job) => job.budgetLeftUsd === undefined)) return problem;
  const vmTypes = new Map(problem.vmTypes.map((vmType) => [vmType.id, vmType]));
  return {
    ...problem,
    jobs: problem.jobs.flatMap((job): readonly PlanningJob[] => {
      if (job.budgetLeftUsd === undefined) return [job];
      const configurations = job.configurations.filter((configuration) => {
        const vmType = vmTypes.get(configuration.vmTypeId);
        return vmType !== undefined && paysFor(job.budgetLeftUsd, sharedCostUsd(vmType, configuration));
      });
      return configurations.length === 0 ? [] : [{ ...job, configurations }];
    }),
  };
}

/** Whether no configuration of a job can finish it within what is left of its budget. */
export function isOverBudget(
  { job, spentUsd, completedShare, pace }: JobState,
  vmTypes: ReadonlyMap<VmTypeId, VmType>,
): boolean {
  const { budgetUsd } = job;
  if (budgetUsd === null) return false;
  const left = (1 - completedShare) * pace.factor;
  return !job.durations.entries.some(({ vmTypeId, gpus, durationSeconds }) => {
    const vmType = vmTypes.get(vmTypeId);
    if (vmType === undefined) return false;
    const costUsd = sharedCostUsd(vmType, { vmTypeId, gpus, durationSeconds: durationSeconds * left });
    return paysFor(Math.max(0, budgetUsd - spentUsd), costUsd);
  });
}
