import type { ClusterState, DurationPercentile, JobState } from "../domain/cluster-state.ts";
import { activeJobs } from "../domain/cluster-state.ts";
import type { DurationTable } from "../domain/duration-table.ts";
import { compareIds } from "../domain/ids.ts";
import type { Configuration, PlanningJob, PlanningProblem } from "../domain/planning-problem.ts";
import { remainingWork, spreadFactor } from "./remaining-work.ts";
import { restartSeconds } from "./resumption.ts";
import { withinBudgets } from "./within-budget.ts";

/**
 * Poses the decision problem of a state: the jobs that are left, with what is left of them and what their budgets pay for. Throws before the
 * first event.
 */
export const pose = (state: ClusterState): PlanningProblem => withinBudgets(poseWithoutBudgets(state));

/** The same with the configurations that budgets do not pay for, and the jobs that have no other. */
export function poseWithoutBudgets(state: ClusterState): PlanningProblem {
  const { nowSeconds } = state;
  if (nowSeconds === null) throw new Error("No event has happened yet, so there is no time to decide at");
  const factor = spreadFactor(state);
  const percentile = state.settings.durationPercentile ?? "P50";
  return {
    revision: state.revision,
    nowSeconds,
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
      ...remaining(entry, factor, percentile),
      ...costsOfChange(entry, nowSeconds),
    })),
    current: state.allocation,
    leases: state.leases,
    nextNodeNumber: state.nextNodeNumber,
  };
}

/** Seconds without progress: of a change, and left of the last one. Work is counted apart from them. */
function costsOfChange(
  entry: JobState,
  nowSeconds: number,
): Pick<PlanningJob, "restartSeconds" | "heldSeconds"> {
  const restart = restartSeconds(entry);
  const held = Math.max(0, (entry.resumesAtSeconds ?? nowSeconds) - nowSeconds);
  return {
    ...(restart > 0 ? { restartSeconds: restart } : {}),
    ...(held > 0 ? { heldSeconds: held } : {}),
  };
}
const budgetLeft = ({ job, spentUsd }: JobState): Pick<PlanningJob, "budgetLeftUsd"> =>
  job.budgetUsd === null ? {} : { budgetLeftUsd: Math.max(0, job.budgetUsd - spentUsd) };

/**
 * Every entry of the job's duration table shrinks to the share of its work that is left, by its reports or by the time that it has run. P90 counts
 * the upper end of each interval instead of a margin: both would count the interval twice.
 */
function remaining(
  entry: JobState,
  factor: number,
  percentile: DurationPercentile,
): { readonly configurations: readonly Configuration[]; readonly restSpread: number } {
  const { job, completedShare, pace } = entry;
  const isUpper = percentile === "P90";
  const { share, spread: restSpread } = isUpper
    ? { share: pace.factor * (1 - completedShare), spread: 0 }
    : remainingWork(entry, factor);
  const isWhole = share === 1 && !isUpper;
  const known = isWhole ? wholeConfigurations.get(job.durations) : undefined;
  if (known !== undefined) return { configurations: known, restSpread };
  const configurations = job.durations.entries
    .map(({ vmTypeId, gpus, durationSeconds, upperSeconds }) => ({
      vmTypeId,
      gpus,
      durationSeconds: (isUpper ? upperSeconds : durationSeconds) * share,
    }))
    .sort((a, b) => compareIds(a.vmTypeId, b.vmTypeId) || a.gpus - b.gpus);
  if (isWhole) wholeConfigurations.set(job.durations, configurations);
  return { configurations, restSpread };
}

/** Thousands of jobs that have not run yet share a few duration tables. */
const wholeConfigurations = new WeakMap<DurationTable, readonly Configuration[]>();
