/** Thousands of requests that are wrong in some way: none of them meets a defect, and none of them changes anything. */
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seeded } from "../support/seed.ts";
import type { ContractServer } from "./contract-server.ts";
import { closeDatabase, contractServer, fetchAnswer, jobSpec } from "./contract-server.ts";
import { draftSolver } from "./fake-solver.ts";

let server: ContractServer;

beforeAll(async () => {
  server = await contractServer({ solver: draftSolver });
  await server.post("/v1/jobs", { jobs: [jobSpec({ id: "known" })] });
  await server.settled();
});
afterAll(async () => {
  await server.close();
  await closeDatabase();
});

const CLUSTERS = ["", "", "", "/clusters/default", "/clusters/nobody", "/clusters/a%00b"];
const WRITES: readonly (readonly [string, string])[] = [
  ["POST", "/jobs"],
  ["POST", "/events"],
  ["POST", "/events/batch"],
  ["POST", "/estimates"],
  ["POST", "/feasibility"],
  ["PATCH", "/jobs/known"],
];
const READS = [
  "/jobs",
  "/jobs/known",
  "/jobs/known/history",
  "/plan",
  "/plan/explanation",
  "/plans",
  "/catalog",
];

/** JSON that hardly anybody means. */
const anything = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(null, "", -1, 1e308, -0, "NaN", "a\0b", "\ud800", "\udfff", [], {}, [[[]]], "__proto__"),
  fc.constantFrom("' OR 1=1 --", "../../etc/passwd", "%00", "é".repeat(300), {
    __proto__: null,
    a: { b: 1 },
  }),
);

/** Never right for any number of a request, nor for a time. */
const noNumber = anything.filter((value) => typeof value !== "number" || value < 0);

/** A job that is good but for one field. */
const badJob = fc
  .tuple(
    fc.constantFrom(
      "network",
      "framework",
      "batchSize",
      "samples",
      "epochs",
      "dueAt",
      "tardinessCostPerHourUsd",
      "measuredSecondsPerEpoch",
      "constructor",
    ),
    noNumber,
  )
  // Measurements may be none, and -0 is a weight as 0 is.
  .filter(
    ([field, value]) => field !== "measuredSecondsPerEpoch" || !Array.isArray(value) || value.length > 0,
  )
  .filter(([field, value]) => field !== "tardinessCostPerHourUsd" || value !== -0)
  .map(([field, value]) => jobSpec({ [field]: value }));

/** An inline network with something odd in it. */
const oddNetwork = fc
  .tuple(fc.constantFrom("name", "input", "layers", "kind"), anything)
  .map(([field, value]) =>
    jobSpec({
      network: {
        name: "mine",
        input: [3, 32, 32],
        layers: [
          {
            kind: field === "kind" ? value : "fc",
            name: "fc\0",
            inputs: ["input"],
            input: [3],
            output: [10],
          },
        ],
        [field]: value,
      },
    }),
  );

const badEvent = fc.record({
  kind: fc.constantFrom("job-completed", "progress-reported", "node-lost", "?", ""),
  jobId: fc.oneof(fc.constant("nobody"), fc.string()),
  nodeId: fc.string(),
  completedShare: anything,
});

const body = fc.oneof(
  noNumber.map((value) => JSON.stringify(value)),
  anything.map((jobs) => JSON.stringify({ jobs, events: jobs, dueAt: jobs })),
  fc.array(badJob, { minLength: 1, maxLength: 3 }).map((jobs) => JSON.stringify({ jobs })),
  oddNetwork.map((job) => JSON.stringify({ jobs: [job] })),
  badEvent.map((event) => JSON.stringify(event)),
  fc.array(badEvent, { minLength: 1, maxLength: 3 }).map((events) => JSON.stringify({ events })),
  fc.string(),
  fc.constantFrom(
    '{"__proto__": {"jobs": []}, "jobs": [{"__proto__": 1}]}',
    '{"jobs": [{"id": "\\u0000"}]}',
    '{"jobs": [{"network": "\\ud800"}]}',
    `${"[".repeat(5000)}${"]".repeat(5000)}`,
    '{"jobs": [], "jobs": 1}',
  ),
);

const type = fc.constantFrom(
  "application/json",
  "application/json",
  "application/json",
  "application/json; charset=utf-16",
  "text/plain",
  "x",
);

