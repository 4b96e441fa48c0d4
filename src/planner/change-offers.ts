/**
 * Rented nodes and new ones as different offers, so that a decision can weigh costs of change (change-prices.ts) with the pipeline as it is.
 *
 * A rented node differs from a new one of its type: it is ready, or soon will be, may be paid for, and its jobs can stay. So a VM type is split into its rented nodes,
 * one by one, and new ones for the rest of its quota. While boots do not get shorter, renting a new node and giving back one of the same type is never cheaper than
 * keeping that one, so the split loses no plan. The pipeline solves the offers as if they were VM types; placing its assignment gives each job its node by name, and
 * the allocation costs what the offers cost.
 * Where more nodes are rented than can be told apart in time, those of a type in equal standing are one offer at their least cost: the bound holds, but a move from
 * one of them to another only counts when the plan is judged.
 */
import type { AllocatedNode, Allocation } from "../domain/allocation.ts";
import { groupBy } from "../domain/group-by.ts";
import type { JobId, VmTypeId } from "../domain/ids.ts";
import { compareIds, sortedById, vmTypeId } from "../domain/ids.ts";
import { limitWeight } from "../domain/node-limit.ts";
import type { Configuration, PlanningJob, PlanningProblem } from "../domain/planning-problem.ts";
import type { VmType } from "../domain/vm-type.ts";
import { quotaWithin } from "../domain/vm-type.ts";
import type { Assignment } from "../formulation/formulation.ts";
import type { Objective, SeparableObjective } from "../formulation/objective.ts";
import { changePrices, standings } from "./change-prices.ts";
import type { Standing } from "./change-prices.ts";
import { place } from "./place.ts";

/**
 * Rented nodes up to which each is an offer of its own. Every offer adds slots that only some jobs want, and a small problem of them is solved exactly: with 16 nodes
 * and 60 jobs that takes seconds, with 8 and 30 tenths of one.
 */
const MOST_NAMED_NODES = 8;

/** A problem whose VM types are offers, and the way back. */
export interface OfferedProblem {
  readonly problem: PlanningProblem;
  /** Prices of the offers. */
  readonly objective: SeparableObjective;
  /** What an allocation of the problem as it was posed costs, computed from the allocation alone. */
  readonly judge: Objective;
  /** Nodes and jobs by name; the nodes are of real VM types again. */
  readonly allocate: (assignment: Assignment) => Allocation;
}

/** One way to get nodes of a VM type. */
interface Offer extends Standing {
  readonly id: VmTypeId;
  readonly quotaNodes: number;
}

/** The problem with a VM type for each offer, under an objective to which the costs of change are added. */
export function changeOffers(problem: PlanningProblem, objective: SeparableObjective): OfferedProblem {
  const offers = sortedById(problem.vmTypes.flatMap((vmType) => offersOf(problem, vmType)));
  const byId = new Map(offers.map((offer) => [offer.id, offer]));
  const ofType = groupBy(offers, (offer) => offer.vmType.id);
  const offerOfNode = new Map(
    offers.flatMap((offer) => [...offer.nodeIds].map((id) => [id, offer.id] as const)),
  );
  const prices = changePrices(problem, objective);
  const jobs = new Map<JobId, PlanningJob>(problem.jobs.map((job) => [job.id, job]));
  const jobOf = ({ id }: PlanningJob): PlanningJob => {
    const job = jobs.get(id);
    if (job === undefined) throw new Error(`Job ${id} is not in the problem`);
    return job;
  };
  const offerOf = (id: VmTypeId): Offer => {
    const offer = byId.get(id);
    if (offer === undefined) throw new Error(`There is no offer ${id}`);
    return offer;
  };
  const offered: PlanningProblem = {
    ...problem,
    vmTypes: offers.map(({ id, vmType, quotaNodes }) => ({ ...vmType, id, quotaNodes })),
    nodeLimits: problem.nodeLimits.map((limit) => ({
      ...limit,
      weights: Object.fromEntries(offers.map(({ id, vmType }) => [id, limitWeight(limit, vmType.id)])),
    })),
    jobs: problem.jobs.map((job) => ({ ...job, configurations: offeredConfigurations(job, ofType) })),
    current: {
      nodes: problem.current.nodes.map((node) => ({
        ...node,
        vmTypeId: offerOfNode.get(node.id) ?? node.vmTypeId,
      })),
    },
  };
  return {
    problem: offered,
    objective: {
      ...objective,
      running: (job, configuration) =>
        prices.running(jobOf(job), configuration, offerOf(configuration.vmTypeId)),
      waiting: (job) => prices.waiting(jobOf(job)),
      node: ({ id }) => prices.node(offerOf(id)),
    },
    judge: { ...objective, costOf: prices.costOf },
    allocate: (assignment) => ({
      nodes: place(offered, assignment).nodes.map((node) => ({
        ...node,
        vmTypeId: offerOf(node.vmTypeId).vmType.id,
      })),
    }),
  };
}

/** Nodes that the problem has already, told apart as far as it pays, and new ones for what is left of the quota. */
function offersOf(problem: PlanningProblem, vmType: VmType): readonly Offer[] {
  const rented = problem.current.nodes.filter((node) => node.vmTypeId === vmType.id);
  const quota = quotaWithin(vmType, problem.maxNodes);
  const standing = standings(problem);
  const nameOf = (node: AllocatedNode): string => {
    // More nodes than the quota allows: only how many are kept can be said, not which.
    if (rented.length > quota) return "rented";
    if (problem.current.nodes.length <= MOST_NAMED_NODES) return node.id;
    const { bootSeconds, isPaid } = standing(vmType, [node]);
    return `${bootSeconds > 0 ? "booting" : "ready"}${isPaid ? "-paid" : ""}`;
  };
  const kept = [...groupBy(rented, nameOf)].map(([name, nodes]): Offer => ({
    ...standing(vmType, nodes),
    id: vmTypeId(`${vmType.id}@${name}`),
    quotaNodes: Math.min(nodes.length, quota),
  }));
  return [
    ...kept,
    { ...standing(vmType, []), id: vmType.id, quotaNodes: Math.max(0, quota - rented.length) },
  ];
}

/** Each configuration once for each offer of its VM type, sorted by offer and GPUs. */
function offeredConfigurations(
  job: PlanningJob,
  ofType: ReadonlyMap<VmTypeId, readonly Offer[]>,
): readonly Configuration[] {
  return job.configurations
    .flatMap((configuration) =>
      (ofType.get(configuration.vmTypeId) ?? []).map(({ id }) => ({ ...configuration, vmTypeId: id })),
    )
    .sort((a, b) => compareIds(a.vmTypeId, b.vmTypeId) || a.gpus - b.gpus);
}
