/**
 * Progress value, the default objective (docs/formulation.md): rent is paid for as long as the work it buys is worth more.
 *
 *   max  Σ_j Σ_vg R_jvg x_jvg − Σ_v c_v z_v                                      USD per hour
 *
 *   t^min_j = min_vg t_jvg                      s      fastest configuration
 *   n_j     = min_vg t_jvg g / G_v              s      node-seconds of the remaining work where it takes least of a node
 *   C*_j    = min_vg t_jvg c_v g / G_v          USD    cheapest when every GPU of the node is shared
 *   C¹_j    = min_vg t_jvg c_v                  USD    cheapest alone on a node
 *   s_j     = d_j − T − κ_j t^min_j             s      slack; κ_j ≥ 1 where a prediction may err (planner/remaining-work.ts)
 *   D       = Σ_k n_k / N                       s      drain: how long N full nodes need for all the work there is
 *   A_j     = Σ_{k: d_k ≤ d_j} n_k / N          s      how long they need for the work that is due no later than j
 *
 *   B_j = α C*_j                                                                        USD    worth of the work itself
 *   U_j = [β (C¹_j − C*_j) + ω_j max(D, t^min_j)] · exp(−max(0, s_j) / (θ t^min_j + A_j))   USD    worth of being on time
 *   R_jvg = B_j / t_jvg + U_j · min(1 / t_jvg, κ_j / (d_j − T))   s_j > 0
 *   R_jvg = (B_j + U_j) / t_jvg                                   s_j ≤ 0
 *
 * A job without urgency is worth α times its cheapest shared cost, so that it runs where sharing is cheap and waits otherwise.
 * As its slack goes, a node of its own and its tardiness enter. Three things make that hold when nodes are short:
 *   pace     on time is on time: progress beyond the pace κ_j / (d_j − T) that meets the due date is worth B_j only, so that urgent jobs take the
 *            GPUs they need and no more. More GPUs do less work for each GPU-second, which is what ruins an overloaded cluster.
 *            A prediction that may err asks for κ_j times that pace, so that the due date is likely to be met.
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
import { SECONDS_PER_HOUR } from "../domain/units.ts";
import type { VmType } from "../domain/vm-type.ts";
import { quotaWithin } from "../domain/vm-type.ts";
import type { SeparableObjective } from "./objective.ts";
import { separableObjective } from "./objective.ts";

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
  /** κ_j / (d_j − T) in 1/s; Infinity once the due date can no longer be met, since then every second counts. */
  readonly pacePerSecond: number;
}

/** s_j = d_j − T − κ_j t^min_j in seconds: how long a job can still wait without being late. */
export function slackSeconds(job: PlanningJob, nowSeconds: number): number {
  return job.dueAtSeconds - nowSeconds - (job.marginFactor ?? 1) * shortestDurationSeconds(job);
}

/** What the progress of every job of a problem is worth, by job id. */
export function progressWorths(
  problem: PlanningProblem,
  parameters: ProgressValueParameters = PROGRESS_VALUE_PARAMETERS,
): ReadonlyMap<JobId, ProgressWorth> {
  const vmTypes = new Map(problem.vmTypes.map((vmType) => [vmType.id, vmType]));
  const efforts = problem.jobs.map((job) => leastEffort(job, vmTypes));
  const { drainSeconds, aheadSeconds } = queueOf(problem, efforts);
  return new Map(
    efforts.map(({ job, sharedUsd, aloneUsd }) => {
      const shortestSeconds = shortestDurationSeconds(job);
      const slack = slackSeconds(job, problem.nowSeconds);
      const alone = parameters.aloneCostFactor * (aloneUsd - sharedUsd);
      const late = job.tardinessCostPerSecondUsd * Math.max(drainSeconds, shortestSeconds);
      const horizonSeconds =
        parameters.urgencyHorizonFactor * shortestSeconds + (aheadSeconds.get(job.dueAtSeconds) ?? 0);
      return [
        job.id,
        {
          workUsd: parameters.sharedCostFactor * sharedUsd,
          onTimeUsd: (alone + late) * Math.exp(-Math.max(0, slack) / horizonSeconds),
          pacePerSecond:
            slack > 0 ? (job.marginFactor ?? 1) / (job.dueAtSeconds - problem.nowSeconds) : Infinity,
        },
      ];
    }),
  );
}

