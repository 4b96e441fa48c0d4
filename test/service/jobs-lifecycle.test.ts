/** What can be done with jobs once they are submitted, and requests that may be repeated. */
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Answer, ContractServer } from "./contract-server.ts";
import { closeDatabase, contractServer, jobSpec, nextCursor } from "./contract-server.ts";
import { draftSolver } from "./fake-solver.ts";

let server: ContractServer;

beforeEach(async () => {
  server = await contractServer({ solver: draftSolver });
  await server.settled();
});
afterEach(() => server.close());
afterAll(closeDatabase);

const send = (
  method: string,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> =>
  server.send(path, {
    method,
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
const withKey = (path: string, key: string, body: unknown): Promise<Answer> =>
  send("POST", path, body, { "idempotency-key": key });
const tagOf = (answer: Answer): string => answer.headers.get("etag") ?? "none";

describe("a batch of jobs", () => {
  const mixed = [
    jobSpec({ id: "good" }),
    jobSpec({ id: "big", network: "bert-base", batchSize: 4096 }),
    jobSpec({ id: "good" }),
    jobSpec({ id: "lost", network: "resnet51" }),
    jobSpec(),
  ];

  it("is refused as a whole, each job with its reason", async () => {
    const before = await server.footprint();
    const answer = await server.post("/v1/jobs", { jobs: mixed });
    expect(answer).toMatchObject({
      status: 422,
      json: { problems: [{ path: "/jobs/1" }, { path: "/jobs/2/id" }, { path: "/jobs/3/network" }] },
    });
    expect(await server.footprint()).toEqual(before);
  });

  it("or loses only what cannot be planned for", async () => {
    const answer = await server.post("/v1/jobs", { jobs: mixed, onRefusal: "keep-others" });
    expect(answer).toMatchObject({
      status: 202,
      json: {
        jobIds: ["good", "job-000002"],
        results: [
          { index: 0, outcome: "accepted", jobId: "good" },
          { index: 1, outcome: "refused", jobId: null, problems: [{ path: "/jobs/1" }] },
          { index: 2, outcome: "refused", problems: [{ path: "/jobs/2/id", value: "good" }] },
          { index: 3, outcome: "refused", problems: [{ path: "/jobs/3/network", value: "resnet51" }] },
          { index: 4, outcome: "accepted" },
        ],
      },
    });
    await server.settled();
    expect(await server.store.jobs.counts("default")).toMatchObject({
      waiting: expect.any(Number) as number,
    });
    expect(await server.get("/v1/jobs?limit=10")).toMatchObject({ json: { jobs: [{ id: "good" }, {}] } });
  });
});

describe("a request that is repeated with its Idempotency-Key", () => {
  const batch = { jobs: [jobSpec(), jobSpec()] };

  it("gets the answer that it got before, and does nothing more", async () => {
    const first = await withKey("/v1/jobs", "k1", batch);
    const { lastSequence } = await server.cluster();
    const second = await withKey("/v1/jobs", "k1", batch);
    expect(second).toMatchObject({ status: 202, json: first.json });
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    expect((await server.cluster()).lastSequence).toBe(lastSequence);
    expect((await server.store.jobs.page("default", {}, 10)).length).toBe(2);
  });

  it("is refused when it says something else, whatever the path", async () => {
    await withKey("/v1/jobs", "k1", batch);
    const other = await withKey("/v1/jobs", "k1", { jobs: [jobSpec()] });
    expect(other).toMatchObject({ status: 409, json: { type: "urn:problem-type:berth:conflict" } });
    expect((await withKey("/v1/replan", "k1", {})).status).toBe(409);
  });

  it("may be tried again when it was refused", async () => {
    await server.post("/v1/jobs", { jobs: [jobSpec({ id: "taken" })] });
    const clash = { jobs: [jobSpec({ id: "taken" })] };
    expect((await withKey("/v1/jobs", "k1", clash)).status).toBe(409);
    expect((await withKey("/v1/jobs", "k1", batch)).status).toBe(202);
  });

  it("is done once also when it comes many times at once", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => withKey("/v1/jobs", "k1", batch)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 202));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get("idempotency-replayed") === "true")).toHaveLength(7);
    expect((await server.store.jobs.page("default", {}, 10)).length).toBe(2);
  });

  it("holds for events and replanning", async () => {
    await server.post("/v1/jobs", { jobs: [jobSpec({ id: "a" })] });
    const event = { kind: "job-completed", jobId: "a" };
    const first = await withKey("/v1/events", "k1", event);
    expect(first.status).toBe(202);
    expect(await withKey("/v1/events", "k1", event)).toMatchObject({ status: 202, json: first.json });
    expect((await withKey("/v1/events", "k2", event)).status).toBe(409);
    const replan = await withKey("/v1/replan", "k3", {});
    expect(await withKey("/v1/replan", "k3", {})).toMatchObject({ status: 202, json: replan.json });
  });
});

