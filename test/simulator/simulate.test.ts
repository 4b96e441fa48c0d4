import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rentUsd } from "../../src/domain/cost.ts";
import type { ClusterEvent } from "../../src/domain/event.ts";
import type { Job } from "../../src/domain/job.ts";
import { LEAST_REMAINING_SHARE } from "../../src/planner/remaining-work.ts";
import type { PolicyName } from "../../src/planner/policy.ts";
import type { ActualSeconds } from "../../src/simulator/actual-durations.ts";
import { asPredicted, noisyDurations } from "../../src/simulator/actual-durations.ts";
import { fluidBoundUsd } from "../../src/simulator/fluid-bound.ts";
import type { History } from "../../src/simulator/history.ts";
import { historyRecorder } from "../../src/simulator/history.ts";
import { metricsOf } from "../../src/simulator/metrics.ts";
import type { SimulationResult } from "../../src/simulator/simulate.ts";
import { simulate } from "../../src/simulator/simulate.ts";
import { ruleMeans, SETTINGS, someJobs, testJob } from "../support/simulation.ts";

interface Recorded {
  readonly result: SimulationResult;
  readonly history: History;
  readonly events: readonly ClusterEvent[];
}

async function run(
  jobs: readonly Job[],
  policy: PolicyName,
  actualSeconds: ActualSeconds,
): Promise<Recorded> {
  const recorder = historyRecorder(SETTINGS.vmTypes);
  const events: ClusterEvent[] = [];
  const result = await simulate({
    settings: SETTINGS,
    jobs,
    means: ruleMeans(policy),
    untilSeconds: null,
    actualSeconds,
    onDecision: (decision, happened, seconds) => {
      events.push(...happened);
      recorder.record(decision, happened, seconds);
    },
  });
  return { result, history: recorder.history(), events };
}

const times =
  (factor: number): ActualSeconds =>
  (job, vmTypeId, gpus) =>
    factor * asPredicted(job, vmTypeId, gpus);

describe("simulate", () => {
  const job = testJob("a", { seconds: { "small 1": 3600 }, dueAtSeconds: 3000, weightPerSecondUsd: 0.01 });

  test("one job costs its hour of rent and its tardiness", async () => {
    const { result, history } = await run([job], "fifo", asPredicted);
    expect(result.state.accruedRentUsd).toBeCloseTo(1, 12);
    expect(result.state.accruedTardinessUsd).toBeCloseTo(6, 12);
    expect(metricsOf(result.state, history, 1)).toMatchObject({
      jobsCompleted: 1,
      jobsLate: 1,
      makespanSeconds: 3600,
    });
  });

  test("a job that ends early completes early", async () => {
    const { result, history } = await run([job], "fifo", times(0.5));
    expect(history.jobs[0]?.completedAtSeconds).toBeCloseTo(1800, 9);
    expect(result.state.accruedRentUsd).toBeCloseTo(0.5, 12);
    expect(result.state.accruedTardinessUsd).toBe(0);
  });

  test("a job that outlasts its prediction stays almost done until it completes", async () => {
    const late = testJob("b", { seconds: { "small 1": 10 }, submittedAtSeconds: 5000 });
    const shares: number[] = [];
    const result = await simulate({
      settings: SETTINGS,
      jobs: [job, late],
      means: ruleMeans("fifo"),
      untilSeconds: null,
      actualSeconds: times(2),
      onDecision: ({ state }) => shares.push(state.jobs[0]?.completedShare ?? NaN),
    });
    // b arrives at 5000 s: a was predicted to end at 3600 s, runs on until 7200 s, and is not taken for finished.
    expect(shares).toContain(1 - LEAST_REMAINING_SHARE);
    expect(result.state.jobs[0]?.status).toMatchObject({ kind: "completed", atSeconds: 7200 });
  });

  test("progress survives a change of configuration: what is left is left", async () => {
    // Alone, greedy gives "a" the big node; the history accounts for all of its work whatever happens later.
    const jobs = [
      testJob("a", {
        seconds: { "big 4": 1000, "big 2": 1500, "small 1": 4000 },
        dueAtSeconds: 2000,
        weightPerSecondUsd: 1,
      }),
      testJob("b", {
        seconds: { "big 4": 1000, "big 2": 1500, "small 1": 4000 },
        submittedAtSeconds: 300,
        dueAtSeconds: 2000,
        weightPerSecondUsd: 1,
      }),
    ];
    const { history } = await run(jobs, "greedy", times(1.3));
    for (const id of jobs) expect(workDone(history, id, times(1.3))).toBeCloseTo(1, 9);
  });

  test("a job that ends just at its due date takes a few decisions, not endlessly many", async () => {
    // Its slack and its remaining work vanish together, so that halving the slack halves what is left.
    const exact = testJob("a", { seconds: { "small 1": 10_000, "big 4": 6000 }, dueAtSeconds: 10_000 });
    const { history } = await run([exact], "fifo", asPredicted);
    expect(history.jobs[0]?.completedAtSeconds).toBe(10_000);
    expect(history.load.length).toBeLessThan(20);
  });

  test("stops after untilSeconds with what runs then", async () => {
    const result = await simulate({
      settings: SETTINGS,
      jobs: [job],
      means: ruleMeans("fifo"),
      untilSeconds: 100,
      actualSeconds: asPredicted,
    });
    expect(result.decisionCount).toBe(1);
    expect(result.last?.plan.allocation.nodes).toHaveLength(1);
  });

  test("decisions are timed by the caller's stopwatch", async () => {
    let now = 0;
    const seconds: (number | null)[] = [];
    await simulate({
      settings: SETTINGS,
      jobs: [job],
      means: ruleMeans("edf"),
      untilSeconds: null,
      stopwatch: () => (now += 1),
      onDecision: (_, __, decisionSeconds) => seconds.push(decisionSeconds),
    });
    expect(new Set(seconds)).toEqual(new Set([1]));
  });
});

