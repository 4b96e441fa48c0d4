/** Brute force over plans, not over MILPs: every allocation of a small problem, so that no formulation can hide a mistake. */
import type { Allocation, AllocatedNode } from "../../src/domain/allocation.ts";
import { checkAllocation } from "../../src/domain/check-allocation.ts";
import { nodeId } from "../../src/domain/ids.ts";
import type { PlanningProblem } from "../../src/domain/planning-problem.ts";

/** Calls `visit` with every feasible allocation, nodes of a type being interchangeable. */
export function everyAllocation(problem: PlanningProblem, visit: (allocation: Allocation) => void): void {
  const extend = (index: number, nodes: readonly AllocatedNode[]): void => {
    const job = problem.jobs[index];
    if (job === undefined) {
      const allocation = { nodes };
      if (checkAllocation(problem, allocation).length === 0) visit(allocation);
      return;
    }
    extend(index + 1, nodes);
    for (const { vmTypeId, gpus } of job.configurations) {
      const part = { jobId: job.id, gpus };
      nodes.forEach((node, position) => {
        if (node.vmTypeId !== vmTypeId) return;
        extend(index + 1, nodes.with(position, { ...node, parts: [...node.parts, part] }));
      });
      if (nodes.length < problem.maxNodes) {
        extend(index + 1, [...nodes, { id: nodeId(`node-${nodes.length + 1}`), vmTypeId, parts: [part] }]);
      }
    }
  };
  extend(0, []);
}

/** The least cost over all feasible allocations. */
export function leastCost(problem: PlanningProblem, costOf: (allocation: Allocation) => number): number {
  let least = Infinity;
  everyAllocation(problem, (allocation) => {
    least = Math.min(least, costOf(allocation));
  });
  return least;
}
