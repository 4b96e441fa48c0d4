/** Budgets of jobs: what is spent, what is still offered, and what is said of a job that waits for money. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ClusterState, JobState } from "../../src/domain/cluster-state.ts";
import type { SolverPort } from "../../src/milp/solver-port.ts";
import { decide } from "../../src/planner/decide.ts";
import { explain } from "../../src/planner/explain.ts";
import { forecastJobs } from "../../src/planner/forecast.ts";
import { advance, observe } from "../../src/planner/observe.ts";
import { POLICY_NAMES } from "../../src/planner/policy.ts";
import { pose, poseWithoutBudgets } from "../../src/planner/pose.ts";
import { EXACT } from "../support/limits.ts";
import { testVmType } from "../support/random-problem.ts";
import { seeded } from "../support/seed.ts";
import { clusterJob, clusterWith } from "../support/written-cluster.ts";
import { node, NOW_SECONDS } from "../support/written-problem.ts";

const vmTypes = [
  testVmType("NC12", { gpuCount: 2, pricePerHourUsd: 7.2 }),
  testVmType("NC6", { gpuCount: 1, pricePerHourUsd: 3.6 }),
];
const due = { dueInSeconds: 100_000 };
/** USD on a full node: 1.00 on one GPU of either, 1.20 on two. */
const row = { NC12: [1000, 600], NC6: [1000] };

const jobOf = (state: ClusterState, id: string): JobState => {
  const found = state.jobs.find((entry) => entry.id === id);
  if (found === undefined) throw new Error(`No job ${id}`);
  return found;
};
const offered = (state: ClusterState, id: string): readonly string[] =>
  pose(state)
    .jobs.filter((job) => job.id === id)
    .flatMap(({ configurations }) => configurations.map(({ vmTypeId, gpus }) => `${vmTypeId} ${gpus}`));

const noSolver: SolverPort = {
  name: "none",
  solve: () => Promise.resolve({ kind: "failed", message: "no solver here" }),
  close: () => Promise.resolve(),
};

describe("what a job has spent", () => {
  const jobs = ["a", "b"].map((id) => clusterJob(id, row, due));

  it("is its share of the rent by the GPUs in use: half each, the whole node alone", () => {
    const shared = clusterWith({ vmTypes, jobs, nodes: [node("node-1", "NC12", { a: 1, b: 1 })] });
    const alone = clusterWith({ vmTypes, jobs, nodes: [node("node-1", "NC12", { a: 1 })] });
    expect(jobOf(advance(shared, NOW_SECONDS + 500), "a").spentUsd).toBeCloseTo(0.5, 12);
    expect(jobOf(advance(alone, NOW_SECONDS + 500), "a").spentUsd).toBeCloseTo(1, 12);
    expect(jobOf(advance(alone, NOW_SECONDS + 500), "b").spentUsd).toBe(0);
  });

  it("adds up over jobs to the rent, however the nodes are shared and time is cut", () => {
    const steps = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 2 }), (seconds, gpus) => {
        const nodes = [node("node-1", "NC12", { a: gpus }), node("node-2", "NC6", { b: 1 })];
        const end = seconds.reduce(
          (state, step) => advance(state, (state.nowSeconds ?? NaN) + step),
          clusterWith({ vmTypes, jobs, nodes }),
        );
        const spent = end.jobs.reduce((total, job) => total + job.spentUsd, 0);
        expect(spent).toBeCloseTo(end.accruedRentUsd, 9);
      }),
      seeded(100),
    );
  });
});

describe("what a budget pays for", () => {
  it("is offered, what is dearer is not, and without a budget all is", () => {
    const jobs = [
      clusterJob("a", row, { ...due, budgetUsd: 1.1 }),
      clusterJob("b", row, { ...due, budgetUsd: 0.9 }),
      clusterJob("c", row, due),
    ];
    const state = clusterWith({ vmTypes, jobs });
    expect(offered(state, "a")).toEqual(["NC12 1", "NC6 1"]);
    expect(offered(state, "b")).toEqual([]);
    expect(offered(state, "c")).toEqual(["NC12 1", "NC12 2", "NC6 1"]);
    expect(pose(state).jobs.map(({ id }) => id)).toEqual(["a", "c"]);
    expect(poseWithoutBudgets(state).jobs.map(({ id }) => id)).toEqual(["a", "b", "c"]);
  });

  it("shrinks with what is spent and with the work that is left", () => {
    // Alone on an NC12 at 2 USD for the whole work: after a quarter 0.5 is spent and 0.75 is needed on a full node.
    const nodes = [node("node-1", "NC12", { a: 1 })];
    const at = (budgetUsd: number): ClusterState =>
      advance(
        clusterWith({ vmTypes, jobs: [clusterJob("a", row, { ...due, budgetUsd })], nodes }),
        NOW_SECONDS + 250,
      );
    expect(offered(at(1.26), "a")).toEqual(["NC12 1", "NC6 1"]);
    expect(offered(at(1.24), "a")).toEqual([]);
  });

  it("lasts to the end for a job whose budget is just what it costs on a full node", () => {
    const jobs = [clusterJob("a", row, { ...due, budgetUsd: 1 })];
    let state = clusterWith({ vmTypes, jobs, nodes: [node("node-1", "NC6", { a: 1 })] });
    for (let step = 1; step < 100; step += 1) {
      state = advance(state, NOW_SECONDS + step * 9.97);
      expect(offered(state, "a")).toContain("NC6 1");
    }
  });
});

