import type { ClusterState, DurationPercentile, JobState } from "../domain/cluster-state.ts";
import { activeJobs } from "../domain/cluster-state.ts";
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
      configurations: remainingConfigurations(entry, state.settings.durationPercentile ?? "P50"),
    })),
    current: state.allocation,
    nextNodeNumber: state.nextNodeNumber,
  };
}

/** Every entry of the job's duration table shrinks by the share of its work that is done, and stretches by the pace that its reports show. */
function remainingConfigurations(
  { job, completedShare, pace }: JobState,
  percentile: DurationPercentile,
): readonly Configuration[] {
  return job.durations.entries
    .map(({ vmTypeId, gpus, durationSeconds, upperSeconds }) => ({
      vmTypeId,
      gpus,
      durationSeconds:
        (percentile === "P90" ? upperSeconds : durationSeconds) * pace.factor * (1 - completedShare),
    }))
    .sort((a, b) => compareIds(a.vmTypeId, b.vmTypeId) || a.gpus - b.gpus);
}
