import { describe, expect, it } from "vitest";
import { inOwnSense } from "../../src/formulation/objective.ts";
import { packDescending } from "../../src/formulation/packing.ts";
import type { PlanningJob, PlanningProblem } from "../../src/domain/planning-problem.ts";
import type { ProgressWorth } from "../../src/formulation/progress-value.ts";
import {
  progressValueObjective,
  progressWorths,
  slackSeconds,
  slacksSeconds,
} from "../../src/formulation/progress-value.ts";
import { seededRandom, standardNormal } from "../../src/domain/seeded-random.ts";
import { testVmType } from "../support/random-problem.ts";
import { node, NOW_SECONDS, writtenJob, writtenProblem } from "../support/written-problem.ts";

// t: 1000 s on 1 of 4 GPUs at 3.60 USD/h, 400 s on all 4; 900 s on a node of one GPU at 1.80 USD/h.
const vmTypes = [
  testVmType("BIG", { gpuCount: 4, pricePerHourUsd: 3.6 }),
  testVmType("ONE", { gpuCount: 1, pricePerHourUsd: 1.8 }),
];
const row = { BIG: [1000, null, null, 400], ONE: [900] };
const job = (id: string, dueInSeconds: number, costPerSecondUsd = 0.01) =>
  writtenJob(id, row, { dueInSeconds, costPerSecondUsd });
const problemWith = (...jobs: readonly PlanningJob[]) => writtenProblem({ vmTypes, jobs, maxNodes: 2 });

const worthOf = (problem: PlanningProblem, id = "a"): ProgressWorth => {
  const found = [...progressWorths(problem)].find(([jobId]) => jobId === id)?.[1];
  if (found === undefined) throw new Error(`no job ${id}`);
  return found;
};

// By hand: C* = min(1000·0.001/4, 400·0.001, 900·0.0005) = 0.25; C¹ = min(1.00, 0.40, 0.45) = 0.40; t^min = 400;
// n = min(1000/4, 400, 900) = 250 node-seconds, so that one job alone takes two nodes 125 s.
const WORK = 1.2 * 0.25;
const ALONE = 0.4 - 0.25;
const AHEAD = 125;

/** E*: the mean over what may be left, each weighed by what a second does for the job then. */
function meanByProgress(factors: readonly number[], value: (factor: number) => number): number {
  const sum = factors.reduce((total, factor) => total + value(factor) / factor, 0);
  return sum / factors.reduce((total, factor) => total + 1 / factor, 0);
}

describe("slack", () => {
  it("counts the duration that is exceeded one time in twenty where predictions may err", () => {
    const unsure = { ...job("a", 1000), restSpread: 0.2 };
    expect(slackSeconds(unsure, NOW_SECONDS)).toBeCloseTo(1000 - 400 * Math.exp(1.645 * 0.2), 9);
  });

  it("is told by each margin, the safest first, and once where predictions do not err", () => {
    const unsure = { ...job("a", 1000), restSpread: 0.2 };
    const slacks = [1.645, 0.8416, 0].map((deviations) => 1000 - 400 * Math.exp(deviations * 0.2));
    expect(slacksSeconds(unsure, NOW_SECONDS)).toEqual(slacks);
    expect(slacksSeconds(job("a", 1000), NOW_SECONDS)).toEqual([600]);
  });

  it("is the due date less now less the fastest duration", () => {
    expect(slackSeconds(job("a", 1000), NOW_SECONDS)).toBe(600);
  });
});

describe("what a job's progress is worth", () => {
  it("with slack: the shared cost, and the rest weighed by exp(−s / (θ t^min + A))", () => {
    // Slack 565 − 400 = 165 s = θ t^min + A, so the weight is 1/e; ω t^min = 4.
    const worth = worthOf(problemWith(job("a", 565)));
    expect(worth.workUsd).toBeCloseTo(WORK, 12);
    expect(worth.onTimeUsd).toBeCloseTo((ALONE + 4) / Math.E, 12);
    expect(worth.pacePerSecond).toBeCloseTo(1 / 565, 15);
  });

  it("where predictions may err: weighed in the mean over what may be left, with the margin of the 80 % quantile", () => {
    const spread = 0.3;
    const worth = worthOf(problemWith({ ...job("a", 565), restSpread: spread }));
    const random = seededRandom(1);
    const factors = Array.from({ length: 100_000 }, () => Math.exp(spread * standardNormal(random)));
    const weight = meanByProgress(factors, (factor) =>
      Math.exp(-Math.max(0, 565 - Math.exp(0.8416 * spread) * factor * 400) / 165),
    );
    expect(worth.onTimeUsd / ((ALONE + 4) * weight)).toBeCloseTo(1, 2);
  });

  it("with ample slack: next to nothing but the shared cost", () => {
    expect(worthOf(problemWith(job("a", 40_000))).onTimeUsd).toBeCloseTo(0, 12);
  });

  it("without slack: a node of its own and the tardiness of its fastest run, at any pace", () => {
    for (const [dueInSeconds, pacePerSecond] of [
      [400, 1 / 400],
      [-5000, Infinity],
    ] as const) {
      const worth = worthOf(problemWith(job("a", dueInSeconds)));
      expect(worth.onTimeUsd).toBeCloseTo(ALONE + 4, 12);
      expect(worth.pacePerSecond).toBe(pacePerSecond);
    }
  });

  it("never falls as the due date comes nearer", () => {
    const values = [4000, 1000, 600, 500, 401, 400, 0].map(
      (dueInSeconds) => worthOf(problemWith(job("a", dueInSeconds))).onTimeUsd,
    );
    expect(values).toEqual([...values].sort((a, b) => a - b));
  });
});

