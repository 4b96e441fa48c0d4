/** Planning problems written by hand, with durations as a table: `{ NC6: [100], NC12: [null, 60] }` is t[NC6][1] = 100, t[NC12][2] = 60. */
import type { AllocatedNode, Allocation } from "../../src/domain/allocation.ts";
import { EMPTY_ALLOCATION } from "../../src/domain/allocation.ts";
import { jobId, nodeId, vmTypeId } from "../../src/domain/ids.ts";
import type { NodeLimit } from "../../src/domain/node-limit.ts";
import type { PlanningJob, PlanningProblem } from "../../src/domain/planning-problem.ts";
import type { VmType } from "../../src/domain/vm-type.ts";

/** Time of every problem written here. */
export const NOW_SECONDS = 1_000_000;

/** A job that is due `dueInSeconds` from now. */
export function writtenJob(
  id: string,
  durations: Readonly<Record<string, readonly (number | null)[]>>,
  due: { readonly dueInSeconds: number; readonly costPerSecondUsd: number },
): PlanningJob {
  return {
    id: jobId(id),
    dueAtSeconds: NOW_SECONDS + due.dueInSeconds,
    tardinessCostPerSecondUsd: due.costPerSecondUsd,
    configurations: Object.entries(durations).flatMap(([type, row]) =>
      row.flatMap((durationSeconds, index) =>
        durationSeconds === null ? [] : [{ vmTypeId: vmTypeId(type), gpus: index + 1, durationSeconds }],
      ),
    ),
  };
}

/** A problem; nodes that run already count from node-1. */
export function writtenProblem(args: {
  readonly vmTypes: readonly VmType[];
  readonly jobs: readonly PlanningJob[];
  readonly maxNodes: number;
  readonly nodeLimits?: readonly NodeLimit[];
  readonly current?: Allocation;
}): PlanningProblem {
  const current = args.current ?? EMPTY_ALLOCATION;
  return {
    revision: 1,
    nowSeconds: NOW_SECONDS,
    replanIntervalSeconds: 3600,
    maxNodes: args.maxNodes,
    nodeLimits: args.nodeLimits ?? [],
    vmTypes: args.vmTypes,
    jobs: args.jobs,
    current,
    nextNodeNumber: current.nodes.length + 1,
  };
}

/** A node with its jobs and their GPUs: `node("node-1", "NC12", { a: 1, b: 1 })`. */
export function node(id: string, type: string, parts: Readonly<Record<string, number>>): AllocatedNode {
  return {
    id: nodeId(id),
    vmTypeId: vmTypeId(type),
    parts: Object.entries(parts).map(([job, gpus]) => ({ jobId: jobId(job), gpus })),
  };
}

/** Who shares a node with whom, without the nodes' names: the jobs of each node as text, sorted. */
export const sharing = (allocation: Allocation): readonly string[] =>
  allocation.nodes
    .map(
      ({ vmTypeId: type, parts }) =>
        `${type}: ${parts.map(({ jobId: job, gpus }) => `${job}×${gpus}`).join(" ")}`,
    )
    .sort();
