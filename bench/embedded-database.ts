/** Speed of the embedded database in a directory: starts, small transactions of four connections, large ones, and the main thread's delay meanwhile. */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type pg from "pg";
import { openEmbeddedDatabase, poolOf } from "../src/store/embedded/open-embedded-database.ts";

const CONNECTIONS = 4;
const SMALL_TRANSACTIONS = 400;
const LARGE_TRANSACTIONS = 40;
const ROWS_PER_LARGE_TRANSACTION = 50;
const BYTES_PER_ROW = 2000;

const directory = mkdtempSync(join(tmpdir(), "berth-bench-store-"));
const print = (name: string, value: string): void => {
  process.stdout.write(`${name.padEnd(58)} ${value}\n`);
};
const secondsOf = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};
const memoryMib = (): string => `${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB`;
const percentile = (sorted: readonly number[], share: number): string =>
  `${(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN).toFixed(1)} ms`;

async function transaction(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    await work(client);
    await client.query("COMMIT");
  } finally {
    client.release();
  }
}

/** Runs `count` pieces of work from all connections, and gives the time of each, milliseconds, ascending. */
async function latencies(count: number, work: (n: number) => Promise<void>): Promise<readonly number[]> {
  const times: number[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (next < count) {
        const n = next;
        next += 1;
        times.push((await secondsOf(() => work(n))) * 1000);
      }
    }),
  );
  return times.sort((a, b) => a - b);
}

print("cores, load average at the start", `${cpus().length}, ${loadavg()[0]?.toFixed(1) ?? "?"}`);
print(
  "start in an empty directory",
  `${(
    await secondsOf(async () => {
      await (await openEmbeddedDatabase({ dataDirectory: directory })).close();
    })
  ).toFixed(2)} s`,
);
const start = performance.now();
const database = await openEmbeddedDatabase({ dataDirectory: directory });
print("start in an existing directory", `${((performance.now() - start) / 1000).toFixed(2)} s`);
print("memory of the process after the start", memoryMib());
const pool = poolOf(database.poolConfig, CONNECTIONS);
await pool.query(
  "CREATE TABLE small (id int PRIMARY KEY, value int); CREATE TABLE total (id int PRIMARY KEY, value int)",
);
await pool.query("CREATE TABLE large (id bigserial PRIMARY KEY, body jsonb)");
await pool.query("INSERT INTO total SELECT n, 0 FROM generate_series(0, 9) AS n");

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const insertOnly = await secondsOf(() =>
  latencies(SMALL_TRANSACTIONS, async (n) => {
    await pool.query("INSERT INTO small VALUES ($1, 0)", [-1 - n]);
  }),
);
print(
  "single-statement commits from 4 connections",
  `${(SMALL_TRANSACTIONS / insertOnly).toFixed(0)} commits/s`,
);
let times: readonly number[] = [];
const small = await secondsOf(async () => {
  times = await latencies(SMALL_TRANSACTIONS, (n) =>
    transaction(pool, async (client) => {
      await client.query("INSERT INTO small VALUES ($1, $2)", [n, n]);
      await client.query("UPDATE total SET value = value + 1 WHERE id = $1", [n % 10]);
    }),
  );
});
print(
  "BEGIN, INSERT, UPDATE, COMMIT from 4 connections",
  `${(SMALL_TRANSACTIONS / small).toFixed(0)} commits/s`,
);
print("  latency p50, p99", `${percentile(times, 0.5)}, ${percentile(times, 0.99)}`);
const body = JSON.stringify({ text: "x".repeat(BYTES_PER_ROW) });
const large = await secondsOf(() =>
  latencies(LARGE_TRANSACTIONS, () =>
    transaction(pool, async (client) => {
      for (let row = 0; row < ROWS_PER_LARGE_TRANSACTION; row += 1) {
        await client.query("INSERT INTO large (body) VALUES ($1)", [body]);
      }
    }),
  ),
);
print(
  "transactions of 50 rows of 2 kB JSON, row by row",
  `${((LARGE_TRANSACTIONS * ROWS_PER_LARGE_TRANSACTION) / large).toFixed(0)} rows/s`,
);
const bodies = Array.from({ length: ROWS_PER_LARGE_TRANSACTION }, () => body);
const bulk = await secondsOf(() =>
  latencies(LARGE_TRANSACTIONS, async () => {
    await pool.query("INSERT INTO large (body) SELECT unnest($1::jsonb[])", [bodies]);
  }),
);
print(
  "the same 50 rows in one statement",
  `${((LARGE_TRANSACTIONS * ROWS_PER_LARGE_TRANSACTION) / bulk).toFixed(0)} rows/s`,
);
delay.disable();
print(
  "event-loop delay of the main thread meanwhile, p50, p99, max",
  [delay.percentile(50), delay.percentile(99), delay.max]
    .map((ns) => `${(ns / 1e6).toFixed(1)} ms`)
    .join(", "),
);
print("memory of the process after the work", memoryMib());
await pool.end();
print("close", `${(await secondsOf(database.close)).toFixed(2)} s`);
rmSync(directory, { recursive: true });
