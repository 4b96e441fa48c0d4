import type { Allocation } from "../domain/allocation.ts";
import { placements } from "../domain/allocation.ts";
import type { JobId } from "../domain/ids.ts";
import type { Configuration, PlanningJob, PlanningProblem } from "../domain/planning-problem.ts";
import { findConfiguration } from "../domain/planning-problem.ts";
import type { VmType } from "../domain/vm-type.ts";

/** What a decision optimises. Costs are always minimised inside; `sense` and `unit` say how they are shown. */
export interface Objective {
  readonly name: string;
  readonly sense: "maximize" | "minimize";
  readonly unit: "USD per hour" | "USD";
  /** Cost of a feasible allocation, to be minimised; computed from the allocation alone, not from any MILP. */
  readonly costOf: (allocation: Allocation) => number;
}

/** An objective that adds up over jobs and nodes: running C_jvg, waiting P_j, and f_v for each node. */
export interface SeparableObjective extends Objective {
  readonly kind: "separable";
  /** C_jvg */
  readonly running: (job: PlanningJob, configuration: Configuration) => number;
  /** P_j */
  readonly waiting: (job: PlanningJob) => number;
  /** f_v */
  readonly node: (vmType: VmType) => number;
}

/** Whether an objective adds up over jobs and nodes, so that jobs that cost the same and nodes of a type are interchangeable. */
export const isSeparable = (objective: Objective): objective is SeparableObjective =>
  "kind" in objective && objective.kind === "separable";

/** Builds a separable objective from its three prices. */
export function separableObjective(
  problem: PlanningProblem,
  prices: Omit<SeparableObjective, "kind" | "costOf">,
): SeparableObjective {
  const vmTypes = new Map(problem.vmTypes.map((vmType) => [vmType.id, vmType]));
  // An allocation is judged hundreds of times where it is explained, and places few of many jobs.
  let known: { readonly jobs: ReadonlyMap<JobId, PlanningJob>; readonly waitingCost: number } | undefined;
  const costOf = (allocation: Allocation): number => {
    known ??= {
      jobs: new Map(problem.jobs.map((job) => [job.id, job])),
      waitingCost: problem.jobs.reduce((total, job) => total + prices.waiting(job), 0),
    };
    let cost = known.waitingCost;
    for (const [id, { vmTypeId, gpus }] of placements(allocation)) {
      const job = known.jobs.get(id);
      if (job === undefined) continue;
      const configuration = findConfiguration(job, vmTypeId, gpus);
      cost +=
        configuration === undefined ? Infinity : prices.running(job, configuration) - prices.waiting(job);
    }
    return allocation.nodes.reduce((total, node) => {
      const vmType = vmTypes.get(node.vmTypeId);
      return total + (vmType === undefined ? Infinity : prices.node(vmType));
    }, cost);
  };
  return { kind: "separable", ...prices, costOf };
}

/** A cost in the objective's own sense: what is maximised is minimised with the opposite sign. */
export function inOwnSense(objective: Objective, cost: number): number {
  return objective.sense === "maximize" ? 0 - cost : cost;
}
