import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { limitPrices } from "../../src/comparison/limit-prices.ts";
import { marginalValues } from "../../src/comparison/marginal-values.ts";
import { raisableLimits } from "../../src/comparison/raisable-limits.ts";
import { nodeLimitsOf } from "../../src/catalog/limits.ts";
import type { Limits } from "../../src/catalog/limits.ts";
import type { ClusterState } from "../../src/domain/cluster-state.ts";
import type { Job } from "../../src/domain/job.ts";
import type { NodeLimit } from "../../src/domain/node-limit.ts";
import type { VmType } from "../../src/domain/vm-type.ts";
import type { PlanningProblem } from "../../src/domain/planning-problem.ts";
import { PROGRESS_VALUE_PARAMETERS, progressValueObjective } from "../../src/formulation/progress-value.ts";
import { planFor } from "../../src/planner/decide.ts";
import { pose } from "../../src/planner/pose.ts";
import { highsSolver } from "../../src/solver/highs-solver.ts";
import { deepFreeze } from "../support/deep-freeze.ts";
import { leastCost } from "../support/every-allocation.ts";
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
  const { vmTypes, maxNodes, nodeLimits } = problem;
  return deepFreeze(clusterWith({ vmTypes, jobs, maxNodes, nodeLimits }));
}

/** Limits as a scenario file gives them. */
function limitsOf(limits: Limits, vmTypes: readonly VmType[]): readonly NodeLimit[] {
  const made = nodeLimitsOf(limits, vmTypes);
  if (made.kind === "refused") throw new Error(JSON.stringify(made.problems));
  return made.nodeLimits;
}

const SMALL = { maxJobs: 6, maxNodes: 3, maxVmTypes: 2, gpuCounts: [1, 2, 4] };
const TINY = { maxJobs: 4, maxNodes: 3, maxVmTypes: 2, gpuCounts: [1, 2, 3] };
const limited = (size: typeof SMALL) => planningProblem({ ...size, maxLimits: 2 });