describe("properties of simulations", () => {
  test.each<{ readonly policies: readonly PolicyName[]; readonly numRuns: number }>([
    { policies: ["fifo", "edf", "priority", "greedy"], numRuns: 60 },
    { policies: ["random-greedy", "local-search"], numRuns: 6 },
  ])(
    "$policies: no event is lost, work and cost add up, nothing beats the bound, equal seeds give equal runs",
    async ({ policies, numRuns }) => {
      await fc.assert(
        fc.asyncProperty(
          someJobs,
          fc.constantFrom(...policies),
          fc.constantFrom(0, 0.4),
          fc.nat({ max: 1000 }),
          async (jobs, policy, sigma, seed) => {
            const actualSeconds = noisyDurations({ seed, sigma });
            const { result, history, events } = await run(jobs, policy, actualSeconds);
            const { state } = result;

            const arrived = events.flatMap((event) =>
              event.kind === "jobs-arrived" ? event.jobs.map(({ id }) => id) : [],
            );
            const completed = events.flatMap((event) =>
              event.kind === "job-completed" ? [event.jobId] : [],
            );
            expect([...arrived].sort()).toEqual(jobs.map(({ id }) => id).sort());
            expect([...completed].sort()).toEqual([...arrived].sort());
            expect(
              events.every(
                (event, index) => index === 0 || event.atSeconds >= (events[index - 1]?.atSeconds ?? 0),
              ),
            ).toBe(true);

            for (const job of jobs) expect(workDone(history, job, actualSeconds)).toBeCloseTo(1, 6);

            const prices = new Map(SETTINGS.vmTypes.map((vmType) => [vmType.id, vmType.pricePerHourUsd]));
            const rent = history.nodes.reduce(
              (total, { vmTypeId, fromSeconds, toSeconds }) =>
                total +
                rentUsd({
                  pricePerHourUsd: prices.get(vmTypeId) ?? NaN,
                  durationSeconds: toSeconds - fromSeconds,
                }),
              0,
            );
            expect(state.accruedRentUsd).toBeCloseTo(rent, 8);
            const late = history.jobs.reduce((total, outcome) => total + outcome.tardinessCostUsd, 0);
            expect(state.accruedTardinessUsd).toBeCloseTo(late, 8);
            for (const point of history.load) {
              expect(point.usedGpus).toBeLessThanOrEqual(point.rentedGpus);
              expect(point.rentedNodes).toBeLessThanOrEqual(SETTINGS.maxNodes);
            }

            const bound = fluidBoundUsd({ ...SETTINGS, jobs, actualSeconds });
            expect(state.accruedRentUsd + state.accruedTardinessUsd).toBeGreaterThanOrEqual(
              bound * (1 - 1e-9),
            );

            const again = await run(jobs, policy, actualSeconds);
            expect(again.history.runs).toEqual(history.runs);
          },
        ),
        { numRuns },
      );
    },
  );
});

/** Share of a job's work that its intervals add up to. */
function workDone(history: History, job: Job, actualSeconds: ActualSeconds): number {
  return history.runs
    .filter((interval) => interval.jobId === job.id)
    .reduce(
      (total, { vmTypeId, gpus, fromSeconds, toSeconds }) =>
        total + (toSeconds - fromSeconds) / actualSeconds(job, vmTypeId, gpus),
      0,
    );
}
