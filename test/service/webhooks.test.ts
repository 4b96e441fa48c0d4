import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { planSummarySchema } from "../../src/report/plan-summary-view.ts";
import type { Queue } from "../../src/service/queue/open-queue.ts";
import { openQueue } from "../../src/service/queue/open-queue.ts";
import type { DeliveryMeasure } from "../../src/service/operations/work-metrics.ts";
import { verifyWebhook } from "../../src/service/security/webhook-signature.ts";
import { DELIVERIES, deliverPlans, queueDeliveries } from "../../src/service/worker/deliver-plans.ts";
import { changeBell } from "../../src/store/change-bell.ts";
import type { ChangeBell } from "../../src/store/change-bell.ts";
import type { ContractServer } from "./contract-server.ts";
import { closeDatabase, contractServer, sharedDatabase } from "./contract-server.ts";
import type { Clock } from "../../src/service/clock.ts";
import { systemClock } from "../../src/service/clock.ts";
import { javascriptLpSolver } from "../../src/solver/javascript-lp-solver.ts";

const LOOPBACK = { allow: [{ kind: "network", cidr: "127.0.0.0/8" }] } as const;
const logger = pino({ level: "silent" });
const newWebhook = z.object({ id: z.string(), secret: z.string() });
const webhook = z.object({ lastOutcome: z.string().nullable(), queuedRevision: z.number() });
const PATIENT = { timeout: 20_000 };

interface Received {
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** A receiver on this machine that gives the answers it is told to, and 200 after them. */
async function receiver(statuses: readonly number[]) {
  const left = [...statuses];
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece: Buffer) => (body += piece.toString("utf8")));
    request.on("end", () => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      );
      received.push({ url: request.url ?? "", headers, body });
      const status = left.shift() ?? 200;
      response.writeHead(status, status === 302 ? { location: "/elsewhere" } : {}).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

