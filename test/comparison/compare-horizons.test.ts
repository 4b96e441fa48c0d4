import { afterAll, describe, expect, it } from "vitest";
import type { HorizonComparison } from "../../src/comparison/compare-horizons.ts";
import { compareHorizons, oneByOne } from "../../src/comparison/compare-horizons.ts";
import type { ComparisonBase, Variant } from "../../src/comparison/variant.ts";
import { nodeLimitsOf } from "../../src/catalog/limits.ts";
import { emptyCluster } from "../../src/domain/cluster-state.ts";
import { vmTypeId } from "../../src/domain/ids.ts";
import { rentUsd } from "../../src/domain/cost.ts";
import { advance } from "../../src/planner/observe.ts";
import { asPredicted } from "../../src/simulator/actual-durations.ts";
import { fluidBoundUsd } from "../../src/simulator/fluid-bound.ts";
import { historyRecorder } from "../../src/simulator/history.ts";
import { metricsOf } from "../../src/simulator/metrics.ts";
import { simulate } from "../../src/simulator/simulate.ts";
import { highsSolver } from "../../src/solver/highs-solver.ts";
import { deepFreeze } from "../support/deep-freeze.ts";
import { node, NOW_SECONDS } from "../support/written-problem.ts";
import { frozenBase, hourJob, uncertain, variant, VM_TYPES } from "../support/comparison.ts";

const solver = highsSolver({ threads: 1 });
afterAll(() => solver.close());
const limits = { relativeGap: 1e-3, maxTreeNodes: 2000, seed: 1 };
const means = { run: oneByOne(solver), limits };
const AS_IT_IS = variant("as it is");
const SETTINGS = { vmTypes: VM_TYPES, maxNodes: 2, nodeLimits: [], replanIntervalSeconds: 3600 };

const arrivals = ["a", "b", "c", "d", "e"].map((id, index) => ({
  ...hourJob(id, 4000 + 1500 * index),
  submittedAtSeconds: NOW_SECONDS + 600 * index,
}));
const empty: ComparisonBase = deepFreeze({
  state: emptyCluster(SETTINGS),
  arrivals,
  policy: "progress-value",
});

type Compared = HorizonComparison & { readonly kind: "compared" };
async function compared(
  base: ComparisonBase,
  variants: readonly Variant[],
  marginals: "none" | "every-variant" = "none",
): Promise<Compared> {
  const comparison = await compareHorizons({ base, variants, marginals }, means);
  if (comparison.kind === "cancelled") throw new Error("cancelled");
  return comparison;
}

