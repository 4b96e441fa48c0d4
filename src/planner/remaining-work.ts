/**
 * What is left of a job whose prediction may err. A job takes F times as long as predicted, and ln F is normal with mean 0 and spread σ:
 *
 *   σ   = ς · mean over v, g of ln(upper_jvg / lower_jvg) / (2 · 1.2816)      the interval holds 80 %
 *   ς²  = (n₀ + Σ_k (ln F_k / σ_k)²) / (n₀ + n)                                over the n jobs that completed, n₀ with the intervals as they are
 *   W   = time run in units of t_jvg                                           from the predictions, whatever was reported
 *
 *   remaining share that is exceeded with probability q:   F_q − W   with   P(F > F_q | F > W) = q
 *
 * A job that has not ended yet takes longer than it has run: this is what makes one that outlasts its prediction have a plausible rest, and not none.
 * Where a job reports its progress, the rest is known and only its pace is not. Without an interval (a user's own figure) nothing changes.
 */
import type { ClusterState, JobState } from "../domain/cluster-state.ts";
import type { DurationTable } from "../domain/duration-table.ts";
import { normalBeyond, normalQuantileBeyond } from "../domain/standard-normal.ts";

/** The rest of a job as a decision sees it. */
export interface RemainingWork {
  /** Median rest in units of t_jvg; with reports, the rest that they leave at the pace that they show. */
  readonly share: number;
  /** σ_j: spread of the logarithm of the rest around that of its median; 0 without an interval, and with reports. */
  readonly spread: number;
}

/** Half the width of an 80 % interval in standard deviations. */
const INTERVAL_DEVIATIONS = 1.2816;
/** n₀: how many completions the intervals as they are count for; few, since margins that are not needed cost 3 to 4 % where predictions come true. */
const PRIOR_JOBS = 0.1;
/** A job that ends further from its prediction counts like one so far off: it was reported wrongly, or was no such job. */
const MOST_DEVIATIONS = 4;
/** The spread of the rest is that of the normal distribution whose median and this upper quantile it has. */
const UPPER_PROBABILITY = 0.2;
const UPPER_DEVIATIONS = normalQuantileBeyond(UPPER_PROBABILITY);
/** Share of its work that is left at the least of a job which has outlasted its prediction: it is not taken for finished (decision 0005). */
export const LEAST_REMAINING_SHARE = 0.01;
/** Beyond this probability of lasting so long, the interval says nothing about the rest. */
const LEAST_PROBABILITY = 1e-12;

/** σ of a job before anything was learnt. */
export function statedSpread({ job }: JobState): number {
  const { entries } = job.durations;
  const known = spreads.get(job.durations);
  if (known !== undefined) return known;
  const logs = entries.reduce((sum, entry) => sum + Math.log(entry.upperSeconds / entry.lowerSeconds), 0);
  const spread = logs / entries.length / (2 * INTERVAL_DEVIATIONS);
  spreads.set(job.durations, spread);
  return spread;
}

/** Thousands of jobs share a few duration tables, and each decision asks for all of them. */
const spreads = new WeakMap<DurationTable, number>();

/** ς */
export function spreadFactor({ spreadEvidence }: ClusterState): number {
  const { jobs, sumOfSquares } = spreadEvidence ?? { jobs: 0, sumOfSquares: 0 };
  return Math.sqrt((PRIOR_JOBS + sumOfSquares) / (PRIOR_JOBS + jobs));
}

/** The rest of a job under the cluster's ς. */
export function remainingWork(entry: JobState, factor: number): RemainingWork {
  const { completedShare, pace } = entry;
  const spent = entry.spentShare ?? completedShare;
  const whole = factor * statedSpread(entry);
  if (whole <= 0 || pace.observedShare > 0) return { share: pace.factor * (1 - completedShare), spread: 0 };
  const left = spent <= 0 ? 1 : normalBeyond(Math.log(spent) / whole);
  const rest = (q: number): number =>
    left < LEAST_PROBABILITY
      ? LEAST_REMAINING_SHARE
      : Math.max(LEAST_REMAINING_SHARE, Math.exp(whole * normalQuantileBeyond(q * left)) - spent);
  // The median of what has not begun is the prediction itself.
  if (spent <= 0) return { share: 1, spread: whole };
  const share = rest(0.5);
  return { share, spread: Math.log(rest(UPPER_PROBABILITY) / share) / UPPER_DEVIATIONS };
}

/** What a completion teaches about the width of the intervals. */
export function learntSpread(
  { spreadEvidence }: ClusterState,
  entry: JobState,
): Pick<ClusterState, "spreadEvidence"> {
  const stated = statedSpread(entry);
  const spent = entry.spentShare ?? entry.completedShare;
  if (stated <= 0 || spent <= 0) return {};
  const { jobs, sumOfSquares } = spreadEvidence ?? { jobs: 0, sumOfSquares: 0 };
  const deviations = Math.min(MOST_DEVIATIONS, Math.abs(Math.log(spent) / stated));
  return { spreadEvidence: { jobs: jobs + 1, sumOfSquares: sumOfSquares + deviations ** 2 } };
}
