import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SolverPort } from "../../src/milp/solver-port.ts";
import { highsSolver } from "../../src/solver/highs-solver.ts";
import type { ContractServer } from "./contract-server.ts";
import { closeDatabase, contractServer, jobSpec, nextCursor } from "./contract-server.ts";

let solver: SolverPort;
let server: ContractServer;

beforeAll(() => {
  solver = highsSolver({ threads: 1 });
});
afterAll(async () => {
  await solver.close();
  await closeDatabase();
});
beforeEach(async () => {
  server = await contractServer({ solver });
});
afterEach(() => server.close());

describe("the API with HiGHS", () => {
  it("takes jobs, decides, and shows plan, jobs and explanation", async () => {
    const posted = await server.post("/v1/jobs", {
      jobs: [jobSpec({ id: "JJ1" }), jobSpec(), jobSpec({ id: "JJ3" })],
    });
    expect(posted).toMatchObject({
      status: 202,
      json: { jobIds: ["JJ1", "job-000002", "JJ3"], acceptedAt: "2026-11-20T12:00:00Z" },
    });
    await server.settled();

    const plan = await server.get("/v1/plan");
    expect(plan).toMatchObject({
      status: 200,
      json: {
        decidedAt: "2026-11-20T12:00:00Z",
        policy: "progress-value",
        proof: { gap: 0, stopReason: "proven-optimal" },
        movedJobIds: [],
        stoppedJobIds: [],
      },
    });
    const list = await server.get("/v1/jobs?status=running");
    expect(list.status).toBe(200);
    expect(list.text).toContain('"status":"running"');

    const explanation = await server.get("/v1/plan/explanation?jobId=JJ1");
    expect(explanation).toMatchObject({
      status: 200,
      json: { jobs: [{ jobId: "JJ1", decision: "running" }] },
    });
    const all = await server.get("/v1/plan/explanation");
    expect(all).toMatchObject({
      json: { jobs: [{ jobId: "JJ1" }, { jobId: "JJ3" }, { jobId: "job-000002" }] },
    });
  });

  it("follows a job from its arrival to its completion", async () => {
    await server.post("/v1/jobs", { jobs: [jobSpec({ id: "JJ1" })] });
    await server.settled();
    server.clock.advanceBy(600);
    await server.settled();
    const running = await server.get("/v1/jobs/JJ1");
    expect(running).toMatchObject({
      status: 200,
      json: { status: "running", completedAt: null, placement: { gpus: expect.any(Number) as number } },
    });
    const progress = await server.post("/v1/events", {
      kind: "progress-reported",
      jobId: "JJ1",
      completedShare: 0.5,
    });
    expect(progress).toMatchObject({ status: 202, json: { acceptedAt: "2026-11-20T12:10:00Z" } });
    expect(await server.get("/v1/jobs/JJ1")).toMatchObject({ json: { completedShare: 0.5 } });
    expect(await server.post("/v1/events", { kind: "job-completed", jobId: "JJ1" })).toMatchObject({
      status: 202,
    });
    expect(await server.get("/v1/jobs/JJ1")).toMatchObject({
      json: {
        status: "completed",
        completedShare: 1,
        completedAt: "2026-11-20T12:10:00Z",
        tardinessCostUsd: 0,
        placement: null,
        forecast: null,
      },
    });
    await server.settled();
    expect(await server.get("/v1/plan")).toMatchObject({
      json: { nodes: [], running: [], nextDecisionAt: null },
    });
  });

  it("replans on request and at the plan's next decision", async () => {
    await server.post("/v1/jobs", { jobs: [jobSpec({ id: "JJ1" })] });
    await server.settled();
    const { plan: before } = await server.settled();
    expect((await server.send("/v1/replan", { method: "POST" })).status).toBe(202);
    expect((await server.post("/v1/replan", {})).status).toBe(202);
    await server.settled();
    const { plan: after } = await server.settled();
    expect(after.revision).toBeGreaterThan(before.revision);
    server.clock.advanceTo(after.wakeUpAtSeconds ?? 0);
    const { plan: next } = await server.planAfter(after.revision);
    expect(next.decidedAtSeconds).toBe(after.wakeUpAtSeconds);
  });

  it("cancels a job and frees what it used", async () => {
    await server.post("/v1/jobs", { jobs: [jobSpec({ id: "JJ1" })] });
    await server.settled();
    expect((await server.send("/v1/jobs/JJ1", { method: "DELETE" })).status).toBe(202);
    expect(await server.get("/v1/jobs/JJ1")).toMatchObject({
      json: { status: "cancelled", cancelledAt: "2026-11-20T12:00:00Z", tardinessCostUsd: null },
    });
    await server.settled();
    expect(await server.get("/v1/plan")).toMatchObject({ json: { nodes: [], rentPerHourUsd: 0 } });
    expect((await server.send("/v1/jobs/JJ1", { method: "DELETE" })).status).toBe(409);
  });

  it("pages through jobs in the order of their submission", async () => {
    await server.post("/v1/jobs", { jobs: ["c", "a", "b"].map((id) => jobSpec({ id })) });
    const first = await server.get("/v1/jobs?limit=2");
    expect(first).toMatchObject({ json: { jobs: [{ id: "c" }, { id: "a" }] } });
    const second = await server.get(`/v1/jobs?limit=2&cursor=${nextCursor(first)}`);
    expect(second).toMatchObject({ json: { jobs: [{ id: "b" }], nextCursor: null } });
    expect(await server.get("/v1/jobs?status=completed")).toMatchObject({
      json: { jobs: [], nextCursor: null },
    });
    await server.settled();
  });

  it("makes ids that sort in the order of submission, and keeps their form to itself", async () => {
    expect(await server.post("/v1/jobs", { jobs: [jobSpec({ id: "job-000041" })] })).toMatchObject({
      status: 409,
      json: { problems: [{ path: "/jobs/0/id", value: "job-000041" }] },
    });
    const made = await server.post("/v1/jobs", { jobs: [jobSpec(), jobSpec({ id: "mine" }), jobSpec()] });
    expect(made).toMatchObject({ json: { jobIds: ["job-000001", "mine", "job-000003"] } });
    expect(await server.post("/v1/jobs", { jobs: [jobSpec()] })).toMatchObject({
      json: { jobIds: ["job-000004"] },
    });
    await server.settled();
  });

  it("takes a job with its own network, and one with its own measurements only", async () => {
    const network = {
      input: [3, 32, 32],
      layers: [
        { kind: "fc", name: "fc", inputs: ["input"], input: [3, 32, 32], output: [10], bias: true },
        { kind: "loss", name: "loss", inputs: ["fc"], input: [10], output: [1] },
      ],
    };
    const measured = { measuredSecondsPerEpoch: [{ vmType: "Standard_NC6", gpus: 1, secondsPerEpoch: 900 }] };
    const posted = await server.post("/v1/jobs", {
      jobs: [
        jobSpec({ id: "inline", network }),
        jobSpec({ id: "measured", network: undefined, ...measured }),
      ],
    });
    expect(posted.status).toBe(202);
    expect(await server.get("/v1/jobs/measured")).toMatchObject({
      json: {
        network: "measured",
        durations: [{ vmType: "Standard_NC6", durationSeconds: 900, source: "user" }],
      },
    });
    expect(await server.get("/v1/jobs/inline")).toMatchObject({ json: { network: "inline" } });
    await server.settled();
  });
});
