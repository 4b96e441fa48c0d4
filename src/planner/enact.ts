/** Turns a plan into commands and makes it the cluster's allocation. */
import { gpusInUse, placements } from "../domain/allocation.ts";
import type { Allocation, Placement } from "../domain/allocation.ts";
import type { ClusterState, JobState } from "../domain/cluster-state.ts";
import type { JobId, NodeId } from "../domain/ids.ts";
import type { NodeLease } from "../domain/node-lease.ts";
import type { Command, Plan } from "../domain/plan.ts";
import { withBilling } from "./observe.ts";
import { leasesAfter, releasedBillingUsd, resumptions, samePlacement } from "./resumption.ts";

/** The state after a plan is put into practice. Throws on a plan of another revision: it must be posed again, not enacted. */
export function enact(state: ClusterState, plan: Plan): ClusterState {
  if (plan.revision !== state.revision) {
    throw new Error(`Plan of revision ${plan.revision} is stale: the state is at ${state.revision}`);
  }
  return enactAllocation(state, plan.allocation);
}

/** The state after its nodes and their parts become those of an allocation that was decided on it. */
export function enactAllocation(state: ClusterState, allocation: Allocation): ClusterState {
  const numbers = allocation.nodes.map((node) => Number(node.id.replace("node-", "")));
  const leases = leasesAfter(state, allocation);
  return {
    ...withBilling(state, releasedBillingUsd(state, allocation)),
    revision: state.revision + 1,
    jobs: afterChanges(state, allocation, leases),
    allocation,
    leases,
    nextNodeNumber: Math.max(state.nextNodeNumber, ...numbers.map((number) => number + 1)),
  };
}

/** A job that is stopped or moved saves its work; one that starts or moves is measured from the moment when it makes progress. */
function afterChanges(
  state: ClusterState,
  next: Allocation,
  leases: readonly NodeLease[],
): readonly JobState[] {
  const before = placements(state.allocation);
  const after = placements(next);
  const resumption = resumptions(state, next, leases);
  return state.jobs.map((entry) => {
    const from = before.get(entry.id);
    const to = after.get(entry.id);
    if (samePlacement(from, to)) return entry;
    const { completedShare, savedShare, pace } = entry;
    const resumesAtSeconds = resumption(entry);
    const atSeconds = resumesAtSeconds ?? state.nowSeconds;
    return {
      ...entry,
      savedShare: from === undefined ? savedShare : completedShare,
      resumesAtSeconds,
      pace: {
        ...pace,
        measuredFrom: to === undefined || atSeconds === null ? null : { atSeconds, completedShare },
      },
    };
  });
}

/**
 * What to do to get from one allocation to the next: stop, release, rent, then start and move in an order in which no node ever has more
 * GPUs in use than in one of the two allocations. So there are never more nodes than either allocation has, either. A job moves while its
 * old node stays; where that node is released, or jobs change places, it stops first and starts again.
 */
export function commandsBetween(before: Allocation, after: Allocation): readonly Command[] {
  const old = placements(before);
  const next = placements(after);
  const kept = new Set(after.nodes.map((node) => node.id));
  const known = new Set(before.nodes.map((node) => node.id));
  const stopped = [...old].filter(([jobId, { nodeId }]) => !next.has(jobId) || !kept.has(nodeId));
  const stops = stopped.map(([jobId, { nodeId }]): Command => ({ kind: "stop-job", jobId, nodeId }));
  const releases = before.nodes.flatMap(({ id, vmTypeId }): Command[] =>
    kept.has(id) ? [] : [{ kind: "release-node", nodeId: id, vmTypeId }],
  );
  const rents = after.nodes.flatMap(({ id, vmTypeId }): Command[] =>
    known.has(id) ? [] : [{ kind: "rent-node", nodeId: id, vmTypeId }],
  );
  const gone = new Set(stopped.map(([jobId]) => jobId));
  const changes = [...next].flatMap(([jobId, to]): Change[] => {
    const from = gone.has(jobId) ? undefined : old.get(jobId);
    return from !== undefined && samePlacement(from, to) ? [] : [{ jobId, from: from ?? null, to }];
  });
  const inUse = new Map(before.nodes.map((node) => [node.id, gpusInUse(node)]));
  const most = new Map(inUse);
  for (const node of after.nodes) most.set(node.id, Math.max(inUse.get(node.id) ?? 0, gpusInUse(node)));
  for (const [, { nodeId, gpus }] of stopped) inUse.set(nodeId, (inUse.get(nodeId) ?? 0) - gpus);
  return [...stops, ...releases, ...rents, ...orderedByRoom(changes, inUse, most)];
}

/** A job that starts (`from` is null) or moves. */
interface Change {
  readonly jobId: JobId;
  readonly from: Placement | null;
  readonly to: Placement;
}

/** Takes whatever has room; where everything waits for everything else, the first job that moves is stopped to break the circle. */
function orderedByRoom(
  changes: readonly Change[],
  inUse: Map<NodeId, number>,
  most: ReadonlyMap<NodeId, number>,
): readonly Command[] {
  const commands: Command[] = [];
  const add = (nodeId: NodeId, gpus: number): void => {
    inUse.set(nodeId, (inUse.get(nodeId) ?? 0) + gpus);
  };
  let open = changes;
  while (open.length > 0) {
    const left: Change[] = [];
    for (const change of open) {
      const { jobId, from, to } = change;
      const freed = from?.nodeId === to.nodeId ? from.gpus : 0;
      if ((inUse.get(to.nodeId) ?? 0) - freed + to.gpus > (most.get(to.nodeId) ?? 0)) {
        left.push(change);
        continue;
      }
      if (from !== null) add(from.nodeId, -from.gpus);
      add(to.nodeId, to.gpus);
      commands.push(
        from === null
          ? { kind: "start-job", jobId, nodeId: to.nodeId, gpus: to.gpus }
          : { kind: "move-job", jobId, fromNodeId: from.nodeId, nodeId: to.nodeId, gpus: to.gpus },
      );
    }
    if (left.length === open.length) {
      const moving = left.find(({ from }) => from !== null);
      if (moving?.from == null) throw new Error("The next allocation gives more GPUs of a node than it has");
      add(moving.from.nodeId, -moving.from.gpus);
      commands.push({ kind: "stop-job", jobId: moving.jobId, nodeId: moving.from.nodeId });
      left.splice(left.indexOf(moving), 1, { ...moving, from: null });
    }
    open = left;
  }
  return commands;
}

/** Jobs that ran before and run elsewhere or on other GPUs now, and jobs that ran before and wait now. */
export function churn(
  before: Allocation,
  after: Allocation,
): { readonly movedJobIds: readonly JobId[]; readonly stoppedJobIds: readonly JobId[] } {
  const next = placements(after);
  const old = [...placements(before)];
  return {
    movedJobIds: old.flatMap(([jobId, from]) => {
      const to = next.get(jobId);
      return to === undefined || samePlacement(from, to) ? [] : [jobId];
    }),
    stoppedJobIds: old.flatMap(([jobId]) => (next.has(jobId) ? [] : [jobId])),
  };
}
