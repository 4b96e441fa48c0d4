import { describe, expect, it } from "vitest";
import { emptyCluster } from "../../src/domain/cluster-state.ts";
import type { ClusterState } from "../../src/domain/cluster-state.ts";
import type { ClusterEvent } from "../../src/domain/event.ts";
import { jobId, nodeId } from "../../src/domain/ids.ts";
import { observe, observeAll } from "../../src/planner/observe.ts";
import { LEAST_REMAINING_SHARE } from "../../src/planner/remaining-work.ts";
import { pose } from "../../src/planner/pose.ts";
import { testVmType } from "../support/random-problem.ts";
import { clusterJob, clusterWith } from "../support/written-cluster.ts";
import { node, NOW_SECONDS } from "../support/written-problem.ts";

const vmTypes = [
  testVmType("NC6", { gpuCount: 1, pricePerHourUsd: 0.36 }),
  testVmType("NC12", { gpuCount: 2, pricePerHourUsd: 0.72 }),
];
const a = clusterJob("a", { NC12: [1000, 600] }, { dueInSeconds: 500 });
const b = clusterJob("b", { NC6: [2000] }, { dueInSeconds: 9000 });
/** a runs on both GPUs of an NC12, b waits. */
const running = clusterWith({ vmTypes, jobs: [b, a], nodes: [node("node-1", "NC12", { a: 2 })] });
const at = (seconds: number): { readonly atSeconds: number } => ({ atSeconds: NOW_SECONDS + seconds });
const share = (state: ClusterState, id: string): number =>
  state.jobs.find((entry) => entry.id === id)?.completedShare ?? NaN;

describe("observe: time", () => {
  it("the first event sets the clock and costs nothing", () => {
    const empty = emptyCluster({ vmTypes, maxNodes: 2, nodeLimits: [], replanIntervalSeconds: 3600 });
    const state = observe(empty, { kind: "timer-elapsed", ...at(0) });
    expect(state).toMatchObject({ nowSeconds: NOW_SECONDS, revision: 1, accruedRentUsd: 0 });
  });

  it("running jobs progress at rate 1/t, waiting ones do not, rent accrues for every node", () => {
    const state = observe(running, { kind: "timer-elapsed", ...at(150) });
    expect(share(state, "a")).toBeCloseTo(150 / 600, 12);
    expect(share(state, "b")).toBe(0);
    expect(state.accruedRentUsd).toBeCloseTo((0.72 * 150) / 3600, 12);
    expect(state.revision).toBe(running.revision + 1);
  });

  it("progress and rent of two steps are those of one", () => {
    const timer = (seconds: number): ClusterEvent => ({ kind: "timer-elapsed", ...at(seconds) });
    const two = [timer(70), timer(150)].reduce((state, event) => observe(state, event), running);
    const one = observe(running, timer(150));
    expect(share(two, "a")).toBeCloseTo(share(one, "a"), 12);
    expect(two.accruedRentUsd).toBeCloseTo(one.accruedRentUsd, 12);
  });

  it("a job that outlasts its prediction is not taken for finished", () => {
    const state = observe(running, { kind: "timer-elapsed", ...at(5000) });
    expect(share(state, "a")).toBe(1 - LEAST_REMAINING_SHARE);
    expect(state.jobs.find((entry) => entry.id === "a")?.status.kind).toBe("active");
  });

  it("refuses an event before the last one", () => {
    expect(() => observe(running, { kind: "timer-elapsed", ...at(-1) })).toThrow(/before the last one/);
  });

  it("leaves the state that it was given as it was", () => {
    const before = structuredClone(running);
    observe(running, { kind: "job-completed", jobId: a.id, ...at(600) });
    expect(running).toEqual(before);
  });
});

