import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Queue, QueueKind } from "../../../src/service/queue/open-queue.ts";
import { openQueue } from "../../../src/service/queue/open-queue.ts";
import { workQueue } from "../../../src/service/queue/work-queue.ts";
import type { TestStore } from "../../support/test-store.ts";
import { testStore } from "../../support/test-store.ts";

const KIND: QueueKind = { name: "test", retryLimit: 2, firstPauseSeconds: 600, expireSeconds: 60 };
const logger = pino({ level: "silent" });
const troubles: Error[] = [];

describe("the queue", () => {
  let database: TestStore;
  let queue: Queue;
  beforeAll(async () => {
    database = await testStore();
    queue = await openQueue(database.pool, [KIND], (error) => troubles.push(error));
  });
  afterAll(async () => {
    await queue.close();
    await database.close();
  });

  /** What pauses would bring about in time; a job is taken after its time, not at it, and clocks may not move between two statements. */
  const passPauses = () =>
    database.pool.query(
      "UPDATE pgboss.job SET start_after = now() - interval '1 second' WHERE state = 'retry'",
    );
  const states = async (): Promise<unknown> =>
    (await database.pool.query("SELECT data->>'n' AS n, state::text FROM pgboss.job ORDER BY 1")).rows;
  const clear = () => database.pool.query("DELETE FROM pgboss.job");

  it("is opened by two workers at once", async () => {
    const others = await Promise.all(
      [1, 2].map(() => openQueue(database.pool, [KIND], (error) => troubles.push(error))),
    );
    for (const other of others) await other.close();
    expect(troubles).toEqual([]);
  });

  it("adds a job with the caller's transaction, or not at all", async () => {
    const { db } = database.store;
    const failing = db.transaction().execute(async (tx) => {
      await queue.add(tx, { kind: KIND, data: { n: "lost" } });
      throw new Error("on purpose");
    });
    await expect(failing).rejects.toThrow("on purpose");
    await db.transaction().execute((tx) => queue.add(tx, { kind: KIND, data: { n: "kept" } }));
    expect(await states()).toEqual([{ n: "kept", state: "created" }]);
    await clear();
  });

  it("adds a job of one id once", async () => {
    const job = { kind: KIND, data: { n: "once" }, id: randomUUID() };
    expect(await queue.add(database.store.db, job)).toBe(true);
    expect(await queue.add(database.store.db, job)).toBe(false);
    await clear();
  });

  it("gives jobs of a higher priority first", async () => {
    for (const [n, priority] of [
      ["early", 0],
      ["urgent", 1],
    ] as const)
      await queue.add(database.store.db, { kind: KIND, data: { n }, priority });
    expect(await queue.take(KIND, 1)).toMatchObject([{ data: { n: "urgent" } }]);
    await clear();
  });

  it("says how many jobs are in which state", async () => {
    const { db } = database.store;
    const depths = async () =>
      Object.fromEntries(
        (await queue.depths()).map(({ queue: name, state, count }) => [`${name} ${state}`, count]),
      );
    expect(await depths()).toEqual({ "test waiting": 0, "test retry": 0, "test active": 0 });
    for (const n of ["a", "b", "c", "d"]) await queue.add(db, { kind: KIND, data: { n } });
    const [failed, done] = await queue.take(KIND, 3);
    if (failed === undefined || done === undefined) throw new Error("Nothing was taken");
    await queue.failed(KIND, failed.id, "on purpose");
    await queue.done(KIND, done.id);
    expect(await depths()).toEqual({ "test waiting": 1, "test retry": 1, "test active": 1 });
    await clear();
  });

  it("tries a failed job again until its tries are used up", async () => {
    await queue.add(database.store.db, { kind: KIND, data: { n: "bad" } });
    const tries: [number, boolean][] = [];
    for (;;) {
      const [job] = await queue.take(KIND, 5);
      if (job === undefined) break;
      tries.push([job.tryNumber, job.isLastTry]);
      await queue.failed(KIND, job.id, "on purpose");
      expect(await queue.take(KIND, 5)).toEqual([]);
      await passPauses();
    }
    expect(tries).toEqual([
      [1, false],
      [2, false],
      [3, true],
    ]);
    expect(await states()).toEqual([{ n: "bad", state: "failed" }]);
    await clear();
  });

  it("gives a job whose worker vanished to another one when it expires", async () => {
    const brief: QueueKind = { ...KIND, expireSeconds: 1 };
    await queue.add(database.store.db, { kind: brief, data: { n: "orphan" } });
    expect(await queue.take(brief, 1)).toHaveLength(1);
    await database.pool.query("UPDATE pgboss.job SET started_on = now() - interval '1 hour'");
    const other = await openQueue(database.pool, [KIND], (error) => troubles.push(error));
    // The maintenance that every open queue does by itself, asked for now.
    const { default: PgBoss } = await import("pg-boss");
    const boss = new PgBoss({
      db: { executeSql: (text, values) => database.pool.query(text, values) },
      schema: "pgboss",
      schedule: false,
      supervise: false,
    });
    await boss.start();
    await boss.maintain();
    await boss.stop({ graceful: false });
    await passPauses();
    expect(await other.take(brief, 1)).toMatchObject([{ data: { n: "orphan" }, tryNumber: 2 }]);
    await other.close();
    await clear();
  });

  it("is worked at by several jobs at a time; a job that throws is tried again", async () => {
    for (const n of ["1", "2", "3"]) await queue.add(database.store.db, { kind: KIND, data: { n } });
    let running = 0;
    let most = 0;
    const worker = workQueue({
      queue,
      kind: KIND,
      concurrency: 2,
      logger,
      handle: async ({ data }) => {
        running += 1;
        most = Math.max(most, running);
        await Promise.resolve();
        running -= 1;
        if ("n" in data && data.n === "2") throw new Error("on purpose");
      },
    });
    await expect.poll(states, { timeout: 20_000 }).toEqual([
      { n: "1", state: "completed" },
      { n: "2", state: "retry" },
      { n: "3", state: "completed" },
    ]);
    await worker.close();
    expect(most).toBeLessThanOrEqual(2);
    await clear();
  });

  it("takes no more than there is room for at the moment", async () => {
    for (const n of ["1", "2"]) await queue.add(database.store.db, { kind: KIND, data: { n } });
    let room = 0;
    let asked = 0;
    let running = 0;
    let most = 0;
    const worker = workQueue({
      queue,
      kind: KIND,
      concurrency: 2,
      atMost: () => {
        asked += 1;
        return room;
      },
      logger,
      handle: async () => {
        running += 1;
        most = Math.max(most, running);
        await database.store.ping();
        running -= 1;
      },
    });
    worker.ring();
    await expect.poll(() => asked, { timeout: 20_000 }).toBeGreaterThan(1);
    expect(await states()).toEqual([
      { n: "1", state: "created" },
      { n: "2", state: "created" },
    ]);
    room = 1;
    worker.ring();
    await expect.poll(states, { timeout: 20_000 }).toEqual([
      { n: "1", state: "completed" },
      { n: "2", state: "completed" },
    ]);
    await worker.close();
    expect(most).toBe(1);
    await clear();
  });

  it("asks what is under way to give up when it closes", async () => {
    await queue.add(database.store.db, { kind: KIND, data: { n: "long" } });
    let begun = false;
    const worker = workQueue({
      queue,
      kind: KIND,
      concurrency: 1,
      logger,
      handle: (_job, signal) => {
        begun = true;
        return new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            reject(new Error("the worker closes"));
          });
        });
      },
    });
    await expect.poll(() => begun, { timeout: 20_000 }).toBe(true);
    await worker.close();
    expect(await states()).toEqual([{ n: "long", state: "retry" }]);
    await clear();
  });
});
