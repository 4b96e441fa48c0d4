/**
 * The auditor of histories: it replays all clusters of a store from their first event and says everything that does not hold together.
 *
 *   order        sequences and plan numbers without gaps, plan revisions strictly increasing, time never backwards
 *   feasibility  each plan's allocation, on the problem that was posed when it was decided
 *   replay       the fold from scratch, a second one, and the one from the snapshot give the same bytes
 *   projection   jobs, nodes and the cluster's row agree with the fold (audit-projection.ts)
 *   promises     everything that was acknowledged is in the history once (audit-promises.ts)
 *
 * It walks the history by itself, with nothing of the planner's but the pure steps, so that it does not share the planner's mistakes.
 */
import { createHash } from "node:crypto";
import { applyDelta } from "../../src/domain/allocation-delta.ts";
import { checkAllocation } from "../../src/domain/check-allocation.ts";
import type { ClusterState } from "../../src/domain/cluster-state.ts";
import { emptyCluster } from "../../src/domain/cluster-state.ts";
import { observe } from "../../src/planner/observe.ts";
import { pose } from "../../src/planner/pose.ts";
import { replayStep } from "../../src/planner/replay.ts";
import { foldEvents, foldHistory } from "../../src/service/planning/cluster-fold.ts";
import type { ClusterRecord } from "../../src/store/clusters.ts";
import type { PlanStep, SequencedEvent } from "../../src/store/history.ts";
import type { Snapshot } from "../../src/store/snapshots.ts";
import type { Store } from "../../src/store/store.ts";
import { canonicalJson } from "./canonical-json.ts";
import { checkProjection } from "./audit-projection.ts";
import type { Acknowledged, BrokenPromises } from "./audit-promises.ts";
import { checkPromises } from "./audit-promises.ts";

/** What an audit found; all lists are empty when everything holds. */
export interface HistoryAudit extends BrokenPromises {
  readonly eventCount: number;
  readonly planCount: number;
  readonly jobCount: number;
  readonly snapshotCount: number;
  /** Plans that break a rule, each with the first rule that it breaks. */
  readonly infeasible: readonly string[];
  /** Everything else that does not hold together. */
  readonly contradictions: readonly string[];
  /** Hash of the state at the end of all histories: equal histories give equal ones. */
  readonly stateHash: string;
}

/** A history as it lies in the store. */
interface WrittenHistory {
  readonly cluster: ClusterRecord;
  readonly events: readonly SequencedEvent[];
  readonly plans: readonly PlanStep[];
  readonly snapshot: Snapshot | undefined;
}

const STEPS_PER_PAGE = 1000;

/** See the file's header. Nobody may write to the store meanwhile. */
export async function checkHistory(
  store: Store,
  acknowledged: readonly Acknowledged[] = [],
): Promise<HistoryAudit> {
  const infeasible: string[] = [];
  const contradictions: string[] = [];
  const finals: string[] = [];
  const broken: BrokenPromises[] = [];
  let eventCount = 0;
  let planCount = 0;
  let jobCount = 0;
  let snapshotCount = 0;
  for (const cluster of await store.clusters.all()) {
    const written = await readHistory(store, cluster);
    const say = (text: string): void => void contradictions.push(`${cluster.id}: ${text}`);
    checkOrder(written, say);
    const walked = walk(written, say);
    infeasible.push(...walked.infeasible.map((text) => `${cluster.id}: ${text}`));
    const final = canonicalJson(walked.state);
    finals.push(final);
    if (canonicalJson(walk(written, () => undefined).state) !== final)
      say("two replays give different states");
    for (const from of [undefined, ...(written.snapshot === undefined ? [] : [written.snapshot])]) {
      const { folded, pending } = await foldHistory(store, cluster.id, from);
      if (canonicalJson(foldEvents(folded, pending).state) !== final)
        say(
          `the fold from ${from === undefined ? "scratch" : `snapshot ${from.planNumber}`} gives another state`,
        );
    }
    await checkProjection({ store, cluster, state: walked.state, say });
    broken.push(
      await checkPromises(
        store,
        written,
        acknowledged.filter(({ clusterId }) => clusterId === cluster.id),
      ),
    );
    eventCount += written.events.length;
    planCount += written.plans.length;
    jobCount += walked.state.jobs.length;
    if (written.snapshot !== undefined) snapshotCount += 1;
  }
  return {
    eventCount,
    planCount,
    jobCount,
    snapshotCount,
    infeasible,
    contradictions,
    lost: broken.flatMap(({ lost }) => lost),
    twice: broken.flatMap(({ twice }) => twice),
    stateHash: createHash("sha256").update(finals.join("\n")).digest("hex"),
  };
}

