/** What a plan changes about the nodes: small where the plan changes little, and enough to repeat it. */
import type { AllocatedNode, Allocation } from "./allocation.ts";
import type { NodeId } from "./ids.ts";
import { compareIds } from "./ids.ts";

/** The nodes that go, and those that come or change, each as it is afterwards. */
export interface AllocationDelta {
  readonly gone: readonly NodeId[];
  readonly set: readonly AllocatedNode[];
}

/** How to get from one allocation to another. */
export function deltaBetween(before: Allocation, after: Allocation): AllocationDelta {
  const old = new Map(before.nodes.map((node) => [node.id, node]));
  const kept = new Set(after.nodes.map((node) => node.id));
  return {
    gone: before.nodes.flatMap(({ id }) => (kept.has(id) ? [] : [id])),
    set: after.nodes.filter((node) => {
      const known = old.get(node.id);
      return known === undefined || JSON.stringify(known) !== JSON.stringify(node);
    }),
  };
}

/** The allocation after a delta, its nodes in the order in which they were first rented. Throws where a node that goes is not there. */
export function applyDelta(before: Allocation, delta: AllocationDelta): Allocation {
  const nodes = new Map(before.nodes.map((node) => [node.id, node]));
  for (const id of delta.gone) {
    if (!nodes.delete(id)) throw new Error(`Node ${id} cannot go: it is not rented`);
  }
  for (const node of delta.set) nodes.set(node.id, node);
  return { nodes: [...nodes.values()].sort((a, b) => a.id.length - b.id.length || compareIds(a.id, b.id)) };
}
