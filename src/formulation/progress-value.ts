/**
 * Progress value, the default objective (docs/formulation.md): rent is paid for as long as the work it buys is worth more.
 *
 *   max  Σ_j Σ_vg R_jvg x_jvg − Σ_v c_v z_v                                      USD per hour
 *
 *   t^min_j = min_vg t_jvg                      s      fastest configuration
 *   n_j     = min_vg t_jvg g / G_v              s      node-seconds of the remaining work where it takes least of a node
 *   C*_j    = min_vg t_jvg c_v g / G_v          USD    cheapest when every GPU of the node is shared
 *   C¹_j    = min_vg t_jvg c_v                  USD    cheapest alone on a node
 *   F_j     = exp(σ_j Z), Z normal                     what is left takes F_j times as long as predicted (planner/remaining-work.ts)
 *   κ_j     = exp(0.8416 σ_j)                          exceeded by F_j one time in five
 *   D       = Σ_k n_k / N                       s      drain: how long N full nodes need for all the work there is
 *   A_j     = Σ_{k: d_k ≤ d_j} n_k / N          s      how long they need for the work that is due no later than j
 *
 *   B_j = α C*_j                                                                        USD    worth of the work itself
 *   E* h(F_j) = E [h(F_j) / F_j] / E [1 / F_j]                     mean by what a second does for the job, 1 / F_j of what is predicted:
 *                                                        F_j stays lognormal with spread σ_j, and its median is e^{−σ_j²} instead of 1
 *   u_j = E* exp(−max(0, d_j − T − κ_j F_j t^min_j) / (θ t^min_j + A_j))                       urgency, in (0, 1]
 *   U_j = [β (C¹_j − C*_j) + ω_j max(D, t^min_j)] · u_j                                USD    worth of being on time
 *   R_jvg = B_j / t_jvg + U_j · E* min(1 / t_jvg, F_j / (d_j − T))   before the due date
 *   R_jvg = (B_j + U_j) / t_jvg                                      after it
 *
 * A job without urgency is worth α times its cheapest shared cost, so that it runs where sharing is cheap and waits otherwise.
 * As its slack goes, a node of its own and its tardiness enter. Three things make that hold when nodes are short:
 *   pace     on time is on time: progress beyond the pace F_j / (d_j − T) that meets the due date is worth B_j only, so that urgent jobs take the
 *            GPUs they need and no more. More GPUs do less work for each GPU-second, which is what ruins an overloaded cluster.
 *            Where predictions may err, a faster configuration is worth what it adds times the probability that it is needed; a job that
 *            takes longer than predicted gets less of its work out of the same second, and counts for less.
 *   queue    slack is weighed against what has to be done first, A_j, and not only against the job's own length.
 *   drain    a job that is late, or soon will be, costs ω_j for as long as the queue lasts, the same D for all: of late jobs those of largest
 *            ω_j / t_jvg run first, which is Smith's rule. Without a queue t^min_j takes its place.
 * c_v of a node that is paid for anyway is what it would cost otherwise (`worthPerHourUsd`) in B_j and U_j; in the rent it is 0.
 * Scale: rates are per hour, since rents of cents per second would vanish in the solver's absolute tolerances.
 */
import type { Configuration, PlanningJob, PlanningProblem } from "../domain/planning-problem.ts";
import { shortestDurationSeconds } from "../domain/planning-problem.ts";
import type { JobId, VmTypeId } from "../domain/ids.ts";
import { limitWeight } from "../domain/node-limit.ts";
import { rentUsd } from "../domain/cost.ts";
import { normalBeyond, normalQuantileBeyond } from "../domain/standard-normal.ts";
import { SECONDS_PER_HOUR } from "../domain/units.ts";
import type { VmType } from "../domain/vm-type.ts";
import { quotaWithin } from "../domain/vm-type.ts";
import type { SeparableObjective } from "./objective.ts";
import { separableObjective } from "./objective.ts";

/** Below this predictions count as exact. */
const LEAST_SPREAD = 1e-6;

