import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { budgetRaises } from "../../src/comparison/budget-raises.ts";
import type { ClusterState } from "../../src/domain/cluster-state.ts";
import { jobId } from "../../src/domain/ids.ts";
import type { PlanningProblem } from "../../src/domain/planning-problem.ts";
import type { SeparableObjective } from "../../src/formulation/objective.ts";
import { separableObjective } from "../../src/formulation/objective.ts";
import { PROGRESS_VALUE_PARAMETERS, progressValueObjective } from "../../src/formulation/progress-value.ts";
import { pose } from "../../src/planner/pose.ts";
import { highsSolver } from "../../src/solver/highs-solver.ts";
import { deepFreeze } from "../support/deep-freeze.ts";
import { leastCost } from "../support/every-allocation.ts";
import { EXACT } from "../support/limits.ts";
import { testVmType } from "../support/random-problem.ts";
import { seeded } from "../support/seed.ts";
import { clusterJob, clusterWith } from "../support/written-cluster.ts";

const solver = highsSolver({ threads: 1 });
afterAll(() => solver.close());
const means = { solver, limits: EXACT, policy: "progress-value" } as const;

const slow = testVmType("slow", { gpuCount: 1, pricePerHourUsd: 1 });
const fast = testVmType("fast", { gpuCount: 1, pricePerHourUsd: 4 });
const vmTypes = [fast, slow];
/** 2 h on the slow type for 2 USD, 1 h on the fast one for 4. */
const job = (id: string, budgetUsd?: number, dueInSeconds = 5400) =>
  clusterJob(
    id,
    { slow: [7200], fast: [3600] },
    { dueInSeconds, ...(budgetUsd === undefined ? {} : { budgetUsd }) },
  );
const raisesOf = async (state: ClusterState) => {
  const found = await budgetRaises(deepFreeze(state), means);
  if (found === null) throw new Error("The policy has none");
  return found;
};
const withBudget = (state: ClusterState, id: string, budgetUsd: number | null): ClusterState => ({
  ...state,
  jobs: state.jobs.map((entry) => (entry.id === id ? { ...entry, job: { ...entry.job, budgetUsd } } : entry)),
});

