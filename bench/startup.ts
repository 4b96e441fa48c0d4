/**
 * How long the service takes from its start to a plan that can be relied on, with a large store.
 *
 *   npm run bench:startup -- [--jobs 100000] [--active 2000] [--store embedded|postgres]
 *
 * The history is written as the service writes it: batches of arrivals, most of which were cancelled or completed since, and plans in between.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { sql } from "kysely";
import type { Pool } from "pg";
import { z } from "zod";
import { jobMaker } from "../src/catalog/job-from-spec.ts";
import { loadReferenceData } from "../src/catalog/reference-data.ts";
import { loadScenario } from "../src/catalog/scenario.ts";
import { emptyCluster } from "../src/domain/cluster-state.ts";
import type { ClusterEvent } from "../src/domain/event.ts";
import { jobId } from "../src/domain/ids.ts";
import type { Job } from "../src/domain/job.ts";
import { recordEvent } from "../src/service/recording/record-event.ts";
import { connectPool } from "../src/store/connect.ts";
import type { DatabaseAddress } from "../src/store/connect.ts";
import { openEmbeddedDatabase } from "../src/store/embedded/open-embedded-database.ts";
import type { Store } from "../src/store/store.ts";
import { openStore } from "../src/store/store.ts";
import { scenarioText } from "../test/campaign/campaign-scenario.ts";
import type { ServiceProcess } from "../test/campaign/service-process.ts";
import { configurationOfSettings } from "../src/service/clusters/cluster-configuration.ts";
import { serviceProcess } from "../test/campaign/service-process.ts";
import { startPostgres } from "../test/support/postgres-server.ts";
import { residentMemory } from "./support/resident-memory.ts";
import { markdownTable } from "./support/table.ts";

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const { values } = parseArgs({
  options: {
    jobs: { type: "string", default: "100000" },
    active: { type: "string", default: "2000" },
    store: { type: "string", default: "embedded" },
  },
});
const whole = z.coerce.number().int().min(1);
const options = z
  .object({ jobs: whole, active: whole, store: z.enum(["embedded", "postgres"]) })
  .parse(values);

const JOBS_PER_BATCH = 500;
const CONNECTIONS = 3;
const DAY_SECONDS = 86_400;

const directory = mkdtempSync(join(tmpdir(), "berth-startup-"));
const dataDirectory = join(directory, "data");
const scenarioPath = join(directory, "scenario.json");
writeFileSync(scenarioPath, scenarioText({ maxNodes: 24 }));
const reference = loadReferenceData();
const { settings } = loadScenario(scenarioPath, reference);
const postgres = options.store === "postgres" ? await startPostgres({ durable: true }) : null;
const nowSeconds = Math.floor(Date.now() / 1000);

try {
  const wroteSeconds = await timed(() => onStore(writeHistory));
  const rows: (readonly string[])[] = [["writing the history", `${wroteSeconds.toFixed(1)} s`]];
  const service = await serviceProcess("service", {
    BERTH_SCENARIO: scenarioPath,
    BERTH_SHUTDOWN_GRACE_SECONDS: "2",
    ...(postgres === null ? { BERTH_DATA_DIR: dataDirectory } : { DATABASE_URL: postgres.url }),
  });
  rows.push(["first start: no snapshot, all to fold and a plan to make", ...(await startTimes(service))]);
  await service.stop();
  const kept = await onStore((store) => store.latestSnapshot("default"));
  rows.push(["jobs in the snapshot that the stop left", `${kept?.state.jobs.length ?? "none"}`]);
  rows.push(["start from the snapshot", ...(await startTimes(service))]);
  await service.kill();
  rows.push(["start after kill -9, from the snapshot", ...(await startTimes(service))]);
  await service.kill();
  rows.push(["size of the database", await onStore(databaseSize)]);
  await onStore((_store, pool) => pool.query("DELETE FROM snapshots"));
  rows.push(["start without the snapshot", ...(await startTimes(service))]);
  rows.push(["resident memory of the service then", await residentMemory(service.url)]);
  await service.kill();
  rows.push(["load average", loadavg()[0]?.toFixed(1) ?? ""]);
  console.log(
    markdownTable(
      [
        `${options.jobs} jobs, ${options.active} of them waiting, ${options.store}`,
        "listens",
        "ready",
        "a new plan",
      ],
      rows.map((row) => [...row, "", "", ""].slice(0, 4)),
    ),
  );
} finally {
  await postgres?.stop();
  rmSync(directory, { recursive: true, force: true });
}

/** Until it listens, until /readyz is 200, and until an event that was posted then is in a plan. */
async function startTimes(service: ServiceProcess): Promise<readonly string[]> {
  const startedAt = performance.now();
  const since = (): string => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
  await service.start();
  const listens = since();
  while ((await fetch(`${service.url}/readyz`)).status !== 200) await wait(20);
  const ready = since();
  const revisionSchema = z.object({ revision: z.int() });
  const posted = await fetch(`${service.url}/v1/replan`, { method: "POST" });
  const { revision } = revisionSchema.parse(await posted.json());
  for (;;) {
    const plan = revisionSchema.parse(await (await fetch(`${service.url}/v1/plan`)).json());
    if (plan.revision >= revision) return [listens, ready, since()];
    await wait(20);
  }
}

