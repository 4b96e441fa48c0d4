/**
 * What changes cost in a decision: moves, stops and new nodes must pay for themselves.
 *
 * The objective's own prices stay as they are; what a change takes away from them is counted apart from the work.
 *
 *   t, D, U   s   work that is left in a configuration; delay before it goes on there; the least delay that the job can have, which no choice avoids
 *   running   C(t · (t + D) / (t + U)): the work's value is spread over the time on the GPUs, delay and work. What no choice avoids is scaled out, since a
 *             job that has to load its checkpoint wherever it starts would else wait for no reason. Under progress value V_j/t becomes
 *             V_j/t · (t + U)/(t + D), with V_j from the work alone.
 *   waiting   P + C(restart) − C(held) for a job that runs: a stop costs the restart that follows, as much as a move to equal GPUs
 *   node      0           a rented node within its minimum billing: it is paid for anyway (a wake-up at its end asks again)
 *             f_v         a rented node after it
 *             f_v · max(M, B + t) / (B + t)   a new node: the seconds that it is paid for over the seconds that the job which lasts longest on it keeps it, B and M its
 *                         boot and minimum billing; f_v without a minimum billing. The rent of the boot has no price of its own: it is paid while the
 *                         node's jobs are delayed.
 */
import type { AllocatedNode, Allocation } from "../domain/allocation.ts";
import { placements } from "../domain/allocation.ts";
import type { JobId, NodeId, VmTypeId } from "../domain/ids.ts";
import type { Configuration, PlanningJob, PlanningProblem } from "../domain/planning-problem.ts";
import { findConfiguration } from "../domain/planning-problem.ts";
import type { VmType } from "../domain/vm-type.ts";
import type { SeparableObjective } from "../formulation/objective.ts";

/** Nodes of a VM type that are rented already, or none: a new one. Of several each is taken at the least cost of any of them. */
export interface Standing {
  readonly vmType: VmType;
  readonly nodeIds: ReadonlySet<NodeId>;
  /** Until the node is ready. */
  readonly bootSeconds: number;
  /** Whether it is within its minimum billing. */
  readonly isPaid: boolean;
}

/** What things cost where changes are not free. */
export interface ChangePrices {
  /** A job on GPUs of a standing; the configuration's duration is work alone. */
  readonly running: (job: PlanningJob, configuration: Configuration, standing: Standing) => number;
  readonly waiting: (job: PlanningJob) => number;
  readonly node: (standing: Standing) => number;
  /** Computed from the allocation alone. */
  readonly costOf: (allocation: Allocation) => number;
}

/** How nodes of a VM type stand at the time of a problem; no nodes mean a new one. */
export function standings(
  problem: PlanningProblem,
): (vmType: VmType, nodes: readonly AllocatedNode[]) => Standing {
  const { nowSeconds } = problem;
  const leases = new Map((problem.leases ?? []).map((lease) => [lease.nodeId, lease]));
  return (vmType, nodes) => {
    const own = nodes.map(({ id }) => leases.get(id));
    const readyAt = own.map((lease) => lease?.readyAtSeconds ?? nowSeconds);
    return {
      vmType,
      nodeIds: new Set(nodes.map(({ id }) => id)),
      bootSeconds:
        nodes.length === 0 ? (vmType.bootSeconds ?? 0) : Math.max(0, Math.min(...readyAt) - nowSeconds),
      isPaid: own.some((lease) => lease !== undefined && lease.paidUntilSeconds > nowSeconds),
    };
  };
}

