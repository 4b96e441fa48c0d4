/** Dual values of limits on two jobs, against numbers that can be checked by hand and against what one unit more is really worth. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NodeLimit } from "../../src/domain/node-limit.ts";
import type { PlanningProblem } from "../../src/domain/planning-problem.ts";
import { dualPrices } from "../../src/formulation/dual-prices.ts";
import type { LimitPrice } from "../../src/formulation/limit-prices.ts";
import { limitPrices } from "../../src/formulation/limit-prices.ts";
import { separableObjective } from "../../src/formulation/objective.ts";
import { progressValueObjective } from "../../src/formulation/progress-value.ts";
import { slotTable } from "../../src/formulation/slot-table.ts";
import { leastCost } from "../support/every-allocation.ts";
import { planningProblem, testVmType } from "../support/random-problem.ts";
import { seeded } from "../support/seed.ts";
import { writtenJob, writtenProblem } from "../support/written-problem.ts";

const due = { dueInSeconds: 1000, costPerSecondUsd: 0 };
const ONE = testVmType("ONE", { gpuCount: 1, pricePerHourUsd: 1 });
const TWO = testVmType("TWO", { gpuCount: 1, pricePerHourUsd: 2 });

/** Running is worth 100/t per hour, a node costs its price. */
function solved(problem: PlanningProblem): {
  readonly bound: number;
  readonly prices: readonly LimitPrice[];
} {
  const table = slotTable(
    problem,
    separableObjective(problem, {
      name: "written",
      sense: "minimize",
      unit: "USD per hour",
      running: (_, { durationSeconds }) => -100 / durationSeconds,
      waiting: () => 0,
      node: (vmType) => vmType.pricePerHourUsd,
    }),
  );
  const effort = { maxEvaluations: 4000, relativeAccuracy: 1e-12, expired: () => false };
  const { bound, prices } = dualPrices(table, null, effort);
  return { bound, prices: limitPrices(table, prices, problem.nodeLimits) };
}
const priceOf = (prices: readonly LimitPrice[], limitId: string): number | undefined =>
  prices.find((price) => price.limitId === limitId)?.usdPerHourPerUnit;

const limit = (args: Partial<NodeLimit> & Pick<NodeLimit, "weights" | "limit">): NodeLimit => ({
  id: "k",
  label: "k",
  unit: "vCPUs",
  ...args,
});

// a is worth 10 an hour and b 5, on either VM type: 9 and 4 after rent on ONE, 8 and 3 on TWO.
const jobs = [writtenJob("a", { ONE: [10], TWO: [10] }, due), writtenJob("b", { ONE: [20], TWO: [20] }, due)];

/** Where the bound has a kink the price lies between what one unit more gains and what one unit less costs. */
function expectBetween(price: number | undefined, gain: number, loss: number): void {
  expect(price).toBeGreaterThanOrEqual(gain - 1e-4);
  expect(price).toBeLessThanOrEqual(loss + 1e-4);
}

