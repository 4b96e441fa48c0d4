/** Campaigns over HTTP; every documented answer is held to openapi.yaml by the contract server. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { ClusterSettings } from "../../src/domain/cluster-state.ts";
import { runCampaign } from "../../src/cli/campaign-runs.ts";
import { campaignMeans } from "../../src/report/campaign-means.ts";
import { campaignViewSchema } from "../../src/report/campaign-view.ts";
import { systemClock } from "../../src/service/clock.ts";
import { openQueue } from "../../src/service/queue/open-queue.ts";
import { CAMPAIGNS, COMPARISONS, runComparisons } from "../../src/service/worker/run-comparisons.ts";
import { HORIZON_PARTS } from "../../src/service/worker/run-horizon-parts.ts";
import { changeBell } from "../../src/store/change-bell.ts";
import { CATALOG, slidesSettings, SMALL_CAMPAIGN, untimed } from "../support/campaign.ts";
import type { ContractServer } from "./contract-server.ts";
import { closeDatabase, contractServer, nextCursor, sharedDatabase } from "./contract-server.ts";
import { draftSolver } from "./fake-solver.ts";

const PATIENT = { timeout: 100_000, interval: 100 };
const summary = z.object({
  id: z.string(),
  status: z.string(),
  progress: z.number(),
  failure: z.string().nullable(),
});
const state = summary.extend({ request: z.unknown(), result: campaignViewSchema.nullable() });
const page = z.object({ campaigns: z.array(summary), nextCursor: z.string().nullable() });
const refusal = z.object({
  problems: z.array(z.object({ path: z.string(), message: z.string(), fix: z.string() })),
});

describe("campaigns", () => {
  let server: ContractServer;
  const closing: (() => Promise<unknown>)[] = [];
  /** What the metrics would hear. */
  const ends: string[] = [];

  const open = async (settings: ClusterSettings): Promise<void> => {
    server = await contractServer({ solver: draftSolver, settings });
  };
  beforeEach(() => open(slidesSettings()));
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    ends.length = 0;
    await server.close();
  });
  afterAll(closeDatabase);

  const work = async (): Promise<void> => {
    const { pool } = await sharedDatabase();
    const bell = await changeBell(pool, () => undefined);
    const queue = await openQueue(pool, [COMPARISONS, CAMPAIGNS, HORIZON_PARTS], () => undefined);
    await pool.query("DELETE FROM pgboss.job");
    const { store } = server;
    const means = { store, pool, bell, queue, clock: systemClock(), logger: pino({ level: "silent" }) };
    const worker = runComparisons({ ...means, onEnd: (outcome, kind) => ends.push(`${kind} ${outcome}`) });
    closing.push(
      () => bell.close(),
      () => queue.close(),
      () => worker.close(),
    );
  };
  const post = async (body: unknown) => {
    const answer = await server.post("/v1/campaigns", body);
    expect(answer.status, answer.text).toBe(202);
    return { ...summary.parse(answer.json), location: answer.headers.get("location") ?? "" };
  };
  const read = async (place: string) => {
    const answer = await server.get(place);
    expect(answer.status, answer.text).toBe(200);
    return state.parse(answer.json);
  };

  it(
    "come to what berth campaign comes to, and leave the cluster as it is",
    async () => {
      await server.settled();
      const before = await server.footprint();
      const { location, status, progress } = await post(SMALL_CAMPAIGN);
      expect([status, progress]).toEqual(["queued", 0]);
      expect(location).toMatch(/^\/v1\/clusters\/default\/campaigns\//);
      for (const file of ["runs.csv", "means.csv", "report.html"])
        expect((await server.get(`${location}/${file}`)).status).toBe(409);
      await work();
      await expect.poll(async () => (await read(location)).status, PATIENT).toBe("done");
      await expect.poll(() => ends).toEqual(["campaign done"]);
      const { result, request } = await read(location);
      expect(request).toEqual(SMALL_CAMPAIGN);
      const wanted = await byCommandLine();
      expect(wanted).toHaveLength(2);
      expect(untimed(wanted)).toMatchObject(untimed(result?.runs) as object[]);
      expect(untimed(result?.means)).toEqual(untimed(campaignMeans(wanted)));
      expect(result?.means.map(({ policy, runCount }) => [policy, runCount])).toEqual([
        ["progress-value", 2],
      ]);
      expect(result?.runs.every(({ metrics }) => metrics.decisionSeconds !== null)).toBe(true);

      const runs = await server.get(`${location}/runs.csv`);
      expect(runs.headers.get("content-type")).toMatch(/^text\/csv/);
      expect(runs.text).toMatch(
        /^scenario,nodes,lambdaSeconds,seed,policy,totalCostUsd,.*\r\nn01-lambda45000-seed1,1,45000,1,progress-value,/,
      );
      expect(runs.text.split("\r\n")).toHaveLength(4);
      const means = await server.get(`${location}/means.csv`);
      for (const [file, { headers }] of [
        ["runs.csv", runs],
        ["means.csv", means],
      ] as const) {
        const again = { headers: { "if-none-match": headers.get("etag") ?? "none" } };
        expect(await server.send(`${location}/${file}`, again)).toMatchObject({ status: 304, text: "" });
      }
      expect(means.text).toMatch(/^nodes,lambdaSeconds,policy,runCount,totalCostUsd,totalCostHalfWidthUsd,/);
      const report = await server.get(`${location}/report.html`);
      expect(report.headers.get("content-type")).toMatch(/^text\/html/);
      expect(report.text).toContain("2 runs on 2 generated scenarios");
      expect(report.text).not.toMatch(/NaN|undefined|<script|https?:/);
      for (const { headers } of [runs, means, report]) expect(headers.get("etag")).toMatch(/^W\//);
      const seen = { "if-none-match": report.headers.get("etag") ?? "none" };
      expect((await server.send(`${location}/report.html`, { headers: seen })).status).toBe(304);

      expect((await server.send(location, { method: "DELETE" })).status).toBe(409);
      expect(await server.footprint()).toEqual(before);
    },
    PATIENT.timeout,
  );

  it("are cancelled while they wait and while they run, and nothing of them stays at work", async () => {
    const waiting = await post(SMALL_CAMPAIGN);
    expect((await server.send(waiting.location, { method: "DELETE" })).status).toBe(200);
    const running = await post({ ...SMALL_CAMPAIGN, seeds: 60 });
    await work();
    const { horizonParts } = server.store;
    const statuses = async () => (await horizonParts.open()).map(({ status }) => status);
    await expect.poll(statuses, PATIENT).toContain("running");
    expect(await statuses()).toHaveLength(32);
    expect((await read(running.location)).status).toBe("running");
    expect((await server.send(running.location, { method: "DELETE" })).status).toBe(200);
    expect((await server.send(running.location, { method: "DELETE" })).status).toBe(200);
    const { pool } = await sharedDatabase();
    const openJobs = async (): Promise<unknown> =>
      (await pool.query("SELECT id FROM pgboss.job WHERE state NOT IN ('completed', 'cancelled')")).rows;
    await expect.poll(openJobs, PATIENT).toEqual([]);
    await expect.poll(statuses, PATIENT).toEqual([]);
    for (const { location } of [waiting, running])
      expect(await read(location)).toMatchObject({ status: "cancelled", result: null });
    expect(ends).toEqual([]);
  });

  it("fail with the reason of a run that cannot be simulated", async () => {
    const { location, id } = await post({ ...SMALL_CAMPAIGN, seeds: 1, policies: ["fifo"] });
    // As if a VM type had gone that its jobs were drawn for: nothing that was kept allows them.
    await server.store.db
      .updateTable("comparisons")
      .set({ input: JSON.stringify(await withoutVmTypes(id)) })
      .where("id", "=", id)
      .execute();
    await work();
    await expect.poll(async () => (await read(location)).status, PATIENT).toBe("failed");
    expect((await read(location)).failure).toMatch(/^Job J\d+ of the scenario cannot be planned for: /);
    await expect.poll(() => ends).toEqual(["campaign failed"]);
  });

  it("refuse what is wrong, each with path, value and fix", async () => {
    const refused = async (body: unknown) => {
      const { status, json, text } = await server.post("/v1/campaigns", body);
      expect(text).not.toMatch(/"fix":""/);
      return [status, ...refusal.parse(json).problems.map(({ path }) => path)];
    };
    const small = { nodes: [1], lambdaSeconds: [30_000] };
    expect(await refused({})).toEqual([400, "/nodes", "/lambdaSeconds"]);
    expect(await refused({ ...small, nodes: [] })).toEqual([400, "/nodes"]);
    expect(await refused({ ...small, nodes: [1, 0] })).toEqual([400, "/nodes/1"]);
    expect(await refused({ ...small, nodes: [2, 4, 2] })).toEqual([400, "/nodes/2"]);
    expect(await refused({ ...small, lambdaSeconds: ["30 s"] })).toEqual([400, "/lambdaSeconds/0"]);
    expect(await refused({ ...small, policies: ["edf", "best"] })).toEqual([400, "/policies/1"]);
    expect(await refused({ ...small, seeds: 0 })).toEqual([400, "/seeds"]);
    expect(await refused({ ...small, noiseSigma: -1 })).toEqual([400, "/noiseSigma"]);
    expect(await refused({ ...small, relativeGap: 2 })).toEqual([400, "/relativeGap"]);
    expect(await refused({ ...small, maxTreeNodes: 0.5 })).toEqual([400, "/maxTreeNodes"]);
    expect(await refused({ ...small, sigma: 1 })).toEqual([400, "/sigma"]);
    expect(await refused({ ...small, nodes: [1, 2, 3], seeds: 100 })).toEqual([400, "/seeds"]);
    expect(await refused({ ...small, nodes: [1000], seeds: 4 })).toEqual([400, "/seeds"]);
    expect(await refused({ ...small, nodes: [1000, 999, 998, 997], seeds: 1 })).toEqual([400, "/nodes"]);
    expect((await server.get("/v1/campaigns?cursor=bjEwMA")).status).toBe(400);
    expect((await server.get("/v1/campaigns/x")).status).toBe(400);
    expect((await server.get("/v1/campaigns")).json).toEqual({ campaigns: [], nextCursor: null });
    expect((await server.post("/v1/clusters/nobody/campaigns", small)).status).toBe(404);
  });

  it("refuse a cluster on which none of their jobs would run", async () => {
    await server.close();
    const settings = slidesSettings();
    await open({ ...settings, vmTypes: settings.vmTypes.map((vmType) => ({ ...vmType, quotaNodes: 0 })) });
    const { status, json } = await server.post("/v1/campaigns", { nodes: [1], lambdaSeconds: [30_000] });
    expect([status, refusal.parse(json).problems.length]).toEqual([422, 1]);
  });

  it("are listed in pages, apart from comparisons; not queued twice for one key, and not without limit", async () => {
    const body = { ...SMALL_CAMPAIGN, seeds: 1 };
    const send = () =>
      server.send("/v1/clusters/default/campaigns", {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": "one" },
        body: JSON.stringify(body),
      });
    const [first, second] = [await send(), await send()];
    expect(second.json).toEqual(first.json);
    expect(second.headers.get("location")).toBe(first.headers.get("location"));
    const posted = [summary.parse(first.json).id];
    for (let count = 1; count < 5; count += 1) {
      server.clock.advanceBy(count % 2);
      posted.push((await post(body)).id);
    }
    const { status, text } = await server.post("/v1/campaigns", body);
    expect([status, text]).toEqual([409, expect.stringContaining("at most 5")]);

    const listed: string[] = [];
    let place = "/v1/campaigns?limit=2";
    for (;;) {
      const answer = await server.get(place);
      const { campaigns, nextCursor: next } = page.parse(answer.json);
      listed.push(...campaigns.map(({ id }) => id));
      if (next === null) break;
      place = `/v1/campaigns?limit=2&cursor=${nextCursor(answer)}`;
    }
    expect(listed).toHaveLength(5);
    expect([...listed].sort()).toEqual([...posted].sort());
    expect(listed.at(-1)).toBe(posted[0]);

    expect((await server.get("/v1/comparisons")).json).toEqual({ comparisons: [] });
    const [id = ""] = posted;
    expect((await server.get(`/v1/comparisons/${id}`)).status).toBe(404);
    expect((await server.send(`/v1/comparisons/${id}`, { method: "DELETE" })).status).toBe(404);
    const variants = [{ name: "as it is" }, { name: "one node", maxNodes: 1 }];
    const comparison = await server.post("/v1/comparisons", { mode: "decision", variants });
    const other = summary.parse(comparison.json).id;
    expect((await server.get(`/v1/campaigns/${other}`)).status).toBe(404);
    expect((await server.get(`/v1/campaigns/${other}/report.html`)).status).toBe(404);
  });

  /** The same campaign by the command line's code. */
  async function byCommandLine() {
    const { nodes, lambdaSeconds, policies, noiseSigma, relativeGap, maxTreeNodes } = SMALL_CAMPAIGN;
    const folder = mkdtempSync(join(tmpdir(), "berth-campaign-"));
    try {
      return await runCampaign(
        {
          nodes,
          lambdasSeconds: lambdaSeconds,
          seeds: [1, 2],
          policies,
          catalog: CATALOG,
          region: null,
          arrivalsPath: null,
          actual: { kind: "noise", sigma: noiseSigma },
          relativeGap,
          maxTreeNodes,
        },
        { folder, threads: 1, onProgress: () => undefined },
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  async function withoutVmTypes(id: string): Promise<object> {
    const input = await server.store.comparisons.input("default", id);
    const { settings, ...rest } = z.looseObject({ settings: z.looseObject({}) }).parse(input);
    return { ...rest, settings: { ...settings, vmTypes: [] } };
  }
});
