import { describe, expect, it } from "vitest";
import type { AllocatedNode } from "../../src/domain/allocation.ts";
import { wakeUpAtSeconds } from "../../src/planner/wake-up.ts";
import { testVmType } from "../support/random-problem.ts";
import { node, NOW_SECONDS, writtenJob, writtenProblem } from "../support/written-problem.ts";

const vmTypes = [testVmType("NC12", { gpuCount: 2, pricePerHourUsd: 1 })];
const wakesIn = (dueInSeconds: number, nodes: readonly AllocatedNode[] = []): number => {
  const jobs = [writtenJob("a", { NC12: [1000, 400] }, { dueInSeconds, costPerSecondUsd: 0.01 })];
  const problem = writtenProblem({ vmTypes, jobs, maxNodes: 1 });
  return (wakeUpAtSeconds(problem, { nodes }) ?? NaN) - NOW_SECONDS;
};

describe("wakeUpAtSeconds", () => {
  it("is null without jobs", () => {
    expect(wakeUpAtSeconds(writtenProblem({ vmTypes, jobs: [], maxNodes: 1 }), { nodes: [] })).toBeNull();
  });

  it("of a waiting job is where its slack has halved", () => {
    expect(wakesIn(400 + 1000)).toBe(500);
  });

  it("of a running job is later: its slack falls at 1 − t^min/t", () => {
    // On one GPU slack falls by 1 − 400/1000 each second.
    expect(wakesIn(400 + 1000, [node("node-1", "NC12", { a: 1 })])).toBeCloseTo(500 / 0.6, 9);
  });

  it("is after H at the latest, and exactly then for a job in its fastest configuration", () => {
    expect(wakesIn(400_000)).toBe(3600);
    expect(wakesIn(400 + 1000, [node("node-1", "NC12", { a: 2 })])).toBe(3600);
  });

  it("does not halve for ever: slack below a hundredth of t^min counts as used up", () => {
    expect(wakesIn(400 + 4)).toBe(3600);
    expect(wakesIn(400 + 5)).toBe(2.5);
    expect(wakesIn(-1000)).toBe(3600);
  });

  it("goes on by the next margin where predictions may err, until the job would be late even if they come true", () => {
    const margins = [1.645, 0.8416, 0].map((deviations) => Math.exp(0.3 * deviations));
    const wakes = (dueInSeconds: number): number => {
      const job = writtenJob("a", { NC12: [1000, 400] }, { dueInSeconds, costPerSecondUsd: 0.01 });
      const problem = writtenProblem({ vmTypes, jobs: [{ ...job, restSpread: 0.3 }], maxNodes: 1 });
      return (wakeUpAtSeconds(problem, { nodes: [] }) ?? NaN) - NOW_SECONDS;
    };
    // Just before each margin is used up its slack halves soon; then that of the next is left.
    for (const [index, margin] of margins.entries()) {
      expect(wakes(400 * margin + 10)).toBeCloseTo(5, 6);
      const next = margins[index + 1];
      expect(wakes(400 * margin)).toBeCloseTo(next === undefined ? 3600 : (400 * (margin - next)) / 2, 6);
    }
  });

  it("leaves a running job in peace that ends in time where it runs, once its slack halves within a minute", () => {
    // Slack and remaining work vanish together when a job ends just at its due date: halving would never end.
    const wakes = (seconds: number, dueInSeconds: number): number => {
      const jobs = [
        writtenJob("a", { NC12: [seconds, 0.6 * seconds] }, { dueInSeconds, costPerSecondUsd: 0.01 }),
      ];
      const problem = writtenProblem({ vmTypes, jobs, maxNodes: 1 });
      return (wakeUpAtSeconds(problem, { nodes: [node("node-1", "NC12", { a: 1 })] }) ?? NaN) - NOW_SECONDS;
    };
    expect(wakes(1000, 1000)).toBeCloseTo(500, 6);
    expect(wakes(100, 100)).toBe(3600);
    // One that will be late is woken however soon.
    expect(wakes(100, 90)).toBeCloseTo((90 - 60) / 2 / 0.4, 6);
  });

  it("takes the earliest of all jobs", () => {
    const job = (id: string, dueInSeconds: number) =>
      writtenJob(id, { NC12: [1000, 400] }, { dueInSeconds, costPerSecondUsd: 0.01 });
    const problem = writtenProblem({ vmTypes, jobs: [job("a", 2400), job("b", 600)], maxNodes: 1 });
    expect(wakeUpAtSeconds(problem, { nodes: [] })).toBe(NOW_SECONDS + 100);
  });
});
