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
      visit({ nodes });
      return;
    }
    // No rule that is broken is kept again with more jobs: every limit counts what is there, and no weight is negative.
    const extendFeasible = (extended: readonly AllocatedNode[]): void => {
      if (checkAllocation(problem, { nodes: extended }).length === 0) extend(index + 1, extended);
    };
    extend(index + 1, nodes);
    for (const { vmTypeId, gpus } of job.configurations) {
      const part = { jobId: job.id, gpus };
      nodes.forEach((node, position) => {
        if (node.vmTypeId !== vmTypeId) return;
        extendFeasible(nodes.with(position, { ...node, parts: [...node.parts, part] }));
      });
      extendFeasible([...nodes, { id: nodeId(`node-${nodes.length + 1}`), vmTypeId, parts: [part] }]);
    }
  };
  if (checkAllocation(problem, { nodes: [] }).length === 0) extend(0, []);
}

/** The least cost over all feasible allocations. */
export function leastCost(problem: PlanningProblem, costOf: (allocation: Allocation) => number): number {
  let least = Infinity;
  everyAllocation(problem, (allocation) => {
    least = Math.min(least, costOf(allocation));
  });
  return least;
}
