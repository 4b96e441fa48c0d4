/** What changes cost in the state's books: holds, leases, minimum billing, pace. */
import { describe, expect, it } from "vitest";
import type { AllocatedNode } from "../../src/domain/allocation.ts";
import { NO_CHANGE_LOSSES, lossesUsd } from "../../src/domain/change-losses.ts";
import type { ClusterState, JobState } from "../../src/domain/cluster-state.ts";
import type { ClusterEvent } from "../../src/domain/event.ts";
import { jobId, nodeId } from "../../src/domain/ids.ts";
import type { Plan } from "../../src/domain/plan.ts";
import { commandsBetween, enact } from "../../src/planner/enact.ts";
import { forecastJobs } from "../../src/planner/forecast.ts";
import { observe } from "../../src/planner/observe.ts";
import { pose } from "../../src/planner/pose.ts";
import { lossesOfChange } from "../../src/planner/resumption.ts";
import { testVmType } from "../support/random-problem.ts";
import { clusterJob, clusterWith } from "../support/written-cluster.ts";
import { node, NOW_SECONDS } from "../support/written-problem.ts";

const BOOT = 180;
const CHECKPOINT = 120;
const MINIMUM = 3600;
/** 0.001 USD a second. */
const PRICE = 3.6;
const vmTypes = [
  {
    ...testVmType("NC12", { gpuCount: 2, pricePerHourUsd: PRICE }),
    bootSeconds: BOOT,
    minimumBillingSeconds: MINIMUM,
  },
];
const jobs = ["a", "b"].map((id) => ({
  ...clusterJob(id, { NC12: [1000, 600] }, { dueInSeconds: 900 }),
  checkpointSeconds: CHECKPOINT,
}));
const arrived = clusterWith({ vmTypes, jobs });

const after = (state: ClusterState, nodes: readonly AllocatedNode[]): ClusterState => {
  const plan: Plan = {
    revision: state.revision,
    decidedAtSeconds: state.nowSeconds ?? NaN,
    policy: "test",
    allocation: { nodes },
    forecasts: [],
    rentPerHourUsd: 0,
    proof: {
      objectiveName: "test",
      sense: "minimize",
      unit: "USD",
      objective: 0,
      bound: null,
      gap: null,
      stopReason: "rule",
    },
    movedJobIds: [],
    stoppedJobIds: [],
    changeLosses: NO_CHANGE_LOSSES,
    wakeUpAtSeconds: null,
  };
  expect(commandsBetween(state.allocation, plan.allocation)).toBeDefined();
  return enact(state, plan);
};
const at = (seconds: number): ClusterEvent => ({ kind: "timer-elapsed", atSeconds: NOW_SECONDS + seconds });
const job = (state: ClusterState, id: string): JobState => {
  const found = state.jobs.find((entry) => entry.id === id);
  if (found === undefined) throw new Error(`no job ${id}`);
  return found;
};
const first = after(arrived, [node("node-1", "NC12", { a: 1 })]);

describe("a new node", () => {
  it("is billed from the rent, and its jobs make no progress until it has booted", () => {
    expect(first.leases).toEqual([
      {
        nodeId: "node-1",
        rentedAtSeconds: NOW_SECONDS,
        readyAtSeconds: NOW_SECONDS + BOOT,
        paidUntilSeconds: NOW_SECONDS + MINIMUM,
      },
    ]);
    const booting = observe(first, at(100));
    expect(job(booting, "a")).toMatchObject({ completedShare: 0, resumesAtSeconds: NOW_SECONDS + BOOT });
    expect(booting.accruedRentUsd).toBeCloseTo(0.1, 12);
    const running = observe(booting, at(BOOT + 500));
    expect(job(running, "a")).toMatchObject({ completedShare: 0.5, resumesAtSeconds: null });
    expect(running.changeLosses).toEqual({ ...NO_CHANGE_LOSSES, bootSeconds: BOOT, bootUsd: 0.18 });
  });

  it("delays a job that joins it only until it has booted: a first start has nothing to load", () => {
    const joined = after(observe(first, at(100)), [node("node-1", "NC12", { a: 1, b: 1 })]);
    expect(job(joined, "b").resumesAtSeconds).toBe(NOW_SECONDS + BOOT);
    const late = after(observe(first, at(300)), [node("node-1", "NC12", { a: 1, b: 1 })]);
    expect(job(late, "b").resumesAtSeconds).toBeNull();
  });

  it("costs its minimum billing when it is given back before", () => {
    const released = after(observe(first, at(600)), []);
    expect(released.accruedRentUsd).toBeCloseTo(3.6, 12);
    expect(released.changeLosses.unusedBillingUsd).toBeCloseTo(3, 12);
    expect(released.leases).toEqual([]);
    expect(after(observe(first, at(4000)), []).accruedRentUsd).toBeCloseTo(4, 12);
  });

  it("costs its minimum billing when it is lost before, and its jobs begin anew from what was safe", () => {
    const lost = observe(first, {
      kind: "node-lost",
      nodeId: nodeId("node-1"),
      atSeconds: NOW_SECONDS + 600,
    });
    expect(lost.accruedRentUsd).toBeCloseTo(3.6, 12);
    expect(job(lost, "a")).toMatchObject({ completedShare: 0, resumesAtSeconds: null });
    // Nothing was saved, so there is no checkpoint to load: the new node's boot is all that it waits for.
    const again = after(lost, [node("node-2", "NC12", { a: 1 })]);
    expect(job(again, "a").resumesAtSeconds).toBe(NOW_SECONDS + 600 + BOOT);
  });
});

