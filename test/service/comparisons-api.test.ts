import { pino } from "pino";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { comparisonViewSchema } from "../../src/report/comparison-view.ts";
import { systemClock } from "../../src/service/clock.ts";
import type { Queue } from "../../src/service/queue/open-queue.ts";
import { openQueue } from "../../src/service/queue/open-queue.ts";
import { CAMPAIGNS, COMPARISONS, runComparisons } from "../../src/service/worker/run-comparisons.ts";
import { HORIZON_PARTS } from "../../src/service/worker/run-horizon-parts.ts";
import { javascriptLpSolver } from "../../src/solver/javascript-lp-solver.ts";
import type { ChangeBell } from "../../src/store/change-bell.ts";
import { changeBell } from "../../src/store/change-bell.ts";
import type { ContractServer } from "./contract-server.ts";
import { closeDatabase, contractServer, sharedDatabase } from "./contract-server.ts";

const logger = pino({ level: "silent" });
const PATIENT = { timeout: 40_000, interval: 100 };
const summary = z.object({
  id: z.string(),
  status: z.string(),
  progress: z.number(),
  failure: z.string().nullable(),
});
const state = summary.extend({ result: comparisonViewSchema.nullable() });

const JOB = {
  network: "resnet50",
  framework: "pytorch",
  batchSize: 64,
  samples: 60_000,
  epochs: 1,
  dueAt: "2026-11-20T20:00:00Z",
  tardinessCostPerHourUsd: 5,
};
const REQUEST = {
  mode: "decision",
  variants: [{ name: "as it is" }, { name: "one node", maxNodes: 1 }],
  marginalValues: true,
};
/** Takes long enough to be stopped. */
const LONG_REQUEST = {
  mode: "horizon",
  jobs: Array.from({ length: 120 }, (_, index) => ({
    ...JOB,
    id: `J${index}`,
    submittedAt: `2026-11-20T1${index % 10}:${10 + (index % 50)}:00Z`,
  })),
  variants: [{ name: "as it is" }, { name: "one node", maxNodes: 1 }],
};

