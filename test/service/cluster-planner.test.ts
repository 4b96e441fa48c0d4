import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { placements } from "../../src/domain/allocation.ts";
import { jobId } from "../../src/domain/ids.ts";
import type { SolverPort } from "../../src/milp/solver-port.ts";
import { MAX_STALE_ROUNDS, MAX_STALE_SECONDS } from "../../src/service/planning/cluster-planner.ts";
import type { PlanRecord } from "../../src/store/plan-record.ts";
import type { Store } from "../../src/store/store.ts";
import type { TestStore } from "../support/test-store.ts";
import { testStore } from "../support/test-store.ts";
import { fakeClock } from "./fake-clock.ts";
import { draftSolver, fakeSolver } from "./fake-solver.ts";
import type { PlannedCluster } from "./planned-cluster.ts";
import { plannedCluster, submitTo } from "./planned-cluster.ts";
import { START_SECONDS, arrival } from "./test-cluster.ts";

let database: TestStore;
let store: Store;
let open: PlannedCluster[] = [];

beforeAll(async () => {
  database = await testStore();
  ({ store } = database);
});
afterAll(() => database.close());
beforeEach(() => database.empty());
afterEach(async () => {
  await Promise.all(open.map((cluster) => cluster.close()));
  open = [];
});

async function planned(solver: SolverPort, clock = fakeClock(START_SECONDS)): Promise<PlannedCluster> {
  const cluster = await plannedCluster(store, { solver, clock });
  open.push(cluster);
  return cluster;
}

const plans = (): Promise<readonly PlanRecord[]> => store.plans.after("default", -1, 100);
const rowIds = async (): Promise<readonly string[]> =>
  (await store.jobs.page("default", {}, 100)).map(({ state }) => state.id);
const plannedIds = ({ decisions }: PlannedCluster): readonly (readonly string[])[] =>
  decisions.map(({ plan }) => plan.forecasts.map((forecast) => forecast.jobId));

