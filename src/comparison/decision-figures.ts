/**
 * What a single decision comes to. Running jobs: expected rent and tardiness where they are put. Waiting jobs: when they start is not known, so they count with
 * what they cost at the least from now on (fluid-bound.ts); without that a variant would look cheap for letting jobs wait. All at median durations, also where the
 * decision counted on others.
 */
import { gpusInUse } from "../domain/allocation.ts";
import type { ClusterState, JobState } from "../domain/cluster-state.ts";
import { shareOfRentUsd } from "../domain/cost.ts";
import type { JobId, VmTypeId } from "../domain/ids.ts";
import type { JobForecast, Plan } from "../domain/plan.ts";
import { vmTypesOf } from "../domain/vm-type.ts";
import { forecastJobs } from "../planner/forecast.ts";
import { jobFluidBoundUsd } from "../simulator/fluid-bound.ts";

/** A number of nodes of one VM type. */
export interface NodesOfVmType {
  readonly vmTypeId: VmTypeId;
  readonly nodes: number;
}

/** One job under a decision. */
export interface JobUnderDecision {
  readonly forecast: JobForecast;
  /** Expected rent share and tardiness of a job that runs; of one that waits the least that it will cost. */
  readonly costUsd: number;
}

/** Sums over a decision. */
export interface DecisionFigures {
  readonly runningJobs: number;
  readonly waitingJobs: number;
  readonly rentPerHourUsd: number;
  /** Of running jobs until each completes. */
  readonly rentUsd: number;
  readonly tardinessCostUsd: number;
  /** Rent and tardiness of waiting jobs, at least. */
  readonly waitingCostUsd: number;
  /** Sum of the three; a lower bound when a job waits. */
  readonly totalCostUsd: number;
  /** Expected of running jobs, unavoidable of waiting ones. */
  readonly tardinessSeconds: number;
  readonly lateJobs: number;
  /** GPUs in use over GPUs rented; null when nothing is rented. */
  readonly gpuUtilisation: number | null;
  /** Sorted by VM type id. */
  readonly nodesByVmType: readonly NodesOfVmType[];
  readonly jobs: ReadonlyMap<JobId, JobUnderDecision>;
}

/** Figures of a plan on the state (with median durations) that it was decided on. */
export function decisionFigures(state: ClusterState, plan: Pick<Plan, "allocation">): DecisionFigures {
  const { allocation } = plan;
  const forecasts = forecastJobs(state, allocation);
  const entries = new Map(state.jobs.map((entry) => [entry.id, entry]));
  const jobs = new Map(
    forecasts.map((forecast): [JobId, JobUnderDecision] => {
      if (forecast.kind === "running") {
        const costUsd = forecast.expectedRentUsd + forecast.expectedTardinessCostUsd;
        return [forecast.jobId, { forecast, costUsd }];
      }
      const entry = entries.get(forecast.jobId);
      if (entry === undefined) throw new Error(`Job ${forecast.jobId} is not in the state`);
      return [forecast.jobId, { forecast, costUsd: leastCostUsd(state, entry) }];
    }),
  );
  const running = forecasts.filter((forecast) => forecast.kind === "running");
  const waiting = forecasts.filter((forecast) => forecast.kind === "waiting");
  const vmTypes = vmTypesOf(allocation, state.settings.vmTypes);
  const rentUsd = sum(running.map((forecast) => forecast.expectedRentUsd));
  const tardinessCostUsd = sum(running.map((forecast) => forecast.expectedTardinessCostUsd));
  const waitingCostUsd = sum(waiting.map(({ jobId }) => jobs.get(jobId)?.costUsd ?? 0));
  const rentedGpus = sum(vmTypes.map((vmType) => vmType.gpuCount));
  const late = [
    ...running.map((forecast) => forecast.expectedTardinessSeconds),
    ...waiting.map((forecast) => forecast.leastTardinessSeconds),
  ];
  return {
    runningJobs: running.length,
    waitingJobs: waiting.length,
    rentPerHourUsd: sum(vmTypes.map((vmType) => vmType.pricePerHourUsd)),
    rentUsd,
    tardinessCostUsd,
    waitingCostUsd,
    totalCostUsd: rentUsd + tardinessCostUsd + waitingCostUsd,
    tardinessSeconds: sum(late),
    lateJobs: late.filter((seconds) => seconds > 0).length,
    gpuUtilisation: rentedGpus === 0 ? null : sum(allocation.nodes.map(gpusInUse)) / rentedGpus,
    nodesByVmType: state.settings.vmTypes.flatMap(({ id }) => {
      const nodes = allocation.nodes.filter(({ vmTypeId }) => vmTypeId === id).length;
      return nodes === 0 ? [] : [{ vmTypeId: id, nodes }];
    }),
    jobs,
  };
}

/** What is left of a job costs no less, whenever it starts from now on and whoever shares its node. */
function leastCostUsd(state: ClusterState, { job, completedShare, pace }: JobState): number {
  const vmTypes = new Map(state.settings.vmTypes.map((vmType) => [vmType.id, vmType]));
  const runs = job.durations.entries.flatMap(({ vmTypeId, gpus, durationSeconds: whole }) => {
    const vmType = vmTypes.get(vmTypeId);
    if (vmType === undefined) return [];
    const durationSeconds = whole * pace.factor * (1 - completedShare);
    const rentUsd = shareOfRentUsd({ ...vmType, durationSeconds, gpus, gpusInUse: vmType.gpuCount });
    return [{ durationSeconds, rentUsd }];
  });
  return jobFluidBoundUsd({ ...job, submittedAtSeconds: state.nowSeconds ?? job.submittedAtSeconds }, runs);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