describe("a job that is changed", () => {
  it("has another due date or weight from then on, and a plan that knows it", async () => {
    await server.post("/v1/jobs", { jobs: [jobSpec({ id: "a" })] });
    await server.settled();
    const before = await server.get("/v1/jobs/a");
    const changed = await send(
      "PATCH",
      "/v1/jobs/a",
      { dueAt: "2026-11-22T10:00:00+01:00" },
      { "if-match": tagOf(before) },
    );
    expect(changed.status).toBe(202);
    expect(await server.get("/v1/jobs/a")).toMatchObject({
      json: { dueAt: "2026-11-22T09:00:00Z", tardinessCostPerHourUsd: 32.4 },
    });
    expect((await send("PATCH", "/v1/jobs/a", { tardinessCostPerHourUsd: 7 })).status).toBe(202);
    await server.settled();
    const { json: job } = await server.get("/v1/jobs/a");
    const { tardinessCostPerHourUsd } = z.object({ tardinessCostPerHourUsd: z.number() }).parse(job);
    expect(tardinessCostPerHourUsd).toBeCloseTo(7, 9);
    expect(
      await send("PATCH", "/v1/jobs/a", { dueAt: "2026-11-23T00:00:00Z" }, { "if-match": tagOf(before) }),
    ).toMatchObject({
      status: 412,
      json: { type: "urn:problem-type:berth:precondition-failed" },
    });
  });

  it("says what is wrong with a change", async () => {
    await server.post("/v1/jobs", { jobs: [jobSpec({ id: "a" }), jobSpec({ id: "done" })] });
    await server.post("/v1/events", { kind: "job-completed", jobId: "done" });
    const refusals: readonly (readonly [string, unknown, number, string])[] = [
      ["a", {}, 400, '"path":""'],
      ["a", { dueAt: "soon" }, 400, '"path":"/dueAt"'],
      ["a", { tardinessCostPerHourUsd: -1 }, 400, '"path":"/tardinessCostPerHourUsd"'],
      ["a", { batchSize: 5 }, 400, '"path":"/batchSize"'],
      ["done", { tardinessCostPerHourUsd: 1 }, 409, "completed already"],
      ["nobody", { tardinessCostPerHourUsd: 1 }, 404, "unknown-job"],
    ];
    for (const [id, body, status, words] of refusals) {
      const answer = await send("PATCH", `/v1/jobs/${id}`, body);
      expect(answer.status).toBe(status);
      expect(answer.text).toContain(words);
    }
    expect(
      (await send("PATCH", "/v1/jobs/a", { dueAt: "2026-11-23T00:00:00Z" }, { "if-match": "7" })).status,
    ).toBe(400);
  });
});

describe("what happened to a job", () => {
  it("is told with reasons, in pages", async () => {
    await server.post("/v1/jobs", { jobs: [jobSpec({ id: "a" })] });
    await server.settled();
    server.clock.advanceBy(60);
    await server.post("/v1/events", { kind: "progress-reported", jobId: "a", completedShare: 0.25 });
    await send("PATCH", "/v1/jobs/a", { tardinessCostPerHourUsd: 7 });
    await server.settled();
    const { json: job } = await server.get("/v1/jobs/a");
    const { placement } = z.object({ placement: z.object({ nodeId: z.string() }) }).parse(job);
    expect((await server.post("/v1/events", { kind: "node-lost", nodeId: placement.nodeId })).status).toBe(
      202,
    );
    await server.settled();
    await server.post("/v1/events", { kind: "job-completed", jobId: "a" });
    const all = await server.get("/v1/jobs/a/history");
    const { entries } = z
      .object({
        entries: z.array(
          z.object({ kind: z.string(), reason: z.string(), planRevision: z.number().nullable() }),
        ),
      })
      .parse(all.json);
    expect(entries.map(({ kind }) => kind)).toEqual([
      "jobs-arrived",
      "started",
      "progress-reported",
      "job-changed",
      "node-lost",
      "started",
      "job-completed",
    ]);
    expect(entries[1]?.reason).toMatch(/^It starts on \d GPUs? of node-1 \(.*\)\. It should end at 2026-/);
    expect(entries[1]?.planRevision).not.toBeNull();
    expect(entries[2]?.reason).toBe("It reported that 25.0 % of its work is done.");
    expect(entries[3]?.reason).toContain("costs 7 USD");
    const first = await server.get("/v1/jobs/a/history?limit=3");
    const rest = await server.get(`/v1/jobs/a/history?cursor=${nextCursor(first)}`);
    expect(rest).toMatchObject({ json: { entries: entries.slice(3), nextCursor: null } });
    expect((await server.get("/v1/jobs/nobody/history")).status).toBe(404);
  });

  it("shows in its own pace and in what is safe of its work", async () => {
    await server.post("/v1/jobs", { jobs: [jobSpec({ id: "a" })] });
    await server.settled();
    expect(await server.get("/v1/jobs/a")).toMatchObject({
      json: { savedShare: 0, pace: { durationFactor: 1, observedShare: 0 } },
    });
    server.clock.advanceBy(60);
    await server.post("/v1/events", { kind: "progress-reported", jobId: "a", completedShare: 0.001 });
    const { json: job } = await server.get("/v1/jobs/a");
    const { pace } = z.object({ pace: z.object({ durationFactor: z.number() }) }).parse(job);
    expect(pace.durationFactor).toBeGreaterThan(1);
    expect(job).toMatchObject({ savedShare: 0.001, pace: { observedShare: 0.001 } });
  });
});

