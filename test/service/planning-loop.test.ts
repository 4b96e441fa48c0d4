import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { placements } from "../../src/domain/allocation.ts";
import type { ClusterState } from "../../src/domain/cluster-state.ts";
import { emptyCluster } from "../../src/domain/cluster-state.ts";
import { jobId } from "../../src/domain/ids.ts";
import type { SolverPort } from "../../src/milp/solver-port.ts";
import { decide } from "../../src/planner/decide.ts";
import { enact } from "../../src/planner/enact.ts";
import { observe } from "../../src/planner/observe.ts";
import { MAX_STALE_ROUNDS, PlanningLoop } from "../../src/service/planning-loop.ts";
import type { EventLog } from "../../src/store/event-log.ts";
import { memoryEventLog } from "../../src/store/memory-event-log.ts";
import { EXACT } from "../support/limits.ts";
import type { FakeClock } from "./fake-clock.ts";
import { fakeClock } from "./fake-clock.ts";
import { draftSolver, fakeSolver } from "./fake-solver.ts";
import { SETTINGS, START_SECONDS, arrival } from "./test-cluster.ts";

interface Setting {
  readonly loop: PlanningLoop;
  readonly clock: FakeClock;
  readonly eventLog: EventLog;
}

function loopWith(solver: SolverPort, eventLog: EventLog = memoryEventLog()): Setting {
  const clock = fakeClock(START_SECONDS);
  const loop = new PlanningLoop({
    // The literature's MILP always asks the solver; the default policy proves problems this small without one.
    means: { policy: "per-node", solver, limits: EXACT },
    clock,
    eventLog,
    logger: pino({ level: "silent" }),
    initial: { state: emptyCluster(SETTINGS), plan: null },
  });
  loop.start();
  return { loop, clock, eventLog };
}

/** What the log says the state is: every plan on the events that it knew. */
async function replayed(eventLog: EventLog): Promise<ClusterState> {
  const events = await eventLog.events(0);
  let state = emptyCluster(SETTINGS);
  let known = 0;
  for (const { plan, lastEventSequence } of await eventLog.plans()) {
    state = enact(
      events.slice(known, lastEventSequence).reduce((before, { event }) => observe(before, event), state),
      plan,
    );
    known = lastEventSequence;
  }
  return events.slice(known).reduce((before, { event }) => observe(before, event), state);
}

const jobIds = (state: ClusterState): readonly string[] => state.jobs.map((entry) => entry.id);
const forecastIds = (loop: PlanningLoop): readonly string[] =>
  (loop.view().enacted?.plan.forecasts ?? []).map((forecast) => forecast.jobId);

