/** Horizon comparisons in parts: what comes out is what one worker alone finds out, whoever simulates the parts and whoever dies at it. */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import type { Pool } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { loadReferenceData } from "../../src/catalog/reference-data.ts";
import { oneByOne } from "../../src/comparison/compare-horizons.ts";
import { emptyCluster } from "../../src/domain/cluster-state.ts";
import { comparisonRequestSchema } from "../../src/report/comparison-request.ts";
import { systemClock } from "../../src/service/clock.ts";
import { configurationOfSettings } from "../../src/service/clusters/cluster-configuration.ts";
import { compareInput } from "../../src/service/comparisons/compare-input.ts";
import type { ComparisonInput } from "../../src/service/comparisons/comparison-input.ts";
import { comparisonInput } from "../../src/service/comparisons/comparison-input.ts";
import { openQueue } from "../../src/service/queue/open-queue.ts";
import { COMPARISONS, runComparisons } from "../../src/service/worker/run-comparisons.ts";
import { HORIZON_PARTS } from "../../src/service/worker/run-horizon-parts.ts";
import { highsSolver } from "../../src/solver/highs-solver.ts";
import { changeBell } from "../../src/store/change-bell.ts";
import { connectPool } from "../../src/store/connect.ts";
import type { DatabaseAddress } from "../../src/store/connect.ts";
import { openEmbeddedDatabase } from "../../src/store/embedded/open-embedded-database.ts";
import type { Store } from "../../src/store/store.ts";
import { openStore } from "../../src/store/store.ts";
import { hourJob, VM_TYPES } from "../support/comparison.ts";
import { isPostgresAvailable, startPostgres } from "../support/postgres-server.ts";
import { NOW_SECONDS } from "../support/written-problem.ts";

const PATIENT = { timeout: 200_000, interval: 50 };
const TIMEOUT_MILLISECONDS = 400_000;
const CONNECTIONS = 6;
const MORTAL = "mortal";
const logger = pino({ level: "silent" });
const ignore = (): void => undefined;

const SETTINGS = { vmTypes: VM_TYPES, maxNodes: 2, nodeLimits: [], replanIntervalSeconds: 3600 };
const BODY = comparisonRequestSchema.parse({
  mode: "horizon",
  marginalValues: true,
  variants: [
    { name: "as it is" },
    { name: "one node", maxNodes: 1 },
    { name: "three nodes", maxNodes: 3 },
    { name: "tight", dueDateSlack: { factor: 0.5, addedSeconds: 0 } },
  ],
});

/** A horizon comparison of so many jobs on an empty cluster. */
function inputOf(jobCount: number): ComparisonInput {
  const arrivals = Array.from({ length: jobCount }, (_, index) => ({
    ...hourJob(`job-${index}`, 4000 + 1700 * (index % 7) + 900 * index),
    submittedAtSeconds: NOW_SECONDS + 600 * index,
  }));
  return comparisonInput({ state: emptyCluster(SETTINGS), arrivals, policy: "progress-value" }, BODY);
}
const SHORT = inputOf(4);
/** Its parts take seconds. */
const LONG = inputOf(45);

/** Its jobs arrive before its beginning, which no horizon allows. */
const IMPOSSIBLE: ComparisonInput = {
  ...SHORT,
  state: { ...SHORT.state, nowSeconds: NOW_SECONDS + 10_000 },
};

/** What one thread finds out that does everything itself. */
async function expected(input: ComparisonInput): Promise<unknown> {
  const solver = highsSolver({ threads: 1 });
  const means = { reference: loadReferenceData(), solver, run: oneByOne(solver) };
  const view = await compareInput(input, means, {}).finally(() => solver.close());
  return JSON.parse(JSON.stringify(view)) as unknown;
}

interface Target {
  readonly address: DatabaseAddress;
  readonly close: () => Promise<void>;
}
async function embedded(): Promise<Target> {
  const { poolConfig, close } = await openEmbeddedDatabase({ dataDirectory: null });
  return { address: { kind: "embedded", poolConfig }, close };
}
async function postgres(): Promise<Target> {
  const { url, stop } = await startPostgres();
  return { address: { kind: "postgres", url }, close: stop };
}