describe("the planner of a cluster", () => {
  it("decides once at the start, so that there is a plan", async () => {
    const cluster = await planned(draftSolver);
    expect(await cluster.settled()).toMatchObject({ planCount: 1, plannerTrouble: null });
    expect(plannedIds(cluster)).toEqual([[]]);
    expect(cluster.decisions[0]?.plan.wakeUpAtSeconds).toBeNull();
  });

  it("decides on an arrival, rents, and wakes up at the time that the plan names, not before", async () => {
    const cluster = await planned(draftSolver);
    const { revision } = await cluster.submit(arrival("a"));
    expect(await rowIds()).toEqual(["a"]);
    await cluster.settled();
    const last = (await plans()).at(-1);
    expect(last?.plan.revision).toBeGreaterThanOrEqual(revision);
    expect(last?.commands.map((command) => command.kind)).toEqual(["rent-node", "start-job"]);
    const { allocation } = await cluster.state();
    expect(placements(allocation).has(jobId("a"))).toBe(true);

    const { planCount } = await cluster.cluster();
    const wakeUpAtSeconds = last?.plan.wakeUpAtSeconds ?? 0;
    cluster.clock.advanceTo(wakeUpAtSeconds - 1);
    cluster.planner.ring();
    await cluster.settled();
    expect((await cluster.cluster()).planCount).toBe(planCount);
    cluster.clock.advanceTo(wakeUpAtSeconds);
    await cluster.until((now) => now.planCount === planCount + 1);
    expect((await store.history.events("default", 0, 100)).at(-1)?.event).toEqual({
      kind: "timer-elapsed",
      atSeconds: wakeUpAtSeconds,
    });
  });

  it("has one timer, however many plans it has made", async () => {
    const cluster = await planned(draftSolver);
    for (const id of ["a", "b", "c"]) {
      await cluster.submit(arrival(id));
      await cluster.settled();
      expect(cluster.clock.dueTimes()).toHaveLength(1);
    }
  });

  it("shows acknowledged events at once, and drops the plan that did not know them", async () => {
    const solver = fakeSolver();
    const cluster = await planned(solver);
    await cluster.settled();
    await cluster.submit(arrival("a"));
    await solver.asked();
    await cluster.submit(arrival("b"));
    await cluster.submit(arrival("c"));
    expect(await rowIds()).toEqual(["a", "b", "c"]);
    solver.answer();
    await solver.asked();
    // The plan for "a" alone is stale: not kept; "b" and "c" are posed together with it.
    expect((await cluster.cluster()).planCount).toBe(1);
    solver.answer();
    await cluster.settled();
    expect(plannedIds(cluster)).toEqual([[], ["a", "b", "c"]]);
    expect(cluster.decisions[1]?.staleRounds).toBe(1);
    expect(await plans()).toHaveLength(2);
  });

  it("keeps a plan although events keep coming, and loses none of them", async () => {
    const solver = fakeSolver();
    const cluster = await planned(solver);
    await cluster.settled();
    for (let round = 0; round <= MAX_STALE_ROUNDS; round += 1) {
      await cluster.submit(arrival(`j${round}`));
      if (round > 0) solver.answer();
      await solver.asked();
    }
    // The plan of this solve knows j0 to j3 and is kept although "late" comes in meanwhile.
    const late = await cluster.submit(arrival("late"));
    solver.answer();
    await solver.asked();
    expect(plannedIds(cluster)).toEqual([[], ["j0", "j1", "j2", "j3"]]);
    expect((await cluster.cluster()).planRevision).toBeLessThan(late.revision);
    expect(await rowIds()).toEqual(["j0", "j1", "j2", "j3", "late"]);
    solver.answer();
    await cluster.settled();
    expect(plannedIds(cluster).at(-1)).toEqual(["j0", "j1", "j2", "j3", "late"]);
    expect((await cluster.cluster()).planRevision).toBeGreaterThanOrEqual(late.revision);
    expect((await cluster.state()).jobs.map(({ id }) => id)).toEqual(["j0", "j1", "j2", "j3", "late"]);
  });

  it("keeps a plan that took long at once, although an event came in meanwhile", async () => {
    const solver = fakeSolver();
    const cluster = await planned(solver);
    await cluster.settled();
    await cluster.submit(arrival("a"));
    await solver.asked();
    cluster.clock.set(START_SECONDS + MAX_STALE_SECONDS);
    await cluster.submit(arrival("late"));
    solver.answer();
    await solver.asked();
    expect(plannedIds(cluster)).toEqual([[], ["a"]]);
    solver.answer();
    await cluster.settled();
    expect(plannedIds(cluster).at(-1)).toEqual(["a", "late"]);
  });

  it("keeps time from running backwards", async () => {
    const cluster = await planned(draftSolver);
    await cluster.settled();
    cluster.clock.set(START_SECONDS - 1000);
    const { atSeconds } = await cluster.submit(arrival("a"));
    expect(atSeconds).toBe(START_SECONDS);
    await cluster.settled();
    expect(plannedIds(cluster).at(-1)).toEqual(["a"]);
  });

  it("survives a failed decision: trouble is told without its inside, nothing is lost, and it tries again", async () => {
    const solver = fakeSolver();
    const cluster = await planned(solver);
    await cluster.settled();
    await cluster.submit(arrival("a"));
    await solver.asked();
    solver.break(new Error("secret detail"));
    const { plannerTrouble } = await cluster.until((now) => now.plannerTrouble !== null);
    expect(plannerTrouble).toMatch(/correlation id [0-9a-f-]{36}/);
    expect(plannerTrouble).not.toContain("secret");
    expect(await rowIds()).toEqual(["a"]);
    cluster.planner.ring();
    await solver.asked();
    solver.answer();
    await cluster.until((now) => now.plannerTrouble === null);
    expect(plannedIds(cluster).at(-1)).toEqual(["a"]);
  });

  it("tries again by itself after a while, and asks for no timer meanwhile", async () => {
    const solver = fakeSolver();
    const cluster = await planned(solver);
    await cluster.settled();
    await cluster.submit(arrival("a"));
    await solver.asked();
    solver.break(new Error("broken"));
    await cluster.until((now) => now.plannerTrouble !== null && cluster.clock.dueTimes().length > 0);
    const { lastSequence } = await cluster.cluster();
    cluster.clock.advanceBy(60);
    await solver.asked();
    solver.answer();
    await cluster.until((now) => now.plannerTrouble === null);
    expect(plannedIds(cluster).at(-1)).toEqual(["a"]);
    expect((await cluster.cluster()).lastSequence).toBe(lastSequence);
  });

  it("acknowledges nothing that was not kept", async () => {
    const cluster = await planned(draftSolver);
    const before = await cluster.settled();
    await full("job_history");
    await expect(cluster.submit(arrival("a"))).rejects.toThrow("is_full");
    expect(await rowIds()).toEqual([]);
    expect(await cluster.cluster()).toEqual(before);
    expect(await store.history.events("default", before.lastSequence, 10)).toEqual([]);
    await free("job_history");
    await cluster.submit(arrival("b"));
    await cluster.settled();
    expect(plannedIds(cluster).at(-1)).toEqual(["b"]);
  });

  it("does not follow a plan that was not kept", async () => {
    const cluster = await planned(draftSolver);
    await cluster.settled();
    await full("commands");
    await cluster.submit(arrival("a"));
    const troubled = await cluster.until((now) => now.plannerTrouble !== null);
    expect(troubled.planCount).toBe(1);
    expect(await plans()).toHaveLength(1);
    expect(await store.clusters.nodes("default")).toEqual([]);
    expect((await store.jobs.find("default", ["a"]))[0]).toMatchObject({ placement: null });
    await free("commands");
    cluster.planner.ring();
    await cluster.until((now) => now.planCount === 2);
    expect(plannedIds(cluster).at(-1)).toEqual(["a"]);
    expect((await cluster.state()).allocation.nodes).toHaveLength(1);
  });

  it("takes events one at a time, so that each sees what was accepted before", async () => {
    const cluster = await planned(draftSolver);
    await cluster.settled();
    const recorded = await Promise.all(["a", "b", "c"].map((id) => cluster.submit(arrival(id))));
    expect(recorded.map(({ sequence }) => sequence).sort()).toEqual([2, 3, 4]);
    await cluster.settled();
    expect([...(plannedIds(cluster).at(-1) ?? [])].sort()).toEqual(["a", "b", "c"]);
  });

  it("goes on from the history that it finds, and from the plan's next decision", async () => {
    const first = await planned(draftSolver);
    await first.submit(arrival("a"));
    const before = await first.settled();
    await first.close();
    open = [];
    const wakeUpAtSeconds = (await plans()).at(-1)?.plan.wakeUpAtSeconds ?? 0;
    const second = await planned(draftSolver, fakeClock(START_SECONDS));
    await second.settled();
    expect(second.decisions).toEqual([]);
    expect(await second.cluster()).toMatchObject({
      lastSequence: before.lastSequence,
      planCount: before.planCount,
    });
    second.clock.advanceTo(wakeUpAtSeconds);
    await second.until((now) => now.planCount === before.planCount + 1);
  });

  it("keeps no plan once it is closed, and its successor makes it", async () => {
    const solver = fakeSolver();
    const cluster = await planned(solver);
    await cluster.settled();
    await cluster.submit(arrival("a"));
    await solver.asked();
    const closed = cluster.close();
    solver.answer();
    await closed;
    open = [];
    expect(await plans()).toHaveLength(1);
    expect(cluster.clock.dueTimes()).toEqual([]);
    const successor = await planned(draftSolver);
    await successor.settled();
    expect(plannedIds(successor)).toEqual([["a"]]);
  });

  it("that was deposed makes no plan any more, though it was deciding", async () => {
    const solver = fakeSolver();
    const old = await planned(solver);
    await old.settled();
    await old.submit(arrival("a"));
    await solver.asked();
    const successor = await planned(draftSolver);
    await successor.settled();
    solver.answer();
    await submitTo(store, START_SECONDS, arrival("b"));
    successor.planner.ring();
    await successor.settled();
    await old.close();
    expect(old.decisions).toHaveLength(1);
    expect(plannedIds(successor).at(-1)).toEqual(["a", "b"]);
    expect(await plans()).toHaveLength(1 + successor.decisions.length);
  });

  it("that was deposed does not ask for timers any more either", async () => {
    const old = await planned(draftSolver);
    await old.submit(arrival("a"));
    const before = await old.settled();
    await store.clusters.nextEpoch("default");
    old.clock.advanceBy(100_000);
    await old.ended;
    expect(await old.cluster()).toMatchObject({
      lastSequence: before.lastSequence,
      planCount: before.planCount,
    });
  });
});

/** From now on the table takes no row, as a full disk would have it. */
const full = async (table: "job_history" | "commands"): Promise<void> => {
  await sql`ALTER TABLE ${sql.table(table)} ADD CONSTRAINT is_full CHECK (false) NOT VALID`.execute(store.db);
};
const free = async (table: "job_history" | "commands"): Promise<void> => {
  await sql`ALTER TABLE ${sql.table(table)} DROP CONSTRAINT is_full`.execute(store.db);
};
