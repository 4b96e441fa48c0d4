/** Whatever happens to a cluster, its rows say what its history says, from the beginning or from a snapshot, and every plan is feasible. */
import * as fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { placements } from "../../src/domain/allocation.ts";
import { checkAllocation } from "../../src/domain/check-allocation.ts";
import type { ClusterState } from "../../src/domain/cluster-state.ts";
import type { ClusterEvent } from "../../src/domain/event.ts";
import { planFor } from "../../src/planner/decide.ts";
import { pose } from "../../src/planner/pose.ts";
import { foldEvents, foldHistory } from "../../src/service/planning/cluster-fold.ts";
import { commitPlan } from "../../src/service/planning/commit-plan.ts";
import { clusterOf } from "../../src/service/recording/job-course.ts";
import type { Store } from "../../src/store/store.ts";
import { EXACT } from "../support/limits.ts";
import { seeded } from "../support/seed.ts";
import type { TestStore } from "../support/test-store.ts";
import { testStore } from "../support/test-store.ts";
import { draftSolver } from "./fake-solver.ts";
import { createCluster, submitTo, wholeFold } from "./planned-cluster.ts";
import { START_SECONDS, testJob } from "./test-cluster.ts";

let database: TestStore;
let store: Store;

beforeAll(async () => {
  database = await testStore();
  ({ store } = database);
});
afterAll(() => database.close());

/** One step of a story; `pick` chooses whom it is about among those whom it may be about. */
interface Step {
  readonly kind:
    | "arrive"
    | "complete"
    | "cancel"
    | "change"
    | "report"
    | "lose-node"
    | "change-settings"
    | "forget"
    | "timer"
    | "plan"
    | "plan-late"
    | "snapshot";
  readonly afterSeconds: number;
  readonly pick: number;
  readonly share: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    { weight: 5, arbitrary: fc.constant("arrive" as const) },
    { weight: 5, arbitrary: fc.constantFrom("plan" as const, "plan-late" as const) },
    {
      weight: 8,
      arbitrary: fc.constantFrom(
        "complete" as const,
        "cancel" as const,
        "change" as const,
        "report" as const,
        "report" as const,
        "lose-node" as const,
        "change-settings" as const,
        "forget" as const,
        "timer" as const,
        "snapshot" as const,
      ),
    },
  ),
  // Jobs take 1800 or 3600 seconds: some outlast their prediction, by little and by much.
  afterSeconds: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 4000 })),
  pick: fc.nat(1000),
  share: fc.double({ min: 0, max: 0.999, noNaN: true }),
});

/** The event of a step in a state; undefined where there is nobody whom it could be about. */
function eventOf(
  state: ClusterState,
  { kind, pick, share }: Step,
  jobNumber: number,
): ((atSeconds: number) => ClusterEvent) | undefined {
  const active = state.jobs.filter(({ status }) => status.kind === "active");
  const ended = state.jobs.filter(({ status }) => status.kind !== "active");
  const job = active[pick % Math.max(1, active.length)];
  const node = state.allocation.nodes[pick % Math.max(1, state.allocation.nodes.length)];
  switch (kind) {
    case "arrive":
      return (atSeconds) => ({
        kind: "jobs-arrived",
        atSeconds,
        jobs: Array.from({ length: 1 + (pick % 3) }, (_, index) =>
          testJob(`j${jobNumber + index}`, atSeconds),
        ),
      });
    case "complete":
      return job && ((atSeconds) => ({ kind: "job-completed", atSeconds, jobId: job.id }));
    case "cancel":
      return job && ((atSeconds) => ({ kind: "job-cancelled", atSeconds, jobId: job.id }));
    case "change":
      return (
        job &&
        ((atSeconds) => ({
          kind: "job-changed",
          atSeconds,
          jobId: job.id,
          dueAtSeconds: atSeconds + pick * 10,
          tardinessCostPerSecondUsd: share / 10,
        }))
      );
    case "report":
      return (
        job &&
        ((atSeconds) => ({ kind: "progress-reported", atSeconds, jobId: job.id, completedShare: share }))
      );
    case "lose-node":
      return node && ((atSeconds) => ({ kind: "node-lost", atSeconds, nodeId: node.id }));
    case "change-settings":
      return (atSeconds) => ({
        kind: "settings-changed",
        atSeconds,
        settings: { ...state.settings, maxNodes: 1 + (pick % 3) },
        durations: active
          .filter((_, index) => index % 2 === pick % 2)
          .map(({ id, job: { durations } }) => ({
            jobId: id,
            durations: {
              ...durations,
              entries: durations.entries.map((entry) => ({
                ...entry,
                durationSeconds: entry.durationSeconds * (0.5 + share),
              })),
            },
          })),
      });
    case "forget":
      return ended.length === 0
        ? undefined
        : (atSeconds) => ({ kind: "jobs-forgotten", atSeconds, jobIds: ended.map(({ id }) => id) });
    case "timer":
      return (atSeconds) => ({ kind: "timer-elapsed", atSeconds });
    case "plan":
    case "plan-late":
    case "snapshot":
      return undefined;
  }
}

