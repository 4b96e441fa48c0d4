import type { ClusterState, JobState } from "../domain/cluster-state.ts";
import { activeJobs } from "../domain/cluster-state.ts";
import { compareIds } from "../domain/ids.ts";
import type { Configuration, PlanningJob, PlanningProblem } from "../domain/planning-problem.ts";
import { withinBudgets } from "./within-budget.ts";

/**
 * Poses the decision problem of a state: the jobs that are left, with what is left of them and what their budgets pay for. Throws before the
 * first event.
 */
export const pose = (state: ClusterState): PlanningProblem => withinBudgets(poseWithoutBudgets(state));

/** The same with the configurations that budgets do not pay for, and the jobs that have no other. */
export function poseWithoutBudgets(state: ClusterState): PlanningProblem {
  if (state.nowSeconds === null)
    throw new Error("No event has happened yet, so there is no time to decide at");
  return {
    revision: state.revision,
    nowSeconds: state.nowSeconds,
    replanIntervalSeconds: state.settings.replanIntervalSeconds,
    maxNodes: state.settings.maxNodes,
    nodeLimits: state.settings.nodeLimits,
    vmTypes: state.settings.vmTypes,
    jobs: activeJobs(state).map((entry) => ({
      id: entry.id,
      submittedAtSeconds: entry.job.submittedAtSeconds,
      dueAtSeconds: entry.job.dueAtSeconds,
      tardinessCostPerSecondUsd: entry.job.tardinessCostPerSecondUsd,
      ...budgetLeft(entry),
      configurations: remainingConfigurations(entry),
    })),
    current: state.allocation,
    nextNodeNumber: state.nextNodeNumber,
  };
}

const budgetLeft = ({ job, spentUsd }: JobState): Pick<PlanningJob, "budgetLeftUsd"> =>
  job.budgetUsd === null ? {} : { budgetLeftUsd: Math.max(0, job.budgetUsd - spentUsd) };

/** Every entry of the job's duration table shrinks by the share of its work that is done, and stretches by the pace that its reports show. */
function remainingConfigurations({ job, completedShare, pace }: JobState): readonly Configuration[] {
  return job.durations.entries
    .map(({ vmTypeId, gpus, durationSeconds }) => ({
      vmTypeId,
      gpus,
      durationSeconds: durationSeconds * pace.factor * (1 - completedShare),
    }))
    .sort((a, b) => compareIds(a.vmTypeId, b.vmTypeId) || a.gpus - b.gpus);
}
