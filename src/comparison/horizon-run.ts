/**
 * One variant from now to the completion of every job. Decisions count on the durations that the variant plans with; jobs take their median durations, at the pace
 * that their own reports show, whatever was planned.
 */
import type { ClusterState } from "../domain/cluster-state.ts";
import { activeJobs } from "../domain/cluster-state.ts";
import type { JobId } from "../domain/ids.ts";
import type { Job } from "../domain/job.ts";
import type { SolverPort } from "../milp/solver-port.ts";
import type { PolicyName } from "../planner/policy.ts";
import type { ActualSeconds } from "../simulator/actual-durations.ts";
import { asPredicted } from "../simulator/actual-durations.ts";
import { fluidBoundUsd } from "../simulator/fluid-bound.ts";
import type { History } from "../simulator/history.ts";
import { historyRecorder } from "../simulator/history.ts";
import type { SimulationMetrics } from "../simulator/metrics.ts";
import { metricsOf } from "../simulator/metrics.ts";
import { simulate } from "../simulator/simulate.ts";
import type { PriceSum } from "./limit-price-sums.ts";
import { limitPriceSums } from "./limit-price-sums.ts";
import { plannedJob, plannedState } from "./planned-durations.ts";
import type { DurationPercentile, VariantCase } from "./variant.ts";

/** A horizon to simulate: plain data, so that it can go to a worker. */
export interface HorizonTask {
  readonly name: string;
  /** Before its first event, or at the moment from which to go on. */
  readonly state: ClusterState;
  readonly arrivals: readonly Job[];
  readonly policy: PolicyName;
  readonly plannedDurations: DurationPercentile;
  readonly seed: number;
  readonly relativeGap: number;
  /** Branch-and-bound nodes of one decision; null is unlimited. No clock limits a simulation, so that it can be repeated. */
  readonly maxTreeNodes: number | null;
  /** Whether the dual prices of limits are worked out at every decision, which makes it about twice as long. */
  readonly prices: "none" | "every-decision";
}

/** A horizon that has been simulated; costs are those from its beginning on. */
export interface HorizonRun {
  readonly metrics: SimulationMetrics;
  readonly history: History;
  /** Largest proven gap of any decision; null when a decision had no bound. */
  readonly largestGap: number | null;
  /** null when nobody asked for them, or where the policy has no prices in USD per hour. */
  readonly priceSums: readonly PriceSum[] | null;
}

/** How decisions of a horizon stop. */
export type HorizonLimits = Pick<HorizonTask, "seed" | "relativeGap" | "maxTreeNodes">;

/** The task of a variant. */
export function horizonTask(
  own: VariantCase,
  limits: HorizonLimits,
  prices: HorizonTask["prices"] = "none",
): HorizonTask {
  const { variant, state, arrivals, policy, plannedDurations } = own;
  const { seed, relativeGap, maxTreeNodes } = limits;
  return {
    name: variant.name,
    state,
    arrivals,
    policy,
    plannedDurations,
    seed,
    relativeGap,
    maxTreeNodes,
    prices,
  };
}

/** Whoever waits for one horizon. */
export interface HorizonWatch {
  /** Is told the share of its jobs that are complete. */
  readonly onShare?: (share: number) => void;
  /** Awaited after every decision. */
  readonly pause?: () => Promise<"go-on" | "stop">;
}

/** Simulates a horizon; null when the watch stopped it. */
export async function runHorizon(
  task: HorizonTask,
  solver: SolverPort,
  { onShare, pause }: HorizonWatch = {},
): Promise<HorizonRun | null> {
  const { state, arrivals } = task;
  const present = activeJobs(state);
  const actualSeconds = medianDurations(state, arrivals);
  const recorder = historyRecorder(state.settings.vmTypes);
  const jobCount = present.length + arrivals.length;
  let completed = 0;
  let largestGap: number | null = 0;
  let decisionCount = 0;
  const priceSums = task.prices === "none" ? null : limitPriceSums(task.policy);
  const result = await simulate({
    settings: state.settings,
    jobs: arrivals.map((job) => plannedJob(job, task.plannedDurations)),
    ...(state.nowSeconds === null ? {} : { initial: plannedState(state, task.plannedDurations) }),
    means: {
      policy: task.policy,
      solver,
      limits: {
        relativeGap: task.relativeGap,
        maxTreeNodes: task.maxTreeNodes,
        deadlineSeconds: null,
        seed: task.seed,
      },
    },
    untilSeconds: null,
    actualSeconds,
    onDecision: (decision, events) => {
      const { gap, stopReason } = decision.plan.proof;
      if (stopReason !== "nothing-to-decide")
        largestGap = gap === null || largestGap === null ? null : Math.max(largestGap, gap);
      // The recorder knows jobs by their arrival; those that were there already arrive with the first decision.
      const atSeconds = decision.plan.decidedAtSeconds;
      const arrived = { kind: "jobs-arrived", jobs: present.map(({ job }) => job), atSeconds } as const;
      recorder.record(
        decision,
        decisionCount === 0 && present.length > 0 ? [arrived, ...events] : events,
        null,
      );
      priceSums?.record(decision);
      decisionCount += 1;
      completed += events.filter((event) => event.kind === "job-completed").length;
      onShare?.(jobCount === 0 ? 1 : completed / jobCount);
    },
    ...(pause === undefined ? {} : { pause }),
  });
  // Nothing but the watch ends a simulation before every job has completed.
  if (completed < jobCount) return null;
  const history = recorder.history();
  return {
    history,
    largestGap,
    priceSums: priceSums?.sums() ?? null,
    metrics: metricsOf(result.state, history, lowerBoundUsd(task, actualSeconds)),
  };
}

/** Predicted medians at each job's own pace, whatever durations the decisions counted on. */
function medianDurations(state: ClusterState, arrivals: readonly Job[]): ActualSeconds {
  const jobs = new Map<JobId, Job>(arrivals.map((job) => [job.id, job]));
  const paces = new Map<JobId, number>();
  for (const { id, job, pace } of state.jobs) {
    jobs.set(id, job);
    paces.set(id, pace.factor);
  }
  return ({ id }, vmTypeId, gpus) => {
    const job = jobs.get(id);
    if (job === undefined) throw new Error(`Job ${id} is not in the horizon`);
    return asPredicted(job, vmTypeId, gpus) * (paces.get(id) ?? 1);
  };
}

/** The fluid bound of what is left: jobs that are there already start now and count with the rest of their work. */
function lowerBoundUsd({ state, arrivals }: HorizonTask, actualSeconds: ActualSeconds): number {
  const present = activeJobs(state);
  const left = new Map(present.map((entry) => [entry.id, 1 - entry.completedShare]));
  return fluidBoundUsd({
    ...state.settings,
    jobs: [
      ...present.map(({ job }) => ({
        ...job,
        submittedAtSeconds: state.nowSeconds ?? job.submittedAtSeconds,
      })),
      ...arrivals,
    ],
    actualSeconds: (job, vmTypeId, gpus) => actualSeconds(job, vmTypeId, gpus) * (left.get(job.id) ?? 1),
  });
}
