import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Answer, ContractServer } from "./contract-server.ts";
import { closeDatabase, contractServer, jobSpec } from "./contract-server.ts";
import { draftSolver } from "./fake-solver.ts";

let server: ContractServer;

beforeAll(async () => {
  server = await contractServer({ solver: draftSolver });
  await server.post("/v1/jobs", { jobs: [jobSpec({ id: "known" }), jobSpec({ id: "done" })] });
  await server.post("/v1/events", { kind: "job-completed", jobId: "done" });
  await server.settled();
});
afterAll(async () => {
  await server.close();
  await closeDatabase();
});

async function refused(
  request: Promise<Answer>,
  status: number,
  problem: Readonly<Record<string, unknown>>,
): Promise<Answer> {
  const before = await server.footprint();
  const answer = await request;
  expect(answer).toMatchObject({ status, json: { status, ...problem } });
  expect(answer.headers.get("content-type")).toContain("application/problem+json");
  expect(answer.json).toMatchObject({ instance: `urn:uuid:${answer.headers.get("x-request-id") ?? ""}` });
  expect(await server.footprint()).toEqual(before);
  return answer;
}

const raw = (path: string, body: string, contentType: string): Promise<Answer> =>
  server.send(path, { method: "POST", headers: { "content-type": contentType }, body });