describe("a queue", () => {
  it("makes a job urgent sooner by the work due no later, not by what is due after it", () => {
    const after = problemWith(job("a", 565), job("b", 9000));
    expect(worthOf(after).onTimeUsd).toBeCloseTo((ALONE + 4) * Math.exp(-165 / (40 + AHEAD)), 12);
    const before = problemWith(job("a", 565), job("b", 500));
    expect(worthOf(before).onTimeUsd).toBeCloseTo((ALONE + 4) * Math.exp(-165 / (40 + 2 * AHEAD)), 12);
  });

  it("that outlasts every job weighs all late jobs by the same time, its drain", () => {
    const late = Array.from({ length: 8 }, (_, index) => job(`j${index}`, -100, 0.001 * (index + 1)));
    const problem = problemWith(...late);
    late.forEach((_, index) => {
      expect(worthOf(problem, `j${index}`).onTimeUsd).toBeCloseTo(ALONE + 0.001 * (index + 1) * 8 * AHEAD, 9);
    });
  });

  it("drains no faster than the quotas let it", () => {
    const few = vmTypes.map((vmType) => ({ ...vmType, quotaNodes: vmType.id === "BIG" ? 1 : 0 }));
    const problem = { ...problemWith(job("a", 565)), vmTypes: few };
    expect(worthOf(problem).onTimeUsd).toBeCloseTo((ALONE + 4) * Math.exp(-165 / (40 + 2 * AHEAD)), 12);
  });

  it("leaves jobs that are due together interchangeable", () => {
    const problem = problemWith(job("a", 565), job("b", 565), job("c", 300));
    expect(worthOf(problem, "a")).toEqual(worthOf(problem, "b"));
  });
});

describe("the progress-value objective", () => {
  const problem = problemWith(job("a", 950));
  const objective = progressValueObjective(problem);
  const { workUsd, onTimeUsd } = worthOf(problem);

  it("is worth per hour of progress less rent, maximised, so its cost is the negative", () => {
    const cost = objective.costOf({ nodes: [node("node-1", "BIG", { a: 1 })] });
    // 1000 s end after the due date, so that every bit of progress helps it to be on time.
    expect(cost).toBeCloseTo(3.6 - ((workUsd + onTimeUsd) / 1000) * 3600, 9);
    expect(inOwnSense(objective, cost)).toBeCloseTo(-cost, 12);
  });

  it("pays for being on time up to the pace that is needed, and beyond it for the work only", () => {
    const cost = objective.costOf({ nodes: [node("node-1", "BIG", { a: 4 })] });
    expect(cost).toBeCloseTo(3.6 - (workUsd / 400 + onTimeUsd / 950) * 3600, 9);
  });

  it("pays for every second once the due date cannot be met", () => {
    const late = problemWith(job("a", 100));
    const worth = worthOf(late);
    const cost = progressValueObjective(late).costOf({ nodes: [node("node-1", "BIG", { a: 4 })] });
    expect(cost).toBeCloseTo(3.6 - ((worth.workUsd + worth.onTimeUsd) / 400) * 3600, 9);
  });

  it("pays, where predictions may err, for a pace as far as it is needed in the mean", () => {
    const spread = 0.3;
    const unsure = problemWith({ ...job("a", 950), restSpread: spread });
    const worth = worthOf(unsure);
    const costs = [1, 4].map((gpus) =>
      progressValueObjective(unsure).costOf({ nodes: [node("node-1", "BIG", { a: gpus })] }),
    );
    const random = seededRandom(1);
    const factors = Array.from({ length: 200_000 }, () => Math.exp(spread * standardNormal(random)));
    for (const [index, seconds] of [1000, 400].entries()) {
      const needed = meanByProgress(factors, (factor) => Math.min(1 / seconds, factor / 950));
      const onTime = (3.6 - (costs[index] ?? NaN)) / 3600 - worth.workUsd / seconds;
      expect(onTime / (worth.onTimeUsd * needed)).toBeCloseTo(1, 2);
    }
  });

  it("hardly changes where predictions hardly err", () => {
    const sure = { nodes: [node("node-1", "BIG", { a: 4 })] };
    const almost = problemWith({ ...job("a", 950), restSpread: 1e-5 });
    expect(progressValueObjective(almost).costOf(sure)).toBeCloseTo(objective.costOf(sure), 4);
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