describe("observe: jobs", () => {
  it("arrive without progress, sorted by id", () => {
    expect(running.jobs.map(({ id, completedShare }) => [id, completedShare])).toEqual([
      ["a", 0],
      ["b", 0],
    ]);
  });

  it("refuses a job that has arrived before, also twice in one batch, and one that fits nothing", () => {
    const arrive = (...jobs: readonly ReturnType<typeof clusterJob>[]): ClusterEvent => ({
      kind: "jobs-arrived",
      jobs,
      ...at(1),
    });
    const c = clusterJob("c", { NC6: [10] }, { dueInSeconds: 1 });
    expect(() => observe(running, arrive(a))).toThrow("Job a has arrived before");
    expect(() => observe(running, arrive(c, c))).toThrow("Job c has arrived before");
    expect(() => observe(running, arrive(clusterJob("d", {}, { dueInSeconds: 1 })))).toThrow(
      "fits no VM type",
    );
  });

  it("complete: tardiness is charged, GPUs fall idle, the node stays rented", () => {
    const state = observe(running, { kind: "job-completed", jobId: a.id, ...at(600) });
    const done = state.jobs.find((entry) => entry.id === "a");
    expect(done).toMatchObject({ completedShare: 1, status: { kind: "completed", ...at(600) } });
    // 100 s late at 0.01 USD/s.
    expect(state.accruedTardinessUsd).toBeCloseTo(1, 12);
    expect(state.allocation.nodes).toEqual([node("node-1", "NC12", {})]);
    expect(pose(state).jobs.map(({ id }) => id)).toEqual(["b"]);
    const later = observe(state, { kind: "timer-elapsed", ...at(700) });
    expect(later.accruedRentUsd).toBeCloseTo((0.72 * 700) / 3600, 12);
  });

  it("are cancelled: no tardiness, GPUs fall idle", () => {
    const state = observe(running, { kind: "job-cancelled", jobId: a.id, ...at(600) });
    expect(state.jobs.find((entry) => entry.id === "a")?.status).toEqual({ kind: "cancelled", ...at(600) });
    expect(state.accruedTardinessUsd).toBe(0);
    expect(state.allocation.nodes).toEqual([node("node-1", "NC12", {})]);
  });

  it("report progress, which replaces what was predicted", () => {
    const state = observe(running, {
      kind: "progress-reported",
      jobId: a.id,
      completedShare: 0.1,
      ...at(300),
    });
    expect(share(state, "a")).toBe(0.1);
  });

  it("refuses events about unknown, completed and cancelled jobs", () => {
    const done = observe(running, { kind: "job-completed", jobId: a.id, ...at(1) });
    for (const kind of ["job-completed", "job-cancelled"] as const) {
      expect(() => observe(done, { kind, jobId: a.id, ...at(2) })).toThrow("Job a is not active");
      expect(() => observe(done, { kind, jobId: jobId("z"), ...at(2) })).toThrow("Job z is not active");
    }
    expect(() =>
      observe(done, { kind: "progress-reported", jobId: a.id, completedShare: 0.5, ...at(2) }),
    ).toThrow("not active");
  });
});

describe("pose", () => {
  it("throws before the first event, since there is no time to decide at", () => {
    expect(() =>
      pose(emptyCluster({ vmTypes, maxNodes: 2, nodeLimits: [], replanIntervalSeconds: 3600 })),
    ).toThrow(/No event/);
  });

  it("shrinks every row of a job by the share that is done, and carries the revision", () => {
    const state = observe(running, {
      kind: "progress-reported",
      jobId: a.id,
      completedShare: 0.25,
      ...at(0),
    });
    const problem = pose(state);
    expect(problem.jobs[0]?.configurations).toEqual([
      { vmTypeId: "NC12", gpus: 1, durationSeconds: 750 },
      { vmTypeId: "NC12", gpus: 2, durationSeconds: 450 },
    ]);
    expect(problem).toMatchObject({ revision: state.revision, nowSeconds: NOW_SECONDS, maxNodes: 2 });
  });

  it("sorts VM types, jobs and configurations by id", () => {
    const unsorted = clusterJob("c", { NC6: [5], NC12: [9, 7] }, { dueInSeconds: 1 });
    const problem = pose(clusterWith({ vmTypes, jobs: [unsorted, b, a] }));
    expect(problem.vmTypes.map(({ id }) => id)).toEqual(["NC12", "NC6"]);
    expect(problem.jobs.map(({ id }) => id)).toEqual(["a", "b", "c"]);
    expect(problem.jobs[2]?.configurations.map(({ vmTypeId, gpus }) => `${vmTypeId} ${gpus}`)).toEqual([
      "NC12 1",
      "NC12 2",
      "NC6 1",
    ]);
  });
});

describe("observeAll", () => {
  it("says what one event after the other says, and leaves the state that it was given as it was", () => {
    const events: readonly ClusterEvent[] = [
      { kind: "timer-elapsed", ...at(50) },
      { kind: "progress-reported", jobId: a.id, completedShare: 0.2, ...at(100) },
      { kind: "jobs-arrived", jobs: [clusterJob("c", { NC6: [500] }, { dueInSeconds: 900 })], ...at(120) },
      { kind: "job-changed", jobId: b.id, dueAtSeconds: 1, tardinessCostPerSecondUsd: 2, ...at(130) },
      { kind: "job-cancelled", jobId: jobId("c"), ...at(140) },
      { kind: "job-completed", jobId: a.id, ...at(640) },
      { kind: "jobs-forgotten", jobIds: [a.id], ...at(650) },
      { kind: "node-lost", nodeId: nodeId("node-1"), ...at(660) },
    ];
    const before = structuredClone(running);
    expect(observeAll(running, events)).toEqual(events.reduce(observe, running));
    expect(running).toEqual(before);
  });
});