/** With indexes and the last snapshots; the log of PostgreSQL's writes comes on top. */
async function databaseSize(_store: Store, pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ size: string }>(
    "SELECT pg_size_pretty(pg_database_size(current_database())) AS size",
  );
  return rows[0]?.size ?? "";
}

async function onStore<Result>(work: (store: Store, pool: Pool) => Promise<Result>): Promise<Result> {
  const database = postgres === null ? await openEmbeddedDatabase({ dataDirectory }) : null;
  const address: DatabaseAddress =
    database === null
      ? { kind: "postgres", url: postgres?.url ?? "" }
      : { kind: "embedded", poolConfig: database.poolConfig };
  const pool = connectPool(address, CONNECTIONS, (error) => {
    console.error(error.message);
  });
  const store = await openStore(pool);
  try {
    return await work(store, pool);
  } finally {
    await store.close();
    await database?.close();
  }
}

async function writeHistory(store: Store): Promise<void> {
  const { settings: initialSettings } = emptyCluster(settings);
  await store.clusters.create({
    id: "default",
    configuration: configurationOfSettings(initialSettings, "progress-value"),
    initialSettings,
    createdAtSeconds: nowSeconds - DAY_SECONDS,
  });
  const makeJob = jobMaker(reference, settings);
  for (let first = 0; first < options.jobs; first += JOBS_PER_BATCH) {
    const atSeconds = nowSeconds - DAY_SECONDS * (1 - first / options.jobs);
    const count = Math.min(JOBS_PER_BATCH, options.jobs - first);
    const specs = Array.from({ length: count }, (_, index) => specOf(first + index));
    const jobs = specs.map((spec): Job => {
      const made = makeJob(spec, { id: jobId(spec.id), submittedAtSeconds: atSeconds });
      if (made.kind !== "job") throw new Error(`Job ${spec.id} cannot be planned for`);
      return made.job;
    });
    const requests = new Map(specs.map((spec) => [spec.id, spec]));
    await record(store, { kind: "jobs-arrived", atSeconds, jobs }, requests);
  }
  // The ends of jobs, as the service records them, but many in one statement: one by one they would take hours.
  await endJobs(store, options.jobs - options.active);
}

async function record(
  store: Store,
  event: ClusterEvent,
  requests: ReadonlyMap<string, object>,
): Promise<void> {
  await store.write("default", (locked) =>
    recordEvent(locked, { event, requests, cause: { principal: null, requestId: null } }),
  );
}

async function endJobs(store: Store, count: number): Promise<void> {
  const cluster = await store.clusters.find("default");
  if (cluster === undefined) throw new Error("The cluster is gone");
  const status = JSON.stringify({ kind: "cancelled", atSeconds: nowSeconds });
  await sql`
    INSERT INTO events (cluster_id, sequence, kind, at_seconds, body)
    SELECT 'default', ${cluster.lastSequence}::bigint + number, 'job-cancelled', ${nowSeconds}::double precision,
      json_build_object('kind', 'job-cancelled', 'atSeconds', ${nowSeconds}::bigint,
        'jobId', 'old-' || lpad((number - 1)::text, 6, '0'))
    FROM generate_series(1, ${count}::bigint) AS number`.execute(store.db);
  await sql`
    UPDATE jobs SET status = 'cancelled', ended_at_seconds = ${nowSeconds}::double precision,
      course = jsonb_set(course::jsonb, '{status}', ${status}::jsonb)::json
    WHERE id < ${`old-${String(count).padStart(6, "0")}`}`.execute(store.db);
  await store.db
    .updateTable("clusters")
    .set({ last_sequence: cluster.lastSequence + count, last_at_seconds: nowSeconds })
    .execute();
}

function specOf(number: number) {
  return {
    id: `old-${String(number).padStart(6, "0")}`,
    network: number % 2 === 0 ? "resnet50" : "resnet18",
    framework: "pytorch" as const,
    batchSize: 64,
    samples: 10_000 * (1 + (number % 50)),
    epochs: 1 + (number % 3),
    dueAt: nowSeconds + DAY_SECONDS,
    tardinessCostPerHourUsd: 10 + (number % 20),
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}
