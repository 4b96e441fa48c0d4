/**
 * The literature's objective: what happens until the first job of each node completes (Jahani et al., ICCCS 2019, as reconstructed in
 * formulation.md §1).
 *
 *   min  Σ_n π_n + Σ_j ω_j (τ_j + ρ τ̂_j)                                USD
 *
 *   π_n  rent of node n until its first completion: c_v · min t_jvg over its jobs
 *   τ_j  tardiness of a running job, max(0, T + t_jvg − d_j), or so far of a waiting one, max(0, T − d_j)
 *   τ̂_j  worst-case tardiness of a waiting job: max(0, T + maxExec_j − d_j)
 */
import type { Allocation } from "../domain/allocation.ts";
import { placements } from "../domain/allocation.ts";
import { rentUsd, tardinessCostUsd } from "../domain/cost.ts";
import type { PlanningJob, PlanningProblem } from "../domain/planning-problem.ts";
import { findConfiguration, longestDurationSeconds } from "../domain/planning-problem.ts";
import type { Objective } from "./objective.ts";

/** ρ: how much worse a waiting job's worst case weighs than a running job's tardiness. */
export const WAITING_PENALTY_FACTOR = 100;

/** The literature's objective; it couples the jobs of a node, so that only the per-node formulation can pose it. */
export interface FirstCompletionObjective extends Objective {
  readonly kind: "first-completion";
}

/** ω_j τ_j in USD of a job that ends `durationSeconds` from now. */
export function tardinessIfEndingUsd(
  problem: PlanningProblem,
  job: PlanningJob,
  durationSeconds: number,
): number {
  return tardinessCostUsd({
    completionAtSeconds: problem.nowSeconds + durationSeconds,
    dueAtSeconds: job.dueAtSeconds,
    tardinessCostPerSecondUsd: job.tardinessCostPerSecondUsd,
  });
}

/** ω_j ρ τ̂_j in USD of a job that waits. */
export function waitingPenaltyUsd(problem: PlanningProblem, job: PlanningJob): number {
  return WAITING_PENALTY_FACTOR * tardinessIfEndingUsd(problem, job, longestDurationSeconds(job));
}

/** The objective for one problem. */
export function firstCompletionObjective(problem: PlanningProblem): FirstCompletionObjective {
  const jobs = new Map(problem.jobs.map((job) => [job.id, job]));
  const costOf = (allocation: Allocation): number => {
    const placed = placements(allocation);
    const waiting = problem.jobs
      .filter((job) => !placed.has(job.id))
      .reduce(
        (total, job) => total + waitingPenaltyUsd(problem, job) + tardinessIfEndingUsd(problem, job, 0),
        0,
      );
    return allocation.nodes.reduce((total, node) => {
      const durations = node.parts.map((part) => {
        const job = jobs.get(part.jobId);
        const configuration =
          job === undefined ? undefined : findConfiguration(job, node.vmTypeId, part.gpus);
        return { job, durationSeconds: configuration?.durationSeconds ?? Infinity };
      });
      const pricePerHourUsd =
        problem.vmTypes.find((vmType) => vmType.id === node.vmTypeId)?.pricePerHourUsd ?? Infinity;
      const firstSeconds = Math.min(...durations.map(({ durationSeconds }) => durationSeconds));
      const late = durations.reduce(
        (sum, { job, durationSeconds }) =>
          sum + (job === undefined ? Infinity : tardinessIfEndingUsd(problem, job, durationSeconds)),
        0,
      );
      return total + rentUsd({ pricePerHourUsd, durationSeconds: firstSeconds }) + late;
    }, waiting);
  };
  return { kind: "first-completion", name: "first-completion", sense: "minimize", unit: "USD", costOf };
}
