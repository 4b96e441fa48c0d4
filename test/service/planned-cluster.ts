/** A cluster in a store with a planner that the test starts, rings and closes, for tests of planning without HTTP. */
import { setTimeout } from "node:timers/promises";
import { pino } from "pino";
import type { ClusterSettings, ClusterState } from "../../src/domain/cluster-state.ts";
import type { ClusterEvent } from "../../src/domain/event.ts";
import type { SolverPort } from "../../src/milp/solver-port.ts";
import type { PolicyName } from "../../src/planner/policy.ts";
import type { DecisionReport, PlannerEnd } from "../../src/service/planning/planner-options.ts";
import { ClusterPlanner } from "../../src/service/planning/cluster-planner.ts";
import { foldEvents, foldHistory } from "../../src/service/planning/cluster-fold.ts";
import type { Recorded } from "../../src/service/recording/record-event.ts";
import { eventTime, recordEvent } from "../../src/service/recording/record-event.ts";
import type { ClusterRecord } from "../../src/store/clusters.ts";
import type { Store } from "../../src/store/store.ts";
import { EXACT } from "../support/limits.ts";
import type { FakeClock } from "./fake-clock.ts";
import { fakeClock } from "./fake-clock.ts";
import { SETTINGS, START_SECONDS } from "./test-cluster.ts";

/** A planner that runs. */
export interface PlannedCluster {
  readonly clock: FakeClock;
  readonly decisions: readonly DecisionReport[];
  readonly planner: ClusterPlanner;
  readonly submit: (make: (atSeconds: number) => ClusterEvent) => Promise<Recorded>;
  readonly cluster: () => Promise<ClusterRecord>;
  /** Waits until the cluster is as the test wants it. */
  readonly until: (isIt: (cluster: ClusterRecord) => boolean) => Promise<ClusterRecord>;
  /** Waits until every event is in the plan in force and the planner waits. */
  readonly settled: () => Promise<ClusterRecord>;
  /** The fold of the whole history. */
  readonly state: () => Promise<ClusterState>;
  /** How the planner ended. */
  readonly ended: Promise<PlannerEnd>;
  readonly close: () => Promise<void>;
}

const POLL_MILLISECONDS = 2;
const CLUSTER = "default";
const BY_THE_TEST = { principal: null, requestId: null };

/** Records an event of the default cluster; what was posted for its jobs is left empty. */
export function submitTo(
  store: Store,
  nowSeconds: number,
  make: (atSeconds: number) => ClusterEvent,
): Promise<Recorded> {
  return store.write(CLUSTER, (locked) => {
    const event = make(eventTime(locked, nowSeconds));
    const arrived = event.kind === "jobs-arrived" ? event.jobs : [];
    const requests = new Map(arrived.map((job) => [job.id, {}]));
    return recordEvent(locked, { event, cause: BY_THE_TEST, requests });
  });
}

/** The fold of the whole history of the default cluster, from its beginning. */
export async function wholeFold(store: Store): Promise<ClusterState> {
  const { folded, pending } = await foldHistory(store, CLUSTER, undefined);
  return foldEvents(folded, pending).state;
}

/** Creates the default cluster, with nothing in it. */
export async function createCluster(store: Store, settings: ClusterSettings = SETTINGS): Promise<void> {
  await store.clusters.create({
    id: CLUSTER,
    configuration: { policy: "greedy" },
    initialSettings: settings,
    createdAtSeconds: START_SECONDS,
  });
}

/** Leads the default cluster, creating it where it is not there. */
export async function plannedCluster(
  store: Store,
  options: { readonly solver: SolverPort; readonly policy?: PolicyName; readonly clock?: FakeClock },
): Promise<PlannedCluster> {
  const clock = options.clock ?? fakeClock(START_SECONDS);
  await createCluster(store);
  const decisions: DecisionReport[] = [];
  const planner = new ClusterPlanner({
    store,
    clusterId: CLUSTER,
    epoch: await store.clusters.nextEpoch(CLUSTER),
    clock,
    logger: pino({ level: "silent" }),
    // The literature's MILP always asks the solver; the default policy proves problems this small without one.
    meansOf: () => ({ policy: options.policy ?? "per-node", solver: options.solver, limits: EXACT }),
    nextOccasion: () => null,
    pausedUntil: () => null,
    onDecision: (report) => {
      decisions.push(report);
    },
  });
  const ended = planner.run();
  const cluster = async (): Promise<ClusterRecord> => {
    const found = await store.clusters.find(CLUSTER);
    if (found === undefined) throw new Error("The cluster is gone");
    return found;
  };
  const until = async (isIt: (cluster: ClusterRecord) => boolean): Promise<ClusterRecord> => {
    for (;;) {
      const now = await cluster();
      if (isIt(now)) return now;
      await setTimeout(POLL_MILLISECONDS);
    }
  };
  return {
    clock,
    decisions,
    planner,
    submit: async (make) => {
      const recorded = await submitTo(store, clock.nowSeconds(), make);
      planner.ring();
      return recorded;
    },
    cluster,
    until,
    settled: () =>
      until(
        (now) =>
          now.planRevision !== null &&
          now.lastSequence + now.planCount === now.planRevision + 1 &&
          clock.dueTimes().length > 0,
      ),
    state: () => wholeFold(store),
    ended,
    close: async () => {
      planner.close();
      await ended;
    },
  };
}
