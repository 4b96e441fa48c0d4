import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { limitPrices } from "../../src/comparison/limit-prices.ts";
import { marginalValues } from "../../src/comparison/marginal-values.ts";
import { raisableLimits } from "../../src/comparison/raisable-limits.ts";
import type { ClusterState } from "../../src/domain/cluster-state.ts";
import type { Job } from "../../src/domain/job.ts";
import type { PlanningProblem } from "../../src/domain/planning-problem.ts";
import { PROGRESS_VALUE_PARAMETERS, progressValueObjective } from "../../src/formulation/progress-value.ts";
import { planFor } from "../../src/planner/decide.ts";
import { pose } from "../../src/planner/pose.ts";
import { highsSolver } from "../../src/solver/highs-solver.ts";
import { deepFreeze } from "../support/deep-freeze.ts";
import { EXACT } from "../support/limits.ts";
import { planningProblem, testVmType } from "../support/random-problem.ts";
import { seeded } from "../support/seed.ts";
import { clusterJob, clusterWith } from "../support/written-cluster.ts";
import { frozenBase } from "../support/comparison.ts";

const solver = highsSolver({ threads: 1 });
afterAll(() => solver.close());
const means = { solver, limits: EXACT, policy: "progress-value" } as const;

/** The worth of three equal jobs that each fill a node: V/t − c for each node that is allowed. */
const single = testVmType("one", { gpuCount: 1, pricePerHourUsd: 1 });
const fill = (id: string): Job => clusterJob(id, { one: [3600] }, { dueInSeconds: 1e6 });
const three = [fill("a"), fill("b"), fill("c")];

function stateOf(problem: PlanningProblem): ClusterState {
  const jobs = problem.jobs.map((job): Job => ({
    ...clusterJob(job.id, {}, { dueInSeconds: 0 }),
    ...job,
    submittedAtSeconds: problem.nowSeconds,
    durations: {
      entries: job.configurations.map((row) => ({
        ...row,
        lowerSeconds: row.durationSeconds,
        upperSeconds: row.durationSeconds,
        source: "user" as const,
        warnings: [],
      })),
      missing: [],
    },
  }));
  return deepFreeze(clusterWith({ vmTypes: problem.vmTypes, jobs, maxNodes: problem.maxNodes }));
}

/** Worth of an hour's work without urgency on a node of 1 USD per hour, minus its rent. */
const GAIN_OF_A_NODE = PROGRESS_VALUE_PARAMETERS.sharedCostFactor - 1;

