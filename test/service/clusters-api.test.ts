import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { generateApiKey } from "../../src/service/security/api-key.ts";
import type { Answer, ContractServer } from "./contract-server.ts";
import { closeDatabase, contractServer, jobSpec, nextCursor } from "./contract-server.ts";
import { draftSolver } from "./fake-solver.ts";

let server: ContractServer;

beforeEach(async () => {
  server = await contractServer({ solver: draftSolver });
});
afterEach(() => server.close());
afterAll(closeDatabase);

const prototype = { kind: "shipped", name: "slides-2019", region: "slides-2019" };
const teamA = {
  id: "team-a",
  catalog: prototype,
  maxNodes: 3,
  replanIntervalSeconds: 1800,
  policy: "progress-value",
};

const json = (body: unknown, headers: Readonly<Record<string, string>> = {}) => ({
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(body),
});
const patch = (
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> => server.send(path, { method: "PATCH", ...json(body, headers) });
const remove = (path: string): Promise<Answer> => server.send(path, { method: "DELETE" });
const tagOf = (answer: Answer): string => answer.headers.get("etag") ?? "none";

/** Waits until a cluster's plan knows all of its events. */
async function settled(id: string): Promise<void> {
  for (;;) {
    const found = await server.store.clusters.find(id);
    if (found !== undefined && found.lastSequence + found.planCount === (found.planRevision ?? -9) + 1)
      return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe("several clusters", () => {
  it("are created, listed in pages, and planned each by itself", async () => {
    const created = await server.post("/v1/clusters", teamA);
    expect(created).toMatchObject({
      status: 201,
      json: {
        id: "team-a",
        configuration: { maxNodes: 3, durationPercentile: "P50", schedules: [], pricePlan: null },
        configurationVersion: 1,
        createdAt: "2026-11-20T12:00:00Z",
        planRevision: null,
      },
    });
    expect(created.headers.get("location")).toBe("/v1/clusters/team-a");
    const first = await server.get("/v1/clusters?limit=1");
    expect(first).toMatchObject({ json: { clusters: [{ id: "default" }] } });
    expect(await server.get(`/v1/clusters?limit=1&cursor=${nextCursor(first)}`)).toMatchObject({
      json: { clusters: [{ id: "team-a" }], nextCursor: null },
    });

    // The same id may be used in both: they have nothing to do with each other.
    const jobs = { jobs: [jobSpec({ id: "same" })] };
    expect((await server.post("/v1/jobs", jobs)).status).toBe(202);
    expect((await server.post("/v1/clusters/team-a/jobs", jobs)).status).toBe(202);
    expect((await server.post("/v1/clusters/default/jobs", jobs)).status).toBe(409);
    await server.settled();
    await settled("team-a");
    await server.post("/v1/clusters/team-a/events", { kind: "job-completed", jobId: "same" });
    expect(await server.get("/v1/jobs/same")).toMatchObject({ json: { status: "running" } });
    expect(await server.get("/v1/clusters/team-a/jobs/same")).toMatchObject({
      json: { status: "completed" },
    });
    expect(await server.get("/v1/clusters/team-a/catalog")).toMatchObject({ json: { maxNodes: 3 } });
    expect(await server.get("/v1/clusters/team-a")).toMatchObject({
      json: { jobCounts: { completed: 1, running: 0 } },
    });
  });

  it("cannot be what they are not: each problem has its path", async () => {
    const refusals: readonly (readonly [unknown, number, string])[] = [
      [{ ...teamA, id: "a b" }, 400, "/id"],
      [{ ...teamA, maxNodes: -1 }, 400, "/maxNodes"],
      [{ ...teamA, policy: "best" }, 400, "/policy"],
      [{ ...teamA, catalog: { ...prototype, kind: "mine" } }, 400, "/catalog/kind"],
      [{ ...teamA, schedules: [{ expression: "0 0 30 2 *", zone: "UTC" }] }, 400, "/schedules/0/expression"],
      [{ ...teamA, catalog: { ...prototype, name: "..-..-package" } }, 400, "/catalog/name"],
      [{ ...teamA, catalog: { ...prototype, name: "slides" } }, 422, "/catalog/name"],
      [{ ...teamA, catalog: { ...prototype, region: "mars" } }, 422, "/catalog/region"],
      [{ ...teamA, catalog: { ...prototype, vmTypes: ["X"] } }, 422, "/catalog/vmTypes/0"],
      [{ ...teamA, catalog: { ...prototype, vmTypes: ["X", "X"] } }, 400, "/catalog/vmTypes/1"],
      [{ ...teamA, catalog: { ...prototype, quotaNodes: { X: 1 } } }, 422, "/catalog/quotaNodes/X"],
      [{ ...teamA, pricePlan: { planAtSpotPrice: ["Standard_NC6"] } }, 422, "/pricePlan/planAtSpotPrice/0"],
      [
        { ...teamA, catalog: { kind: "inline", vmTypes: [ownVmType("a"), ownVmType("a")] } },
        422,
        "/catalog/vmTypes/1/id",
      ],
      [
        { ...teamA, catalog: { kind: "inline", vmTypes: [{ ...ownVmType("a"), gpuType: "K81" }] } },
        422,
        "/catalog/vmTypes/0/gpuType",
      ],
    ];
    await server.settled();
    const before = await server.footprint();
    for (const [body, status, path] of refusals) {
      const answer = await server.post("/v1/clusters", body);
      expect(answer, JSON.stringify(answer.json)).toMatchObject({ status });
      expect(answer.text).toContain(`"path":"${path}"`);
    }
    expect(await patch("/v1/clusters/default", { catalog: { ...prototype, region: "mars" } })).toMatchObject({
      status: 422,
      json: { problems: [{ path: "/catalog/region", value: "mars" }] },
    });
    expect(await server.post("/v1/clusters", { ...teamA, id: "default" })).toMatchObject({
      status: 409,
      json: { problems: [{ path: "/id", value: "default" }] },
    });
    expect(await server.footprint()).toEqual(before);
  });

  it("are not found where they are not", async () => {
    for (const path of ["", "/jobs", "/plan", "/jobs/a", "/catalog"])
      expect(await server.get(`/v1/clusters/nobody${path}`)).toMatchObject({
        status: 404,
        json: { type: "urn:problem-type:berth:unknown-cluster" },
      });
    expect(await server.get("/v1/clusters/a%00b/jobs")).toMatchObject({
      status: 400,
      json: { problems: [{ path: "/clusterId" }] },
    });
  });
});

const ownVmType = (id: string) => ({
  id,
  gpuType: "K80",
  gpuCount: 2,
  gpuShare: 1,
  gpuMemoryGib: 12,
  vcpuCount: null,
  memoryGib: null,
  pricePerHourUsd: 0.5,
  region: "cellar",
  quotaNodes: null,
});

describe("a changed configuration", () => {
  it("is planned with from then on, in the history, and with its version as ETag", async () => {
    await server.post("/v1/clusters", teamA);
    const before = await server.get("/v1/clusters/team-a");
    const changed = await patch(
      "/v1/clusters/team-a",
      { maxNodes: 1, policy: "greedy" },
      { "if-match": tagOf(before) },
    );
    expect(changed).toMatchObject({
      status: 200,
      json: {
        configurationVersion: 2,
        configuration: { maxNodes: 1, policy: "greedy", replanIntervalSeconds: 1800 },
      },
    });
    await settled("team-a");
    expect(await server.get("/v1/clusters/team-a/plan")).toMatchObject({ json: { policy: "greedy" } });
    expect(await server.get("/v1/clusters/team-a/catalog")).toMatchObject({ json: { maxNodes: 1 } });
    const again = await patch("/v1/clusters/team-a", { maxNodes: 7 }, { "if-match": tagOf(before) });
    expect(again).toMatchObject({
      status: 412,
      json: { type: "urn:problem-type:berth:precondition-failed" },
    });
    expect(await patch("/v1/clusters/team-a", { maxNodes: 7 }, { "if-match": '"2"' })).toMatchObject({
      status: 200,
    });
    expect(await patch("/v1/clusters/team-a", { maxNodes: "many" })).toMatchObject({
      status: 400,
      json: { problems: [{ path: "/maxNodes" }] },
    });
    const events = await server.store.history.events("team-a", 0, 100);
    expect(events.filter(({ event }) => event.kind === "settings-changed")).toHaveLength(2);
  });

  it("predicts jobs anew where the VM types change, and gives back nodes that are no longer offered", async () => {
    const start = { ...teamA, catalog: { ...prototype, vmTypes: ["Standard_NC6"] } };
    await server.post("/v1/clusters", start);
    await server.post("/v1/clusters/team-a/jobs", { jobs: [jobSpec({ id: "a" })] });
    await settled("team-a");
    expect(await server.get("/v1/clusters/team-a/jobs/a")).toMatchObject({
      json: { placement: { vmType: "Standard_NC6" } },
    });
    expect(
      await patch("/v1/clusters/team-a", { catalog: { ...prototype, vmTypes: ["Standard_NV6"] } }),
    ).toMatchObject({ status: 200 });
    await settled("team-a");
    const { json: job } = await server.get("/v1/clusters/team-a/jobs/a");
    expect(job).toMatchObject({ placement: { vmType: "Standard_NV6" } });
    const { durations } = z.object({ durations: z.array(z.object({ vmType: z.string() })) }).parse(job);
    expect(durations.map(({ vmType }) => vmType)).toEqual(["Standard_NV6"]);
    expect(await server.get("/v1/clusters/team-a/catalog")).toMatchObject({
      json: {
        vmTypes: [
          { id: "Standard_NC6", quotaNodes: 0 },
          { id: "Standard_NV6", quotaNodes: null },
        ],
      },
    });
    // New jobs are predicted for what is offered now.
    await server.post("/v1/clusters/team-a/jobs", { jobs: [jobSpec({ id: "b" })] });
    expect(await server.get("/v1/clusters/team-a/jobs/b")).toMatchObject({
      json: { durations: [{ vmType: "Standard_NV6" }] },
    });
  });

  it("is refused where a job would fit nothing any more", async () => {
    await server.post("/v1/clusters", teamA);
    const measured = { measuredSecondsPerEpoch: [{ vmType: "Standard_NC6", gpus: 1, secondsPerEpoch: 900 }] };
    await server.post("/v1/clusters/team-a/jobs", {
      jobs: [jobSpec({ id: "picky", network: undefined, ...measured }), jobSpec({ id: "easy" })],
    });
    const answer = await patch("/v1/clusters/team-a", {
      catalog: { ...prototype, vmTypes: ["Standard_NV6"] },
    });
    expect(answer).toMatchObject({
      status: 409,
      json: { problemCount: 1, problems: [{ path: "/catalog", value: "picky" }] },
    });
    expect(await server.get("/v1/clusters/team-a")).toMatchObject({ json: { configurationVersion: 1 } });
  });

  it("may have VM types of one's own, reservations, and plan carefully", async () => {
    const pricePlan = {
      reservations: [
        {
          vmTypeId: "own",
          region: "cellar",
          nodes: 1,
          pricePerHourUsd: 0.2,
          validUntil: "2026-11-20T13:00:00Z",
        },
      ],
    };
    const created = await server.post("/v1/clusters", {
      ...teamA,
      catalog: { kind: "inline", vmTypes: [ownVmType("own")] },
      pricePlan,
      durationPercentile: "P90",
    });
    expect(created).toMatchObject({ status: 201, json: { paidAnywayPerHourUsd: 0.2 } });
    const measured = { measuredSecondsPerEpoch: [{ vmType: "own", gpus: 1, secondsPerEpoch: 900 }] };
    await server.post("/v1/clusters/team-a/jobs", {
      jobs: [jobSpec({ id: "measured", network: undefined, ...measured })],
    });
    await settled("team-a");
    expect(await server.get("/v1/clusters/team-a/jobs/measured")).toMatchObject({
      json: { placement: { vmType: "own:reserved" } },
    });
    // The reservation ends: the calendar says so, and the next plan rents at the price on demand.
    server.clock.advanceTo(Date.UTC(2026, 10, 20, 13) / 1000);
    for (;;) {
      const { json: job } = await server.get("/v1/clusters/team-a/jobs/measured");
      if (JSON.stringify(job).includes('"vmType":"own"')) break;
    }
    expect(await server.get("/v1/clusters/team-a")).toMatchObject({ json: { paidAnywayPerHourUsd: 0 } });
  });
});

describe("a key for some clusters", () => {
  it("shows these only, and makes no others", async () => {
    await server.post("/v1/clusters", teamA);
    const { text, record } = generateApiKey({
      name: "team-a's",
      scopes: ["admin"],
      clusters: ["team-a", "team-b"],
      createdAtSeconds: server.clock.nowSeconds(),
      expiresAtSeconds: null,
    });
    await server.store.apiKeys.insert(record);
    const bearer = { authorization: `Bearer ${text}` };
    const list = await server.send("/v1/clusters", { headers: bearer });
    expect(list).toMatchObject({ status: 200, json: { clusters: [{ id: "team-a" }], nextCursor: null } });
    expect((await server.send("/v1/clusters/default", { headers: bearer })).status).toBe(403);
    expect((await server.send("/v1/jobs", { headers: bearer })).status).toBe(403);
    const post = (id: string): Promise<Answer> =>
      server.send("/v1/clusters", { method: "POST", ...json({ ...teamA, id }, bearer) });
    expect(await post("team-c")).toMatchObject({
      status: 403,
      json: { type: "urn:problem-type:berth:forbidden" },
    });
    expect((await post("team-b")).status).toBe(201);
  });
});

describe("a cluster that is given up", () => {
  it("must be empty; then it is not found any more, its history stays, its id stays taken", async () => {
    await server.post("/v1/clusters", teamA);
    await server.post("/v1/clusters/team-a/jobs", { jobs: [jobSpec({ id: "a" })] });
    await settled("team-a");
    expect(await remove("/v1/clusters/team-a")).toMatchObject({
      status: 409,
      json: { detail: expect.stringContaining("1 jobs") as string },
    });
    await server.send("/v1/clusters/team-a/jobs/a", { method: "DELETE" });
    await settled("team-a");
    expect(await remove("/v1/clusters/team-a")).toMatchObject({ status: 200, json: { id: "team-a" } });
    for (const path of ["", "/jobs", "/plan"])
      expect((await server.get(`/v1/clusters/team-a${path}`)).status).toBe(404);
    expect((await server.post("/v1/clusters/team-a/replan", {})).status).toBe(404);
    expect((await server.post("/v1/clusters", teamA)).status).toBe(409);
    expect((await remove("/v1/clusters/team-a")).status).toBe(404);
    expect((await server.store.history.events("team-a", 0, 100)).length).toBeGreaterThanOrEqual(2);
    expect(await server.get("/readyz")).toMatchObject({ status: 200, json: { clusterCount: 1 } });
  });

  it("cancels its comparisons and campaigns, which nobody could ask for any more", async () => {
    await server.post("/v1/clusters", teamA);
    const campaign = { nodes: [1], lambdaSeconds: [30_000], seeds: 1, policies: ["edf"] };
    const comparison = { mode: "decision", variants: [{ name: "a" }, { name: "b", maxNodes: 1 }] };
    expect((await server.post("/v1/clusters/team-a/campaigns", campaign)).status).toBe(202);
    expect((await server.post("/v1/clusters/team-a/comparisons", comparison)).status).toBe(202);
    expect((await server.post("/v1/campaigns", campaign)).status).toBe(202);
    expect((await remove("/v1/clusters/team-a")).status).toBe(200);
    // That of the other cluster is still to be done.
    expect(await server.store.comparisons.open()).toMatchObject([{ clusterId: "default", kind: "campaign" }]);
    for (const kind of ["variants", "campaign"] as const)
      expect(await server.store.comparisons.list("team-a", kind, { limit: 10 })).toMatchObject([
        { status: "cancelled", finishedAtSeconds: expect.any(Number) as number },
      ]);
  });

  it("is never the default one", async () => {
    expect((await remove("/v1/clusters/default")).status).toBe(409);
  });
});