/** An objective's prices with the costs of change of a problem. */
export function changePrices(problem: PlanningProblem, objective: SeparableObjective): ChangePrices {
  const standing = standings(problem);
  const current = placements(problem.current);
  const vmTypes = new Map(problem.vmTypes.map((vmType) => [vmType.id, vmType]));
  const rented = new Map(problem.current.nodes.map((node) => [node.id, node]));
  const paidPerKept = new Map(
    problem.vmTypes.map((vmType) => [vmType.id, paidPerKeptSecond(problem, vmType)]),
  );

  const delaySeconds = (job: PlanningJob, gpus: number, { nodeIds, bootSeconds }: Standing): number => {
    const now = current.get(job.id);
    if (now?.gpus === gpus && nodeIds.has(now.nodeId)) return job.heldSeconds ?? 0;
    return bootSeconds + (job.restartSeconds ?? 0);
  };
  const leastDelaySeconds = (job: PlanningJob): number => {
    const restart = job.restartSeconds ?? 0;
    return current.has(job.id) ? Math.min(restart, job.heldSeconds ?? 0) : restart;
  };
  const delayed = (job: PlanningJob, configuration: Configuration, delay: number): number => {
    const { durationSeconds: work, vmTypeId } = configuration;
    const durationSeconds = (work * (work + delay)) / (work + leastDelaySeconds(job));
    return objective.running(job, { vmTypeId, gpus: configuration.gpus, durationSeconds });
  };
  const running: ChangePrices["running"] = (job, configuration, standing) =>
    delayed(
      job,
      { ...configuration, vmTypeId: standing.vmType.id },
      delaySeconds(job, configuration.gpus, standing),
    );
  const waiting = (job: PlanningJob): number => {
    const now = current.get(job.id);
    const present = now === undefined ? undefined : findConfiguration(job, now.vmTypeId, now.gpus);
    if (present === undefined) return objective.waiting(job);
    const stop = delayed(job, present, job.restartSeconds ?? 0) - delayed(job, present, job.heldSeconds ?? 0);
    return objective.waiting(job) + Math.max(0, stop);
  };
  const node = ({ vmType, nodeIds, isPaid }: Standing): number => {
    if (isPaid) return 0;
    return objective.node(vmType) * (nodeIds.size === 0 ? (paidPerKept.get(vmType.id) ?? 1) : 1);
  };
  const costOf = (allocation: Allocation): number => {
    const jobs = new Map<JobId, PlanningJob>(problem.jobs.map((job) => [job.id, job]));
    const placed = placements(allocation);
    const waitingCost = problem.jobs.reduce(
      (total, job) => (placed.has(job.id) ? total : total + waiting(job)),
      0,
    );
    return allocation.nodes.reduce((total, { id, vmTypeId, parts }) => {
      const vmType = vmTypes.get(vmTypeId);
      if (vmType === undefined) return Infinity;
      const known = rented.get(id);
      const own = standing(vmType, known?.vmTypeId === vmTypeId ? [known] : []);
      const runningCost = parts.reduce((sum, { jobId, gpus }) => {
        const job = jobs.get(jobId);
        const configuration = job === undefined ? undefined : findConfiguration(job, vmTypeId, gpus);
        return job === undefined || configuration === undefined
          ? Infinity
          : sum + running(job, configuration, own);
      }, 0);
      return total + node(own) + runningCost;
    }, waitingCost);
  };
  return { running, waiting, node, costOf };
}

/**
 * max(M, B + t) / (B + t): seconds that a new node is paid for over seconds that it is kept by the job that lasts longest on it, t its shortest duration there; 1 where
 * nobody can run. Shorter jobs share it, or answer for more by their worth.
 */
function paidPerKeptSecond(problem: PlanningProblem, vmType: VmType): number {
  const { bootSeconds = 0, minimumBillingSeconds = 0 } = vmType;
  if (minimumBillingSeconds === 0) return 1;
  const longest = problem.jobs.reduce((most, job) => {
    const shortest = shortestOn(job, vmType.id);
    return shortest === Infinity ? most : Math.max(most, shortest);
  }, 0);
  return longest > 0 ? Math.max(1, minimumBillingSeconds / (bootSeconds + longest)) : 1;
}

const shortestOn = ({ configurations }: PlanningJob, id: VmTypeId): number =>
  configurations.reduce(
    (least, { vmTypeId, durationSeconds }) => (vmTypeId === id ? Math.min(least, durationSeconds) : least),
    Infinity,
  );
