import { describe, expect, it } from "vitest";
import { loadReferenceData } from "../../src/catalog/reference-data.ts";
import { NO_CHANGE_LOSSES } from "../../src/domain/change-losses.ts";
import { nodeId, jobId, vmTypeId } from "../../src/domain/ids.ts";
import type { ClusterState } from "../../src/domain/cluster-state.ts";
import { emptyCluster } from "../../src/domain/cluster-state.ts";
import type { ClusterEvent } from "../../src/domain/event.ts";
import type { Plan } from "../../src/domain/plan.ts";
import { explain } from "../../src/planner/explain.ts";
import { forecastJobs } from "../../src/planner/forecast.ts";
import { advance, observe } from "../../src/planner/observe.ts";
import { estimateView, estimateViewSchema } from "../../src/report/estimate-view.ts";
import { jobExplanationSchema, jobExplanationView } from "../../src/report/explanation-view.ts";
import { jobDetail, jobDetailSchema, jobViewSchema, jobViews } from "../../src/report/job-view.ts";
import { networkView, networkViewSchema } from "../../src/report/network-view.ts";
import { planView, planViewSchema } from "../../src/report/plan-view.ts";
import { SETTINGS, START_SECONDS, arrival, testJob } from "../service/test-cluster.ts";

const arrived = observe(emptyCluster(SETTINGS), arrival("a", "b")(START_SECONDS));
/** "a" on one of the two GPUs of a large node; "b" waits. */
const allocation = {
  nodes: [{ id: nodeId("node-1"), vmTypeId: vmTypeId("large"), parts: [{ jobId: jobId("a"), gpus: 1 }] }],
};
const running: ClusterState = { ...arrived, allocation };
const plan: Plan = {
  revision: 1,
  decidedAtSeconds: START_SECONDS,
  policy: "progress-value",
  allocation,
  forecasts: forecastJobs(arrived, allocation),
  rentPerHourUsd: 2,
  proof: {
    objectiveName: "progress-value",
    sense: "maximize",
    unit: "USD per hour",
    objective: 1,
    bound: null,
    gap: null,
    stopReason: "deadline",
  },
  movedJobIds: [],
  stoppedJobIds: [jobId("b")],
  changeLosses: NO_CHANGE_LOSSES,
  wakeUpAtSeconds: null,
};

describe("plan as JSON", () => {
  const view = planView(plan, SETTINGS);

  it("is what its schema says, and survives JSON", () => {
    expect(planViewSchema.parse(JSON.parse(JSON.stringify(view)))).toEqual(view);
  });

  it("shows each node with what is idle", () => {
    expect(view.nodes).toEqual([
      {
        id: "node-1",
        vmType: "large",
        gpuType: "GPU-large",
        gpuCount: 2,
        pricePerHourUsd: 2,
        parts: [{ jobId: "a", gpus: 1 }],
        idleGpus: 1,
      },
    ]);
  });

  it("counts an hour on a node of its own and 1,700 s of tardiness at 0.01 USD/s", () => {
    expect(view.running).toMatchObject([
      {
        jobId: "a",
        remainingSeconds: 3600,
        expectedCompletionAt: "2026-09-21T15:13:20Z",
        earliestCompletionAt: "2026-09-21T15:07:20Z",
        latestCompletionAt: "2026-09-21T15:25:20Z",
        expectedTardinessSeconds: 1700,
        expectedRentUsd: 2,
        expectedTardinessCostUsd: 17,
        expectedTotalCostUsd: 19,
      },
    ]);
    expect(view.totals).toMatchObject({
      nodeCount: 1,
      runningJobCount: 1,
      waitingJobCount: 1,
      idleGpus: 1,
      expectedTotalCostUsd: 19,
      leastWaitingTardinessCostUsd: 0,
    });
  });

  it("says of a waiting job only what is certain", () => {
    expect(view.waiting).toEqual([
      {
        kind: "waiting",
        jobId: "b",
        reason: "not-yet",
        slackSeconds: 100,
        soonestCompletionAt: "2026-09-21T14:43:20Z",
        leastTardinessSeconds: 0,
        leastTardinessCostUsd: 0,
      },
    ]);
  });

  it("keeps unknown as null", () => {
    expect(view.proof).toMatchObject({ bound: null, gap: null });
    expect(view.nextDecisionAt).toBeNull();
  });

  it("refuses a plan of another catalogue", () => {
    expect(() => planView(plan, { vmTypes: [] })).toThrow("large");
  });
});

describe("jobs as JSON", () => {
  it("show status, place and progress at the state's own time", () => {
    const views = jobViews(advance(running, START_SECONDS + 900));
    for (const view of views) expect(jobViewSchema.parse(view)).toEqual(view);
    expect(views).toMatchObject([
      {
        id: "a",
        status: "running",
        completedShare: 0.25,
        placement: { nodeId: "node-1", vmType: "large", gpus: 1 },
        forecast: { kind: "running", expectedCompletionAt: "2026-09-21T15:13:20Z" },
        tardinessCostPerHourUsd: 36,
      },
      { id: "b", status: "waiting", completedShare: 0, placement: null, forecast: { kind: "waiting" } },
    ]);
  });

  it("show how they ended", () => {
    const events: readonly ClusterEvent[] = [
      { kind: "job-completed", atSeconds: START_SECONDS + 2000, jobId: jobId("a") },
      { kind: "job-cancelled", atSeconds: START_SECONDS + 2000, jobId: jobId("b") },
    ];
    expect(jobViews(events.reduce(observe, running))).toMatchObject([
      {
        status: "completed",
        completedShare: 1,
        completedAt: "2026-09-21T14:46:40Z",
        cancelledAt: null,
        tardinessCostUsd: 1,
        forecast: null,
      },
      {
        status: "cancelled",
        completedAt: null,
        cancelledAt: "2026-09-21T14:46:40Z",
        tardinessCostUsd: null,
        forecast: null,
      },
    ]);
  });

  it("show one job with its durations", () => {
    const entry = running.jobs[0];
    if (entry === undefined) throw new Error("no job");
    const detail = jobDetail(running, entry);
    expect(jobDetailSchema.parse(detail)).toEqual(detail);
    expect(detail.durations).toMatchObject([
      { vmType: "small", gpus: 1, durationSeconds: 3600, aloneRentUsd: 1 },
      { vmType: "large", gpus: 1, durationSeconds: 3600, aloneRentUsd: 2 },
      { vmType: "large", gpus: 2, durationSeconds: 1800, aloneRentUsd: 1 },
    ]);
  });
});

describe("other views", () => {
  it("explanations are what their schema says", () => {
    for (const explanation of explain(arrived, plan, "progress-value").map(jobExplanationView)) {
      expect(jobExplanationSchema.parse(JSON.parse(JSON.stringify(explanation)))).toEqual(explanation);
    }
  });

  it("estimates count iterations and say what is missing", () => {
    const job = testJob("a");
    const table = {
      ...job.durations,
      missing: [{ vmTypeId: vmTypeId("small"), gpus: 1, reason: "too small" }],
    };
    const view = estimateView(job.workload, table, SETTINGS.vmTypes);
    expect(estimateViewSchema.parse(view)).toEqual(view);
    expect(view).toMatchObject({
      iterations: 10,
      missing: [{ vmType: "small", gpus: 1, reason: "too small" }],
    });
  });

  it("networks show totals and not layers", () => {
    for (const network of loadReferenceData().networks.values()) {
      const view = networkView(network);
      expect(networkViewSchema.parse(view)).toEqual(view);
      expect(view).not.toHaveProperty("layers");
    }
  });
});