interface BadRequest {
  readonly path: string;
  readonly method: string;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const badWrite = fc
  .record({ to: fc.constantFrom(...WRITES), cluster: fc.constantFrom(...CLUSTERS), type, body })
  .map(({ to: [method, path], cluster, ...rest }): BadRequest => ({
    method,
    path: `/v1${cluster}${path}`,
    ...rest,
  }));

const badQuery = fc
  .record({
    path: fc.constantFrom(...READS),
    cluster: fc.constantFrom(...CLUSTERS),
    name: fc.constantFrom(
      "limit",
      "cursor",
      "status",
      "network",
      "dueBefore",
      "nodeId",
      "jobId",
      "_",
      "__proto__[a]",
    ),
    value: fc.oneof(
      fc.string(),
      fc.constantFrom("%00", "-1", "1e9", "%ED%A0%80", "%", "bjE", "a".repeat(3000)),
    ),
  })
  .map(({ path, cluster, name, value }): BadRequest => ({
    // Twice: no parameter is taken twice, and there is no parameter called "wrong".
    path: `/v1${cluster}${path}?wrong=1&${name}=${encodeURI(value).replaceAll("#", "%23").replaceAll("%25", "%")}`,
    method: "GET",
    type: "application/json",
    body: "",
  }));

const badCluster = fc
  .record({
    method: fc.constantFrom("POST", "PATCH", "DELETE"),
    id: fc.constantFrom("", "/default", "/nobody", "/a%20b"),
    field: fc.constantFrom(
      "id",
      "catalog",
      "maxNodes",
      "policy",
      "pricePlan",
      "blackoutWindows",
      "schedules",
      "x",
    ),
    value: noNumber.filter(
      (value) =>
        value !== null && !(Array.isArray(value) && value.length === 0) && JSON.stringify(value) !== "{}",
    ),
  })
  .filter(({ method, field, value }) => !(method === "PATCH" && field === "maxNodes" && value === -0))
  .map(({ method, id, field, value }): BadRequest => ({
    method,
    path: `/v1/clusters${id}`,
    type: "application/json",
    body: JSON.stringify({ [field]: value }),
  }));

const badPath = fc
  .record({ path: fc.webPath(), method: fc.constantFrom("DELETE", "PUT", "PATCH", "GET") })
  .map(({ path, method }): BadRequest => ({
    path: `/v1/jobs/-${path}`,
    method,
    type: "application/json",
    body: "{}",
  }));

const badHeader = fc
  .record({
    name: fc.constantFrom("idempotency-key", "if-match", "content-encoding"),
    value: fc.constantFrom("k".repeat(201), "", "no quotes", "zip", '"unclosed'),
  })
  .map(({ name, value }): BadRequest => ({
    method: "PATCH",
    path: "/v1/jobs/nobody",
    type: "application/json",
    body: '{"tardinessCostPerHourUsd": 1}',
    headers: { [name]: value },
  }));

const badRequest = fc.oneof(
  { weight: 6, arbitrary: badWrite },
  { weight: 3, arbitrary: badQuery },
  { weight: 2, arbitrary: badCluster },
  { weight: 1, arbitrary: badPath },
  { weight: 1, arbitrary: badHeader },
);

/** Requests of one run are under way together. */
const AT_ONCE = 25;

/** Asks all of them at several times; every answer must be a problem, and nothing may change. */
async function expectRefusals(url: string, runs: number): Promise<void> {
  const before = await server.footprint();
  let count = 0;
  const ask = async ({ path, method, type: contentType, body: text, headers }: BadRequest): Promise<void> => {
    count += 1;
    const answer = await fetchAnswer(`${url}${path}`, {
      method,
      headers: { "content-type": contentType, ...headers },
      ...(method === "GET" ? {} : { body: text }),
    });
    const said = `${method} ${path} ${text.slice(0, 300)}: ${answer.status} ${answer.text.slice(0, 300)}`;
    expect(answer.status, said).toBeGreaterThanOrEqual(400);
    expect(answer.status, said).toBeLessThan(500);
    expect(answer.headers.get("content-type"), said).toContain("application/problem+json");
  };
  await fc.assert(
    fc.asyncProperty(
      fc.array(badRequest, { minLength: AT_ONCE, maxLength: AT_ONCE, size: "max" }),
      async (requests) => {
        await Promise.all(requests.map(ask));
        expect(await server.footprint()).toEqual(before);
      },
    ),
    { ...seeded(runs), endOnFailure: true },
  );
  expect(count).toBe(runs * AT_ONCE);
}

describe("bad requests at random", () => {
  it("5,000 of them are all answered with 4xx and change nothing", async () => {
    await expectRefusals(server.bareUrl, 200);
  });

  it("and the answers are as openapi.yaml says", async () => {
    await expectRefusals(server.url, 12);
  });
});