describe("marginalValues", () => {
  it("of a node that a job waits for is that job's worth minus the rent, by price and by deciding again", async () => {
    const state = clusterWith({ vmTypes: [single], jobs: three, maxNodes: 2 });
    const [node] = await marginalValues(state, means);
    // V = 1.3 · 1 USD without urgency (progress-value.ts), t = 1 h, c = 1 USD/h.
    expect(node).toMatchObject({
      kind: "nodes",
      vmTypeId: null,
      amount: 2,
      isUsedUp: true,
      unit: "USD per hour",
    });
    expect(node?.dualPrice).toBeCloseTo(GAIN_OF_A_NODE, 6);
    expect(node?.resolvedGain).toBeCloseTo(GAIN_OF_A_NODE, 9);
    expect(node?.remark).toMatch(/agree within the gap/);
  });

  it("is 0 where there is room", async () => {
    const [node] = await marginalValues(clusterWith({ vmTypes: [single], jobs: three, maxNodes: 4 }), means);
    expect(node).toMatchObject({ isUsedUp: false, dualPrice: 0, resolvedGain: 0 });
    expect(node?.remark).toMatch(/Not scarce/);
  });

  it("of a quota that is used up is told beside the node limit's", async () => {
    const scarce = { ...single, quotaNodes: 1 };
    const dear = testVmType("dear", { gpuCount: 1, pricePerHourUsd: 1.2 });
    const jobs = ["a", "b"].map((id) => clusterJob(id, { one: [3600], dear: [3600] }, { dueInSeconds: 1e6 }));
    const values = await marginalValues(clusterWith({ vmTypes: [dear, scarce], jobs, maxNodes: 2 }), means);
    expect(values.map(({ kind, vmTypeId }) => [kind, vmTypeId])).toEqual([
      ["nodes", null],
      ["quota", "one"],
    ]);
    expect(values[1]?.resolvedGain).toBeCloseTo(0.2, 9);
    expect(values[1]?.dualPrice).toBeCloseTo(0.2, 6);
    expect(values[0]?.resolvedGain).toBe(0);
  });

  it("says that nodes are whole where a whole node finds less to do than the price promises", async () => {
    const four = testVmType("four", { gpuCount: 4, pricePerHourUsd: 4 });
    const jobs = ["a", "b", "c", "d", "e", "f", "g"].map((id) =>
      clusterJob(id, { four: [3600] }, { dueInSeconds: 1e6 }),
    );
    const [node] = await marginalValues(clusterWith({ vmTypes: [four], jobs, maxNodes: 1 }), means);
    // Four of seven run; three more are worth 3.9 on a node of 4 USD: not worth renting.
    expect(node?.resolvedGain).toBe(0);
    expect(node?.dualPrice).toBeGreaterThan(0);
    expect(node?.remark).toMatch(/because nodes are whole/);
  });

  it("has no prices for a rule, and decides again", async () => {
    const state = clusterWith({ vmTypes: [single], jobs: three, maxNodes: 2 });
    const [node] = await marginalValues(state, { ...means, policy: "edf" });
    expect(node).toMatchObject({ dualPrice: null, gainUncertainty: null });
    expect(node?.resolvedGain).toBeCloseTo(GAIN_OF_A_NODE, 9);
    expect(node?.remark).toMatch(/Policy edf has no prices/);
  });

  it("is nothing without jobs", async () => {
    expect(await marginalValues(frozenBase({ jobs: [] }).state, means)).toEqual([]);
  });

  it("a re-solved gain is at least that of the plan with the limit raised, and never above the price by more than the duality gap", async () => {
    let scarce = 0;
    await fc.assert(
      fc.asyncProperty(
        planningProblem({ maxJobs: 6, maxNodes: 3, maxVmTypes: 2, gpuCounts: [1, 2, 4] }),
        async (problem) => {
          const state = stateOf(problem);
          const now = await planFor(state, means);
          for (const value of await marginalValues(state, means)) {
            const limit = raisableLimits(state.settings).find(
              ({ kind, vmTypeId }) => kind === value.kind && vmTypeId === value.vmTypeId,
            );
            if (limit === undefined) throw new Error("A value of no limit");
            const raised = await planFor({ ...state, settings: limit.raise(state.settings) }, means);
            const tolerance = 1e-5 * Math.max(1, now.proof.objective, raised.proof.objective);
            // The raised plan is the best at its own worths; at the present ones the re-solved gain is at least its gain.
            const { costOf } = progressValueObjective(pose(state));
            const gainOfRaised = costOf(now.allocation) - costOf(raised.allocation);
            expect(value.resolvedGain).toBeGreaterThanOrEqual(gainOfRaised - tolerance);
            expect(value.dualPrice).not.toBeNull();
            if (value.resolvedGain > 0) scarce += 1;
            // Integrality can make a gain exceed its price, but only by what the dual leaves open under the present limits.
            expect(value.resolvedGain).toBeLessThanOrEqual(
              (value.dualPrice ?? NaN) + dualityGap(state, -now.proof.objective) + tolerance,
            );
          }
        },
      ),
      seeded(15),
    );
    expect(scarce).toBeGreaterThan(2);
  });
});

/** cost − L(λ*) */
function dualityGap(state: ClusterState, cost: number): number {
  const problem = pose(state);
  return cost - limitPrices(problem, progressValueObjective(problem), null).bound;
}

describe("raisableLimits", () => {
  it("lists N and quotas between 0 and N, and raises them in whatever holds them", () => {
    const vmTypes = [0, 1, 2, 3, null].map((quotaNodes, index) =>
      testVmType(`v${index}`, { gpuCount: 1, pricePerHourUsd: 1, quotaNodes }),
    );
    const held = deepFreeze({ vmTypes, maxNodes: 3, other: "kept" });
    const limits = raisableLimits(held);
    expect(limits.map(({ words }) => words)).toEqual([
      "one more node",
      "quota for one more node of v1",
      "quota for one more node of v2",
    ]);
    expect(limits[0]?.raise(held)).toEqual({ ...held, maxNodes: 4 });
    expect(limits[1]?.raise(held).vmTypes.map(({ quotaNodes }) => quotaNodes)).toEqual([0, 2, 2, 3, null]);
  });
});
