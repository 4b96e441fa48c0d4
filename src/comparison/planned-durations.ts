/**
 * Durations that a decision counts on. An entry's interval holds the central 80 % of the fit's residuals (measured / predicted), so that its upper end is the
 * 90th percentile: no symmetry is assumed, neither of seconds nor of their logarithms. Where terms and GPU counts are combined, the duration model has already
 * widened it. A user's own figure has no interval: its P90 is its P50.
 */
import type { ClusterState } from "../domain/cluster-state.ts";
import type { DurationEntry } from "../domain/duration-table.ts";
import type { Job } from "../domain/job.ts";
import type { DurationPercentile } from "./variant.ts";

/** A job whose durations are the percentile asked for. */
export function plannedJob(job: Job, percentile: DurationPercentile): Job {
  if (percentile === "P50") return job;
  return { ...job, durations: { ...job.durations, entries: job.durations.entries.map(atP90) } };
}

/** Without an interval: the margin that decisions keep for it would count it twice. */
const atP90 = (entry: DurationEntry): DurationEntry => ({
  ...entry,
  durationSeconds: entry.upperSeconds,
  lowerSeconds: entry.upperSeconds,
});

/** A state whose jobs have the percentile asked for. */
export function plannedState(state: ClusterState, percentile: DurationPercentile): ClusterState {
  if (percentile === "P50") return state;
  return {
    ...state,
    jobs: state.jobs.map((entry) => ({ ...entry, job: plannedJob(entry.job, percentile) })),
  };
}

/** What a reader of a comparison at P90 must know. */
export function plannedDurationNotes(
  jobs: readonly Job[],
  percentile: DurationPercentile,
): readonly string[] {
  if (percentile === "P50") return [];
  const measured = jobs.filter((job) => job.durations.entries.some(({ source }) => source === "user")).length;
  return [
    "Decisions count on P90 durations, the upper end of the 80 % interval; the figures are of jobs that take their median durations.",
    ...(measured === 0
      ? []
      : [
          `${measured} of ${jobs.length} jobs bring durations of their own, which have no interval: there P90 is P50.`,
        ]),
  ];
}
