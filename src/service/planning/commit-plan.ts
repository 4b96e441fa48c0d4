/** Makes a plan the one in force: its place in the history, its commands, and what can be looked up of jobs and nodes, all or nothing. */
import { placements } from "../../domain/allocation.ts";
import type { AllocationDelta } from "../../domain/allocation-delta.ts";
import { deltaBetween } from "../../domain/allocation-delta.ts";
import type { ClusterState } from "../../domain/cluster-state.ts";
import type { JobId } from "../../domain/ids.ts";
import type { Command, Plan } from "../../domain/plan.ts";
import { commandsBetween } from "../../planner/enact.ts";
import { replayStep } from "../../planner/replay.ts";
import type { JobHistoryEntry } from "../../store/job-history.ts";
import { storedPlan } from "../../store/plan-record.ts";
import type { LockedCluster, Store } from "../../store/store.ts";
import { planView } from "../../report/plan-view.ts";
import { recordsOf } from "../recording/job-course.ts";
import type { FoldedState } from "./cluster-fold.ts";
import { foldEvents } from "./cluster-fold.ts";

/** Waiting jobs that a plan lists. */
const MAX_LISTED_WAITING = 100;
/** Events since the state was decided on that are read before the transaction; the rest are read within. */
const MAX_EVENTS_AHEAD = 10_000;

/** A plan that was decided on a folded state by the leader of an epoch. */
export interface DecidedPlan {
  readonly plan: Plan;
  readonly decidedOn: FoldedState;
  readonly epoch: number;
  /** What the plan means for the jobs whose place it changes, by job id. */
  readonly reasons: ReadonlyMap<JobId, string>;
}

/** What became of a plan: in force, too old because events came in, or decided by somebody who leads no more. */
export type Commitment =
  | { readonly kind: "in-force"; readonly folded: FoldedState; readonly commands: readonly Command[] }
  | { readonly kind: "stale" }
  | { readonly kind: "deposed" };

/**
 * See the file's header. With `mayBeStale`, events that came in meanwhile apply on top of the plan. All that can be is worked out before the
 * transaction, since it keeps every other write to the cluster waiting.
 */
export async function commitPlan(
  store: Pick<Store, "history" | "write">,
  clusterId: string,
  { decided, mayBeStale }: { readonly decided: DecidedPlan; readonly mayBeStale: "yes" | "no" },
): Promise<Commitment> {
  const { plan, decidedOn, epoch } = decided;
  const before = decidedOn.state;
  const delta = deltaBetween(before.allocation, plan.allocation);
  const folded: FoldedState = {
    state: replayStep(before, { kind: "plan", delta }),
    sequence: decidedOn.sequence,
    planNumber: decidedOn.planNumber + 1,
  };
  const commands = commandsBetween(before.allocation, folded.state.allocation);
  const record = {
    plan: storedPlan(plan),
    body: planView(plan, before.settings, MAX_LISTED_WAITING),
    number: folded.planNumber,
    afterSequence: folded.sequence,
    delta,
    commands,
  };
  const since = await store.history.events(clusterId, folded.sequence, MAX_EVENTS_AHEAD);
  if (since.length > 0 && mayBeStale === "no") return { kind: "stale" };
  const visible = foldEvents(folded, since);
  return store.write(clusterId, async (locked): Promise<Commitment> => {
    const { cluster } = locked;
    if (cluster.plannerEpoch !== epoch || cluster.planCount !== decidedOn.planNumber)
      return { kind: "deposed" };
    if (cluster.lastSequence > decidedOn.sequence && mayBeStale === "no") return { kind: "stale" };
    await locked.plans.insert(clusterId, record);
    await locked.clusters.update(clusterId, {
      planCount: folded.planNumber,
      planRevision: plan.revision,
      plannerTrouble: null,
    });
    const latest =
      cluster.lastSequence > visible.sequence
        ? foldEvents(
            visible,
            await locked.history.events(clusterId, visible.sequence, cluster.lastSequence - visible.sequence),
          )
        : visible;
    await bringUpToDate(locked, { decided, folded, delta, visible: latest.state });
    await locked.ring("plan");
    return { kind: "in-force", folded, commands };
  });
}

async function bringUpToDate(
  locked: LockedCluster,
  args: {
    readonly decided: DecidedPlan;
    readonly folded: FoldedState;
    readonly delta: AllocationDelta;
    /** The plan with all events that came in since on top. */
    readonly visible: ClusterState;
  },
): Promise<void> {
  const { decided, folded, delta, visible } = args;
  const { cluster } = locked;
  const changed = changedJobs(decided.decidedOn.state, folded.state);
  // Who shares a node with a job that came or went pays another share of its rent from then on.
  const shared = new Set(delta.set.map(({ id }) => id));
  // Also of jobs that ended meanwhile: until then they ran where the plan had put them, and with whom.
  const planned = placements(folded.state.allocation);
  const touched = new Set(changed.keys());
  for (const [id, { nodeId }] of planned) if (shared.has(nodeId)) touched.add(id);
  await locked.jobs.update(
    cluster.id,
    recordsOf({ ...visible, jobs: visible.jobs.filter(({ id }) => touched.has(id)) }),
  );
  const rented = new Set(visible.allocation.nodes.map((node) => node.id));
  await locked.clusters.changeNodes(cluster.id, {
    gone: [...delta.gone, ...delta.set.flatMap(({ id }) => (rented.has(id) ? [] : [id]))],
    set: visible.allocation.nodes.filter(({ id }) => shared.has(id)).map((node) => ({ ...node, parts: [] })),
  });
  await locked.jobHistory.append(
    cluster.id,
    [...changed].map(([jobId, kind]): JobHistoryEntry => ({
      jobId,
      atSeconds: decided.plan.decidedAtSeconds,
      kind,
      reason: decided.reasons.get(jobId) ?? "The plan changed its place.",
      principal: null,
      planRevision: decided.plan.revision,
    })),
  );
}

/** What a plan does to a job's place. */
export type PlaceChange = "started" | "moved" | "stopped";

/** Jobs whose place a plan changes, and how. */
export function changedJobs(
  before: ClusterState,
  after: Pick<ClusterState, "allocation">,
): ReadonlyMap<JobId, PlaceChange> {
  const old = placements(before.allocation);
  const next = placements(after.allocation);
  const changed = new Map<JobId, PlaceChange>();
  for (const [jobId, to] of next) {
    const from = old.get(jobId);
    if (from === undefined) changed.set(jobId, "started");
    else if (from.nodeId !== to.nodeId || from.gpus !== to.gpus) changed.set(jobId, "moved");
  }
  for (const jobId of old.keys()) if (!next.has(jobId)) changed.set(jobId, "stopped");
  return changed;
}
