/**
 * Progress value, the default objective (formulation.md §3): rent is paid for as long as the work it buys is worth more.
 *
 *   max  Σ_j Σ_vg (V_j / t_jvg) x_jvg − Σ_v c_v z_v                     USD per hour
 *
 *   t^min_j = min_vg t_jvg                      s      fastest configuration
 *   C*_j    = min_vg t_jvg c_v g / G_v          USD    cheapest when every GPU of the node is shared
 *   C¹_j    = min_vg t_jvg c_v                  USD    cheapest alone on a node
 *   s_j     = d_j − T − t^min_j                 s      slack
 *   V_j = α C*_j + [β (C¹_j − C*_j) + ω_j t^min_j] · exp(−s_j / (θ t^min_j))     s_j > 0
 *   V_j = α C*_j +  β (C¹_j − C*_j) + 4 ω_j t^min_j                              s_j ≤ 0
 *
 * V_j is what finishing the remaining work of j is worth now. A job without urgency is worth α times its cheapest shared cost, so that it
 * runs where sharing is cheap and waits otherwise; as its slack goes, a node of its own and its tardiness enter.
 * In V_j, c_v of a node that is paid for anyway is what it would cost otherwise (`worthPerHourUsd`); in the objective it is 0.
 * Scale: rates are per hour, since rents of cents per second would vanish in the solver's absolute tolerances.
 */
import type { PlanningJob, PlanningProblem } from "../domain/planning-problem.ts";
import { shortestDurationSeconds } from "../domain/planning-problem.ts";
import type { VmTypeId } from "../domain/ids.ts";
import { rentUsd } from "../domain/cost.ts";
import { SECONDS_PER_HOUR } from "../domain/units.ts";
import type { VmType } from "../domain/vm-type.ts";
import type { SeparableObjective } from "./objective.ts";
import { separableObjective } from "./objective.ts";

/** Parameters of V_j, dimensionless. */
export interface ProgressValueParameters {
  /** α: worth of a job without urgency, in multiples of its cheapest shared cost. */
  readonly sharedCostFactor: number;
  /** β: weight of a node of its own when the job is urgent. */
  readonly aloneCostFactor: number;
  /** θ: slack, in multiples of t^min, at which urgency has fallen to 1/e. */
  readonly urgencyHorizonFactor: number;
  /** Weight of the tardiness rate once the slack is used up. */
  readonly lateFactor: number;
}

/** Values that a sensitivity study found flat around (formulation.md §3). */
export const PROGRESS_VALUE_PARAMETERS: ProgressValueParameters = {
  sharedCostFactor: 1.3,
  aloneCostFactor: 1,
  urgencyHorizonFactor: 0.1,
  lateFactor: 4,
};

/** s_j = d_j − T − t^min_j in seconds: how long a job can still wait without being late. */
export function slackSeconds(job: PlanningJob, nowSeconds: number): number {
  return job.dueAtSeconds - nowSeconds - shortestDurationSeconds(job);
}

/** V_j in USD: worth of finishing the remaining work of a job now. */
export function progressValueUsd(
  problem: PlanningProblem,
  job: PlanningJob,
  parameters: ProgressValueParameters,
): number {
  return valueUsd(problem, { job, vmTypes: vmTypesById(problem), parameters });
}

const vmTypesById = (problem: PlanningProblem): ReadonlyMap<VmTypeId, VmType> =>
  new Map(problem.vmTypes.map((vmType) => [vmType.id, vmType]));

function valueUsd(
  problem: PlanningProblem,
  args: {
    readonly job: PlanningJob;
    readonly vmTypes: ReadonlyMap<VmTypeId, VmType>;
    readonly parameters: ProgressValueParameters;
  },
): number {
  const { job, vmTypes, parameters } = args;
  const shortestSeconds = shortestDurationSeconds(job);
  let sharedUsd = Infinity;
  let aloneUsd = Infinity;
  for (const { vmTypeId, gpus, durationSeconds } of job.configurations) {
    const vmType = vmTypes.get(vmTypeId);
    if (vmType === undefined) continue;
    // A node that is paid for anyway costs nothing more, but what it does is worth what it would cost elsewhere; else it would stand idle.
    const pricePerHourUsd = vmType.worthPerHourUsd ?? vmType.pricePerHourUsd;
    const nodeUsd = rentUsd({ pricePerHourUsd, durationSeconds });
    sharedUsd = Math.min(sharedUsd, (nodeUsd * gpus) / vmType.gpuCount);
    aloneUsd = Math.min(aloneUsd, nodeUsd);
  }
  const base = parameters.sharedCostFactor * sharedUsd;
  const alone = parameters.aloneCostFactor * (aloneUsd - sharedUsd);
  const tardiness = job.tardinessCostPerSecondUsd * shortestSeconds;
  const slack = slackSeconds(job, problem.nowSeconds);
  return slack > 0
    ? base + (alone + tardiness) * Math.exp(-slack / (parameters.urgencyHorizonFactor * shortestSeconds))
    : base + alone + parameters.lateFactor * tardiness;
}

/** The objective for one problem; each V_j is computed once. */
export function progressValueObjective(
  problem: PlanningProblem,
  parameters: ProgressValueParameters = PROGRESS_VALUE_PARAMETERS,
): SeparableObjective {
  const vmTypes = vmTypesById(problem);
  const values = new Map(
    problem.jobs.map((job) => [job.id, valueUsd(problem, { job, vmTypes, parameters })]),
  );
  return separableObjective(problem, {
    name: "progress-value",
    sense: "maximize",
    unit: "USD per hour",
    running: (job, configuration) =>
      (-(values.get(job.id) ?? 0) / configuration.durationSeconds) * SECONDS_PER_HOUR,
    waiting: () => 0,
    node: (vmType: VmType) => vmType.pricePerHourUsd,
  });
}