/** The least that the remaining work of a job takes. */
interface Effort {
  readonly job: PlanningJob;
  /** n_j in node-seconds. */
  readonly nodeSeconds: number;
  /** C*_j */
  readonly sharedUsd: number;
  /** C¹_j */
  readonly aloneUsd: number;
}

function leastEffort(job: PlanningJob, vmTypes: ReadonlyMap<VmTypeId, VmType>): Effort {
  let nodeSeconds = Infinity;
  let sharedUsd = Infinity;
  let aloneUsd = Infinity;
  for (const { vmTypeId, gpus, durationSeconds } of job.configurations) {
    const vmType = vmTypes.get(vmTypeId);
    if (vmType === undefined) continue;
    // A node that is paid for anyway costs nothing more, but what it does is worth what it would cost elsewhere; else it would stand idle.
    const pricePerHourUsd = vmType.worthPerHourUsd ?? vmType.pricePerHourUsd;
    const nodeUsd = rentUsd({ pricePerHourUsd, durationSeconds });
    nodeSeconds = Math.min(nodeSeconds, (durationSeconds * gpus) / vmType.gpuCount);
    sharedUsd = Math.min(sharedUsd, (nodeUsd * gpus) / vmType.gpuCount);
    aloneUsd = Math.min(aloneUsd, nodeUsd);
  }
  return { job, nodeSeconds, sharedUsd, aloneUsd };
}

interface Queue {
  /** D */
  readonly drainSeconds: number;
  /** A_j by d_j: jobs that are due at the same time have the same, so that identical jobs stay interchangeable. */
  readonly aheadSeconds: ReadonlyMap<number, number>;
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
  const work = new Map<number, number>();
  for (const { job, nodeSeconds } of efforts) {
    // A job that no VM type of the problem hosts stands in nobody's way.
    if (nodeSeconds === Infinity) continue;
    work.set(job.dueAtSeconds, (work.get(job.dueAtSeconds) ?? 0) + nodeSeconds);
  }
  let drainSeconds = 0;
  const aheadSeconds = new Map<number, number>();
  for (const [dueAtSeconds, nodeSeconds] of [...work].sort(([a], [b]) => a - b)) {
    drainSeconds += nodeSeconds / nodes;
    aheadSeconds.set(dueAtSeconds, drainSeconds);
  }
  return { drainSeconds, aheadSeconds };
}

/** R_jvg in USD per second: what a job's progress in one configuration is worth. */
function worthPerSecondUsd(worth: ProgressWorth, { durationSeconds }: Configuration): number {
  const perSecond = 1 / durationSeconds;
  return worth.workUsd * perSecond + worth.onTimeUsd * Math.min(perSecond, worth.pacePerSecond);
}

/** The objective for one problem; what a job is worth is computed once. */
export function progressValueObjective(
  problem: PlanningProblem,
  parameters: ProgressValueParameters = PROGRESS_VALUE_PARAMETERS,
): SeparableObjective {
  const worths = progressWorths(problem, parameters);
  return separableObjective(problem, {
    name: "progress-value",
    sense: "maximize",
    unit: "USD per hour",
    running: (job, configuration) => {
      const worth = worths.get(job.id);
      return worth === undefined ? 0 : -worthPerSecondUsd(worth, configuration) * SECONDS_PER_HOUR;
    },
    waiting: () => 0,
    node: (vmType: VmType) => vmType.pricePerHourUsd,
  });
}
