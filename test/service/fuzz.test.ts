import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ContractServer } from "./contract-server.ts";
import { closeDatabase, contractServer, jobSpec } from "./contract-server.ts";
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

const POSTS = ["/v1/jobs", "/v1/events", "/v1/estimates"] as const;
const PATHS = [
  ...POSTS,
  "/v1/replan",
  "/v1/plan",
  "/v1/plan/explanation",
  "/v1/catalog",
  "/v1/networks",
  "/readyz",
];

/** JSON that hardly anybody means. */
const anything = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(null, "", -1, 0, 1e308, -0, "NaN", [], {}, [[[]]], "__proto__"),
);

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
      "id",
      "constructor",
    ),
    anything,
  )
  // A text of digits and letters may be a good id, a number of at least 1 a good count.
  .filter(
    ([field, value]) =>
      !(field === "id" && typeof value === "string") && !(typeof value === "number" && value >= 0),
  )
  .map(([field, value]) => jobSpec({ [field]: value }));

const body = fc.oneof(
  anything.map((value) => JSON.stringify(value)),
  anything.map((jobs) => JSON.stringify({ jobs })),
  fc.array(badJob, { minLength: 1, maxLength: 3 }).map((jobs) => JSON.stringify({ jobs })),
  fc
    .record({
      kind: fc.constantFrom("job-completed", "progress-reported", "?"),
      jobId: fc.string(),
      completedShare: anything,
    })
    .map((event) => JSON.stringify(event)),
  fc.string(),
  fc.constant('{"__proto__": {"jobs": []}, "jobs": [{"__proto__": 1}]}'),
);

const badRequest = fc.oneof(
  fc.record({
    path: fc.constantFrom(...POSTS),
    method: fc.constant("POST"),
    type: fc.constantFrom("application/json", "application/json", "text/plain", "x"),
    body,
  }),
  fc.record({
    path: fc
      .constantFrom(...PATHS)
      .chain((path) => fc.webQueryParameters().map((query) => `${path}?_=${query}`)),
    method: fc.constantFrom("GET", "POST", "DELETE"),
    type: fc.constant("application/json"),
    body: fc.constant("{}"),
  }),
  fc.record({
    path: fc.webPath().map((path) => `/v1/jobs${path}`),
    method: fc.constantFrom("DELETE", "PUT", "PATCH"),
    type: fc.constant("application/json"),
    body: fc.constant("{}"),
  }),
);

describe("bad requests at random", () => {
  it("are all answered with 4xx and change nothing", async () => {
    const before = await server.footprint();
    await fc.assert(
      fc.asyncProperty(badRequest, async ({ path, method, type, body: text }) => {
        const answer = await server.send(path, {
          method,
          headers: { "content-type": type },
          ...(method === "GET" ? {} : { body: text }),
        });
        expect(answer.status).toBeGreaterThanOrEqual(400);
        expect(answer.status).toBeLessThan(500);
        expect(answer.headers.get("content-type")).toContain("application/problem+json");
        expect(await server.footprint()).toEqual(before);
      }),
      { numRuns: 300, seed: 20261120 },
    );
  });
});
