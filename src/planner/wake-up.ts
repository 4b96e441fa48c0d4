import type { Allocation } from "../domain/allocation.ts";
import { placements } from "../domain/allocation.ts";
import type { PlanningProblem } from "../domain/planning-problem.ts";
import { findConfiguration, shortestDurationSeconds } from "../domain/planning-problem.ts";
import { slacksSeconds } from "../formulation/progress-value.ts";

/** Slack below this share of t^min counts as used up; else the halving would go on for ever. */
const LEAST_SLACK_SHARE = 0.01;
/**
 * A running job that ends in time where it runs is not woken for less than this. Where it ends just at its due date, its slack and its remaining work vanish
 * together: their ratio never falls below the share above, and the decisions would come ever faster until the clock stands still.
 */
const LEAST_HALVING_SECONDS = 60;
/** Rounding of times since the Unix epoch. */
const SAME_TIME_SECONDS = 1e-6;
/** The clock always moves on. */
const LEAST_WAIT_SECONDS = 1e-3;

/**
 * When to decide again although nothing happens: where any job's slack has halved, so that none becomes urgent unseen (formulation.md §3),
 * and at the latest after H. Slack falls at rate 1 − t^min/t_jvg while the job runs and at rate 1 while it waits. Where predictions may err, that is the
 * slack by the safest margin that is not used up: when the last of it is gone, the job is late even if they come true. null without jobs.
 */
export function wakeUpAtSeconds(problem: PlanningProblem, allocation: Allocation): number | null {
  if (problem.jobs.length === 0) return null;
  const placed = placements(allocation);
  const halvings = problem.jobs.flatMap((job) => {
    const shortest = shortestDurationSeconds(job);
    const slack = slacksSeconds(job, problem.nowSeconds).find((left) => left > LEAST_SLACK_SHARE * shortest);
    const placement = placed.get(job.id);
    const running =
      placement === undefined ? undefined : findConfiguration(job, placement.vmTypeId, placement.gpus);
    // A prediction that errs is wrong at the latest when the job should have ended and has not.
    const outlasted =
      running === undefined || (job.restSpread ?? 0) <= 0
        ? []
        : [problem.nowSeconds + running.durationSeconds];
    const rate = running === undefined ? 1 : 1 - shortest / running.durationSeconds;
    if (slack === undefined || rate <= 0) return outlasted;
    const halvingSeconds = slack / 2 / rate;
    const inTime =
      running !== undefined &&
      running.durationSeconds <= job.dueAtSeconds - problem.nowSeconds + SAME_TIME_SECONDS;
    if (inTime && halvingSeconds < LEAST_HALVING_SECONDS) return outlasted;
    return [...outlasted, problem.nowSeconds + Math.max(LEAST_WAIT_SECONDS, halvingSeconds)];
  });
  return Math.min(problem.nowSeconds + problem.replanIntervalSeconds, ...halvings);
}
