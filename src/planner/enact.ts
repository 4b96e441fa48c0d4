/** Turns a plan into commands and makes it the cluster's allocation. */
import { placements } from "../domain/allocation.ts";
import type { Allocation, Placement } from "../domain/allocation.ts";
import type { ClusterState } from "../domain/cluster-state.ts";
import type { JobId } from "../domain/ids.ts";
import type { Command, Plan } from "../domain/plan.ts";

/** The state after a plan is put into practice. Throws on a plan of another revision: it must be posed again, not enacted. */
export function enact(state: ClusterState, plan: Plan): ClusterState {
  if (plan.revision !== state.revision) {
    throw new Error(`Plan of revision ${plan.revision} is stale: the state is at ${state.revision}`);
  }
  const numbers = plan.allocation.nodes.map((node) => Number(node.id.replace("node-", "")));
  return {
    ...state,
    revision: state.revision + 1,
    allocation: plan.allocation,
    nextNodeNumber: Math.max(state.nextNodeNumber, ...numbers.map((number) => number + 1)),
  };
}

/**
 * What to do to get from one allocation to the next, in this order: stop, release, rent, start. So there are never more nodes than either
 * allocation has. A job moves while its old node stays; where that node is released it stops first and starts again.
 */
export function commandsBetween(before: Allocation, after: Allocation): readonly Command[] {
  const old = placements(before);
  const next = placements(after);
  const kept = new Set(after.nodes.map((node) => node.id));
  const known = new Set(before.nodes.map((node) => node.id));
  const stops = [...old].flatMap(([jobId, { nodeId }]): Command[] =>
    next.has(jobId) && kept.has(nodeId) ? [] : [{ kind: "stop-job", jobId, nodeId }],
  );
  const releases = before.nodes.flatMap(({ id, vmTypeId }): Command[] =>
    kept.has(id) ? [] : [{ kind: "release-node", nodeId: id, vmTypeId }],
  );
  const rents = after.nodes.flatMap(({ id, vmTypeId }): Command[] =>
    known.has(id) ? [] : [{ kind: "rent-node", nodeId: id, vmTypeId }],
  );
  const starts = [...next].flatMap(([jobId, to]): Command[] => {
    const from = old.get(jobId);
    if (from === undefined || !kept.has(from.nodeId)) {
      return [{ kind: "start-job", jobId, nodeId: to.nodeId, gpus: to.gpus }];
    }
    if (samePlacement(from, to)) return [];
    return [{ kind: "move-job", jobId, fromNodeId: from.nodeId, nodeId: to.nodeId, gpus: to.gpus }];
  });
  return [...stops, ...releases, ...rents, ...starts];
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

const samePlacement = (a: Placement, b: Placement): boolean => a.nodeId === b.nodeId && a.gpus === b.gpus;