/** Limits in units so large that one more of them is a node: a vCPU or a dollar more hardly ever is. */
const inNodesOfTheLeast = (problem: PlanningProblem): PlanningProblem => ({
  ...problem,
  nodeLimits: problem.nodeLimits.map((limit) => {
    const unit = Math.min(...Object.values(limit.weights).filter((weight) => weight > 0));
    if (unit === Infinity) return limit;
    const weights = Object.entries(limit.weights).map(([id, weight]) => [id, weight / unit] as const);
    return { ...limit, weights: Object.fromEntries(weights), limit: limit.limit / unit };
  }),
});

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
    const scarce = { nodes: 0, quota: 0, "node-limit": 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(planningProblem(SMALL), limited(SMALL), limited(SMALL).map(inNodesOfTheLeast)),
        async (problem) => {
          const state = stateOf(problem);
          const now = await planFor(state, means);
          for (const value of await marginalValues(state, means)) {
            const limit = raisableLimits(state.settings).find(({ limitId }) => limitId === value.limitId);
            if (limit === undefined) throw new Error("A value of no limit");
            const raised = await planFor({ ...state, settings: limit.raise(state.settings) }, means);
            const tolerance = 1e-5 * Math.max(1, now.proof.objective, raised.proof.objective);
            // The raised plan is the best at its own worths; at the present ones the re-solved gain is at least its gain.
            const { costOf } = progressValueObjective(pose(state));
            const gainOfRaised = costOf(now.allocation) - costOf(raised.allocation);
            expect(value.resolvedGain).toBeGreaterThanOrEqual(gainOfRaised - tolerance);
            expect(value.dualPrice).not.toBeNull();
            if (value.resolvedGain > 0) scarce[value.kind] += 1;
            // Integrality can make a gain exceed its price, but only by what the dual leaves open under the present limits.
            expect(value.resolvedGain).toBeLessThanOrEqual(
              (value.dualPrice ?? NaN) + dualityGap(state, -now.proof.objective) + tolerance,
            );
          }
        },
      ),
      seeded(50),
    );
    expect(scarce.nodes).toBeGreaterThan(2);
    expect(scarce.quota).toBeGreaterThan(0);
    expect(scarce["node-limit"]).toBeGreaterThan(0);
  });

  it("a re-solved gain is what brute force over all allocations finds, and no limit that is not told gains anything beyond the gap", async () => {
    let gains = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof(limited(TINY), limited(TINY).map(inNodesOfTheLeast)), async (problem) => {
        const state = stateOf(problem);
        const values = new Map(
          (await marginalValues(state, means)).map((value) => [value.limitId, value] as const),
        );
        const posed = pose(state);
        const { costOf } = progressValueObjective(posed);
        const least = leastCost(posed, costOf);
        for (const limit of raisableLimits(posed)) {
          const gain = least - leastCost(limit.raise(posed), costOf);
          const told = values.get(limit.limitId);
          const tolerance = 1e-5 * Math.max(1, Math.abs(least));
          if (told !== undefined) {
            expect(Math.abs(told.resolvedGain - gain)).toBeLessThanOrEqual(tolerance);
            if (gain > tolerance && limit.kind === "node-limit") gains += 1;
          } else expect(gain).toBeLessThanOrEqual(dualityGap(state, least) + tolerance);
        }
      }),
      seeded(80),
    );
    expect(gains).toBeGreaterThan(2);
  });

  it("of a dollar per hour is what a job that waits for it is worth minus its rent", async () => {
    const nodeLimits = limitsOf({ budgetPerHourUsd: 2 }, [single]);
    const state = clusterWith({ vmTypes: [single], jobs: three, maxNodes: 5, nodeLimits });
    const values = await marginalValues(state, means);
    expect(values.map(({ words }) => words)).toEqual([
      "one more node",
      "one more dollar per hour of the hourly budget",
    ]);
    expect(values[0]).toMatchObject({ isUsedUp: false, dualPrice: 0, resolvedGain: 0 });
    expect(values[1]).toMatchObject({
      kind: "node-limit",
      limitId: "budget-per-hour",
      vmTypeId: null,
      amount: 2,
      amountUnit: "USD per hour",
      isUsedUp: true,
      unit: "USD per hour",
    });
    expect(values[1]?.dualPrice).toBeCloseTo(GAIN_OF_A_NODE, 6);
    expect(values[1]?.resolvedGain).toBeCloseTo(GAIN_OF_A_NODE, 9);
  });

  it("of a dollar that does not pay for a whole node is nothing, whatever its price as a fraction", async () => {
    const dear = testVmType("one", { gpuCount: 1, pricePerHourUsd: 3 });
    const half = testVmType("half", { gpuCount: 1, pricePerHourUsd: 2.5 });
    const jobs = ["a", "b", "c"].map((id) =>
      clusterJob(id, { one: [3600], half: [3600] }, { dueInSeconds: 1e6 }),
    );
    const vmTypes = [half, dear];
    const nodeLimits = limitsOf({ budgetPerHourUsd: 5 }, vmTypes);
    const values = await marginalValues(clusterWith({ vmTypes, jobs, maxNodes: 5, nodeLimits }), means);
    const dollar = values.find(({ limitId }) => limitId === "budget-per-hour");
    expect(dollar).toMatchObject({ isUsedUp: true, resolvedGain: 0 });
    expect(dollar?.dualPrice).toBeGreaterThan(0);
    expect(dollar?.remark).toMatch(/because nodes are whole/);
  });

  it("of a dollar that is left over is told as 0, and of a quota that is left over is not told", async () => {
    const nodeLimits = limitsOf({ budgetPerHourUsd: 50, quotas: [{ limit: 50, unit: "GPUs" }] }, [single]);
    const values = await marginalValues(
      clusterWith({ vmTypes: [single], jobs: three, maxNodes: 4, nodeLimits }),
      means,
    );
    expect(values.map(({ limitId }) => limitId)).toEqual(["max-nodes", "budget-per-hour"]);
    expect(values[1]).toMatchObject({ isUsedUp: false, dualPrice: 0, resolvedGain: 0 });
  });

  it("of a vCPU of a family's quota is that of the node it completes", async () => {
    const small = { ...single, vcpuCount: 1, family: "NC" };
    const nodeLimits = limitsOf({ quotas: [{ family: "NC", limit: 2, unit: "vCPUs" }] }, [small]);
    const values = await marginalValues(
      clusterWith({ vmTypes: [small], jobs: three, maxNodes: 4, nodeLimits }),
      means,
    );
    const [, vcpu] = values;
    expect(vcpu).toMatchObject({ words: "one more vCPU of the quota of family NC", amountUnit: "vCPUs" });
    expect(vcpu?.resolvedGain).toBeCloseTo(GAIN_OF_A_NODE, 9);
    expect(vcpu?.dualPrice).toBeCloseTo(GAIN_OF_A_NODE, 6);
  });

  it("of a budget under a rule is decided again where some VM type finds no room, though another does", async () => {
    const four = testVmType("four", { gpuCount: 4, pricePerHourUsd: 4 });
    const vmTypes = [four, single];
    const jobs = three.map((job) => clusterJob(job.id, { four: [3600] }, { dueInSeconds: 1e6 }));
    const nodeLimits = limitsOf({ quotas: [{ limit: 7, unit: "GPUs" }] }, vmTypes);
    const values = await marginalValues(clusterWith({ vmTypes, jobs, maxNodes: 3, nodeLimits }), {
      ...means,
      policy: "edf",
    });
    expect(values.map(({ words }) => words)).toContain("one more GPU of the quota of all VM types");
    expect(values[1]).toMatchObject({ isUsedUp: false, dualPrice: null });
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
    const held = deepFreeze({ vmTypes, maxNodes: 3, nodeLimits: [], other: "kept" });
    const limits = raisableLimits(held);
    expect(limits.map(({ words }) => words)).toEqual([
      "one more node",
      "quota for one more node of v1",
      "quota for one more node of v2",
    ]);
    expect(limits[0]?.raise(held)).toEqual({ ...held, maxNodes: 4 });
    expect(limits[1]?.raise(held).vmTypes.map(({ quotaNodes }) => quotaNodes)).toEqual([0, 2, 2, 3, null]);
  });

  it("lists limits on what nodes count but those under which none can be rented, and raises one by one of its unit", () => {
    const vmTypes = [1, 2].map((gpuCount) => testVmType(`v${gpuCount}`, { gpuCount, pricePerHourUsd: 1.5 }));
    const nodeLimits = limitsOf(
      {
        budgetPerHourUsd: 4.5,
        quotas: [
          { vmTypes: ["v2"], limit: 1, unit: "GPUs" },
          { vmTypes: ["v1"], limit: 1, unit: "GPUs" },
        ],
      },
      vmTypes,
    );
    const held = deepFreeze({ vmTypes, maxNodes: 3, nodeLimits });
    const limits = raisableLimits(held);
    expect(limits.map(({ words }) => words)).toEqual([
      "one more node",
      "one more dollar per hour of the hourly budget",
      "one more GPU of the quota of v1",
    ]);
    expect(limits[1]?.raise(held).nodeLimits.map(({ limit }) => limit)).toEqual([5.5, 1, 1]);
    expect(limits[2]?.raise(held).nodeLimits.map(({ limit }) => limit)).toEqual([4.5, 1, 2]);
    expect(limits[2]?.raise(held).maxNodes).toBe(3);
  });
});
