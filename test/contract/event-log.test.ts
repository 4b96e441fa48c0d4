/** What every EventLog must do; a new implementation adds a line to IMPLEMENTATIONS. */
import { describe, expect, it } from "vitest";
import { NO_CHANGE_LOSSES } from "../../src/domain/change-losses.ts";
import type { TimerElapsed } from "../../src/domain/event.ts";
import type { Plan } from "../../src/domain/plan.ts";
import type { EventLog, PlanRecord } from "../../src/store/event-log.ts";
import { memoryEventLog } from "../../src/store/memory-event-log.ts";

const IMPLEMENTATIONS: readonly (readonly [string, () => Promise<EventLog>])[] = [
  ["memory", () => Promise.resolve(memoryEventLog())],
];

const timer = (atSeconds: number): TimerElapsed => ({ kind: "timer-elapsed", atSeconds });

const planRecord = (revision: number, lastEventSequence: number): PlanRecord => {
  const plan: Plan = {
    revision,
    decidedAtSeconds: 0,
    policy: "greedy",
    allocation: { nodes: [] },
    forecasts: [],
    rentPerHourUsd: 0,
    proof: {
      objectiveName: "test",
      sense: "minimize",
      unit: "USD",
      objective: 0,
      bound: null,
      gap: null,
      stopReason: "rule",
    },
    movedJobIds: [],
    stoppedJobIds: [],
    changeLosses: NO_CHANGE_LOSSES,
    wakeUpAtSeconds: null,
  };
  return { plan, commands: [], lastEventSequence };
};

describe.each(IMPLEMENTATIONS)("event log: %s", (_, open) => {
  it("is empty at first", async () => {
    const eventLog = await open();
    expect(await eventLog.events(0)).toEqual([]);
    expect(await eventLog.plans()).toEqual([]);
  });

  it("numbers events from 1 without gaps, and keeps them in order", async () => {
    const eventLog = await open();
    expect([await eventLog.appendEvent(timer(10)), await eventLog.appendEvent(timer(10))]).toEqual([1, 2]);
    expect(await eventLog.events(0)).toEqual([
      { sequence: 1, event: timer(10) },
      { sequence: 2, event: timer(10) },
    ]);
  });

  it("gives the events after a number", async () => {
    const eventLog = await open();
    for (const atSeconds of [1, 2, 3]) await eventLog.appendEvent(timer(atSeconds));
    expect(await eventLog.events(2)).toEqual([{ sequence: 3, event: timer(3) }]);
    expect(await eventLog.events(3)).toEqual([]);
  });

  it("numbers events that come at once in the order they came", async () => {
    const eventLog = await open();
    const sequences = await Promise.all(
      [1, 2, 3, 4].map((atSeconds) => eventLog.appendEvent(timer(atSeconds))),
    );
    expect(sequences).toEqual([1, 2, 3, 4]);
    expect((await eventLog.events(0)).map(({ event }) => event.atSeconds)).toEqual([1, 2, 3, 4]);
  });

  it("keeps plans in order with the events that they knew", async () => {
    const eventLog = await open();
    await eventLog.appendEvent(timer(1));
    await eventLog.appendEvent(timer(2));
    await eventLog.appendPlan(planRecord(1, 1));
    await eventLog.appendPlan(planRecord(3, 2));
    expect(await eventLog.plans()).toEqual([planRecord(1, 1), planRecord(3, 2)]);
  });

  it("refuses a plan that is older than the last, or knows an event that is not kept", async () => {
    const eventLog = await open();
    await eventLog.appendEvent(timer(1));
    await eventLog.appendPlan(planRecord(2, 1));
    await expect(eventLog.appendPlan(planRecord(2, 1))).rejects.toThrow("revision 2");
    await expect(eventLog.appendPlan(planRecord(3, 2))).rejects.toThrow("event 2");
    expect(await eventLog.plans()).toHaveLength(1);
  });

  it("gives copies: what a reader does to them stays with the reader", async () => {
    const eventLog = await open();
    await eventLog.appendEvent(timer(1));
    await eventLog.appendPlan(planRecord(1, 1));
    const events: unknown = await eventLog.events(0);
    const plans: unknown = await eventLog.plans();
    if (Array.isArray(events)) events.pop();
    if (Array.isArray(plans)) plans.pop();
    expect(await eventLog.events(0)).toHaveLength(1);
    expect(await eventLog.plans()).toHaveLength(1);
  });
});