describe("a batch of jobs that is refused as a whole", () => {
  it("for wrong, missing and unknown fields, naming path, value and fix of each", async () => {
    const batch = { jobs: [jobSpec(), jobSpec({ id: "x", batchSize: 0, epochs: undefined, epoch: 3 })] };
    const answer = await refused(server.post("/v1/jobs", batch), 400, {
      type: "urn:problem-type:berth:invalid-input",
      problemCount: 3,
    });
    expect(answer.json).toMatchObject({
      problems: expect.arrayContaining([
        expect.objectContaining({
          path: "/jobs/1/batchSize",
          value: 0,
          fix: expect.stringContaining("at least 1") as string,
        }),
        expect.objectContaining({
          path: "/jobs/1/epochs",
          fix: expect.stringContaining("Add epochs") as string,
        }),
        expect.objectContaining({
          path: "/jobs/1/epoch",
          value: 3,
          fix: expect.stringContaining("Remove") as string,
        }),
      ]) as unknown[],
    });
  });

  it.each([
    ["2026-11-20T14:00:00", "has no time zone"],
    ["tomorrow", "is not an ISO 8601 time"],
    ["+012026-01-01T00:00:00Z", "is outside the years 1970 to 9999"],
  ])("for the due date %s", async (dueAt, message) => {
    await refused(server.post("/v1/jobs", { jobs: [jobSpec({ dueAt })] }), 400, {
      problems: [
        { path: "/jobs/0/dueAt", value: dueAt, message: expect.stringContaining(message) as string },
      ],
    });
  });

  it("for an empty batch, no batch, and something else than an object", async () => {
    await refused(server.post("/v1/jobs", { jobs: [] }), 400, { problems: [{ path: "/jobs" }] });
    await refused(server.post("/v1/jobs", {}), 400, { problems: [{ path: "/jobs" }] });
    await refused(server.post("/v1/jobs", 7), 400, { problems: [{ path: "", value: 7 }] });
    await refused(server.send("/v1/jobs", { method: "POST" }), 400, { problems: [{ path: "" }] });
  });

  it("for 10,000 jobs: it says how to split them", async () => {
    const jobs = Array.from({ length: 10_000 }, (_, index) => jobSpec({ id: `j${index}` }));
    await refused(server.post("/v1/jobs", { jobs }), 400, {
      problemCount: 1,
      problems: [{ path: "/jobs", value: 10_000, fix: "Split it into 10 batches of at most 1000 jobs." }],
    });
  });

  it("for more wrong fields than one answer lists", async () => {
    const jobs = Array.from({ length: 300 }, () => jobSpec({ batchSize: -1 }));
    const answer = await refused(server.post("/v1/jobs", { jobs }), 400, { problemCount: 300 });
    expect(answer.text.length).toBeLessThan(40_000);
  });

  it("for a network or a VM type that is unknown", async () => {
    const measuredSecondsPerEpoch = [{ vmType: "Standard_XX", gpus: 1, secondsPerEpoch: 10 }];
    const batch = {
      jobs: [jobSpec(), jobSpec({ network: "resnet51" }), jobSpec({ measuredSecondsPerEpoch })],
    };
    await refused(server.post("/v1/jobs", batch), 422, {
      type: "urn:problem-type:berth:unusable-input",
      problems: [
        { path: "/jobs/1/network", value: "resnet51", fix: expect.stringContaining("resnet50") as string },
        { path: "/jobs/2/measuredSecondsPerEpoch/0/vmType", value: "Standard_XX" },
      ],
    });
  });

  it("for a job that fits no VM type, with the memory it would need", async () => {
    await refused(
      server.post("/v1/jobs", { jobs: [jobSpec({ network: "bert-base", batchSize: 4096 })] }),
      422,
      {
        problems: [{ path: "/jobs/0", message: expect.stringMatching(/needs .* GiB on each GPU/) as string }],
      },
    );
  });

  it("for a job that would outlast the calendar", async () => {
    const endless = jobSpec({ samples: 1e9, epochs: 1e9, batchSize: 1 });
    await refused(server.post("/v1/jobs", { jobs: [endless] }), 422, {
      problems: [{ path: "/jobs/0/epochs" }],
    });
  });

  it("for ids that are taken or repeated", async () => {
    const batch = { jobs: [jobSpec({ id: "new" }), jobSpec({ id: "known" }), jobSpec({ id: "new" })] };
    await refused(server.post("/v1/jobs", batch), 409, {
      problems: [
        { path: "/jobs/1/id", value: "known" },
        { path: "/jobs/2/id", value: "new", message: "/jobs/0 has this id too" },
      ],
    });
  });

  it("for an id that only one of two simultaneous batches can have", async () => {
    const answers = await Promise.all(
      [1, 2].map(() => server.post("/v1/jobs", { jobs: [jobSpec({ id: "raced" })] })),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([202, 409]);
    await server.settled();
  });
});

describe("a body that cannot be read", () => {
  it("is no JSON", async () => {
    await refused(raw("/v1/jobs", '{"jobs": [', "application/json"), 400, {
      type: "urn:problem-type:berth:malformed-request",
    });
  });
  it("is of another type", async () => {
    await refused(raw("/v1/jobs", "jobs=1", "application/x-www-form-urlencoded"), 415, {});
    await refused(raw("/v1/events", "<a/>", "text/xml"), 415, {});
  });
  it("is in an unknown encoding", async () => {
    const headers = { "content-type": "application/json", "content-encoding": "zip" };
    await refused(server.send("/v1/jobs", { method: "POST", headers, body: "{}" }), 415, {});
    await refused(raw("/v1/jobs", "{}", "application/json; charset=ebcdic"), 415, {});
  });
  it("is too large", async () => {
    const body = `{"jobs": "${"x".repeat(9 * 1024 * 1024)}"}`;
    await refused(raw("/v1/jobs", body, "application/json"), 413, {
      detail: expect.stringContaining("split the batch") as string,
    });
  });
});

describe("an event that is refused", () => {
  it("for its kind, its fields, its share", async () => {
    await refused(server.post("/v1/events", { kind: "node-stolen" }), 400, { problems: [{ path: "/kind" }] });
    await refused(server.post("/v1/events", { kind: "job-completed" }), 400, {
      problems: [{ path: "/jobId" }],
    });
    for (const completedShare of [1, -0.1, "half"]) {
      const event = { kind: "progress-reported", jobId: "known", completedShare };
      await refused(server.post("/v1/events", event), 400, { problems: [{ path: "/completedShare" }] });
    }
  });
  it("for its job: unknown, or ended", async () => {
    await refused(server.post("/v1/events", { kind: "job-completed", jobId: "JJ7" }), 404, {
      type: "urn:problem-type:berth:unknown-job",
    });
    await refused(server.post("/v1/events", { kind: "job-completed", jobId: "done" }), 409, {});
    await refused(server.send("/v1/jobs/done", { method: "DELETE" }), 409, {});
    await refused(server.send("/v1/jobs/JJ7", { method: "DELETE" }), 404, {});
  });
});

describe("a request that finds nothing", () => {
  it("at an unknown path, for an unknown job, in a plan that does not know it", async () => {
    await refused(server.get("/v2/jobs"), 404, { type: "urn:problem-type:berth:unknown-route" });
    await refused(server.get("/v1/jobs/JJ7"), 404, { type: "urn:problem-type:berth:unknown-job" });
    await refused(server.get("/v1/plan/explanation?jobId=done"), 404, {
      type: "urn:problem-type:berth:unknown-job",
    });
  });
  it("for an id that cannot be one", async () => {
    await refused(server.get("/v1/jobs/a%20b"), 400, { problems: [{ path: "/jobId", value: "a b" }] });
  });
  it("with another method, which is told what the path takes", async () => {
    for (const [path, method, allow] of [
      ["/v1/jobs", "PUT", "GET, HEAD, POST"],
      ["/v1/jobs/known", "PUT", "DELETE, GET, HEAD, PATCH"],
      ["/v1/plan", "POST", "GET, HEAD"],
      ["/openapi.yaml", "DELETE", "GET, HEAD"],
      ["/docs", "POST", "GET, HEAD"],
    ] as const) {
      const answer = await refused(server.send(path, { method }), 405, {});
      expect(answer.headers.get("allow")).toBe(allow);
    }
  });
});

describe("a query that is refused", () => {
  it.each([
    ["/v1/jobs?state=running", "/state"],
    ["/v1/jobs?status=sleeping", "/status"],
    ["/v1/jobs?limit=0", "/limit"],
    ["/v1/jobs?limit=1001", "/limit"],
    ["/v1/jobs?limit=1e2", "/limit"],
    ["/v1/jobs?limit=5&limit=6", "/limit"],
    ["/v1/jobs/known?verbose=1", "/verbose"],
    ["/v1/plan?at=now", "/at"],
    ["/healthz?deep=1", "/deep"],
  ])("%s", async (path, pointer) => {
    await refused(server.get(path), 400, {
      detail: "The query has one problem.",
      problems: [{ path: pointer }],
    });
  });
  it("also where it comes with a good body", async () => {
    await refused(server.post("/v1/replan?now=1", {}), 400, { problems: [{ path: "/now" }] });
    await refused(server.post("/v1/replan", { why: "so" }), 400, { problems: [{ path: "/why" }] });
  });
});
