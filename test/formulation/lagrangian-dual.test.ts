import { describe, expect, it } from "vitest";
import type { PlanningProblem } from "../../src/domain/planning-problem.ts";
import { dualPrices } from "../../src/formulation/dual-prices.ts";
import { lagrangianDual } from "../../src/formulation/lagrangian-dual.ts";
import { nodeScarcity } from "../../src/formulation/node-market.ts";
import type { SeparableObjective } from "../../src/formulation/objective.ts";
import { separableObjective } from "../../src/formulation/objective.ts";
import type { SlotTable } from "../../src/formulation/slot-table.ts";
import { slotTable } from "../../src/formulation/slot-table.ts";
import { testVmType } from "../support/random-problem.ts";
import { writtenJob, writtenProblem } from "../support/written-problem.ts";

const due = { dueInSeconds: 1000, costPerSecondUsd: 0 };

/** Running costs −100/t, waiting 0, a node its price per hour: numbers that can be checked by hand. */
const objectiveOf = (problem: PlanningProblem): SeparableObjective =>
  separableObjective(problem, {
    name: "written",
    sense: "minimize",
    unit: "USD per hour",
    running: (_, { durationSeconds }) => -100 / durationSeconds,
    waiting: () => 0,
    node: (vmType) => vmType.pricePerHourUsd,
  });

const FOUR = testVmType("FOUR", { gpuCount: 4, pricePerHourUsd: 6 });
const ONE = testVmType("ONE", { gpuCount: 1, pricePerHourUsd: 1, quotaNodes: 1 });

const tableOf = (jobs: PlanningProblem["jobs"], maxNodes: number, vmTypes = [FOUR, ONE]): SlotTable => {
  const problem = writtenProblem({ vmTypes, jobs, maxNodes });
  return slotTable(problem, objectiveOf(problem));
};
const evaluate = (table: SlotTable, prices: readonly number[]): readonly [number, readonly number[]] => {
  const gradient = new Float64Array(table.slotCount);
  return [lagrangianDual(table).evaluate(Float64Array.from(prices), gradient), [...gradient]];
};

describe("the slot table", () => {
  it("lets a part host smaller jobs, drops sizes that nobody prefers and counts identical jobs", () => {
    // a: −10 on one GPU, −20 on two, no better on three; b the same; c never pays more than waiting.
    const row = { FOUR: [10, 5, 5, null] };
    const table = tableOf([writtenJob("a", row, due), writtenJob("b", row, due)], 3, [FOUR]);
    expect([...table.slotGpus]).toEqual([1, 2]);
    expect([...table.cost]).toEqual([-10, -20]);
    expect([...table.gpus]).toEqual([1, 2]);
    expect([...table.multiplicity]).toEqual([2]);
    expect([...table.classOfJob]).toEqual([0, 0]);
  });

  it("leaves out VM types that may not be rented and jobs that never pay", () => {
    const none = { ...ONE, quotaNodes: 0 };
    const table = tableOf([writtenJob("a", { ONE: [10] }, due)], 3, [none]);
    expect(table).toMatchObject({ slotCount: 0, classCount: 0, vmTypes: [] });
    expect([...table.classOfJob]).toEqual([-1]);
  });
});

describe("L at prices that can be checked by hand", () => {
  // One job: −10 on one GPU of FOUR, −20 on two, −8 on ONE. Slots: FOUR×1, FOUR×2, ONE×1.
  const job = writtenJob("a", { FOUR: [10, 5], ONE: [12.5] }, due);
  const table = tableOf([job], 2);

  it("with no prices is the job's best choice, and no node is worth its rent", () => {
    expect(evaluate(table, [0, 0, 0])).toEqual([-20, [0, 1, 0]]);
  });

  it("takes the most valuable cut of each node: two parts of two GPUs at 5 against rent 6", () => {
    // Job: min(−10 + 1, −20 + 5, −8 + 3) = −15. FOUR: 2·5 − 6 = 4, ONE: 3 − 1 = 2 with quota 1; N = 2 takes FOUR twice.
    expect(evaluate(table, [1, 5, 3])).toEqual([-15 - 8, [0, 1 - 4, 0]]);
  });

  it("rents within the quota, then the next best type", () => {
    // FOUR: 4·1.75 − 6 = 1, ONE: 3 − 1 = 2 but only one of them may be rented.
    expect(evaluate(table, [1.75, 3, 3])).toEqual([-17 - 3, [-4, 1, -1]]);
  });

  it("gives a negative price to jobs but never to nodes", () => {
    expect(evaluate(table, [-1, 0, 0])).toEqual([-20, [0, 1, 0]]);
    expect(evaluate(table, [-15, 0, 0])).toEqual([-25, [1, 0, 0]]);
  });

  it("says what one node more is worth", () => {
    const scarcity = nodeScarcity(table, Float64Array.from([1.75, 3, 3]));
    expect(scarcity.nodeLimit).toBe(1);
    expect([...scarcity.quotas]).toEqual([0, 1]);
  });
});

describe("the best bound", () => {
  const effort = { maxEvaluations: 2000, relativeAccuracy: 1e-12, expired: () => false };

  it("is the optimum where the LP relaxation has no gap", () => {
    // Two jobs of two GPUs fill a node: −20 − 20 + 6.
    const row = { FOUR: [10, 5] };
    const table = tableOf([writtenJob("a", row, due), writtenJob("b", row, due)], 1, [FOUR]);
    expect(dualPrices(table, null, effort).bound).toBeCloseTo(-34, 6);
  });

  it("is the LP relaxation's value where it has one: half a node for one job of two GPUs", () => {
    const table = tableOf([writtenJob("a", { FOUR: [10, 5] }, due)], 1, [FOUR]);
    expect(dualPrices(table, null, effort).bound).toBeCloseTo(-20 + 3, 6);
  });

  it("has prices that do not fall with size, from any start", () => {
    const table = tableOf([writtenJob("a", { FOUR: [10, 5, 4, 3.9] }, due)], 1, [FOUR]);
    const { prices, bound } = dualPrices(table, Float64Array.from([9, 0, 3, 1]), effort);
    expect([...prices]).toEqual([...prices].sort((a, b) => a - b));
    expect(bound).toBeCloseTo(dualPrices(table, null, effort).bound, 6);
  });

  it("of a problem without slots is what waiting costs", () => {
    const table = tableOf([writtenJob("a", { ONE: [10] }, due)], 0, [ONE]);
    expect(dualPrices(table, null, effort).bound).toBe(0);
  });
});
