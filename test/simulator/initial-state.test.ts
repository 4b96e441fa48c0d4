import { describe, expect, test } from "vitest";
import type { ClusterState } from "../../src/domain/cluster-state.ts";
import { simulate } from "../../src/simulator/simulate.ts";
import { ruleMeans, SETTINGS, testJob } from "../support/simulation.ts";
import { deepFreeze } from "../support/deep-freeze.ts";

const seconds = { "small 1": 3600, "big 1": 3600, "big 2": 2000, "big 4": 1200 };
const jobs = ["a", "b", "c", "d", "e"].map((id, index) =>
  testJob(id, {
    seconds,
    submittedAtSeconds: index * 500,
    dueAtSeconds: 5000 + index * 300,
    weightPerSecondUsd: 0.01,
  }),
);

const ends = (state: ClusterState): readonly unknown[] => state.jobs.map(({ id, status }) => [id, status]);

describe("a simulation that begins in the middle", () => {
  test.each(["fifo", "edf", "greedy"] as const)("ends as the whole one does under %s", async (policy) => {
    const input = { settings: SETTINGS, means: ruleMeans(policy) };
    const whole = await simulate({ ...input, jobs, untilSeconds: null });
    const half = await simulate({ ...input, jobs, untilSeconds: 1500 });
    const initial = deepFreeze(half.state);
    expect(initial.allocation.nodes.length).toBeGreaterThan(0);
    const rest = await simulate({
      ...input,
      initial,
      jobs: jobs.filter((job) => job.submittedAtSeconds > 1500),
      untilSeconds: null,
    });
    expect(ends(rest.state)).toHaveLength(jobs.length);
    for (const [index, { status }] of rest.state.jobs.entries()) {
      const expected = whole.state.jobs[index]?.status;
      if (status.kind !== "completed" || expected?.kind !== "completed") throw new Error("not complete");
      expect(status.atSeconds).toBeCloseTo(expected.atSeconds, 6);
    }
    expect(rest.state.accruedRentUsd).toBeCloseTo(whole.state.accruedRentUsd, 9);
    expect(rest.state.accruedTardinessUsd).toBeCloseTo(whole.state.accruedTardinessUsd, 9);
  });

  test("decides at once, though nothing happens", async () => {
    const half = await simulate({ settings: SETTINGS, means: ruleMeans("fifo"), jobs, untilSeconds: 600 });
    const times: number[] = [];
    await simulate({
      settings: SETTINGS,
      means: ruleMeans("fifo"),
      initial: { ...half.state, nowSeconds: half.state.nowSeconds },
      jobs: [],
      untilSeconds: null,
      onDecision: ({ plan }) => times.push(plan.decidedAtSeconds),
    });
    expect(times[0]).toBe(half.state.nowSeconds);
  });

  test("refuses jobs that were submitted before it begins", async () => {
    const half = await simulate({ settings: SETTINGS, means: ruleMeans("fifo"), jobs, untilSeconds: 600 });
    const late = testJob("late", { seconds, submittedAtSeconds: 10 });
    await expect(
      simulate({
        settings: SETTINGS,
        means: ruleMeans("fifo"),
        initial: half.state,
        jobs: [late],
        untilSeconds: null,
      }),
    ).rejects.toThrow(/before the last one/);
  });
});
