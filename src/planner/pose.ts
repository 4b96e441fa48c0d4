import type { ClusterState, JobState } from "../domain/cluster-state.ts";
import { activeJobs } from "../domain/cluster-state.ts";
import { compareIds } from "../domain/ids.ts";
import type { Configuration, PlanningProblem } from "../domain/planning-problem.ts";
import { remainingWork, spreadFactor } from "./remaining-work.ts";

/** Poses the decision problem of a state: the jobs that are left, with what is left of them. Throws before the first event. */
export function pose(state: ClusterState): PlanningProblem {
  if (state.nowSeconds === null)
    throw new Error("No event has happened yet, so there is no time to decide at");
  const factor = spreadFactor(state);
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
      ...remaining(entry, factor),
    })),
    current: state.allocation,
    nextNodeNumber: state.nextNodeNumber,
  };
}

/** Every entry of the job's duration table shrinks to the share of its work that is left, by its reports or by the time that it has run. */
function remaining(
  entry: JobState,
  factor: number,
): { readonly configurations: readonly Configuration[]; readonly marginFactor: number } {
  const { share, marginFactor } = remainingWork(entry, factor);
  const configurations = entry.job.durations.entries
    .map(({ vmTypeId, gpus, durationSeconds }) => ({
      vmTypeId,
      gpus,
      durationSeconds: durationSeconds * share,
    }))
    .sort((a, b) => compareIds(a.vmTypeId, b.vmTypeId) || a.gpus - b.gpus);
  return { configurations, marginFactor };
}