describe("the price of a limit", () => {
  it("is that of a node: b's worth of 4 gained by one more, a's 9 lost by one less", () => {
    const { bound, prices } = solved(writtenProblem({ vmTypes: [ONE], jobs, maxNodes: 1 }));
    expect(bound).toBeCloseTo(-9, 6);
    expectBetween(priceOf(prices, "max-nodes"), 4, 9);
  });

  it("goes to the quota where the quota binds: b on TWO instead of ONE costs 1 more", () => {
    const vmTypes = [{ ...ONE, quotaNodes: 1 }, TWO];
    const { bound, prices } = solved(writtenProblem({ vmTypes, jobs, maxNodes: 2 }));
    expect(bound).toBeCloseTo(-12, 6);
    expect(priceOf(prices, "quota-nodes ONE")).toBeCloseTo(1, 4);
  });

  it("is by unit where one VM type counts: 6 vCPUs of ONE are worth 1", () => {
    const nodeLimits = [limit({ weights: { ONE: 6 }, limit: 6 })];
    const { prices } = solved(writtenProblem({ vmTypes: [ONE, TWO], jobs, maxNodes: 2, nodeLimits }));
    expect(priceOf(prices, "k")).toBeCloseTo(1 / 6, 4);
  });

  it("is by unit where all VM types count the same: 8 units are a node", () => {
    const nodeLimits = [limit({ weights: { ONE: 8, TWO: 8 }, limit: 8 })];
    const { prices } = solved(writtenProblem({ vmTypes: [ONE, TWO], jobs, maxNodes: 2, nodeLimits }));
    expectBetween(priceOf(prices, "k"), 4 / 8, 9 / 8);
    expect(priceOf(prices, "max-nodes")).toBe(0);
  });

  it("of a limit that weighs VM types differently is its multiplier", () => {
    // Three jobs worth 10 each. ONE counts 3, TWO counts 2, at most 5, so one of each: 9 + 8. A unit more or less makes half of one another.
    const three = ["a", "b", "c"].map((id) => writtenJob(id, { ONE: [10], TWO: [10] }, due));
    const nodeLimits = [limit({ weights: { ONE: 3, TWO: 2 }, limit: 5 })];
    const { bound, prices } = solved(
      writtenProblem({ vmTypes: [ONE, TWO], jobs: three, maxNodes: 3, nodeLimits }),
    );
    // The relaxation rents 2 of TWO and a third of ONE, since TWO is worth 4 a unit and ONE 3.
    expect(bound).toBeCloseTo(-(2 * 8 + 9 / 3), 5);
    expectBetween(priceOf(prices, "k"), 3, 4);
  });

  it("is 0 where the limit does not bind", () => {
    const nodeLimits = [limit({ weights: { ONE: 3, TWO: 1 }, limit: 6 })];
    const { prices } = solved(writtenProblem({ vmTypes: [ONE, TWO], jobs, maxNodes: 2, nodeLimits }));
    expect(prices.map(({ limitId, usdPerHourPerUnit }) => [limitId, usdPerHourPerUnit])).toEqual([
      ["max-nodes", expect.closeTo(0, 6)],
      ["k", 0],
    ]);
  });

  it("is what one unit more gains at most, beyond what the bound promised already", () => {
    const size = { maxJobs: 4, maxNodes: 2, maxVmTypes: 3, gpuCounts: [1, 2, 3, 4] };
    const counted = fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(planningProblem(size), counted, fc.nat({ max: 2 }), (drawn, weights, most) => {
        const byType = Object.fromEntries(drawn.vmTypes.map(({ id }, v) => [id, weights[v] ?? 0]));
        const nodes = limit({ weights: byType, limit: most, unit: "nodes" });
        const problem = { ...drawn, nodeLimits: [nodes] };
        const objective = progressValueObjective(problem);
        const table = slotTable(problem, objective);
        const effort = { maxEvaluations: 2000, relativeAccuracy: 1e-9, expired: () => false };
        const { bound, prices } = dualPrices(table, null, effort);
        const stated = limitPrices(table, prices, problem.nodeLimits);
        const moreNodes = { ...problem, maxNodes: problem.maxNodes + 1 };
        const moreOfLimit = { ...problem, nodeLimits: [{ ...nodes, limit: most + 1 }] };
        for (const [limitId, relaxed] of [
          ["max-nodes", moreNodes],
          ["k", moreOfLimit],
        ] as const) {
          // A VM type that may not be rented at all has no price.
          if (slotTable(relaxed, objective).slotCount > table.slotCount) continue;
          const least = leastCost(relaxed, objective.costOf);
          expect(bound - (priceOf(stated, limitId) ?? NaN)).toBeLessThanOrEqual(
            least + 1e-6 * Math.max(1, -least),
          );
        }
      }),
      seeded(300),
    );
  });
});