describe("several events at once", () => {
  it("are taken in together, in their order, or not at all", async () => {
    await server.post("/v1/jobs", { jobs: ["a", "b", "c"].map((id) => jobSpec({ id })) });
    await server.settled();
    const before = await server.footprint();
    const refused = await server.post("/v1/events/batch", {
      events: [
        { kind: "job-completed", jobId: "a" },
        { kind: "progress-reported", jobId: "a", completedShare: 0.5 },
      ],
    });
    expect(refused).toMatchObject({
      status: 409,
      json: { problems: [{ path: "/events/1/jobId", value: "a", message: 'Job "a" is completed already.' }] },
    });
    expect(await server.footprint()).toEqual(before);
    const { planCount } = await server.cluster();
    const taken = await server.post("/v1/events/batch", {
      events: [
        { kind: "job-completed", jobId: "a" },
        { kind: "progress-reported", jobId: "b", completedShare: 0.5 },
        { kind: "progress-reported", jobId: "b", completedShare: 0.6 },
      ],
    });
    expect(taken.status).toBe(202);
    await server.settled();
    expect(await server.get("/v1/jobs/b")).toMatchObject({ json: { savedShare: 0.6 } });
    expect(await server.get("/v1/jobs/a")).toMatchObject({ json: { status: "completed" } });
    expect((await server.cluster()).planCount).toBe(planCount + 1);
  });
});

describe("a list of jobs", () => {
  it("is filtered", async () => {
    await server.post("/v1/jobs", {
      jobs: [
        jobSpec({ id: "a", framework: "tensorflow", network: "alexnet" }),
        jobSpec({ id: "b", dueAt: "2026-12-01T00:00:00Z" }),
      ],
    });
    await server.settled();
    server.clock.advanceBy(3600);
    await server.post("/v1/jobs", { jobs: [jobSpec({ id: "c" })] });
    await server.settled();
    const idsWith = async (query: string): Promise<readonly string[]> =>
      z
        .object({ jobs: z.array(z.object({ id: z.string() })) })
        .parse((await server.get(`/v1/jobs?${query}`)).json)
        .jobs.map(({ id }) => id);
    expect(await idsWith("framework=tensorflow")).toEqual(["a"]);
    expect(await idsWith("network=resnet50")).toEqual(["b", "c"]);
    expect(await idsWith("dueFrom=2026-12-01T00:00:00Z")).toEqual(["b"]);
    expect(await idsWith("dueBefore=2026-12-01T00:00:00Z")).toEqual(["a", "c"]);
    expect(await idsWith("submittedFrom=2026-11-20T12:30:00Z")).toEqual(["c"]);
    const { json: job } = await server.get("/v1/jobs/a");
    const { placement } = z.object({ placement: z.object({ nodeId: z.string() }).nullable() }).parse(job);
    if (placement !== null) expect(await idsWith(`nodeId=${placement.nodeId}`)).toContain("a");
    expect(await idsWith("nodeId=node-99")).toEqual([]);
  });
});

describe("what a client has seen before", () => {
  it("is not sent again until it changes", async () => {
    await server.post("/v1/jobs", { jobs: [jobSpec({ id: "a" })] });
    await server.settled();
    for (const path of ["/v1/jobs", "/v1/jobs/a", "/v1/plan", "/v1/clusters/default"]) {
      const first = await server.get(path);
      expect(tagOf(first), path).toMatch(/^W\/"[^"]+"$/);
      const second = await server.send(path, { headers: { "if-none-match": tagOf(first) } });
      expect(second, path).toMatchObject({ status: 304, text: "" });
      expect(tagOf(second)).toBe(tagOf(first));
    }
    const seen = tagOf(await server.get("/v1/jobs/a"));
    await server.post("/v1/events", { kind: "progress-reported", jobId: "a", completedShare: 0.3 });
    const next = await server.send("/v1/jobs/a", { headers: { "if-none-match": seen } });
    expect(next).toMatchObject({ status: 200, json: { completedShare: 0.3 } });
  });
});