describe("compareHorizons", () => {
  it("simulates the first variant as simulate does, and touches nothing", async () => {
    const before = structuredClone(empty);
    const { variants } = await compared(empty, [AS_IT_IS, variant("one node", { maxNodes: 1 })]);
    expect(empty).toEqual(before);
    const recorder = historyRecorder(SETTINGS.vmTypes);
    const { state } = await simulate({
      settings: SETTINGS,
      jobs: arrivals,
      means: { policy: "progress-value", solver, limits: { ...limits, deadlineSeconds: null } },
      untilSeconds: null,
      onDecision: recorder.record,
    });
    const bound = fluidBoundUsd({ ...SETTINGS, jobs: arrivals, actualSeconds: asPredicted });
    expect(variants[0]?.run.metrics).toEqual(metricsOf(state, recorder.history(), bound));
    expect(variants[0]?.difference).toBeNull();
  });

  it("shares all rent among the jobs, and says how long nodes were all rented while a job waited", async () => {
    const { variants } = await compared(empty, [AS_IT_IS, variant("one node", { maxNodes: 1 })]);
    for (const { figures, run } of variants) {
      const shares = [...figures.jobs.values()].reduce((total, job) => total + job.rentUsd, 0);
      expect(shares).toBeCloseTo(run.metrics.vmCostUsd, 9);
      const hours = figures.useByVmType.reduce((total, use) => total + use.nodeHours, 0);
      expect(hours).toBeCloseTo(run.metrics.nodeHours, 9);
    }
    const [first, second] = variants;
    const sum = (second?.difference?.jobs ?? []).reduce(
      (total, { costChangeUsd }) => total + (costChangeUsd ?? 0),
      0,
    );
    expect(sum).toBeCloseTo(second?.difference?.totalCostChangeUsd ?? NaN, 9);
    expect(second?.run.metrics.totalCostUsd).not.toBeCloseTo(first?.run.metrics.totalCostUsd ?? NaN, 6);
    const reasons = (second?.difference?.jobs ?? []).map(({ reason }) => reason).join("\n");
    expect(reasons).toMatch(/at most 1 instead of 2 nodes may be rented/);
  });

  it("goes on from a live state: what is done is not done again, costs begin now", async () => {
    const started = frozenBase({ jobs: [hourJob("a")], nodes: [node("node-1", "one", { a: 1 })] });
    const half = deepFreeze({ ...started, state: advance(started.state, NOW_SECONDS + 1800) });
    const { variants } = await compared(half, [
      AS_IT_IS,
      variant("one only", { onlyVmTypeIds: [vmTypeId("one")] }),
    ]);
    const [, only] = variants;
    expect(only?.run.metrics.totalCostUsd).toBeCloseTo(
      rentUsd({ pricePerHourUsd: 1, durationSeconds: 1800 }),
      9,
    );
    expect(only?.run.metrics.jobsCompleted).toBe(1);
    expect(only?.run.metrics.lowerBoundUsd).toBeCloseTo(0.5, 9);
    const course = [...(only?.figures.jobs.values() ?? [])][0];
    expect(course?.outcome.completedAtSeconds).toBeCloseTo(NOW_SECONDS + 3600, 6);
  });

  it("plans with P90 while jobs take their medians", async () => {
    const base = frozenBase({ jobs: [uncertain(hourJob("a", 30_000), 2)] });
    const { variants } = await compared(base, [
      variant("P50", { onlyVmTypeIds: [vmTypeId("one")] }),
      variant("P90", { onlyVmTypeIds: [vmTypeId("one")], plannedDurations: "P90" }),
    ]);
    for (const { run } of variants) expect(run.metrics.vmCostUsd).toBeCloseTo(1, 9);
    expect(variants[1]?.case.notes.join(" ")).toMatch(
      /the figures are of jobs that take their median durations/,
    );
  });

  it("leaves out all jobs where no node is allowed, and those that fit nothing", async () => {
    const { variants } = await compared(empty, [AS_IT_IS, variant("none", { maxNodes: 0 })]);
    expect(variants[1]?.case.leftOut).toHaveLength(5);
    expect(variants[1]?.run.metrics.totalCostUsd).toBe(0);
    expect(variants[1]?.difference?.jobs.map(({ cause }) => cause)).toEqual(new Array(5).fill("left-out"));
  });

  it("simulates again with one more of each limit that was used up", async () => {
    const base: ComparisonBase = deepFreeze({
      ...empty,
      state: emptyCluster({ ...SETTINGS, maxNodes: 1 }),
    });
    const { marginals, variants } = await compared(
      base,
      [AS_IT_IS, variant("two nodes", { maxNodes: 2 })],
      "every-variant",
    );
    expect(marginals).toHaveLength(1);
    expect(marginals?.[0]).toMatchObject({ kind: "nodes", amount: 1, isUsedUp: true });
    const [first, second] = variants;
    expect(marginals?.[0]?.totalCostChangeUsd).toBeCloseTo(
      (second?.run.metrics.totalCostUsd ?? NaN) - (first?.run.metrics.totalCostUsd ?? NaN),
      9,
    );
    expect(marginals?.[0]?.priceSumUsd).toBeGreaterThanOrEqual(0);
  });

  it("simulates again with one more dollar per hour of a budget that was used up, and not where there was always room", async () => {
    const budgeted = (amount: number): ComparisonBase => {
      const made = nodeLimitsOf({ budgetPerHourUsd: amount }, VM_TYPES);
      if (made.kind === "refused") throw new Error("refused");
      return deepFreeze({ ...empty, state: emptyCluster({ ...SETTINGS, nodeLimits: made.nodeLimits }) });
    };
    const raised = await compared(budgeted(3), [AS_IT_IS, variant("b")]);
    const { marginals, variants } = await compared(
      budgeted(2),
      [AS_IT_IS, variant("one node", { maxNodes: 1 })],
      "every-variant",
    );
    const dollar = marginals?.find(({ limitId }) => limitId === "budget-per-hour");
    expect(dollar).toMatchObject({
      kind: "node-limit",
      words: "one more dollar per hour of the hourly budget",
      amount: 2,
      amountUnit: "USD per hour",
      isUsedUp: true,
    });
    expect(dollar?.totalCostChangeUsd).not.toBe(0);
    expect(dollar?.totalCostChangeUsd).toBeCloseTo(
      (raised.variants[0]?.run.metrics.totalCostUsd ?? NaN) - (variants[0]?.run.metrics.totalCostUsd ?? NaN),
      9,
    );
    expect(dollar?.priceSumUsd).toBeGreaterThan(0);
    const roomy = await compared(budgeted(50), [AS_IT_IS, variant("b")], "every-variant");
    expect(roomy.marginals?.[1]).toMatchObject({
      limitId: "budget-per-hour",
      isUsedUp: false,
      totalCostChangeUsd: 0,
      priceSumUsd: 0,
    });
  });

  it("has no dual prices under a rule", async () => {
    const { marginals } = await compared(
      { ...empty, policy: "edf" },
      [AS_IT_IS, variant("b")],
      "every-variant",
    );
    expect(marginals?.[0]?.priceSumUsd).toBeNull();
  });

  it("stops within a horizon, tells how far it is, and lets others work meanwhile", async () => {
    const request = { base: empty, variants: [AS_IT_IS, variant("b")], marginals: "none" } as const;
    const shares: number[] = [];
    let pauses = 0;
    const stopped = await compareHorizons(request, means, {
      onProgress: (share) => shares.push(share),
      isCancelled: () => shares.length > 3,
      pause: () => {
        pauses += 1;
        return Promise.resolve();
      },
    });
    expect(stopped).toEqual({ kind: "cancelled", variantsDone: 0 });
    expect(shares).toHaveLength(4);
    expect(pauses).toBe(4);
    expect(Math.max(...shares)).toBeLessThan(0.5);
  });
});
