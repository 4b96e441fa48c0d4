import { Router } from "express";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Metrics } from "../../../src/service/operations/metrics.ts";
import { createMetrics } from "../../../src/service/operations/metrics.ts";
import type { LocalServer } from "../security/local-server.ts";
import { serveApp } from "../security/local-server.ts";

let metrics: Metrics;
beforeEach(() => {
  metrics = createMetrics();
});

/** The series whose name begins so, one to a line, sorted. */
async function series(prefix: string): Promise<readonly string[]> {
  const text = await metrics.registry.metrics();
  return text
    .split("\n")
    .filter((line) => line.startsWith(prefix))
    .sort();
}

const decision = {
  clusterId: "berlin",
  policy: "progress-value",
  stopReason: "optimal",
  durationSeconds: 0.3,
};

describe("the metrics of a decision", () => {
  it("tell seconds, gap and objective", async () => {
    metrics.decided({ ...decision, gap: 0.02, objective: 41.5 });
    const labels = 'cluster="berlin",policy="progress-value",stop_reason="optimal"';
    expect(await series("berth_decision_seconds")).toEqual(
      expect.arrayContaining([
        `berth_decision_seconds_bucket{le="0.25",${labels}} 0`,
        `berth_decision_seconds_bucket{le="0.5",${labels}} 1`,
        `berth_decision_seconds_count{${labels}} 1`,
        `berth_decision_seconds_sum{${labels}} 0.3`,
      ]),
    );
    expect(await series("berth_plan_")).toEqual([
      'berth_plan_gap_ratio{cluster="berlin"} 0.02',
      'berth_plan_objective{cluster="berlin",policy="progress-value"} 41.5',
    ]);
  });

  it("have no number for what is unknown, and none of the plan before", async () => {
    metrics.decided({ ...decision, gap: 0.02, objective: 41.5 });
    metrics.decided({ ...decision, policy: "greedy", gap: null, objective: 7 });
    expect(await series("berth_plan_")).toEqual(['berth_plan_objective{cluster="berlin",policy="greedy"} 7']);
    metrics.decided({ ...decision, gap: null, objective: null });
    expect(await series("berth_plan_")).toEqual([]);
    metrics.decided({ ...decision, gap: 0, objective: 0 });
    expect(await series("berth_plan_")).toHaveLength(2);
  });
});

describe("the metrics of a cluster", () => {
  const measure = (clusterId: string) => ({
    clusterId,
    jobCounts: { running: 2, waiting: 0 },
    rentPerHourUsd: 3.6,
    paidAnywayPerHourUsd: 1.2,
  });

  it("tell jobs, rent and tardiness, until it is forgotten", async () => {
    metrics.clustersAre(["berlin", "oslo"].map(measure));
    for (const clusterId of ["berlin", "oslo"]) {
      metrics.tookIn({ clusterId, kinds: ["job-completed"], tardinessCostUsd: 1.5 });
      metrics.tookIn({ clusterId, kinds: ["job-completed"], tardinessCostUsd: 2 });
      metrics.decided({ ...decision, clusterId, gap: 0.1, objective: 1 });
    }
    expect(await series("berth_jobs")).toContain('berth_jobs{cluster="berlin",status="waiting"} 0');
    expect(await series("berth_rent")).toContain('berth_rent_usd_per_hour{cluster="oslo"} 3.6');
    expect(await series("berth_paid")).toContain('berth_paid_anyway_usd_per_hour{cluster="oslo"} 1.2');
    expect(await series("berth_tardiness")).toContain('berth_tardiness_usd_total{cluster="oslo"} 3.5');
    // It may just not have been there when the store was asked: its series stay for one look more, its numbers of before do not.
    metrics.clustersAre([measure("oslo")]);
    expect(await series("berth_rent")).toEqual(['berth_rent_usd_per_hour{cluster="oslo"} 3.6']);
    expect(await series("berth_tardiness")).toContain('berth_tardiness_usd_total{cluster="berlin"} 3.5');
    metrics.clustersAre(null);
    metrics.clustersAre([measure("oslo")]);
    const left = await series("berth_");
    expect(left.filter((line) => line.includes("berlin"))).toEqual([]);
    expect(left.filter((line) => line.includes("oslo")).length).toBeGreaterThan(5);
  });

  it("have no number while the store does not answer", async () => {
    metrics.clustersAre([measure("berlin")]);
    expect(await series("berth_store_answers")).toEqual(["berth_store_answers 1"]);
    metrics.clustersAre(null);
    expect(await series("berth_jobs")).toEqual([]);
    expect(await series("berth_rent")).toEqual([]);
    expect(await series("berth_store_answers")).toEqual(["berth_store_answers 0"]);
    metrics.clustersAre([measure("berlin")]);
    expect(await series("berth_jobs")).toHaveLength(2);
  });

  it("count events", async () => {
    metrics.tookIn({
      clusterId: "berlin",
      kinds: ["progress-reported", "job-completed"],
      tardinessCostUsd: 0,
    });
    metrics.tookIn({ clusterId: "oslo", kinds: ["job-completed"], tardinessCostUsd: 0 });
    expect(await series("berth_events")).toEqual([
      'berth_events_total{kind="job-completed"} 2',
      'berth_events_total{kind="progress-reported"} 1',
    ]);
  });
});