describe("budgetRaises", () => {
  it("say of a job that will be late on what it can pay for what it takes to be in time, and no more", async () => {
    const { boundJobs, triedJobs, raises } = await raisesOf(clusterWith({ vmTypes, jobs: [job("a", 3)] }));
    expect([boundJobs, triedJobs]).toEqual([1, 1]);
    expect(raises).toMatchObject([
      {
        jobId: "a",
        budgetUsd: 3,
        spentUsd: 0,
        raisedToUsd: 4,
        from: { vmTypeId: "slow", gpus: 1 },
        to: { vmTypeId: "fast", gpus: 1 },
        unit: "USD per hour",
        gainUncertainty: 0,
      },
    ]);
    expect(raises[0]?.gain).toBeGreaterThan(0);
    expect(raises[0]?.unlimitedGain).toBe(raises[0]?.gain);
  });

  it("give a job that its budget leaves nothing the worth that it would have", async () => {
    const state = clusterWith({
      vmTypes: [slow],
      jobs: [clusterJob("a", { slow: [3600] }, { dueInSeconds: 1e6, budgetUsd: 0.5 })],
    });
    const { raises } = await raisesOf(state);
    expect(raises).toMatchObject([{ raisedToUsd: 1, from: null, to: { vmTypeId: "slow", gpus: 1 } }]);
    expect(raises[0]?.gain).toBeCloseTo(PROGRESS_VALUE_PARAMETERS.sharedCostFactor - 1, 6);
  });

  it("count what is spent", async () => {
    const state = clusterWith({ vmTypes, jobs: [job("a", 13)] });
    const spent = { ...state, jobs: state.jobs.map((entry) => ({ ...entry, spentUsd: 10 })) };
    expect((await raisesOf(spent)).raises).toMatchObject([{ spentUsd: 10, budgetUsd: 13, raisedToUsd: 14 }]);
  });

  it("are none where no budget bars anything, where what it bars is no better, and for rules", async () => {
    const none = clusterWith({ vmTypes, jobs: [job("a"), job("b", 4)] });
    expect(await raisesOf(none)).toEqual({ boundJobs: 0, triedJobs: 0, raises: [] });
    const patient = clusterWith({ vmTypes, jobs: [job("a", 3, 1e7)] });
    expect(await raisesOf(patient)).toEqual({ boundJobs: 1, triedJobs: 1, raises: [] });
    expect(await budgetRaises(patient, { ...means, policy: "edf" })).toBeNull();
    expect(await budgetRaises(patient, { ...means, policy: "per-node" })).toBeNull();
  });

  it("try ten jobs, those that would gain most, and say how many there are", async () => {
    const jobs = Array.from({ length: 13 }, (_, index) => job(`j${10 + index}`, 3, 5400 + 600 * index));
    const { boundJobs, triedJobs, raises } = await raisesOf(clusterWith({ vmTypes, jobs, maxNodes: 13 }));
    expect([boundJobs, triedJobs]).toEqual([13, 10]);
    const tried = new Set(raises.map((raise) => raise.jobId));
    expect(tried.has(jobId("j10"))).toBe(true);
    expect(tried.has(jobId("j22"))).toBe(false);
    const gains = raises.map(({ gain }) => gain);
    expect(gains).toEqual([...gains].sort((a, b) => b - a));
  });

  it("stop where decisions take longer than there is time for", async () => {
    let now = 0;
    const clock = () => (now += 100);
    const limits = { ...EXACT, deadlineSeconds: 60 };
    const state = clusterWith({ vmTypes, jobs: [job("a", 3), job("b", 3), job("c", 3)], maxNodes: 3 });
    const found = await budgetRaises(state, { ...means, limits, clock });
    expect(found).toMatchObject({ boundJobs: 3, triedJobs: 1 });
  });

  it("are what brute force over all allocations finds: the least raise with a gain, and its gain", async () => {
    let gains = 0;
    let later = 0;
    const seconds = fc.integer({ min: 2, max: 12 }).map((tenths) => tenths * 600);
    const drawn = fc.record({
      job: fc.array(
        fc.record({
          slow: seconds,
          fast: fc.tuple(seconds, seconds),
          dueInSeconds: fc.integer({ min: 1, max: 12 }).map((part) => part * 900),
          budgetUsd: fc.oneof(
            fc.constant(null),
            fc.integer({ min: 0, max: 30 }).map((tenths) => tenths / 5),
          ),
        }),
        { minLength: 1, maxLength: 3 },
      ),
      maxNodes: fc.integer({ min: 1, max: 2 }),
    });
    const two = testVmType("fast", { gpuCount: 2, pricePerHourUsd: 3 });
    await fc.assert(
      fc.asyncProperty(drawn, async ({ job: rows, maxNodes }) => {
        const jobs = rows.map((row, index) =>
          clusterJob(
            `j${index}`,
            { slow: [row.slow], fast: [...row.fast] },
            {
              dueInSeconds: row.dueInSeconds,
              ...(row.budgetUsd === null ? {} : { budgetUsd: row.budgetUsd }),
            },
          ),
        );
        const state = clusterWith({ vmTypes: [two, slow], jobs, maxNodes });
        const { boundJobs, triedJobs, raises } = await raisesOf(state);
        expect(triedJobs).toBe(boundJobs);
        for (const {
          id,
          job: { budgetUsd, durations },
        } of state.jobs) {
          if (budgetUsd === null) continue;
          const costs = durations.entries.map(({ vmTypeId, gpus, durationSeconds }) =>
            vmTypeId === "slow" ? durationSeconds / 3600 : (3 * durationSeconds * gpus) / 2 / 3600,
          );
          const steps = [...new Set(costs)]
            .filter((cost) => cost > budgetUsd * (1 + 1e-6))
            .sort((a, b) => a - b);
          const worths = worthsFor(state, id);
          const least = leastAt(pose(state), worths);
          const gainTo = (usd: number): number => least - leastAt(pose(withBudget(state, id, usd)), worths);
          const first = steps.findIndex((usd) => gainTo(usd) > 1e-5);
          const told = raises.find((raise) => raise.jobId === id);
          expect(told === undefined).toBe(first < 0);
          if (told === undefined) continue;
          expect(told.raisedToUsd).toBeCloseTo(steps[first] ?? NaN, 9);
          gains += 1;
          if (first > 0) later += 1;
          expect(told.gain).toBeCloseTo(gainTo(told.raisedToUsd), 4);
          expect(told.unlimitedGain).toBeCloseTo(gainTo(1e9), 4);
        }
      }),
      seeded(60),
    );
    expect(gains).toBeGreaterThan(5);
    expect(later).toBeGreaterThan(0);
  });
});

/** Worths as they are; of a job that its budget leaves nothing, as they would be without its budget. */
function worthsFor(state: ClusterState, id: string): (problem: PlanningProblem) => SeparableObjective {
  const present = progressValueObjective(pose(state));
  const isOffered = pose(state).jobs.some((job) => job.id === id);
  const own = isOffered ? present : progressValueObjective(pose(withBudget(state, id, null)));
  return (problem) =>
    separableObjective(problem, {
      ...present,
      running: (job, configuration) => (job.id === id ? own : present).running(job, configuration),
    });
}

const leastAt = (problem: PlanningProblem, worths: (posed: PlanningProblem) => SeparableObjective): number =>
  leastCost(problem, worths(problem).costOf);
