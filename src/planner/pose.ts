import type { ClusterState, JobState } from "../domain/cluster-state.ts";
import { activeJobs } from "../domain/cluster-state.ts";
import type { DurationTable } from "../domain/duration-table.ts";
import { compareIds } from "../domain/ids.ts";
import type { Configuration, PlanningProblem } from "../domain/planning-problem.ts";

/** Poses the decision problem of a state: the jobs that are left, with what is left of them. Throws before the first event. */
export function pose(state: ClusterState): PlanningProblem {
  if (state.nowSeconds === null)
    throw new Error("No event has happened yet, so there is no time to decide at");
  return {
    revision: state.revision,
    nowSeconds: state.nowSeconds,
    replanIntervalSeconds: state.settings.replanIntervalSeconds,
    maxNodes: state.settings.maxNodes,
    vmTypes: state.settings.vmTypes,
    jobs: activeJobs(state).map((entry) => ({
      id: entry.id,
      submittedAtSeconds: entry.job.submittedAtSeconds,
      dueAtSeconds: entry.job.dueAtSeconds,
      tardinessCostPerSecondUsd: entry.job.tardinessCostPerSecondUsd,
      configurations: remainingConfigurations(entry),
    })),
    current: state.allocation,
    nextNodeNumber: state.nextNodeNumber,
  };
}

/** Every entry of the job's duration table shrinks by the share of its work that is done, and stretches by the pace that its reports show. */
function remainingConfigurations({ job, completedShare, pace }: JobState): readonly Configuration[] {
  const isWhole = completedShare === 0 && pace.factor === 1;
  const known = isWhole ? wholeConfigurations.get(job.durations) : undefined;
  if (known !== undefined) return known;
  const configurations = job.durations.entries
    .map(({ vmTypeId, gpus, durationSeconds }) => ({
      vmTypeId,
      gpus,
      durationSeconds: durationSeconds * pace.factor * (1 - completedShare),
    }))
    .sort((a, b) => compareIds(a.vmTypeId, b.vmTypeId) || a.gpus - b.gpus);
  if (isWhole) wholeConfigurations.set(job.durations, configurations);
  return configurations;
}

/** Thousands of jobs that have not run yet share a few duration tables. */
const wholeConfigurations = new WeakMap<DurationTable, readonly Configuration[]>();