/** Parameters of B_j and U_j, dimensionless. */
export interface ProgressValueParameters {
  /** α: worth of a job without urgency, in multiples of its cheapest shared cost. */
  readonly sharedCostFactor: number;
  /** β: weight of a node of its own when the job is urgent. */
  readonly aloneCostFactor: number;
  /** θ: slack, in multiples of t^min, at which urgency has fallen to 1/e where no other work is due before. */
  readonly urgencyHorizonFactor: number;
}

/** Values that sensitivity studies found flat around (docs/formulation.md). */
export const PROGRESS_VALUE_PARAMETERS: ProgressValueParameters = {
  sharedCostFactor: 1.2,
  aloneCostFactor: 1,
  urgencyHorizonFactor: 0.1,
};

/** What a job's progress is worth. */
export interface ProgressWorth {
  /** B_j: worth of the remaining work in USD, however fast it is done. */
  readonly workUsd: number;
  /** U_j: worth in USD of doing it at the pace that meets the due date. */
  readonly onTimeUsd: number;
  /** 1 / (d_j − T) in 1/s: the pace that meets the due date if durations come true; Infinity after it, since then every second counts. */
  readonly pacePerSecond: number;
  /** σ_j */
  readonly restSpread: number;
}

/** Beyond so many deviations the normal distribution is 0 or 1 to the accuracy it is computed with. */
const MOST_DEVIATIONS = 5.5;

/** Deviations that F_j exceeds one time in twenty, and one time in five. */
const SLACK_DEVIATIONS = 1.645;
const URGENCY_DEVIATIONS = 0.8416;

/** d_j − T − exp(z σ_j) t^min_j in seconds: how long a job can still wait and be on time unless F_j exceeds its z-th deviation. */
const slackWithin = (job: PlanningJob, nowSeconds: number, deviations: number): number =>
  job.dueAtSeconds - nowSeconds - Math.exp(deviations * (job.restSpread ?? 0)) * shortestDurationSeconds(job);

/** d_j − T − exp(1.645 σ_j) t^min_j in seconds: how long a job can still wait and hardly be late. */
export const slackSeconds = (job: PlanningJob, nowSeconds: number): number =>
  slackWithin(job, nowSeconds, SLACK_DEVIATIONS);

/**
 * Its slack by each margin, the safest first: what is left where F_j does not exceed its 95 % quantile, its 80 % quantile and its median. As one is
 * used up the next is still falling, and urgency rises with it. One slack where predictions do not err.
 */
export const slacksSeconds = (job: PlanningJob, nowSeconds: number): readonly number[] =>
  ((job.restSpread ?? 0) > 0 ? [SLACK_DEVIATIONS, URGENCY_DEVIATIONS, 0] : [0]).map((deviations) =>
    slackWithin(job, nowSeconds, deviations),
  );

/** What the progress of every job of a problem is worth, by job id. */
export function progressWorths(
  problem: PlanningProblem,
  parameters: ProgressValueParameters = PROGRESS_VALUE_PARAMETERS,
): ReadonlyMap<JobId, ProgressWorth> {
  const vmTypes = new Map(problem.vmTypes.map((vmType) => [vmType.id, vmType]));
  const efforts = problem.jobs.map((job) => leastEffort(job, vmTypes));
  const { drainSeconds, aheadSeconds } = queueOf(problem, efforts);
  // Jobs of one network have one spread, so that of the last job is kept.
  let known = { restSpread: 0, factors: restFactors(0) };
  return new Map(
    efforts.map(({ job, shortestSeconds, sharedUsd, aloneUsd }, index) => {
      const alone = parameters.aloneCostFactor * (aloneUsd - sharedUsd);
      const late = job.tardinessCostPerSecondUsd * Math.max(drainSeconds, shortestSeconds);
      const horizonSeconds = parameters.urgencyHorizonFactor * shortestSeconds + (aheadSeconds[index] ?? 0);
      const restSpread = job.restSpread ?? 0;
      if (known.restSpread !== restSpread) known = { restSpread, factors: restFactors(restSpread) };
      const when = {
        factors: known.factors,
        shortestSeconds,
        horizonSeconds,
        nowSeconds: problem.nowSeconds,
      };
      return [
        job.id,
        {
          workUsd: parameters.sharedCostFactor * sharedUsd,
          onTimeUsd: (alone + late) * urgency(job, when),
          pacePerSecond: 1 / Math.max(0, job.dueAtSeconds - problem.nowSeconds),
          restSpread,
        },
      ];
    }),
  );
}

