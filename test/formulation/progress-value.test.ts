import { describe, expect, it } from "vitest";
import { inOwnSense } from "../../src/formulation/objective.ts";
import { packDescending } from "../../src/formulation/packing.ts";
import {
  PROGRESS_VALUE_PARAMETERS,
  progressValueObjective,
  progressValueUsd,
  slackSeconds,
} from "../../src/formulation/progress-value.ts";
import { testVmType } from "../support/random-problem.ts";
import { node, NOW_SECONDS, writtenJob, writtenProblem } from "../support/written-problem.ts";

// t: 1000 s on 1 of 4 GPUs at 3.60 USD/h, 400 s on all 4; 900 s on a node of one GPU at 1.80 USD/h.
const vmTypes = [
  testVmType("BIG", { gpuCount: 4, pricePerHourUsd: 3.6 }),
  testVmType("ONE", { gpuCount: 1, pricePerHourUsd: 1.8 }),
];
const problemWith = (dueInSeconds: number) =>
  writtenProblem({
    vmTypes,
    jobs: [
      writtenJob("a", { BIG: [1000, null, null, 400], ONE: [900] }, { dueInSeconds, costPerSecondUsd: 0.01 }),
    ],
    maxNodes: 2,
  });
const valueAt = (dueInSeconds: number): number => {
  const problem = problemWith(dueInSeconds);
  const [job] = problem.jobs;
  if (job === undefined) throw new Error("no job");
  return progressValueUsd(problem, job, PROGRESS_VALUE_PARAMETERS);
};

// By hand: C* = min(1000·0.001/4, 400·0.001, 900·0.0005) = 0.25; C¹ = min(1.00, 0.40, 0.45) = 0.40; t^min = 400.
const SHARED = 1.3 * 0.25;
const ALONE = 0.4 - 0.25;

describe("slack", () => {
  it("is the due date less now less the fastest duration", () => {
    const [job] = problemWith(1000).jobs;
    expect(job === undefined ? NaN : slackSeconds(job, NOW_SECONDS)).toBe(600);
  });
});

describe("V_j", () => {
  it("with slack: the shared cost, and the rest weighed by exp(−s / (θ t^min))", () => {
    // Slack 440 − 400 = 40 s = θ t^min, so the weight is 1/e; ω t^min = 4.
    expect(valueAt(440)).toBeCloseTo(SHARED + (ALONE + 4) / Math.E, 12);
  });

  it("with ample slack: next to nothing but the shared cost", () => {
    expect(valueAt(40_000)).toBeCloseTo(SHARED, 12);
  });

  it("without slack: a node of its own and four times the tardiness rate", () => {
    expect(valueAt(400)).toBeCloseTo(SHARED + ALONE + 16, 12);
    expect(valueAt(-5000)).toBeCloseTo(SHARED + ALONE + 16, 12);
  });

  it("never falls as the due date comes nearer", () => {
    const values = [4000, 1000, 600, 500, 401, 400, 0].map(valueAt);
    expect(values).toEqual([...values].sort((a, b) => a - b));
  });
});

describe("the progress-value objective", () => {
  const problem = problemWith(440);
  const objective = progressValueObjective(problem);

  it("is value per hour of progress less rent, maximised, so its cost is the negative", () => {
    const value = valueAt(440);
    const cost = objective.costOf({ nodes: [node("node-1", "BIG", { a: 4 })] });
    expect(cost).toBeCloseTo(3.6 - (value / 400) * 3600, 9);
    expect(inOwnSense(objective, cost)).toBeCloseTo(-cost, 12);
  });

  it("is 0 when everybody waits, not −0", () => {
    expect(Object.is(inOwnSense(objective, objective.costOf({ nodes: [] })), 0)).toBe(true);
  });

  it("is infinite where a job has no duration", () => {
    expect(objective.costOf({ nodes: [node("node-1", "BIG", { a: 2 })] })).toBe(Infinity);
  });
});

describe("packDescending", () => {
  it("fills node after node, largest first", () => {
    expect(packDescending([1, 4, 2, 1, 2], 4)).toEqual([[4], [2, 2], [1, 1]]);
    expect(packDescending([], 4)).toEqual([]);
  });
});