/** A database with one cluster, and what tests do with it. */
function comparing(open: () => Promise<Target>) {
  let target: Target;
  let pool: Pool;
  let store: Store;
  const closing: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    target = await open();
    pool = connectPool(target.address, CONNECTIONS, ignore);
    store = await openStore(pool);
    const initialSettings = emptyCluster(SETTINGS).settings;
    const configuration = configurationOfSettings(initialSettings, "progress-value");
    await store.clusters.create({ id: "default", configuration, initialSettings, createdAtSeconds: 0 });
    await (await openQueue(pool, [COMPARISONS, HORIZON_PARTS], ignore)).close();
  }, TIMEOUT_MILLISECONDS);
  beforeEach(async () => {
    await pool.query("DELETE FROM pgboss.job");
    await pool.query("DELETE FROM comparisons");
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  }, TIMEOUT_MILLISECONDS);
  afterAll(async () => {
    await store.close();
    await target.close();
  });

  const summary = async (id: string) => {
    const found = await store.comparisons.summary("default", id);
    if (found === undefined) throw new Error("The comparison is gone");
    return found;
  };
  return {
    /** A worker of this process with one seat and connections of its own. */
    work: async () => {
      const own = connectPool(target.address, CONNECTIONS, ignore);
      const ownStore = await openStore(own);
      const bell = await changeBell(own, ignore);
      const queue = await openQueue(own, [COMPARISONS, HORIZON_PARTS], ignore);
      const means = { store: ownStore, pool: own, bell, queue, clock: systemClock(), logger };
      const worker = runComparisons({ ...means, atOnce: 1 });
      let isOpen = true;
      const close = async (): Promise<void> => {
        if (!isOpen) return;
        isOpen = false;
        await worker.close();
        await queue.close();
        await bell.close();
        await ownStore.close();
      };
      closing.push(close);
      return { close };
    },
    /** A worker in a process of its own; gives the way to kill it. */
    mortalWorker: async () => {
      const { address } = target;
      const child = spawn(
        process.execPath,
        ["--import", "tsx", fileURLToPath(new URL("../support/comparison-worker.ts", import.meta.url))],
        {
          env: {
            ...process.env,
            DATABASE_URL: address.kind === "postgres" ? address.url : "",
            PGAPPNAME: MORTAL,
          },
          stdio: ["ignore", "pipe", "inherit"],
        },
      );
      const ended = once(child, "exit");
      const kill = async (): Promise<void> => {
        child.kill("SIGKILL");
        await ended;
      };
      closing.push(kill);
      await once(child.stdout, "data");
      return { kill };
    },
    post: async (input: ComparisonInput) => {
      const id = randomUUID();
      await store.comparisons.insert({
        clusterId: "default",
        id,
        status: "queued",
        request: {},
        input,
        createdAtSeconds: 0,
        finishedAtSeconds: null,
        progress: 0,
        result: null,
        failure: null,
      });
      await store.ring({ kind: "work", clusterId: "default" });
      return id;
    },
    cancel: async (id: string) => {
      await store.comparisons.update("default", id, { status: "cancelled", finishedAtSeconds: 1 });
      await store.ring({ kind: "work", clusterId: "default" });
    },
    summary,
    /** Waits for its end; gives the result, and all the progress that was seen. */
    ended: async (id: string) => {
      const progress: number[] = [];
      await expect
        .poll(async () => {
          const now = await summary(id);
          progress.push(now.progress);
          return now.failure ?? now.status;
        }, PATIENT)
        .toBe("done");
      return { result: (await store.comparisons.find("default", id))?.result, progress };
    },
    parts: (id: string) => store.horizonParts.ofComparison("default", id),
    openJobs: async (): Promise<unknown> =>
      (await pool.query("SELECT id FROM pgboss.job WHERE state NOT IN ('completed', 'cancelled')")).rows,
    /** The ids of these that the mortal worker holds the lock of. */
    heldByMortal: async (ids: readonly string[]): Promise<readonly string[]> => {
      const { rows } = await pool.query<{ readonly id: string }>(
        `SELECT id FROM unnest($1::text[]) AS id
         JOIN pg_locks ON locktype = 'advisory' AND granted AND objid::bigint = (hashtext(id)::bigint & 4294967295)
         JOIN pg_stat_activity USING (pid) WHERE application_name = $2`,
        [ids, MORTAL],
      );
      return rows.map(({ id }) => id);
    },
    running: async (id: string): Promise<number> =>
      (await store.horizonParts.ofComparison("default", id)).filter(({ status }) => status === "running")
        .length,
  };
}