describe("comparisons", () => {
  let server: ContractServer;
  let queue: Queue;
  let bell: ChangeBell;
  const closing: (() => Promise<unknown>)[] = [];
  /** What the metrics would hear. */
  const ends: string[] = [];

  beforeEach(async () => {
    const { pool } = await sharedDatabase();
    server = await contractServer({ solver: javascriptLpSolver() });
    queue = await openQueue(pool, [COMPARISONS, CAMPAIGNS, HORIZON_PARTS], () => undefined);
    await pool.query("DELETE FROM pgboss.job");
    bell = await changeBell(pool, () => undefined);
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    ends.length = 0;
    await queue.close();
    await bell.close();
    await server.close();
  });
  afterAll(closeDatabase);

  const work = async () => {
    const { pool } = await sharedDatabase();
    const worker = runComparisons({
      store: server.store,
      pool,
      bell,
      queue,
      clock: systemClock(),
      logger,
      onEnd: (outcome) => ends.push(outcome),
    });
    closing.push(() => worker.close());
    return worker;
  };
  const post = async (body: unknown) => {
    const answer = await server.post("/v1/comparisons", body);
    expect(answer.status, answer.text).toBe(202);
    return { ...summary.parse(answer.json), location: answer.headers.get("location") ?? "" };
  };
  const read = async (place: string) => {
    const answer = await server.get(place);
    expect(answer.status, answer.text).toBe(200);
    return state.parse(answer.json);
  };

  it("compare the cluster as it was when it was asked for, and leave it as it is", async () => {
    expect(
      (
        await server.post("/v1/jobs", {
          jobs: [
            { ...JOB, id: "A" },
            // It pays for an M60 and not for a K80.
            { ...JOB, id: "B", budgetUsd: 0.2 },
          ],
        })
      ).status,
    ).toBe(202);
    await server.settled();
    const { location, id } = await post(REQUEST);
    expect(await read(location)).toMatchObject({ status: "queued", result: null });
    for (const file of ["variants.csv", "differences.csv", "marginal-values.csv"])
      expect((await server.get(`${location}/${file}`)).status).toBe(409);
    await server.send("/v1/jobs/B", { method: "DELETE" });
    await server.settled();
    const before = await server.store.jobs.active("default");
    await work();
    await expect.poll(async () => (await read(location)).status, PATIENT).toBe("done");
    await expect.poll(() => ends).toEqual(["done"]);
    const { result } = await read(location);
    if (result?.mode !== "decision") throw new Error("It is no decision");
    expect(result.variants.map(({ name }) => name)).toEqual(["as it is", "one node"]);
    // B was there when it was asked for.
    const [first] = result.variants;
    expect((first?.runningJobs ?? 0) + (first?.waitingJobs ?? 0)).toBe(2);
    expect(JSON.stringify(result)).toContain("one more node");
    expect(first?.budgetRaises).toMatchObject({ boundJobs: 1, triedJobs: 1 });
    const csv = await server.get(`${location}/variants.csv`);
    expect(csv.status).toBe(200);
    expect(csv.headers.get("content-type")).toMatch(/^text\/csv/);
    expect(csv.text.split("\r\n")[1]).toMatch(/^as it is,/);
    expect((await server.get(`${location}/differences.csv`)).text).toMatch(/^variant,kind,id,from,to/);
    const marginals = await server.get(`${location}/marginal-values.csv`);
    expect(marginals.headers.get("content-type")).toMatch(/^text\/csv/);
    expect(marginals.text).toMatch(/^variant,limitId,.*\r\nas it is,max-nodes,nodes,,one more node,2,nodes,/);
    for (const table of ["variants", "differences", "marginal-values"]) {
      const url = `${location}/${table}.csv`;
      const tag = (await server.get(url)).headers.get("etag") ?? "none";
      expect(await server.send(url, { headers: { "if-none-match": tag } })).toMatchObject({ status: 304 });
    }
    expect((await server.get("/v1/comparisons")).text).toContain(id);
    expect(await server.store.jobs.active("default")).toEqual(before);
    expect((await server.send(location, { method: "DELETE" })).status).toBe(409);
  });

  it("compare horizons of given jobs on an empty cluster", async () => {
    const jobs = [
      { ...JOB, id: "A", submittedAt: "2026-11-20T11:00:00Z" },
      { ...JOB, id: "B", submittedAt: "2026-11-20T13:00:00Z" },
    ];
    const { location } = await post({ ...REQUEST, mode: "horizon", jobs });
    await work();
    await expect.poll(async () => (await read(location)).status, PATIENT).toBe("done");
    const { result } = await read(location);
    if (result?.mode !== "horizon") throw new Error("It is no horizon");
    expect(result.variants.map(({ completedJobs }) => completedJobs)).toEqual([2, 2]);
    expect((await server.get(`${location}/variants.csv`)).text.split("\r\n")).toHaveLength(4);
  });

  it("are cancelled while they wait and while they run", async () => {
    const waiting = await post(REQUEST);
    expect((await server.send(waiting.location, { method: "DELETE" })).status).toBe(200);
    const running = await post(LONG_REQUEST);
    await work();
    await expect.poll(async () => (await read(running.location)).status, PATIENT).toBe("running");
    expect((await server.send(running.location, { method: "DELETE" })).status).toBe(200);
    const { pool } = await sharedDatabase();
    const open = async (): Promise<unknown> =>
      (await pool.query("SELECT id FROM pgboss.job WHERE state NOT IN ('completed', 'cancelled')")).rows;
    await expect.poll(open, PATIENT).toEqual([]);
    for (const { location } of [waiting, running])
      expect(await read(location)).toMatchObject({ status: "cancelled", result: null });
  });

  it("are begun again by another worker when theirs ends", async () => {
    const { location, id } = await post(LONG_REQUEST);
    const first = await work();
    await expect.poll(async () => (await read(location)).status, PATIENT).toBe("running");
    await first.close();
    expect((await read(location)).status).toBe("running");
    // What a worker that was killed leaves behind: its job counts as being tried.
    const { pool } = await sharedDatabase();
    await pool.query("UPDATE pgboss.job SET state = 'active' WHERE id = $1", [id]);
    await work();
    const tries = async (): Promise<unknown> =>
      (await pool.query("SELECT retry_count FROM pgboss.job WHERE id = $1 AND state = 'active'", [id])).rows;
    await expect.poll(tries, PATIENT).toEqual([{ retry_count: 1 }]);
    await expect.poll(async () => (await read(location)).status, PATIENT).toBe("running");
  });

  it("fail when their tries are used up", async () => {
    const { location, id } = await post(REQUEST);
    await queue.add(server.store.db, { kind: COMPARISONS, data: {}, id });
    const { pool } = await sharedDatabase();
    await pool.query("UPDATE pgboss.job SET state = 'failed' WHERE id = $1", [id]);
    await work();
    await expect.poll(async () => (await read(location)).status, PATIENT).toBe("failed");
    expect((await read(location)).failure).toContain("its worker ended");
  });

  it("refuse what they cannot compare, each with its place", async () => {
    const variants = [{ name: "as it is" }, { name: "none", onlyVmTypes: ["Nothing"] }];
    const refused = async (body: unknown) => {
      const answer = await server.post("/v1/comparisons", body);
      return [answer.status, /"path":"([^"]+)"/.exec(answer.text)?.[1]];
    };
    expect(await refused({ ...REQUEST, variants })).toEqual([400, "/variants/1/onlyVmTypes/0"]);
    expect(await refused({ ...REQUEST, variants: [{ name: "alone" }] })).toEqual([400, "/variants"]);
    const catalog = { name: "../../x", region: "x" };
    expect((await refused({ ...REQUEST, variants: [{ name: "a" }, { name: "b", catalog }] }))[0]).toBe(400);
    const jobs = [{ ...JOB, id: "A", submittedAt: "2026-11-20T11:00:00Z", network: "nothing" }];
    expect(await refused({ ...REQUEST, jobs })).toEqual([422, "/jobs/0/network"]);
    expect((await server.get("/v1/comparisons/x")).status).toBe(400);
    expect((await server.get("/v1/comparisons/6f0c2f4e-9d3b-4c57-a9d4-0b8f4b1f7f10")).status).toBe(404);
    expect((await server.get("/v1/comparisons")).json).toEqual({ comparisons: [] });
  });

  it("are not queued twice for one Idempotency-Key, and not without limit", async () => {
    const send = () =>
      server.send("/v1/comparisons", {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": "one" },
        body: JSON.stringify(REQUEST),
      });
    const [first, second] = [await send(), await send()];
    expect(second.json).toEqual(first.json);
    expect(second.headers.get("location")).toBe(first.headers.get("location"));
    for (let count = 1; count < 20; count += 1) await post(REQUEST);
    expect((await server.post("/v1/comparisons", REQUEST)).status).toBe(409);
  });
});