/** The mean over Z is taken as that of this many quantiles, each in the middle of a range of equal probability. */
const QUANTILES = 12;
const DEVIATIONS = Array.from({ length: QUANTILES }, (_, index) =>
  normalQuantileBeyond((index + 0.5) / QUANTILES),
);

/** κ F at each of the quantiles of F under E*, by a spread. */
function restFactors(restSpread: number): readonly number[] {
  if (restSpread < LEAST_SPREAD) return [1];
  return DEVIATIONS.map((deviations) =>
    Math.exp(restSpread * (deviations + URGENCY_DEVIATIONS) - restSpread ** 2),
  );
}

/** u_j in (0, 1]: how near a job is to being late, in the mean over what may be left of it. */
function urgency(
  job: PlanningJob,
  args: {
    readonly factors: readonly number[];
    readonly nowSeconds: number;
    readonly shortestSeconds: number;
    readonly horizonSeconds: number;
  },
): number {
  const { factors, shortestSeconds, horizonSeconds } = args;
  const leftSeconds = job.dueAtSeconds - args.nowSeconds;
  let sum = 0;
  for (const factor of factors)
    sum += Math.exp(-Math.max(0, leftSeconds - factor * shortestSeconds) / horizonSeconds);
  return sum / factors.length;
}

/** The least that the remaining work of a job takes. */
interface Effort {
  readonly job: PlanningJob;
  /** t^min_j */
  readonly shortestSeconds: number;
  /** n_j in node-seconds. */
  readonly nodeSeconds: number;
  /** C*_j */
  readonly sharedUsd: number;
  /** C¹_j */
  readonly aloneUsd: number;
}

function leastEffort(job: PlanningJob, vmTypes: ReadonlyMap<VmTypeId, VmType>): Effort {
  let shortestSeconds = Infinity;
  let nodeSeconds = Infinity;
  let sharedUsd = Infinity;
  let aloneUsd = Infinity;
  let vmType: VmType | undefined;
  for (const { vmTypeId, gpus, durationSeconds } of job.configurations) {
    shortestSeconds = Math.min(shortestSeconds, durationSeconds);
    // Configurations are sorted by VM type.
    if (vmType?.id !== vmTypeId) vmType = vmTypes.get(vmTypeId);
    if (vmType === undefined) continue;
    // A node that is paid for anyway costs nothing more, but what it does is worth what it would cost elsewhere; else it would stand idle.
    const pricePerHourUsd = vmType.worthPerHourUsd ?? vmType.pricePerHourUsd;
    const nodeUsd = rentUsd({ pricePerHourUsd, durationSeconds });
    nodeSeconds = Math.min(nodeSeconds, (durationSeconds * gpus) / vmType.gpuCount);
    sharedUsd = Math.min(sharedUsd, (nodeUsd * gpus) / vmType.gpuCount);
    aloneUsd = Math.min(aloneUsd, nodeUsd);
  }
  return { job, shortestSeconds, nodeSeconds, sharedUsd, aloneUsd };
}

interface Queue {
  /** D */
  readonly drainSeconds: number;
  /** A_j by position of the job: jobs that are due at the same time have the same, so that identical jobs stay interchangeable. */
  readonly aheadSeconds: Float64Array;
}

/** How many nodes the limits allow at the most; a limit that does not count some VM type allows any number. */
function mostNodesWithin({ nodeLimits, vmTypes }: PlanningProblem): number {
  return nodeLimits.reduce((most, limit) => {
    const least = Math.min(...vmTypes.map(({ id }) => limitWeight(limit, id)));
    return least > 0 ? Math.min(most, limit.limit / least) : most;
  }, Infinity);
}

