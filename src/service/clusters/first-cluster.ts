/** The cluster that a new store begins with: a scenario whose jobs arrive one after the other, the last of them now. */
import { inlineNetworksOf } from "../../catalog/inline-network.ts";
import type { ScenarioJob } from "../../catalog/job-spec.ts";
import type { Scenario } from "../../catalog/scenario.ts";
import { emptyCluster } from "../../domain/cluster-state.ts";
import type { ClusterEvent } from "../../domain/event.ts";
import type { Job } from "../../domain/job.ts";
import type { Decision, DecisionMeans } from "../../planner/decide.ts";
import { simulate } from "../../simulator/simulate.ts";
import type { ServiceWrite, Store } from "../../store/store.ts";
import { DEFAULT_CLUSTER_ID } from "../endpoint.ts";
import type { FoldedState } from "../planning/cluster-fold.ts";
import { foldEvents } from "../planning/cluster-fold.ts";
import { commitPlan } from "../planning/commit-plan.ts";
import { placeReasons } from "../planning/place-reasons.ts";
import { keptRequest } from "../recording/posted-job.ts";
import { recordEvent } from "../recording/record-event.ts";
import { configurationOfSettings } from "./cluster-configuration.ts";

/** A decision of the scenario's history, with the events that led to it. */
export interface HistoryDecision {
  readonly decision: Decision;
  readonly events: readonly ClusterEvent[];
}

const BY_THE_SERVICE = { principal: null, requestId: null };

/**
 * Creates the default cluster with a scenario's history, if there is none yet: all of it or, where the service is killed meanwhile, nothing. Says what it decided, or null
 * where it was there already.
 */
export async function createFirstCluster(
  store: Store,
  args: {
    readonly scenario: Scenario;
    readonly nowSeconds: number;
    readonly means: DecisionMeans;
  },
): Promise<readonly HistoryDecision[] | null> {
  const { scenario, nowSeconds, means } = args;
  if ((await store.clusters.find(DEFAULT_CLUSTER_ID)) !== undefined) return null;
  const played = await playHistory(scenario, nowSeconds, means);
  const isNew = await store.writeService((written) => writeHistory(written, { ...args, played }));
  return isNew ? played : null;
}

/** Whether there was no default cluster yet. */
async function writeHistory(
  store: ServiceWrite,
  args: {
    readonly scenario: Scenario;
    readonly nowSeconds: number;
    readonly means: DecisionMeans;
    readonly played: readonly HistoryDecision[];
  },
): Promise<boolean> {
  const { scenario, nowSeconds, means, played } = args;
  const { settings: initialSettings } = emptyCluster(scenario.settings);
  const isNew = await store.clusters.create({
    id: DEFAULT_CLUSTER_ID,
    configuration: configurationOfSettings(initialSettings, means.policy),
    initialSettings,
    createdAtSeconds: nowSeconds,
  });
  if (!isNew) return false;
  const epoch = await store.clusters.nextEpoch(DEFAULT_CLUSTER_ID);
  const specs = new Map(scenario.specs.map((spec) => [spec.id, spec]));
  let folded: FoldedState = { state: emptyCluster(initialSettings), sequence: 0, planNumber: 0 };
  for (const { decision, events } of played) {
    for (const event of events) folded = await recordOne(store, folded, { event, specs });
    const { plan } = decision;
    const reasons = placeReasons(folded.state, plan, means.policy);
    const decided = { plan, decidedOn: folded, epoch, reasons };
    const commitment = await commitPlan(store, DEFAULT_CLUSTER_ID, { decided, mayBeStale: "no" });
    if (commitment.kind !== "in-force")
      throw new Error(`Somebody else writes to the new cluster: a plan is ${commitment.kind}`);
    folded = commitment.folded;
  }
  await store.ring({ kind: "configuration", clusterId: DEFAULT_CLUSTER_ID });
  return true;
}

async function recordOne(
  store: ServiceWrite,
  folded: FoldedState,
  { event, specs }: { readonly event: ClusterEvent; readonly specs: ReadonlyMap<string, ScenarioJob> },
): Promise<FoldedState> {
  const arrived = (event.kind === "jobs-arrived" ? event.jobs : []).map((job) => {
    const spec = specs.get(job.id);
    if (spec === undefined) throw new Error(`The scenario has no job ${job.id}`);
    return { job, spec };
  });
  const requests = new Map(arrived.map(({ job, spec }) => [job.id, requestOf(job, spec)]));
  const networks = inlineNetworksOf(arrived.map(({ spec }) => spec));
  await store.write(DEFAULT_CLUSTER_ID, (locked) =>
    recordEvent(locked, { event, cause: BY_THE_SERVICE, requests, networks }),
  );
  const events = await store.history.events(DEFAULT_CLUSTER_ID, folded.sequence, 1);
  return foldEvents(folded, events);
}

async function playHistory(
  scenario: Scenario,
  nowSeconds: number,
  means: DecisionMeans,
): Promise<readonly HistoryDecision[]> {
  const played: HistoryDecision[] = [];
  const last = Math.max(...scenario.jobs.map((job) => job.submittedAtSeconds));
  await simulate({
    settings: scenario.settings,
    jobs: scenario.jobs.map((job) => movedBy(job, nowSeconds - last)),
    means,
    untilSeconds: nowSeconds,
    onDecision: (decision, events) => {
      played.push({ decision, events });
    },
  });
  return played;
}

function movedBy(job: Job, seconds: number): Job {
  return {
    ...job,
    submittedAtSeconds: job.submittedAtSeconds + seconds,
    dueAtSeconds: job.dueAtSeconds + seconds,
  };
}

/** A scenario's job as if it had been posted when it arrived here. */
function requestOf({ submittedAtSeconds }: Job, { submittedAt, dueAt, ...spec }: ScenarioJob): object {
  return keptRequest({ ...spec, dueAt: submittedAtSeconds + (dueAt - submittedAt) });
}
