/** What the store may expect of its database, be it embedded or a PostgreSQL server. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kysely, PostgresDialect } from "kysely";
import type { Generated } from "kysely";
import pg from "pg";
import PgBoss from "pg-boss";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openEmbeddedDatabase, poolOf } from "../../src/store/embedded/open-embedded-database.ts";
import { copyDataDirectory } from "../support/database-template.ts";
import { isPostgresAvailable, startPostgres } from "../support/postgres-server.ts";

interface Target {
  readonly makePool: (max: number) => pg.Pool;
  readonly connection: pg.PoolConfig;
  readonly close: () => Promise<void>;
}

async function embedded(dataDirectory: string | null): Promise<Target> {
  const database = await openEmbeddedDatabase({ dataDirectory });
  return {
    makePool: (max) => poolOf(database.poolConfig, max),
    connection: { ...database.poolConfig },
    close: database.close,
  };
}

const TARGETS: readonly (readonly [name: string, available: boolean, open: () => Promise<Target>])[] = [
  ["embedded, in memory", true, () => embedded(null)],
  [
    "embedded, in a directory",
    true,
    async () => {
      const directory = mkdtempSync(join(tmpdir(), "berth-test-store-"));
      await copyDataDirectory(directory);
      const target = await embedded(directory);
      return {
        ...target,
        close: async () => {
          await target.close();
          rmSync(directory, { recursive: true });
        },
      };
    },
  ],
  [
    "PostgreSQL server (skipped where PostgreSQL is not installed)",
    isPostgresAvailable(),
    async () => {
      const server = await startPostgres();
      const connection = { connectionString: server.url };
      return { makePool: (max) => poolOf(connection, max), connection, close: server.stop };
    },
  ],
];

describe.each(TARGETS)("%s", (_name, available, open) => {
  describe.skipIf(!available)("as the store's database", () => {
    let target: Target;
    let pool: pg.Pool;
    /** Idle connections that the server ended; a test that ends one expects it here. */
    const poolErrors: Error[] = [];
    beforeAll(async () => {
      target = await open();
      pool = target.makePool(8);
      pool.on("error", (error) => poolErrors.push(error));
      await pool.query("CREATE TABLE counter (id text PRIMARY KEY, value bigint NOT NULL)");
      await pool.query(
        "CREATE TABLE entry (id bigserial PRIMARY KEY, owner int NOT NULL, place int NOT NULL)",
      );
      await pool.query("CREATE TABLE document (id int PRIMARY KEY, body jsonb, bytes bytea, at timestamptz)");
    });
    afterAll(async () => {
      await pool.end();
      await target.close();
    });

    async function transaction<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
      const client = await pool.connect();
      try {
        await client.query("BEGIN");
        const result = await work(client);
        await client.query("COMMIT");
        return result;
      } catch (error) {
        await client.query("ROLLBACK");
        throw error;
      } finally {
        client.release();
      }
    }
    const entriesOf = async (owner: number): Promise<readonly number[]> =>
      (
        await pool.query<{ place: number }>("SELECT place FROM entry WHERE owner = $1 ORDER BY place", [
          owner,
        ])
      ).rows.map(({ place }) => place);

    it("runs transactions of 8 connections at the same time, each whole", async () => {
      await Promise.all(
        Array.from({ length: 8 }, (_, owner) =>
          transaction(async (client) => {
            for (let place = 0; place < 5; place += 1) {
              await client.query("INSERT INTO entry (owner, place) VALUES ($1, $2)", [owner, place]);
              const seen = await client.query<{ count: string }>(
                "SELECT count(*) FROM entry WHERE owner = $1",
                [owner],
              );
              expect(seen.rows[0]?.count).toBe(String(place + 1));
            }
          }),
        ),
      );
      for (let owner = 0; owner < 8; owner += 1) expect(await entriesOf(owner)).toEqual([0, 1, 2, 3, 4]);
    });

    it("serialises SELECT … FOR UPDATE: no increment is lost", async () => {
      await pool.query("INSERT INTO counter VALUES ('updates', 0)");
      const increment = (): Promise<void> =>
        transaction(async (client) => {
          const read = await client.query<{ value: string }>(
            "SELECT value FROM counter WHERE id = 'updates' FOR UPDATE",
          );
          await client.query("UPDATE counter SET value = $1 WHERE id = 'updates'", [
            BigInt(read.rows[0]?.value ?? -1) + 1n,
          ]);
        });
      await Promise.all(
        Array.from({ length: 8 }, async () => {
          for (let round = 0; round < 5; round += 1) await increment();
        }),
      );
      expect((await pool.query("SELECT value FROM counter WHERE id = 'updates'")).rows).toEqual([
        { value: "40" },
      ]);
    });

    it("undoes a transaction that fails, and names a unique violation 23505", async () => {
      await pool.query("INSERT INTO counter VALUES ('taken', 1)");
      const failing = transaction(async (client) => {
        await client.query("INSERT INTO entry (owner, place) VALUES (100, 0)");
        await client.query("INSERT INTO counter VALUES ('taken', 2)");
      });
      await expect(failing).rejects.toMatchObject({
        code: "23505",
        constraint: "counter_pkey",
        table: "counter",
      });
      expect(await entriesOf(100)).toEqual([]);
      await expect(pool.query("SELECT * FROM nowhere")).rejects.toMatchObject({ code: "42P01" });
      await expect(pool.query("SELECT $1::int", ["no number"])).rejects.toMatchObject({ code: "22P02" });
      expect((await pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    });

    it("refuses further statements in a failed transaction until it is rolled back", async () => {
      const client = await pool.connect();
      await client.query("BEGIN");
      await expect(client.query("SELECT 1 / 0")).rejects.toMatchObject({ code: "22012" });
      await expect(client.query("SELECT 1")).rejects.toMatchObject({ code: "25P02" });
      await client.query("ROLLBACK");
      await client.query("SELECT 1");
      client.release();
    });

    it("keeps 5 MB of JSON, bytes, big integers, jsonb and times", async () => {
      const body = { text: "ä€😀'\\\"".repeat(400_000), list: [1, null, true, { deep: [] }] };
      const bytes = randomBytes(1_000_000);
      const at = new Date("2026-03-29T01:30:00.123Z");
      expect(Buffer.byteLength(JSON.stringify(body))).toBeGreaterThan(5_000_000);
      await pool.query("INSERT INTO document VALUES (1, $1, $2, $3)", [JSON.stringify(body), bytes, at]);
      const { rows } = await pool.query<{ body: unknown; bytes: Buffer; at: Date }>(
        "SELECT body, bytes, at FROM document",
      );
      expect(rows[0]?.body).toEqual(body);
      expect(rows[0]?.bytes.equals(bytes)).toBe(true);
      expect(rows[0]?.at).toEqual(at);
      const big = await pool.query("SELECT $1::bigint AS big, $2::jsonb -> 'a' AS part", [
        "9223372036854775807",
        { a: [1] },
      ]);
      expect(big.rows).toEqual([{ big: "9223372036854775807", part: [1] }]);
    });

    it("tells every listener of a channel, after the commit and never of a rollback", async () => {
      const heard: string[] = [];
      const listen = async (name: string, statement: string): Promise<pg.Client> => {
        const client = new pg.Client(target.connection);
        await client.connect();
        client.on("notification", ({ channel, payload }) =>
          heard.push(`${name}:${channel}:${payload ?? ""}`),
        );
        await client.query(statement);
        return client;
      };
      const first = await listen("first", "LISTEN changes");
      const second = await listen("second", 'LISTEN changes; LISTEN "Other changes"');
      const third = await listen("third", "LISTEN elsewhere");
      // A notification precedes the answer to whatever a listener asks after the commit.
      const settle = async (): Promise<void> => {
        for (const client of [first, second, third]) await client.query("SELECT 1");
      };
      await transaction(async (client) => {
        await client.query("NOTIFY changes, 'one'");
        expect(heard).toEqual([]);
      });
      await settle();
      expect(heard.sort()).toEqual(["first:changes:one", "second:changes:one"]);
      heard.length = 0;
      await transaction(async (client) => {
        await client.query("SELECT pg_notify('changes', 'never')");
        throw new Error("on purpose");
      }).catch(() => undefined);
      await pool.query("SELECT pg_notify('Other changes', $1)", ["two"]);
      await first.query("UNLISTEN changes");
      await first.query("NOTIFY changes, 'three'");
      await settle();
      expect(heard.sort()).toEqual(["second:Other changes:two", "second:changes:three"]);
      heard.length = 0;
      await first.query("BEGIN; LISTEN changes; ROLLBACK");
      await second.end();
      await third.query("NOTIFY elsewhere, 'four'; NOTIFY changes, 'five'");
      await settle().catch(() => undefined);
      expect(heard).toEqual(["third:elsewhere:four"]);
      await first.end();
      await third.end();
    });

    it("rolls back a transaction whose connection is gone", async () => {
      const client = new pg.Client(target.connection);
      await client.connect();
      client.on("error", () => undefined);
      await client.query("BEGIN");
      await client.query("INSERT INTO entry (owner, place) VALUES (200, 0)");
      await client.query("INSERT INTO counter VALUES ('half', 1)");
      client.connection.stream.destroy();
      // Waits for the row's lock until the server has noticed.
      await pool.query("INSERT INTO counter VALUES ('half', 2)");
      expect(await entriesOf(200)).toEqual([]);
    });

    it("keeps prepared statements and settings of connections apart", async () => {
      const [left, right] = [await pool.connect(), await pool.connect()];
      await left.query("SET timezone TO 'Asia/Tokyo'");
      await left.query("SET search_path TO pg_catalog, public");
      for (let round = 0; round < 2; round += 1) {
        expect((await left.query({ name: "same", text: "SELECT 'left' AS side" })).rows).toEqual([
          { side: "left" },
        ]);
        expect((await right.query({ name: "same", text: "SELECT 'right' AS side" })).rows).toEqual([
          { side: "right" },
        ]);
        expect((await left.query("SHOW timezone")).rows).toEqual([{ TimeZone: "Asia/Tokyo" }]);
        expect((await left.query("SHOW search_path")).rows).toEqual([{ search_path: "pg_catalog, public" }]);
        expect((await right.query("SHOW timezone")).rows).not.toEqual([{ TimeZone: "Asia/Tokyo" }]);
      }
      await left.query("BEGIN; SET timezone TO 'Asia/Tokyo'; ROLLBACK");
      await left.query("RESET ALL");
      expect((await left.query("SHOW timezone")).rows).toEqual((await right.query("SHOW timezone")).rows);
      left.release();
      right.release();
    });

    it("serves Kysely's PostgreSQL dialect", async () => {
      interface Tables {
        readonly entry: { readonly id: Generated<string>; readonly owner: number; readonly place: number };
      }
      const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: target.makePool(2) }) });
      const ids = await kysely.transaction().execute(async (tx) => {
        await tx.insertInto("entry").values({ owner: 300, place: 1 }).execute();
        return tx.selectFrom("entry").select("id").where("owner", "=", 300).forUpdate().execute();
      });
      expect(ids).toHaveLength(1);
      const failing = kysely.transaction().execute(async (tx) => {
        await tx.deleteFrom("entry").where("owner", "=", 300).execute();
        throw new Error("on purpose");
      });
      await expect(failing).rejects.toThrow("on purpose");
      expect(await entriesOf(300)).toEqual([1]);
      await kysely.destroy();
    });

    it("serves pg-boss: jobs are sent, worked and completed", async () => {
      const bossPool = target.makePool(2);
      const boss = new PgBoss({
        db: { executeSql: (text, values) => bossPool.query(text, values) },
        schema: "queue",
        supervise: false,
        schedule: false,
      });
      boss.on("error", (error) => {
        throw error;
      });
      await boss.start();
      await boss.createQueue("plans");
      const done = new Promise<unknown>((resolve) => {
        void boss.work<{ revision: number }>("plans", { pollingIntervalSeconds: 0.5 }, (jobs) => {
          resolve(jobs.map(({ data }) => data));
          return Promise.resolve();
        });
      });
      await boss.send("plans", { revision: 7 });
      expect(await done).toEqual([{ revision: 7 }]);
      const state = async (): Promise<unknown> =>
        (await bossPool.query("SELECT state FROM queue.job WHERE name = 'plans'")).rows;
      await expect.poll(state, { timeout: 30_000 }).toEqual([{ state: "completed" }]);
      await boss.stop({ graceful: true, wait: true, timeout: 5000 });
      await bossPool.end();
    });

    it("ends a pool and takes the next one", async () => {
      const short = target.makePool(3);
      await Promise.all([1, 2, 3].map((n) => short.query("SELECT $1::int", [n])));
      await short.end();
      const next = target.makePool(1);
      expect((await next.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
      await next.end();
      expect(poolErrors).toEqual([]);
    });
  });
});