async function readHistory(store: Store, cluster: ClusterRecord): Promise<WrittenHistory> {
  const events: SequencedEvent[] = [];
  for (;;) {
    const page = await store.history.events(cluster.id, events.at(-1)?.sequence ?? 0, STEPS_PER_PAGE);
    if (page.length === 0) break;
    events.push(...page);
  }
  const plans: PlanStep[] = [];
  for (;;) {
    const page = await store.history.planSteps(cluster.id, plans.at(-1)?.number ?? 0, STEPS_PER_PAGE);
    if (page.length === 0) break;
    plans.push(...page);
  }
  return { cluster, events, plans, snapshot: await store.latestSnapshot(cluster.id) };
}

function checkOrder({ cluster, events, plans }: WrittenHistory, say: (text: string) => void): void {
  let atSeconds = -Infinity;
  for (const [index, { sequence, event }] of events.entries()) {
    if (sequence !== index + 1) say(`event ${index + 1} has the sequence ${sequence}`);
    if (event.atSeconds < atSeconds) say(`event ${sequence} is before the one before it`);
    atSeconds = event.atSeconds;
  }
  let last = { revision: 0, afterSequence: 0 };
  for (const [index, plan] of plans.entries()) {
    if (plan.number !== index + 1) say(`plan ${index + 1} has the number ${plan.number}`);
    if (plan.revision <= last.revision) say(`revision ${plan.revision} follows revision ${last.revision}`);
    if (plan.afterSequence < last.afterSequence) say(`plan ${plan.number} knows less than the one before`);
    last = plan;
  }
  const newest = plans.at(-1)?.revision ?? null;
  if (cluster.lastSequence !== events.length)
    say(`its row says ${cluster.lastSequence} events, and there are ${events.length}`);
  if (cluster.planCount !== plans.length)
    say(`its row says ${cluster.planCount} plans, and there are ${plans.length}`);
  if (cluster.planRevision !== newest)
    say(`its row says that plan ${cluster.planRevision} is in force, and it is ${newest}`);
}

function walk(
  { cluster, events, plans, snapshot }: WrittenHistory,
  say: (text: string) => void,
): { readonly state: ClusterState; readonly infeasible: readonly string[] } {
  const infeasible: string[] = [];
  let state = emptyCluster(cluster.initialSettings);
  let next = 0;
  for (const plan of plans) {
    for (; (events[next]?.sequence ?? Infinity) <= plan.afterSequence; next += 1)
      state = observed(state, events[next]);
    if (plan.revision !== state.revision) say(`plan ${plan.revision} was made at revision ${state.revision}`);
    const allocation = applyDelta(state.allocation, plan.delta);
    const [violation] = checkAllocation(pose(state), allocation);
    if (violation !== undefined) infeasible.push(`plan ${plan.revision}: ${violation.detail}`);
    state = replayStep(state, { kind: "plan", delta: plan.delta });
    if (snapshot?.planNumber === plan.number && canonicalJson(snapshot.state) !== canonicalJson(state))
      say(`the snapshot after plan ${plan.number} is not the state after it`);
  }
  return { state: events.slice(next).reduce(observed, state), infeasible };
}

function observed(state: ClusterState, sequenced: SequencedEvent | undefined): ClusterState {
  if (sequenced === undefined) throw new Error("An event is missing");
  return observe(state, sequenced.event);
}
