/** Learns from a job's own progress reports how much slower it runs than predicted. */
import type { Placement } from "../domain/allocation.ts";
import type { JobState, Pace } from "../domain/cluster-state.ts";

/** The prediction counts as much as an observation over this share of the job's work. */
const PRIOR_SHARE = 0.05;
/** A smaller gain teaches nothing yet: it is measured together with the next. */
const LEAST_GAINED_SHARE = 1e-6;
/** No job is believed to run so many times slower, or faster, than predicted: a report may be wrong, and one wrong report must not stop all planning. */
const MOST_FACTOR = 100;

/** A moment of a job's course. */
export interface ProgressPoint {
  readonly atSeconds: number;
  readonly completedShare: number;
}

/**
 * The pace after a report. What the job gained since it began to run where it is, or since its last report there, is compared with what
 * t_jvg promises for the time it took; a report that shows no gain teaches nothing, and the next is measured from it.
 */
export function paceAfterReport(
  { job, pace }: JobState,
  placement: Placement | undefined,
  report: ProgressPoint,
): Pace {
  const duration = job.durations.entries.find(
    (row) => row.vmTypeId === placement?.vmTypeId && row.gpus === placement.gpus,
  );
  if (duration === undefined) return { ...pace, measuredFrom: null };
  const from = pace.measuredFrom;
  const gainedShare = from === null ? 0 : report.completedShare - from.completedShare;
  const elapsedSeconds = from === null ? 0 : report.atSeconds - from.atSeconds;
  if (gainedShare <= 0 || elapsedSeconds <= 0) return { ...pace, measuredFrom: report };
  if (gainedShare < LEAST_GAINED_SHARE) return pace;
  const observed = elapsedSeconds / (duration.durationSeconds * gainedShare);
  const observedShare = pace.observedShare + gainedShare;
  const weightedLog = pace.weightedLog + gainedShare * Math.log(observed);
  return {
    factor: bounded(Math.exp(weightedLog / (PRIOR_SHARE + observedShare))),
    observedShare,
    weightedLog,
    measuredFrom: report,
  };
}

const bounded = (factor: number): number => Math.min(MOST_FACTOR, Math.max(1 / MOST_FACTOR, factor));