describe("a job that its budget keeps from running", () => {
  const jobs = [clusterJob("a", row, { ...due, budgetUsd: 0.5 }), clusterJob("b", row, due)];
  const state = clusterWith({ vmTypes, jobs });

  it("waits with the reason, while others wait for their turn", () => {
    expect(forecastJobs(state, { nodes: [] })).toMatchObject([
      { jobId: "a", kind: "waiting", reason: "budget" },
      { jobId: "b", kind: "waiting", reason: "not-yet" },
    ]);
  });

  it("is explained: what it would cost, and what is left", () => {
    const [a] = explain(state, { allocation: { nodes: [] } }, "progress-value");
    expect(a).toMatchObject({ jobId: "a", decision: "waiting", gainOverWaiting: null });
    expect(a?.alternatives.map(({ verdict }) => verdict)).toEqual([
      { kind: "over-budget", sharedRentUsd: 1, budgetLeftUsd: 0.5 },
      { kind: "over-budget", sharedRentUsd: 1.2, budgetLeftUsd: 0.5 },
      { kind: "over-budget", sharedRentUsd: 1, budgetLeftUsd: 0.5 },
    ]);
    expect(a?.summary).toBe(
      "Waits: 1 GPU of NC12 would cost 1.00 USD, and 0.500 USD of the job's budget are left.",
    );
  });

  it.each(POLICY_NAMES)("is stopped by %s where it ran, and the others run on", async (policy) => {
    const nodes = [node("node-1", "NC6", { a: 1 }), node("node-2", "NC6", { b: 1 })];
    const running = clusterWith({ vmTypes, jobs, nodes });
    const due = observe(running, { kind: "timer-elapsed", atSeconds: NOW_SECONDS + 10 });
    const { plan } = await decide(due, [], { policy, solver: noSolver, limits: EXACT });
    expect(plan.allocation.nodes.flatMap(({ parts }) => parts).map(({ jobId }) => jobId)).not.toContain("a");
    expect(plan.stoppedJobIds).toContain("a");
  });

  it("runs once its budget is raised", () => {
    const [a] = jobs;
    if (a === undefined) throw new Error("no job");
    const { dueAtSeconds, tardinessCostPerSecondUsd } = a;
    const change = {
      kind: "job-changed",
      atSeconds: NOW_SECONDS,
      jobId: a.id,
      dueAtSeconds,
      tardinessCostPerSecondUsd,
    } as const;
    expect(offered(observe(state, { ...change, budgetUsd: 1.5 }), "a")).toHaveLength(3);
    expect(offered(observe(state, { ...change, budgetUsd: null }), "a")).toHaveLength(3);
    expect(offered(observe(state, change), "a")).toHaveLength(0);
  });
});

describe("a limit in an explanation", () => {
  it("blocks one node more, and says what is used of it", () => {
    const jobs = ["a", "b"].map((id) => clusterJob(id, row, due));
    const cores = {
      id: "cores",
      label: "quota of family NCv3",
      weights: { NC6: 6, NC12: 12 },
      limit: 12,
      unit: "vCPUs",
    } as const;
    const nodes = [node("node-1", "NC6", { a: 1 })];
    const state = clusterWith({ vmTypes, jobs, nodes, nodeLimits: [cores] });
    const b = explain(state, state, "progress-value").find(({ jobId }) => jobId === "b");
    const verdictOn = (type: string) => b?.alternatives.find(({ vmTypeId }) => vmTypeId === type)?.verdict;
    expect(verdictOn("NC12")).toEqual({
      kind: "blocked-by-limit",
      limitId: "cores",
      label: "quota of family NCv3",
      unit: "vCPUs",
      used: 6,
      limit: 12,
    });
    expect(verdictOn("NC6")?.kind).not.toBe("blocked-by-limit");
  });
});