describe("webhooks", () => {
  let server: ContractServer;
  let queue: Queue;
  let bell: ChangeBell;
  const closing: (() => Promise<unknown>)[] = [];
  /** What the metrics would hear. */
  const tries: DeliveryMeasure[] = [];

  beforeEach(async () => {
    const { pool } = await sharedDatabase();
    server = await contractServer({ solver: javascriptLpSolver(), webhookRules: LOOPBACK });
    queue = await openQueue(pool, [DELIVERIES], () => undefined);
    await pool.query("DELETE FROM pgboss.job");
    bell = await changeBell(pool, () => undefined);
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    tries.length = 0;
    await queue.close();
    await bell.close();
    await server.close();
  });
  afterAll(closeDatabase);

  const start = (clock: Clock = systemClock()): void => {
    const { store } = server;
    const onTry = (measure: DeliveryMeasure): void => void tries.push(measure);
    const work = deliverPlans({ store, bell, queue, clock, logger, rules: LOOPBACK, onTry });
    closing.push(() => work.close());
  };
  const listening = async (...statuses: number[]) => {
    const made = await receiver(statuses);
    closing.push(made.close);
    return made;
  };
  const register = async (url: string) => {
    // The first plan comes by itself.
    await server.settled();
    const answer = await server.post("/v1/webhooks", { url });
    expect(answer.status, answer.text).toBe(201);
    return newWebhook.parse(answer.json);
  };
  const outcomeOf = async (id: string) =>
    webhook.parse((await server.get(`/v1/webhooks/${id}`)).json).lastOutcome;
  const passPauses = async () =>
    (await sharedDatabase()).pool.query("UPDATE pgboss.job SET start_after = now() WHERE state = 'retry'");

  it("are told of each plan, signed, once more after a failure, with the same id", async () => {
    const { url, received } = await listening(500);
    const { id, secret } = await register(url);
    start();
    await server.post("/v1/replan", {});
    await expect.poll(() => received.length, PATIENT).toBe(1);
    await expect.poll(() => outcomeOf(id), PATIENT).toMatch(/500 at try 1 of 8, will be tried again/);
    await expect
      .poll(async () => {
        await passPauses();
        return received.length;
      }, PATIENT)
      .toBe(2);
    await expect.poll(() => outcomeOf(id), PATIENT).toMatch(/status 200 at try 2 of 8\.$/);
    const [first, second] = received;
    expect(second?.headers["webhook-id"]).toBe(first?.headers["webhook-id"]);
    expect(second?.headers["berth-cluster-id"]).toBe("default");
    for (const { headers, body } of received) {
      const nowSeconds = Date.now() / 1000;
      expect(verifyWebhook({ headers, body, secrets: [secret], nowSeconds })).toEqual({ kind: "valid" });
      expect(verifyWebhook({ headers, body: `${body} `, secrets: [secret], nowSeconds }).kind).toBe(
        "invalid",
      );
    }
    const plan = await server.settled();
    expect(planSummarySchema.parse(JSON.parse(first?.body ?? "")).revision).toBe(plan.plan.revision);
  });

  it("are told of each plan once, however many workers queue", async () => {
    const { url, received } = await listening();
    await register(url);
    const registeredAt = (await server.cluster()).planRevision ?? 0;
    for (let plan = 0; plan < 3; plan += 1) {
      const { plan: before } = (await server.store.plans.before("default", 1e9, 1))[0] ?? { plan: null };
      await server.post("/v1/replan", {});
      await server.planAfter(before?.revision ?? 0);
    }
    const revisions = (await server.store.plans.revisionsAfter("default", 0, 100)).filter(
      (revision) => revision > registeredAt,
    );
    expect(revisions.length).toBeGreaterThanOrEqual(3);
    const queued = await Promise.all(
      [1, 2, 3].map(() => queueDeliveries({ store: server.store, queue }, "default")),
    );
    expect(queued.reduce((sum, count) => sum + count, 0)).toBe(revisions.length);
    start();
    await expect.poll(() => received.length, PATIENT).toBe(revisions.length);
    const told = received.map(({ body }) => planSummarySchema.parse(JSON.parse(body)).revision);
    expect(told.sort((a, b) => a - b)).toEqual(revisions);
  });

  it("do not follow redirects, and stop at 410", async () => {
    const { url, received } = await listening(302, 410);
    const { id } = await register(url);
    start();
    await server.post("/v1/replan", {});
    await expect.poll(() => outcomeOf(id), PATIENT).toMatch(/status 302/);
    await expect
      .poll(async () => {
        await passPauses();
        return outcomeOf(id);
      }, PATIENT)
      .toMatch(/status 410 at try 2 of 8, given up/);
    expect(tries.map(({ outcome }) => outcome)).toEqual(["tried-again", "given-up"]);
    expect(received.map((one) => one.url)).toEqual(["/hook", "/hook"]);
  });

  it("are refused where they may not be sent", async () => {
    const urls = [
      "http://10.0.0.7/",
      "http://169.254.169.254/latest",
      "ftp://example.org/",
      "http://[::1]/",
      "x",
    ];
    for (const url of urls) {
      const answer = await server.post("/v1/webhooks", { url });
      expect(answer.status, url).toBe(422);
      expect(answer.text).toContain('"path":"/url"');
    }
    expect((await server.get("/v1/webhooks")).json).toEqual({ webhooks: [] });
  });

  it("are shown without secret, deleted, and then told nothing", async () => {
    const { url, received } = await listening();
    const { id, secret } = await register(url);
    const list = await server.get("/v1/clusters/default/webhooks");
    expect(list.text).toContain(id);
    expect(list.text).not.toContain(secret);
    await server.post("/v1/replan", {});
    await server.settled();
    expect(await queueDeliveries({ store: server.store, queue }, "default")).toBeGreaterThan(0);
    expect((await server.send(`/v1/webhooks/${id}`, { method: "DELETE" })).status).toBe(200);
    expect((await server.get(`/v1/webhooks/${id}`)).status).toBe(404);
    expect((await server.send(`/v1/webhooks/${id}`, { method: "DELETE" })).status).toBe(404);
    start();
    const { pool } = await sharedDatabase();
    const open = async (): Promise<unknown> =>
      (await pool.query("SELECT id FROM pgboss.job WHERE state <> 'completed'")).rows;
    await expect.poll(open, PATIENT).toEqual([]);
    expect(received).toEqual([]);
  });

  it("have a new secret on demand, and two signatures until the old one ends", async () => {
    const { url, received } = await listening();
    const { id, secret: old } = await register(url);
    const rotate = (body: unknown, key: string, of = id) =>
      server.send(`/v1/webhooks/${of}/secret`, {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": key },
        body: JSON.stringify(body),
      });
    const answer = await rotate({ overlapSeconds: 3600 }, "k1");
    expect(answer).toMatchObject({ status: 201, json: { id, oldSecretsUntil: "2026-11-20T13:00:00Z" } });
    const { secret: fresh } = newWebhook.parse(answer.json);
    expect(fresh).not.toBe(old);
    // The answer was lost, and is asked for again.
    expect(await rotate({ overlapSeconds: 3600 }, "k1")).toMatchObject({ status: 201, json: answer.json });
    expect((await rotate({ overlapSeconds: 0 }, "k1")).status).toBe(409);

    start(server.clock);
    const verdicts = async (...secrets: readonly string[]) => {
      const count = received.length;
      await server.post("/v1/replan", {});
      await expect.poll(() => received.length, PATIENT).toBeGreaterThan(count);
      const { headers, body } = received[count] ?? { headers: {}, body: "" };
      return secrets.map(
        (secret) =>
          verifyWebhook({ headers, body, secrets: [secret], nowSeconds: server.clock.nowSeconds() }).kind,
      );
    };
    expect(await verdicts(old, fresh)).toEqual(["valid", "valid"]);
    // The test's clock stood still between the plan and its delivery.
    await expect.poll(() => tries).toEqual([{ outcome: "delivered", lagSeconds: 0 }]);
    expect(received[0]?.headers["webhook-signature"]?.split(" ")).toHaveLength(2);
    server.clock.advanceBy(3599);
    expect((await server.get(`/v1/webhooks/${id}`)).json).toMatchObject({
      oldSecretsUntil: "2026-11-20T13:00:00Z",
    });
    server.clock.advanceBy(1);
    expect((await server.get(`/v1/webhooks/${id}`)).json).toMatchObject({ oldSecretsUntil: null });
    expect(await verdicts(old, fresh)).toEqual(["invalid", "valid"]);
    // A secret that got out ends at once.
    const last = newWebhook.parse((await rotate({ overlapSeconds: 0 }, "k2")).json);
    expect(await verdicts(fresh, last.secret)).toEqual(["invalid", "valid"]);
    expect((await server.get("/v1/webhooks")).text).not.toContain("whsec_");
    expect((await rotate({}, "k3", "wh_0000000000000000")).status).toBe(404);
  });

  it("have at most five secrets that sign", async () => {
    const { url } = await listening();
    const { id } = await register(url);
    const rotate = (body: unknown) => server.post(`/v1/webhooks/${id}/secret`, body);
    for (let count = 0; count < 4; count += 1) expect((await rotate({})).status).toBe(201);
    expect(await rotate({})).toMatchObject({
      status: 409,
      json: { detail: expect.stringContaining("shorter overlapSeconds") as string },
    });
    expect((await rotate({ overlapSeconds: -1 })).text).toContain('"path":"/overlapSeconds"');
    expect(await rotate({ overlapSeconds: 0 })).toMatchObject({
      status: 201,
      json: { oldSecretsUntil: null },
    });
  });

  it("are limited in number", async () => {
    const { url } = await listening();
    for (let count = 0; count < 20; count += 1) await register(url);
    expect((await server.post("/v1/webhooks", { url })).status).toBe(409);
  });
});
