/**
 * Plans under construction for the peer's randomised rules, and the two costs that the peer judges them by (GPUspb; Filippini et al., IEEE TSC 2023).
 * Written from formulation.md §1 and §5 and from what the public solver does, not from its text.
 */
import type { Allocation, GpuPart } from "../domain/allocation.ts";
import { rentUsd, shareOfRentUsd, tardinessCostUsd } from "../domain/cost.ts";
import type { JobId, VmTypeId } from "../domain/ids.ts";
import type { PlanningJob, PlanningProblem } from "../domain/planning-problem.ts";
import { longestDurationSeconds, shortestDurationSeconds } from "../domain/planning-problem.ts";
import type { VmType } from "../domain/vm-type.ts";
import { waitingPenaltyUsd } from "../formulation/first-completion.ts";
import { place } from "./place.ts";

/** A job on some GPUs of a draft node. */
export interface DraftPart {
  readonly job: DraftJob;
  readonly gpus: number;
}

/** A node of a draft; drafts are values: a change makes a new node. */
export interface DraftNode {
  readonly vmType: VmType;
  readonly parts: readonly DraftPart[];
}

export type Draft = readonly DraftNode[];

/** A job with what every iteration asks of it, computed once. */
export interface DraftJob {
  readonly planning: PlanningJob;
  /** max_vg t_jvg in seconds. */
  readonly longestSeconds: number;
  /** minExec_j + T − d_j in seconds: the larger, the more it presses. */
  readonly pressureSeconds: number;
  /** What the peer charges for letting it wait, in USD. */
  readonly waitingUsd: number;
  /** t_jvg in seconds; undefined where it cannot run. */
  readonly durationOn: (vmTypeId: VmTypeId, gpus: number) => number | undefined;
}

/** Jobs of a problem, those that press most first. */
export function draftJobs(problem: PlanningProblem): readonly DraftJob[] {
  return problem.jobs
    .map((planning): DraftJob => {
      // By VM type and then by GPUs: a local search looks durations up a million times.
      const durations = new Map<VmTypeId, number[]>();
      for (const { vmTypeId, gpus, durationSeconds } of planning.configurations) {
        const row = durations.get(vmTypeId) ?? [];
        row[gpus] = durationSeconds;
        durations.set(vmTypeId, row);
      }
      return {
        planning,
        longestSeconds: longestDurationSeconds(planning),
        pressureSeconds: shortestDurationSeconds(planning) + problem.nowSeconds - planning.dueAtSeconds,
        waitingUsd: waitingPenaltyUsd(problem, planning),
        durationOn: (vmTypeId, gpus) => durations.get(vmTypeId)?.[gpus],
      };
    })
    .sort((a, b) => b.pressureSeconds - a.pressureSeconds);
}

/** GPUs in use on a draft node. */
export const usedGpus = (node: DraftNode): number => node.parts.reduce((total, part) => total + part.gpus, 0);

/** t of a part on a node's VM type; Infinity where it cannot run. */
export const partSeconds = (vmType: VmType, part: DraftPart): number =>
  part.job.durationOn(vmType.id, part.gpus) ?? Infinity;

/**
 * The peer's cost of one event in USD: until the first completion (E) all nodes cost their price and late jobs their weight; who waits costs 100 times
 * its worst case.
 */
export function eventCostUsd(problem: PlanningProblem, jobs: readonly DraftJob[], draft: Draft): number {
  const firstSeconds = draft.reduce(
    (least, node) =>
      node.parts.reduce((inner, part) => Math.min(inner, partSeconds(node.vmType, part)), least),
    Infinity,
  );
  const running = new Set<JobId>();
  let cost = 0;
  for (const { vmType, parts } of draft) {
    cost += rentUsd({ ...vmType, durationSeconds: firstSeconds });
    for (const { job } of parts) {
      running.add(job.planning.id);
      cost += tardinessCostUsd({ ...job.planning, completionAtSeconds: problem.nowSeconds + firstSeconds });
    }
  }
  return jobs.reduce((total, job) => total + (running.has(job.planning.id) ? 0 : job.waitingUsd), cost);
}

/** Keeps a price of nothing from being infinitely good. */
const LEAST_COST_USD = 1e-9;

/**
 * What the peer's local search maximises, for one node: over its jobs the sum of the longest duration over what the job costs until it ends, its share of the rent
 * and its tardiness; in seconds per USD. −Infinity for a node that cannot be.
 */
export function nodeGain(problem: PlanningProblem, node: DraftNode): number {
  const used = usedGpus(node);
  const { pricePerHourUsd } = node.vmType;
  if (used > node.vmType.gpuCount) return -Infinity;
  return node.parts.reduce((total, part) => {
    const durationSeconds = partSeconds(node.vmType, part);
    if (durationSeconds === Infinity) return -Infinity;
    const rent = shareOfRentUsd({ pricePerHourUsd, durationSeconds, gpus: part.gpus, gpusInUse: used });
    const { dueAtSeconds, tardinessCostPerSecondUsd } = part.job.planning;
    const late = tardinessCostUsd({
      completionAtSeconds: problem.nowSeconds + durationSeconds,
      dueAtSeconds,
      tardinessCostPerSecondUsd,
    });
    return total + part.job.longestSeconds / Math.max(LEAST_COST_USD, rent + late);
  }, 0);
}

/** The draft on named nodes. */
export function placeDraft(problem: PlanningProblem, draft: Draft): Allocation {
  const groups = draft
    .filter((node) => node.parts.length > 0)
    .map(({ vmType, parts }) => ({
      vmTypeId: vmType.id,
      parts: parts.map(({ job, gpus }): GpuPart => ({ jobId: job.planning.id, gpus })),
    }));
  return place(problem, { kind: "grouped", groups });
}
