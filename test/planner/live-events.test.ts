import { describe, expect, it } from "vitest";
import { NO_CHANGE_LOSSES } from "../../src/domain/change-losses.ts";
import type { ClusterState, JobState } from "../../src/domain/cluster-state.ts";
import { jobId, nodeId } from "../../src/domain/ids.ts";
import { enact } from "../../src/planner/enact.ts";
import { observe } from "../../src/planner/observe.ts";
import { pose } from "../../src/planner/pose.ts";
import { testVmType } from "../support/random-problem.ts";
import { clusterJob, clusterWith } from "../support/written-cluster.ts";
import { node, NOW_SECONDS } from "../support/written-problem.ts";

const vmTypes = [
  testVmType("NC6", { gpuCount: 1, pricePerHourUsd: 0.36 }),
  testVmType("NC12", { gpuCount: 2, pricePerHourUsd: 0.72 }),
];
const a = clusterJob("a", { NC12: [1000, 600] }, { dueInSeconds: 5000 });
const b = clusterJob("b", { NC6: [2000] }, { dueInSeconds: 9000 });
const arrived = clusterWith({ vmTypes, jobs: [a, b] });
const at = (seconds: number): { readonly atSeconds: number } => ({ atSeconds: NOW_SECONDS + seconds });

const enacted = (state: ClusterState, nodes: ClusterState["allocation"]["nodes"]): ClusterState =>
  enact(state, {
    revision: state.revision,
    decidedAtSeconds: state.nowSeconds ?? NaN,
    policy: "edf",
    allocation: { nodes },
    forecasts: [],
    rentPerHourUsd: 0.72,
    proof: {
      objectiveName: "x",
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
  });

/** a runs on both GPUs of an NC12 since NOW_SECONDS. */
const running = enacted(arrived, [node("node-1", "NC12", { a: 2 })]);

const job = (state: ClusterState, id: string): JobState => {
  const found = state.jobs.find((entry) => entry.id === id);
  if (found === undefined) throw new Error(`No job ${id}`);
  return found;
};

describe("progress reports calibrate the job's own duration", () => {
  const halfSpeed = observe(running, {
    kind: "progress-reported",
    jobId: a.id,
    completedShare: 0.25,
    ...at(300),
  });

  it("a job that runs at half the predicted speed is expected to take nearly twice as long", () => {
    const { factor } = job(halfSpeed, "a").pace;
    expect(factor).toBeCloseTo(2 ** (0.25 / 0.3), 9);
    const remaining = pose(halfSpeed).jobs[0]?.configurations.map((entry) => entry.durationSeconds);
    expect(remaining).toEqual([1000 * 0.75 * factor, 600 * 0.75 * factor]);
  });

  it("and progresses at that pace until its next report", () => {
    const later = observe(halfSpeed, { kind: "timer-elapsed", ...at(360) });
    const { factor } = job(halfSpeed, "a").pace;
    expect(job(later, "a").completedShare).toBeCloseTo(0.25 + 60 / (600 * factor), 12);
  });

  it("reports that agree with the prediction leave it", () => {
    const right = observe(running, {
      kind: "progress-reported",
      jobId: a.id,
      completedShare: 0.5,
      ...at(300),
    });
    expect(job(right, "a").pace.factor).toBeCloseTo(1, 12);
  });

  it("a report without gain, or of a job that waits, teaches nothing", () => {
    const back = observe(halfSpeed, {
      kind: "progress-reported",
      jobId: a.id,
      completedShare: 0.2,
      ...at(400),
    });
    expect(job(back, "a").pace.factor).toBe(job(halfSpeed, "a").pace.factor);
    expect(job(back, "a")).toMatchObject({ completedShare: 0.2, savedShare: 0.2 });
    const waiting = observe(running, {
      kind: "progress-reported",
      jobId: b.id,
      completedShare: 0.3,
      ...at(9),
    });
    expect(job(waiting, "b").pace).toMatchObject({ factor: 1, measuredFrom: null });
  });
});

describe("a lost node", () => {
  it("is no longer rented, and its job falls back to the work that was safe", () => {
    const reported = observe(running, {
      kind: "progress-reported",
      jobId: a.id,
      completedShare: 0.5,
      ...at(300),
    });
    const lost = observe(reported, { kind: "node-lost", nodeId: nodeId("node-1"), ...at(400) });
    expect(lost.allocation.nodes).toEqual([]);
    expect(job(lost, "a")).toMatchObject({ completedShare: 0.5, status: { kind: "active" } });
    const unreported = observe(running, { kind: "node-lost", nodeId: nodeId("node-1"), ...at(400) });
    expect(job(unreported, "a").completedShare).toBe(0);
    expect(unreported.accruedRentUsd).toBeCloseTo((0.72 * 400) / 3600, 12);
  });

  it("a job that was stopped by a plan has saved its work", () => {
    const later = observe(running, { kind: "timer-elapsed", ...at(300) });
    const stopped = enacted(later, [node("node-1", "NC12", {})]);
    expect(job(stopped, "a").savedShare).toBeCloseTo(0.5, 12);
  });

  it("that was given back by a plan decided before changes nothing", () => {
    const lost = observe(running, { kind: "node-lost", nodeId: nodeId("node-9"), ...at(1) });
    expect(lost.allocation).toEqual(running.allocation);
  });
});

describe("changes of jobs and settings", () => {
  it("a due date and a weight are replaced", () => {
    const change = { dueAtSeconds: NOW_SECONDS + 1, tardinessCostPerSecondUsd: 0.5 };
    const changed = observe(running, { kind: "job-changed", jobId: a.id, ...change, ...at(5) });
    expect(job(changed, "a").job).toMatchObject(change);
    expect(pose(changed).jobs[0]).toMatchObject(change);
  });

  it("settings and durations are replaced; a VM type cannot vanish", () => {
    const settings = { ...running.settings, maxNodes: 7 };
    const { durations } = clusterJob("a", { NC12: [10, 6] }, { dueInSeconds: 1 });
    const changed = observe(running, {
      kind: "settings-changed",
      settings,
      durations: [{ jobId: a.id, durations }],
      ...at(5),
    });
    expect(changed.settings.maxNodes).toBe(7);
    expect(pose(changed).jobs[0]?.configurations[0]?.durationSeconds).toBeLessThanOrEqual(10);
    const fewer = { ...settings, vmTypes: vmTypes.slice(1) };
    expect(() =>
      observe(running, { kind: "settings-changed", settings: fewer, durations: [], ...at(5) }),
    ).toThrow(/NC6 must stay/);
  });

  it("only ended jobs are forgotten", () => {
    const done = observe(running, { kind: "job-completed", jobId: a.id, ...at(600) });
    const forgotten = observe(done, { kind: "jobs-forgotten", jobIds: [a.id], ...at(601) });
    expect(forgotten.jobs.map(({ id }) => id)).toEqual(["b"]);
    expect(forgotten.accruedTardinessUsd).toBe(done.accruedTardinessUsd);
    expect(() => observe(done, { kind: "jobs-forgotten", jobIds: [jobId("b")], ...at(601) })).toThrow(
      /active/,
    );
  });
});