describe("a comparison in parts, on the embedded database", () => {
  const { work, post, summary, ended, parts, cancel, running, openJobs } = comparing(embedded);

  it(
    "comes to its end with one worker that has one seat, with several comparisons at once",
    async () => {
      const wanted = await expected(SHORT);
      const ids = [await post(SHORT), await post(SHORT)];
      await work();
      for (const id of ids) {
        const { result } = await ended(id);
        expect(result).toEqual(wanted);
        await expect.poll(() => parts(id), PATIENT).toEqual([]);
      }
    },
    TIMEOUT_MILLISECONDS,
  );

  it(
    "finds the parts that are done when it is begun again",
    async () => {
      const wanted = await expected(LONG);
      const id = await post(LONG);
      const first = await work();
      const done = async () =>
        (await parts(id)).filter(({ status }) => status === "done").map((part) => part.id);
      await expect.poll(async () => (await done()).length, PATIENT).toBeGreaterThan(0);
      await first.close();
      const before = await done();
      expect(before.length).toBeLessThan(BODY.variants.length);
      await work();
      await expect.poll(() => running(id), PATIENT).toBe(1);
      expect(await done()).toEqual(expect.arrayContaining(before));
      expect(await parts(id)).toHaveLength(BODY.variants.length);
      expect((await ended(id)).result).toEqual(wanted);
    },
    TIMEOUT_MILLISECONDS,
  );

  it(
    "fails with the words that it would have failed with in one thread",
    async () => {
      const id = await post(IMPOSSIBLE);
      await work();
      await expect.poll(async () => (await summary(id)).status, PATIENT).toBe("failed");
      const { failure } = await summary(id);
      await expect(expected(IMPOSSIBLE)).rejects.toThrow(failure ?? expect.fail());
      expect(failure).toContain("before the last one");
    },
    TIMEOUT_MILLISECONDS,
  );

  it(
    "ends its parts soon when it is cancelled",
    async () => {
      const id = await post(LONG);
      await work();
      await expect.poll(() => running(id), PATIENT).toBe(1);
      await cancel(id);
      await expect.poll(() => parts(id), PATIENT).toEqual([]);
      await expect.poll(openJobs, PATIENT).toEqual([]);
    },
    TIMEOUT_MILLISECONDS,
  );
});

describe.skipIf(!isPostgresAvailable())("a comparison in parts, on PostgreSQL (needs it here)", () => {
  const { work, mortalWorker, post, ended, parts, heldByMortal, running } = comparing(postgres);
  let wanted: unknown;
  beforeAll(async () => {
    wanted = await expected(LONG);
  }, TIMEOUT_MILLISECONDS);

  it(
    "is worked at by two workers at a time, and comes out the same",
    async () => {
      const id = await post(LONG);
      await work();
      await work();
      // Each has one seat.
      await expect.poll(() => running(id), PATIENT).toBe(2);
      const { result, progress } = await ended(id);
      expect(result).toEqual(wanted);
      expect(progress).toEqual([...progress].sort((a, b) => a - b));
      expect(progress.some((share) => share > 0 && share < 1)).toBe(true);
    },
    TIMEOUT_MILLISECONDS,
  );

  it(
    "comes out the same when a worker is killed that simulates a part",
    async () => {
      const id = await post(LONG);
      await work();
      await expect.poll(async () => (await parts(id)).length, PATIENT).toBe(BODY.variants.length);
      const { kill } = await mortalWorker();
      const struck = async () => heldByMortal((await parts(id)).map((part) => part.id));
      await expect.poll(async () => (await struck()).length, PATIENT).toBe(1);
      await kill();
      expect((await parts(id)).filter(({ status }) => status === "running").length).toBeGreaterThan(0);
      expect((await ended(id)).result).toEqual(wanted);
    },
    TIMEOUT_MILLISECONDS,
  );

  it(
    "comes out the same when the worker is killed that conducts",
    async () => {
      const { kill } = await mortalWorker();
      const id = await post(LONG);
      await expect.poll(() => running(id), PATIENT).toBe(1);
      expect(await heldByMortal([id])).toEqual([id]);
      await kill();
      await work();
      expect((await ended(id)).result).toEqual(wanted);
    },
    TIMEOUT_MILLISECONDS,
  );
});
