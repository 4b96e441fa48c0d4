/**
 * First-principle rules, the baseline of the literature (formulation.md §5): jobs in a fixed order, no preemption, one job per node, and the duration
 * model only to pick the VM type: the cheapest configuration that meets the due date by the price of the whole node, else the fastest.
 *
 *   fifo      first submitted first
 *   edf       earliest due date first
 *   priority  largest tardiness weight first
 *
 * A job that runs keeps its node and its GPUs until it completes; the next in the queue gets a node as soon as one may be rented.
 */
import type { AllocatedNode, Allocation } from "../domain/allocation.ts";
import { placements } from "../domain/allocation.ts";
import { rentUsd } from "../domain/cost.ts";
import { compareIds, nodeId } from "../domain/ids.ts";
import type { Configuration, PlanningJob, PlanningProblem } from "../domain/planning-problem.ts";
import { findConfiguration } from "../domain/planning-problem.ts";
import type { VmType } from "../domain/vm-type.ts";
import { vmTypesOf } from "../domain/vm-type.ts";
import { hasQuotaBeside } from "./room-for-node.ts";

/** Orders the queue; ties go by id. */
export type QueueOrder = (a: PlanningJob, b: PlanningJob) => number;

export const firstSubmitted: QueueOrder = (a, b) =>
  (a.submittedAtSeconds ?? Infinity) - (b.submittedAtSeconds ?? Infinity) || 0;
export const earliestDue: QueueOrder = (a, b) => a.dueAtSeconds - b.dueAtSeconds;
export const heaviestWeight: QueueOrder = (a, b) => b.tardinessCostPerSecondUsd - a.tardinessCostPerSecondUsd;

/** The rule's plan; always feasible. */
export function firstPrinciplePlan(problem: PlanningProblem, order: QueueOrder): Allocation {
  const nodes = stillAllowed(problem);
  const running = placements({ nodes });
  const queue = problem.jobs
    .filter((job) => !running.has(job.id))
    .sort((a, b) => order(a, b) || compareIds(a.id, b.id));
  let nextNodeNumber = problem.nextNodeNumber;
  for (const job of queue) {
    if (nodes.length >= problem.maxNodes) break;
    const best = bestConfiguration(problem, nodes, job);
    if (best === undefined) continue;
    nodes.push({
      id: nodeId(`node-${nextNodeNumber++}`),
      vmTypeId: best.vmTypeId,
      parts: [{ jobId: job.id, gpus: best.gpus }],
    });
  }
  return { nodes };
}

/** What runs, in the order in which it was rented, without what limits lowered since then and job budgets allow no more. */
function stillAllowed(problem: PlanningProblem): AllocatedNode[] {
  const jobs = new Map(problem.jobs.map((job) => [job.id, job]));
  return problem.current.nodes.reduce<AllocatedNode[]>((kept, node) => {
    const vmType = problem.vmTypes.find(({ id }) => id === node.vmTypeId);
    const parts = node.parts.filter(({ jobId, gpus }) => {
      const job = jobs.get(jobId);
      return job !== undefined && findConfiguration(job, node.vmTypeId, gpus) !== undefined;
    });
    if (parts.length === 0 || vmType === undefined || kept.length >= problem.maxNodes) return kept;
    return hasQuotaBeside(problem, typed(problem, kept), vmType) ? [...kept, { ...node, parts }] : kept;
  }, []);
}

const typed = (
  problem: PlanningProblem,
  nodes: readonly AllocatedNode[],
): readonly { readonly vmType: VmType }[] =>
  vmTypesOf({ nodes }, problem.vmTypes).map((vmType) => ({ vmType }));

function bestConfiguration(
  problem: PlanningProblem,
  nodes: readonly AllocatedNode[],
  job: PlanningJob,
): Configuration | undefined {
  const rented = typed(problem, nodes);
  const offered = new Map<string, VmType>(
    problem.vmTypes
      .filter((vmType) => hasQuotaBeside(problem, rented, vmType))
      .map((vmType) => [vmType.id, vmType]),
  );
  const possible = job.configurations.flatMap((configuration) => {
    const vmType = offered.get(configuration.vmTypeId);
    if (vmType === undefined) return [];
    return [
      {
        configuration,
        nodeUsd: rentUsd({
          pricePerHourUsd: vmType.pricePerHourUsd,
          durationSeconds: configuration.durationSeconds,
        }),
      },
    ];
  });
  const inTime = possible.filter(
    ({ configuration }) => problem.nowSeconds + configuration.durationSeconds <= job.dueAtSeconds,
  );
  // Equally fast configurations are common: one GPU of a small node and of a large one. The cheaper node wins.
  const better = (a: (typeof possible)[number], b: (typeof possible)[number]): boolean => {
    const seconds = a.configuration.durationSeconds - b.configuration.durationSeconds;
    return inTime.length > 0 || seconds === 0 ? a.nodeUsd < b.nodeUsd : seconds < 0;
  };
  const candidates = inTime.length > 0 ? inTime : possible;
  return candidates.reduce<(typeof possible)[number] | undefined>(
    (best, entry) => (best === undefined || better(entry, best) ? entry : best),
    undefined,
  )?.configuration;
}