describe("the metrics of the work behind requests", () => {
  it("count tries at deliveries, and tell how late those came that came", async () => {
    expect(await series("berth_webhook_deliveries_total")).toEqual([
      'berth_webhook_deliveries_total{outcome="delivered"} 0',
      'berth_webhook_deliveries_total{outcome="given-up"} 0',
      'berth_webhook_deliveries_total{outcome="tried-again"} 0',
    ]);
    metrics.deliveryTried({ outcome: "tried-again", lagSeconds: 0.2 });
    metrics.deliveryTried({ outcome: "delivered", lagSeconds: 40 });
    expect(await series("berth_webhook_deliveries_total")).toEqual([
      'berth_webhook_deliveries_total{outcome="delivered"} 1',
      'berth_webhook_deliveries_total{outcome="given-up"} 0',
      'berth_webhook_deliveries_total{outcome="tried-again"} 1',
    ]);
    expect(await series("berth_webhook_delivery_lag_seconds")).toEqual(
      expect.arrayContaining([
        'berth_webhook_delivery_lag_seconds_bucket{le="30"} 0',
        'berth_webhook_delivery_lag_seconds_bucket{le="60"} 1',
        "berth_webhook_delivery_lag_seconds_sum 40",
        "berth_webhook_delivery_lag_seconds_count 1",
      ]),
    );
  });

  it("count comparisons by how they ended", async () => {
    metrics.comparisonEnded("failed", "variants");
    expect(await series("berth_comparisons_total")).toEqual([
      'berth_comparisons_total{outcome="cancelled"} 0',
      'berth_comparisons_total{outcome="done"} 0',
      'berth_comparisons_total{outcome="failed"} 1',
    ]);
  });

  it("count campaigns beside them", async () => {
    metrics.comparisonEnded("done", "campaign");
    expect(await series("berth_campaigns_total")).toEqual([
      'berth_campaigns_total{outcome="cancelled"} 0',
      'berth_campaigns_total{outcome="done"} 1',
      'berth_campaigns_total{outcome="failed"} 0',
    ]);
    expect(await series("berth_comparisons_total")).toContain('berth_comparisons_total{outcome="done"} 0');
  });

  it("tell how deep the queue is, unless it cannot be asked", async () => {
    metrics.queuesAre([{ queue: "comparisons", state: "waiting", count: 3 }]);
    expect(await series("berth_queue_jobs")).toEqual([
      'berth_queue_jobs{queue="comparisons",state="waiting"} 3',
    ]);
    metrics.queuesAre(null);
    expect(await series("berth_queue_jobs")).toEqual([]);
  });
});

describe("the store's seconds", () => {
  it("are apart for what succeeds and for what fails", async () => {
    metrics.statementRan({ operation: "insert", outcome: "done", seconds: 0.02 });
    metrics.statementRan({ operation: "insert", outcome: "failed", seconds: 3 });
    expect(await series("berth_store_seconds_sum")).toEqual([
      'berth_store_seconds_sum{operation="insert",outcome="done"} 0.02',
      'berth_store_seconds_sum{operation="insert",outcome="failed"} 3',
    ]);
  });
});

describe("the metrics of requests", () => {
  let server: LocalServer;
  beforeEach(async () => {
    server = await serveApp((app) => {
      app.use(metrics.requests);
      app.get("/v1/jobs/:jobId", (_request, response) => void response.json({}));
      app.get(
        "/v1/stream",
        (_request, response) => void response.type("text/event-stream").send("data: 1\n\n"),
      );
      const nested = Router();
      nested.get("/jobs/:jobId", (_request, response) => void response.json({}));
      app.use("/v1/clusters/:clusterId", nested);
      app.get("/metrics", metrics.page);
    });
  });
  afterEach(() => server.close());
  const send = (path: string, method = "GET"): Promise<Response> => fetch(`${server.url}${path}`, { method });

  it("are by route, not by path, however many paths there are", async () => {
    for (let index = 0; index < 20; index += 1) {
      await send(`/v1/jobs/job-${index}`);
      await send(`/nowhere/${index}`);
    }
    await send("/v1/jobs/a", "PURGE");
    await send("/v1/stream");
    const counts = await series("berth_http_request_seconds_count");
    expect(counts).toEqual([
      'berth_http_request_seconds_count{method="GET",route="(no route)",status="404"} 20',
      'berth_http_request_seconds_count{method="GET",route="/v1/jobs/:jobId",status="200"} 20',
      'berth_http_request_seconds_count{method="other",route="(no route)",status="404"} 1',
    ]);
  });

  it("are read as Prometheus wants them, with Node's own", async () => {
    await send("/v1/jobs/a");
    const answer = await send("/metrics");
    expect(answer.headers.get("content-type")).toContain("text/plain; version=0.0.4");
    const text = await answer.text();
    expect(text).toContain("# TYPE berth_http_request_seconds histogram");
    expect(text).toMatch(/nodejs_eventloop_lag_p99_seconds \S+/);
    expect(text).toContain("process_resident_memory_bytes");
  });

  it("of two services stay apart", async () => {
    await send("/v1/jobs/a");
    expect(await createMetrics().registry.metrics()).not.toContain('route="/v1/jobs/:jobId"');
  });
});