describe("a job that has begun", () => {
  const begun = observe(first, at(BOOT + 500));

  it("holds its new GPUs for its checkpoint when it moves, after the boot of a new node", () => {
    const wider = after(begun, [node("node-1", "NC12", { a: 2 })]);
    expect(job(wider, "a").resumesAtSeconds).toBe(NOW_SECONDS + BOOT + 500 + CHECKPOINT);
    const elsewhere = after(begun, [node("node-2", "NC12", { a: 1 })]);
    expect(job(elsewhere, "a").resumesAtSeconds).toBe(NOW_SECONDS + BOOT + 500 + BOOT + CHECKPOINT);
    const later = observe(elsewhere, at(BOOT + 500 + BOOT + CHECKPOINT + 100));
    expect(job(later, "a").completedShare).toBeCloseTo(0.6, 12);
    expect(later.changeLosses.restartSeconds).toBe(CHECKPOINT);
    expect(later.changeLosses.bootSeconds).toBe(2 * BOOT);
    // One of two GPUs.
    expect(later.changeLosses.restartUsd).toBeCloseTo((CHECKPOINT * 0.001) / 2, 12);
  });

  it("holds them when it goes on after a stop, and nothing of a hold is left when it stays", () => {
    const stopped = after(begun, [node("node-1", "NC12", { b: 1 })]);
    expect(job(stopped, "a")).toMatchObject({ resumesAtSeconds: null, savedShare: 0.5 });
    const back = after(stopped, [node("node-1", "NC12", { a: 1, b: 1 })]);
    expect(job(back, "a").resumesAtSeconds).toBe(NOW_SECONDS + BOOT + 500 + CHECKPOINT);
    const same = after(observe(back, at(BOOT + 550)), [node("node-1", "NC12", { a: 1, b: 1 })]);
    expect(job(same, "a").resumesAtSeconds).toBe(NOW_SECONDS + BOOT + 500 + CHECKPOINT);
  });

  it("is forecast and posed with its hold beside its work", () => {
    const nodes = [node("node-1", "NC12", { a: 2 })];
    const planned = forecastJobs(begun, { nodes })[0];
    const moved = after(begun, nodes);
    expect(planned).toMatchObject({
      holdSeconds: CHECKPOINT,
      remainingSeconds: CHECKPOINT + 300,
      expectedCompletionAtSeconds: NOW_SECONDS + BOOT + 500 + CHECKPOINT + 300,
    });
    expect(forecastJobs(moved, { nodes })[0]).toEqual(planned);
    const problem = pose(observe(moved, at(BOOT + 550)));
    expect(problem.jobs[0]).toMatchObject({ restartSeconds: CHECKPOINT, heldSeconds: CHECKPOINT - 50 });
    expect(problem.jobs[0]?.configurations.map((entry) => entry.durationSeconds)).toEqual([500, 300]);
    expect(problem.jobs[1]).not.toHaveProperty("restartSeconds");
  });

  it("moves at the cost that the plan states", () => {
    const nodes = [node("node-2", "NC12", { a: 2 })];
    const stated = lossesOfChange(begun, { nodes });
    expect(stated).toEqual({
      restartSeconds: CHECKPOINT,
      restartUsd: CHECKPOINT * 0.001,
      bootSeconds: BOOT,
      bootUsd: BOOT * 0.001,
      unusedBillingUsd: expect.closeTo((MINIMUM - BOOT - 500) * 0.001, 12) as number,
    });
    const through = observe(after(begun, nodes), at(BOOT + 500 + BOOT + CHECKPOINT));
    const before = begun.changeLosses;
    expect(lossesUsd(through.changeLosses) - lossesUsd(before)).toBeCloseTo(lossesUsd(stated), 12);
  });

  it("does not seem slow for having held its GPUs", () => {
    const moved = after(begun, [node("node-1", "NC12", { a: 2 })]);
    const resumesAt = NOW_SECONDS + BOOT + 500 + CHECKPOINT;
    const report = (state: ClusterState, atSeconds: number, completedShare: number): ClusterState =>
      observe(state, { kind: "progress-reported", jobId: jobId("a"), atSeconds, completedShare });
    expect(job(report(moved, resumesAt + 60, 0.6), "a").pace.factor).toBeCloseTo(1, 12);
    // A report in the middle of the hold teaches nothing, and nothing is measured before its end.
    const held = report(moved, resumesAt - 30, 0.5);
    expect(job(held, "a").pace).toMatchObject({ factor: 1, observedShare: 0 });
    expect(job(report(held, resumesAt + 60, 0.6), "a").pace.factor).toBeCloseTo(1, 12);
  });
});

it("changes cost nothing where nothing is said of them", () => {
  const free = clusterWith({
    vmTypes: [testVmType("NC12", { gpuCount: 2, pricePerHourUsd: PRICE })],
    jobs: [clusterJob("a", { NC12: [1000, 600] }, { dueInSeconds: 900 })],
  });
  const started = after(free, [node("node-1", "NC12", { a: 1 })]);
  const moved = after(observe(started, at(500)), [node("node-2", "NC12", { a: 2 })]);
  expect(job(moved, "a")).toMatchObject({ completedShare: 0.5, resumesAtSeconds: null });
  const end = after(observe(moved, at(560)), []);
  expect(job(end, "a").completedShare).toBeCloseTo(0.6, 12);
  expect(end.accruedRentUsd).toBeCloseTo(0.56, 12);
  expect(end.changeLosses).toEqual(NO_CHANGE_LOSSES);
});
