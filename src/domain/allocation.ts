import type { JobId, NodeId, VmTypeId } from "./ids.ts";

/** A part of a node's GPU partition that one job uses. */
export interface GpuPart {
  readonly jobId: JobId;
  readonly gpus: number;
}

/** One rented node and how its GPUs are split among jobs; what the parts leave over is idle. */
export interface AllocatedNode {
  readonly id: NodeId;
  readonly vmTypeId: VmTypeId;
  readonly parts: readonly GpuPart[];
}

/** Who runs where. A job that is in no part waits. */
export interface Allocation {
  readonly nodes: readonly AllocatedNode[];
}

/** Nothing rented, everybody waits: always feasible. */
export const EMPTY_ALLOCATION: Allocation = { nodes: [] };

/** Where one job runs. */
export interface Placement {
  readonly nodeId: NodeId;
  readonly vmTypeId: VmTypeId;
  readonly gpus: number;
}

/** Allocations do not change, and are asked often. */
const knownPlacements = new WeakMap<Allocation, ReadonlyMap<JobId, Placement>>();

/** Placements of all running jobs by job id. */
export function placements(allocation: Allocation): ReadonlyMap<JobId, Placement> {
  const known = knownPlacements.get(allocation);
  if (known !== undefined) return known;
  const byJob = new Map<JobId, Placement>();
  for (const node of allocation.nodes) {
    for (const part of node.parts) {
      byJob.set(part.jobId, { nodeId: node.id, vmTypeId: node.vmTypeId, gpus: part.gpus });
    }
  }
  knownPlacements.set(allocation, byJob);
  return byJob;
}

/** GPUs of a node that jobs use. */
export function gpusInUse(node: AllocatedNode): number {
  return node.parts.reduce((total, part) => total + part.gpus, 0);
}