describe("planning loop", () => {
  it("decides once at the start, so that there is a plan, and is ready from then on", async () => {
    const { loop, clock } = loopWith(draftSolver);
    expect(loop.view().readiness).toEqual({ kind: "not-ready", reason: "No plan has been decided yet." });
    await loop.idle();
    expect(loop.view()).toMatchObject({
      readiness: { kind: "ready" },
      pendingEventCount: 0,
      enacted: { plan: { forecasts: [], wakeUpAtSeconds: null } },
    });
    expect(clock.dueTimes()).toEqual([]);
  });

  it("decides on an arrival, rents, and waits for the plan's next decision", async () => {
    const { loop, clock } = loopWith(draftSolver);
    const { revision } = await loop.submit(arrival("a"));
    expect(jobIds(loop.view().state)).toEqual(["a"]);
    await loop.idle();
    const { enacted, state } = loop.view();
    expect(enacted?.plan.revision).toBeGreaterThanOrEqual(revision);
    expect(enacted?.commands.map((command) => command.kind)).toEqual(["rent-node", "start-job"]);
    expect(placements(state.allocation).has(jobId("a"))).toBe(true);
    expect(clock.dueTimes()).toEqual([enacted?.plan.wakeUpAtSeconds]);
  });

  it("shows acknowledged events at once, and drops the plan that did not know them", async () => {
    const solver = fakeSolver();
    const { loop, eventLog } = loopWith(solver);
    await loop.submit(arrival("a"));
    await solver.asked();
    await loop.submit(arrival("b"));
    await loop.submit(arrival("c"));
    expect(jobIds(loop.view().state)).toEqual(["a", "b", "c"]);
    expect(forecastIds(loop)).toEqual([]);
    solver.answer();
    await solver.asked();
    // The plan for "a" alone is stale: not enacted; "b" and "c" are posed together.
    expect(forecastIds(loop)).toEqual([]);
    expect(solver.solveCount()).toBe(2);
    solver.answer();
    await loop.idle();
    expect(forecastIds(loop)).toEqual(["a", "b", "c"]);
    expect((await eventLog.plans()).map(({ plan }) => plan.forecasts.length)).toEqual([0, 3]);
  });

  it("enacts a plan although events keep coming, and loses none of them", async () => {
    const solver = fakeSolver();
    const { loop, eventLog } = loopWith(solver);
    await loop.idle();
    for (let round = 0; round <= MAX_STALE_ROUNDS; round += 1) {
      await loop.submit(arrival(`j${round}`));
      if (round > 0) solver.answer();
      await solver.asked();
    }
    // The plan of this solve knows j0 to j3 and is enacted although "late" comes in meanwhile.
    const late = await loop.submit(arrival("late"));
    solver.answer();
    await solver.asked();
    expect(forecastIds(loop)).toEqual(["j0", "j1", "j2", "j3"]);
    expect(loop.view().enacted?.plan.revision).toBeLessThan(late.revision);
    expect(loop.view().pendingEventCount).toBe(1);
    expect(jobIds(loop.view().state)).toEqual(["j0", "j1", "j2", "j3", "late"]);
    solver.answer();
    await loop.idle();
    expect(forecastIds(loop)).toEqual(["j0", "j1", "j2", "j3", "late"]);
    expect(loop.view().enacted?.plan.revision).toBeGreaterThanOrEqual(late.revision);
    expect(await replayed(eventLog)).toEqual(loop.view().state);
  });

  it("wakes up at the time the plan names, and not before", async () => {
    const { loop, clock, eventLog } = loopWith(draftSolver);
    await loop.submit(arrival("a"));
    await loop.idle();
    const wakeUpAtSeconds = loop.view().enacted?.plan.wakeUpAtSeconds ?? 0;
    clock.advanceTo(wakeUpAtSeconds - 1);
    await loop.idle();
    expect(await eventLog.plans()).toHaveLength(2);
    clock.advanceTo(wakeUpAtSeconds);
    await loop.idle();
    expect(await eventLog.plans()).toHaveLength(3);
    expect((await eventLog.events(0)).at(-1)?.event).toEqual({
      kind: "timer-elapsed",
      atSeconds: wakeUpAtSeconds,
    });
  });

  it("has one timer, however many plans it has made", async () => {
    const { loop, clock } = loopWith(draftSolver);
    for (const id of ["a", "b", "c"]) {
      await loop.submit(arrival(id));
      await loop.idle();
    }
    expect(clock.dueTimes()).toHaveLength(1);
  });

  it("keeps time from running backwards", async () => {
    const { loop, clock } = loopWith(draftSolver);
    await loop.idle();
    clock.set(START_SECONDS - 1000);
    const { event } = await loop.submit(arrival("a"));
    expect(event.atSeconds).toBe(START_SECONDS);
  });

  it("survives a failed decision: not ready until the next success, nothing lost", async () => {
    const solver = fakeSolver();
    const { loop, clock, eventLog } = loopWith(solver);
    await loop.idle();
    await loop.submit(arrival("a"));
    await solver.asked();
    solver.break(new Error("secret detail"));
    await loop.idle();
    const { readiness } = loop.view();
    expect(readiness).toMatchObject({ kind: "not-ready" });
    expect(JSON.stringify(readiness)).toMatch(/correlation id [0-9a-f-]{36}/);
    expect(JSON.stringify(readiness)).not.toContain("secret");
    expect(jobIds(loop.view().state)).toEqual(["a"]);
    // It tries again by itself.
    clock.advanceBy(60);
    await solver.asked();
    solver.answer();
    await loop.idle();
    expect(loop.view().readiness).toEqual({ kind: "ready" });
    expect(forecastIds(loop)).toEqual(["a"]);
    expect(await replayed(eventLog)).toEqual(loop.view().state);
  });

  it("acknowledges nothing that the log did not keep", async () => {
    const kept = memoryEventLog();
    let isFull = false;
    const failing: EventLog = {
      ...kept,
      appendEvent: (event) => (isFull ? Promise.reject(new Error("disk full")) : kept.appendEvent(event)),
    };
    const { loop } = loopWith(draftSolver, failing);
    await loop.idle();
    isFull = true;
    await expect(loop.submit(arrival("a"))).rejects.toThrow("disk full");
    expect(jobIds(loop.view().state)).toEqual([]);
    isFull = false;
    await loop.submit(arrival("b"));
    await loop.idle();
    expect(forecastIds(loop)).toEqual(["b"]);
  });

  it("does not follow a plan that the log did not keep", async () => {
    const kept = memoryEventLog();
    let isFull = false;
    const failing: EventLog = {
      ...kept,
      appendPlan: (record) => (isFull ? Promise.reject(new Error("disk full")) : kept.appendPlan(record)),
    };
    const { loop, clock } = loopWith(draftSolver, failing);
    await loop.idle();
    isFull = true;
    await loop.submit(arrival("a"));
    await loop.idle();
    expect(loop.view().state.allocation.nodes).toEqual([]);
    expect(loop.view().readiness.kind).toBe("not-ready");
    isFull = false;
    clock.advanceBy(60);
    await loop.idle();
    expect(forecastIds(loop)).toEqual(["a"]);
    expect(await replayed(failing)).toEqual(loop.view().state);
  });

  it("takes events one at a time, so that each sees what was accepted before", async () => {
    const { loop } = loopWith(draftSolver);
    const seen: number[] = [];
    const counting = (id: string) =>
      loop.submit((state, atSeconds) => {
        seen.push(state.jobs.length);
        return arrival(id)(state, atSeconds);
      });
    await Promise.all([counting("a"), counting("b"), counting("c")]);
    expect(seen).toEqual([0, 1, 2]);
    await loop.idle();
  });

  it("goes on from a history that it is given", async () => {
    const clock = fakeClock(START_SECONDS);
    const means = { policy: "per-node", solver: draftSolver, limits: EXACT } as const;
    const before = await decide(
      emptyCluster(SETTINGS),
      [arrival("a")(emptyCluster(SETTINGS), START_SECONDS)],
      means,
    );
    const eventLog = memoryEventLog();
    const loop = new PlanningLoop({
      means,
      clock,
      eventLog,
      logger: pino({ level: "silent" }),
      initial: before,
    });
    loop.start();
    await loop.idle();
    expect(loop.view()).toMatchObject({ readiness: { kind: "ready" }, pendingEventCount: 0 });
    expect(await eventLog.events(0)).toEqual([]);
    expect(clock.dueTimes()).toEqual([before.plan.wakeUpAtSeconds]);
    clock.advanceTo(before.plan.wakeUpAtSeconds ?? 0);
    await loop.idle();
    expect(await eventLog.plans()).toHaveLength(1);
  });

  it("takes nothing more once it is closed, and does not enact the plan under way", async () => {
    const solver = fakeSolver();
    const { loop, clock } = loopWith(solver);
    await loop.idle();
    await loop.submit(arrival("a"));
    await solver.asked();
    const closed = loop.close();
    solver.answer();
    await closed;
    expect(forecastIds(loop)).toEqual([]);
    expect(clock.dueTimes()).toEqual([]);
    await expect(loop.submit(arrival("b"))).rejects.toThrow("shutting down");
  });
});