/** Lives through the steps; gives the seconds in the end. Plans that come late meet events that they did not know. */
async function live(steps: readonly Step[]): Promise<number> {
  let nowSeconds = START_SECONDS;
  let jobNumber = 1;
  const epoch = await store.clusters.nextEpoch("default");
  const record = async (told: Step): Promise<void> => {
    const make = eventOf(await wholeFold(store), told, jobNumber);
    if (told.kind === "arrive") jobNumber += 3;
    if (make !== undefined) await submitTo(store, nowSeconds, make);
  };
  let waiting: Step[] = [];
  for (const told of steps) {
    nowSeconds += told.afterSeconds;
    if (told.kind === "snapshot") await keepSnapshot();
    else if (told.kind !== "plan" && told.kind !== "plan-late") await record(told);
    else {
      const { folded, pending } = await foldHistory(store, "default", undefined);
      const decidedOn = foldEvents(folded, pending);
      if (decidedOn.state.nowSeconds === null) continue;
      const plan = await planFor(decidedOn.state, { policy: "greedy", solver: draftSolver, limits: EXACT });
      expect(checkAllocation(pose(decidedOn.state), plan.allocation)).toEqual([]);
      // What comes in while a late plan is decided: some of what happened so far happens again.
      if (told.kind === "plan-late") for (const other of waiting) await record(other);
      const decided = { plan, decidedOn, epoch, reasons: new Map() };
      const { kind } = await commitPlan(store, "default", { decided, mayBeStale: "yes" });
      expect(kind).toBe("in-force");
      waiting = [];
    }
    if (!told.kind.startsWith("plan")) waiting = [...waiting, told].slice(-3);
  }
  return nowSeconds;
}

/** As the planner does: of the state right after the last plan. */
async function keepSnapshot(): Promise<void> {
  const { folded } = await foldHistory(store, "default", await store.latestSnapshot("default"));
  await store.keepSnapshot("default", {
    state: folded.state,
    afterSequence: folded.sequence,
    planNumber: folded.planNumber,
  });
}

/** Equal texts for equal contents, whatever the order of their keys. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

async function expectRowsToSay(state: ClusterState, nowSeconds: number): Promise<void> {
  const records = await store.jobs.page("default", {}, 10_000);
  const nodes = await store.clusters.nodes("default");
  const cluster = await store.clusters.find("default");
  if (cluster === undefined) throw new Error("The cluster is gone");
  expect(cluster.settings).toEqual(state.settings);
  expect([...nodes].map(({ id, vmTypeId }) => `${id} ${vmTypeId}`).sort()).toEqual(
    state.allocation.nodes.map(({ id, vmTypeId }) => `${id} ${vmTypeId}`).sort(),
  );
  const rows = clusterOf({ settings: cluster.settings, nodes, records }, nowSeconds);
  const now = foldEvents({ state, sequence: 0, planNumber: 0 }, [
    { sequence: 1, event: { kind: "timer-elapsed", atSeconds: nowSeconds } },
  ]).state;
  expect(rows.jobs.map(({ id, status, job }) => ({ id, status, job }))).toEqual(
    now.jobs.map(({ id, status, job }) => ({ id, status, job })),
  );
  const byId = <Entry extends readonly [string, unknown]>(entries: Iterable<Entry>): unknown =>
    Object.fromEntries(entries);
  expect(byId(placements(rows.allocation))).toEqual(byId(placements(now.allocation)));
  for (const [index, entry] of now.jobs.entries()) {
    const row = rows.jobs[index];
    expect(row?.completedShare).toBeCloseTo(entry.completedShare, 9);
    expect(row?.savedShare).toBeCloseTo(entry.savedShare, 9);
    expect(row?.pace.factor).toBeCloseTo(entry.pace.factor, 9);
    const words = records.find(({ state: { id } }) => id === entry.id);
    expect(words?.placement === null).toBe(!placements(now.allocation).has(entry.id));
  }
}

describe("a cluster's history", () => {
  it("says the same from its beginning, from a snapshot, and as rows", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        await database.empty();
        await createCluster(store);
        const nowSeconds = await live(steps);
        const whole = await wholeFold(store);
        const { folded, pending } = await foldHistory(
          store,
          "default",
          await store.latestSnapshot("default"),
        );
        expect(canonical(foldEvents(folded, pending).state)).toBe(canonical(whole));
        await expectRowsToSay(whole, nowSeconds);
      }),
      seeded(15),
    );
  });

  it("starts from the snapshot before where a later one was only half written", async () => {
    await database.empty();
    await createCluster(store);
    await live([told("arrive"), told("plan"), told("snapshot")]);
    const whole = await store.latestSnapshot("default");
    await sql`INSERT INTO snapshots SELECT cluster_id, revision + 1, piece, after_sequence, plan_number, body FROM snapshots WHERE piece > 0`.execute(
      store.db,
    );
    expect(whole?.state.jobs.length).toBe(1);
    expect(await store.latestSnapshot("default")).toEqual(whole);
    await live([told("timer"), told("plan"), told("snapshot")]);
    const later = await store.latestSnapshot("default");
    expect(later?.state.revision).toBeGreaterThan(whole?.state.revision ?? Infinity);
    expect(later?.state.jobs.length).toBe(1);
  });
});

const told = (kind: Step["kind"]): Step => ({ kind, afterSeconds: 10, pick: 0, share: 0.5 });