function queueOf(problem: PlanningProblem, efforts: readonly Effort[]): Queue {
  const quotas = problem.vmTypes.reduce((sum, vmType) => sum + quotaWithin(vmType, problem.maxNodes), 0);
  const nodes = Math.max(1, Math.min(problem.maxNodes, quotas, mostNodesWithin(problem)));
  const dueAtSeconds = Float64Array.from(efforts, ({ job }) => job.dueAtSeconds);
  const byDueDate = Uint32Array.from(efforts.keys()).sort(
    (a, b) => (dueAtSeconds[a] ?? 0) - (dueAtSeconds[b] ?? 0) || a - b,
  );
  const aheadSeconds = new Float64Array(efforts.length);
  let drainSeconds = 0;
  for (let first = 0, next = 0; first < byDueDate.length; first = next) {
    const due = dueAtSeconds[byDueDate[first] ?? 0];
    for (; next < byDueDate.length && dueAtSeconds[byDueDate[next] ?? 0] === due; next += 1) {
      const nodeSeconds = efforts[byDueDate[next] ?? 0]?.nodeSeconds ?? Infinity;
      // A job that no VM type of the problem hosts stands in nobody's way.
      if (nodeSeconds < Infinity) drainSeconds += nodeSeconds / nodes;
    }
    for (let place = first; place < next; place += 1) aheadSeconds[byDueDate[place] ?? 0] = drainSeconds;
  }
  return { drainSeconds, aheadSeconds };
}

/** R_jvg in USD per second: what a job's progress in one configuration is worth. */
function worthPerSecondUsd(worth: ProgressWorth, { durationSeconds }: Configuration): number {
  const perSecond = 1 / durationSeconds;
  return worth.workUsd * perSecond + worth.onTimeUsd * neededPace(perSecond, worth);
}

/**
 * E* min(p, F/s) for p, 1/s in 1/s: what of a pace a job needs. With F lognormal, φ its spread, m = e^{−φ²} its median under E* and x = ln(p s / m) / φ
 * it is m e^{φ²/2} Φ(x − φ) / s + p Φ(−x), the limited expected value (Klugman, Panjer, Willmot: Loss Models, App. A.5.1).
 */
function neededPace(perSecond: number, { pacePerSecond, restSpread }: ProgressWorth): number {
  if (restSpread < LEAST_SPREAD || pacePerSecond === Infinity) return Math.min(perSecond, pacePerSecond);
  const deviations = Math.log(perSecond / pacePerSecond) / restSpread + restSpread;
  if (deviations < -MOST_DEVIATIONS) return perSecond;
  const meanPacePerSecond = pacePerSecond * Math.exp(-(restSpread ** 2) / 2);
  if (deviations > MOST_DEVIATIONS + restSpread) return meanPacePerSecond;
  return meanPacePerSecond * normalBeyond(restSpread - deviations) + perSecond * normalBeyond(deviations);
}

/** The objective for one problem; what a job is worth is computed once. */
export function progressValueObjective(
  problem: PlanningProblem,
  parameters: ProgressValueParameters = PROGRESS_VALUE_PARAMETERS,
): SeparableObjective {
  const worths = progressWorths(problem, parameters);
  // A job's configurations are asked for one after the other.
  let lastJob: PlanningJob | undefined;
  let worth: ProgressWorth | undefined;
  return separableObjective(problem, {
    name: "progress-value",
    sense: "maximize",
    unit: "USD per hour",
    running: (job, configuration) => {
      if (job !== lastJob) worth = worths.get(job.id);
      lastJob = job;
      return worth === undefined ? 0 : -worthPerSecondUsd(worth, configuration) * SECONDS_PER_HOUR;
    },
    waiting: () => 0,
    node: (vmType: VmType) => vmType.pricePerHourUsd,
  });
}
