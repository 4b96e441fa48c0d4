/** What a plan means for each job: when it ends, how late, and what it costs; intervals come from the duration model. */
import type { Allocation } from "../domain/allocation.ts";
import { gpusInUse, placements } from "../domain/allocation.ts";
import type { ClusterState, JobState } from "../domain/cluster-state.ts";
import { activeJobs } from "../domain/cluster-state.ts";
import { shareOfRentUsd, tardinessCostUsd, tardinessSeconds } from "../domain/cost.ts";
import type { DurationTable } from "../domain/duration-table.ts";
import type { JobForecast, RunningForecast, WaitingForecast } from "../domain/plan.ts";
import { leasesAfter, restartSeconds, resumptions } from "./resumption.ts";
import { isOverBudget } from "./within-budget.ts";
import { remainingWork, spreadFactor } from "./remaining-work.ts";

/** Forecasts of all active jobs under an allocation, sorted by job id. The state must be the one the allocation was decided on. */
export function forecastJobs(state: ClusterState, allocation: Allocation): readonly JobForecast[] {
  const nowSeconds = state.nowSeconds ?? 0;
  const placed = placements(allocation);
  const spread = spreadFactor(state);
  const nodes = new Map(allocation.nodes.map((node) => [node.id, node]));
  const vmTypes = new Map(state.settings.vmTypes.map((vmType) => [vmType.id, vmType]));
  const resumption = resumptions(state, allocation, leasesAfter(state, allocation));
  return activeJobs(state).map((entry) => {
    const placement = placed.get(entry.id);
    if (placement === undefined) {
      const reason = isOverBudget(entry, vmTypes) ? "budget" : "not-yet";
      return waiting(entry, { nowSeconds, reason, left: remainingWork(entry, spread).share });
    }
    const node = nodes.get(placement.nodeId);
    const vmType = vmTypes.get(placement.vmTypeId);
    const duration = entry.job.durations.entries.find(
      (row) => row.vmTypeId === placement.vmTypeId && row.gpus === placement.gpus,
    );
    if (node === undefined || vmType === undefined || duration === undefined) {
      throw new Error(
        `Plan runs ${entry.id} where it has no duration; the feasibility checker should have refused it`,
      );
    }
    const left = remainingWork(entry, spread).share;
    const holdSeconds = Math.max(0, (resumption(entry) ?? nowSeconds) - nowSeconds);
    const remainingSeconds = holdSeconds + duration.durationSeconds * left;
    const end = { ...entry.job, completionAtSeconds: nowSeconds + remainingSeconds };
    return {
      kind: "running",
      jobId: entry.id,
      nodeId: placement.nodeId,
      vmTypeId: placement.vmTypeId,
      gpus: placement.gpus,
      holdSeconds,
      remainingSeconds,
      expectedCompletionAtSeconds: end.completionAtSeconds,
      earliestCompletionAtSeconds: nowSeconds + holdSeconds + duration.lowerSeconds * left,
      latestCompletionAtSeconds: nowSeconds + holdSeconds + duration.upperSeconds * left,
      expectedTardinessSeconds: tardinessSeconds(end),
      expectedTardinessCostUsd: tardinessCostUsd(end),
      expectedRentUsd: shareOfRentUsd({
        pricePerHourUsd: vmType.pricePerHourUsd,
        durationSeconds: remainingSeconds,
        gpus: placement.gpus,
        gpusInUse: gpusInUse(node),
      }),
      warnings: duration.warnings,
    } satisfies RunningForecast;
  });
}

/** The soonest end counts the restart, which every start costs now, but no boot: a node may have room. */
function waiting(
  entry: JobState,
  {
    nowSeconds,
    reason,
    left,
  }: { readonly nowSeconds: number; readonly left: number } & Pick<WaitingForecast, "reason">,
): WaitingForecast {
  const { id, job } = entry;
  const { dueAtSeconds, tardinessCostPerSecondUsd } = job;
  const completionAtSeconds = nowSeconds + restartSeconds(entry) + shortestSeconds(job.durations) * left;
  const soonest = { completionAtSeconds, dueAtSeconds, tardinessCostPerSecondUsd };
  return {
    kind: "waiting",
    jobId: id,
    reason,
    soonestCompletionAtSeconds: completionAtSeconds,
    leastTardinessSeconds: tardinessSeconds(soonest),
    leastTardinessCostUsd: tardinessCostUsd(soonest),
    slackSeconds: dueAtSeconds - completionAtSeconds,
  };
}

function shortestSeconds(durations: DurationTable): number {
  const known = shortest.get(durations);
  if (known !== undefined) return known;
  const least = Math.min(...durations.entries.map((row) => row.durationSeconds));
  shortest.set(durations, least);
  return least;
}

/** Thousands of jobs share a few duration tables, and each plan forecasts all of them. */
const shortest = new WeakMap<DurationTable, number>();
