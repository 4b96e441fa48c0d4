/** Workers on one database that compare horizons, in this process and in others that can be killed. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { pino } from "pino";
import type { Pool } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { emptyCluster } from "../../src/domain/cluster-state.ts";
import { systemClock } from "../../src/service/clock.ts";
import { configurationOfSettings } from "../../src/service/clusters/cluster-configuration.ts";
import type { CampaignInput } from "../../src/service/campaigns/campaign-input.ts";
import type { ComparisonInput } from "../../src/service/comparisons/comparison-input.ts";
import type { QueueKind } from "../../src/service/queue/open-queue.ts";
import { openQueue } from "../../src/service/queue/open-queue.ts";
import { CAMPAIGNS, COMPARISONS, runComparisons } from "../../src/service/worker/run-comparisons.ts";
import { HORIZON_PARTS } from "../../src/service/worker/run-horizon-parts.ts";
import { changeBell } from "../../src/store/change-bell.ts";
import { connectPool } from "../../src/store/connect.ts";
import type { DatabaseAddress } from "../../src/store/connect.ts";
import { openEmbeddedDatabase } from "../../src/store/embedded/open-embedded-database.ts";
import type { Store } from "../../src/store/store.ts";
import { openStore } from "../../src/store/store.ts";
import { VM_TYPES } from "../support/comparison.ts";
import { memoryImage } from "../support/database-template.ts";
import { startPostgres } from "../support/postgres-server.ts";
import { startProgram } from "../support/start-program.ts";

/** For whatever threads of a busy machine need. */
export const PATIENT = { timeout: 200_000, interval: 50 };
export const TIMEOUT_MILLISECONDS = 400_000;
/** Of the one cluster. */
export const SETTINGS = { vmTypes: VM_TYPES, maxNodes: 2, nodeLimits: [], replanIntervalSeconds: 3600 };

const KINDS = [COMPARISONS, CAMPAIGNS, HORIZON_PARTS];
const CONNECTIONS = 6;
const MORTAL = "mortal";
const logger = pino({ level: "silent" });
const ignore = (): void => undefined;

/** A database of its own. */
export interface Target {
  readonly address: DatabaseAddress;
  readonly close: () => Promise<void>;
}
/** In memory. */
export async function embedded(): Promise<Target> {
  const { poolConfig, close } = await openEmbeddedDatabase({
    dataDirectory: null,
    memoryImage: await memoryImage(),
  });
  return { address: { kind: "embedded", poolConfig }, close };
}
/** A server of its own. */
export async function postgres(): Promise<Target> {
  const { url, stop } = await startPostgres();
  return { address: { kind: "postgres", url }, close: stop };
}

/** A database with one cluster, and what tests do with it. */
export function comparing(open: () => Promise<Target>) {
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
    await (await openQueue(pool, KINDS, ignore)).close();
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
      const queue = await openQueue(own, KINDS, ignore);
      const means = { store: ownStore, pool: own, bell, queue, clock: systemClock(), logger };
      const worker = runComparisons({ ...means, atOnce: 1, onEnd: ignore });
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
      const child = await startProgram(new URL("../support/comparison-worker.ts", import.meta.url), [], {
        DATABASE_URL: address.kind === "postgres" ? address.url : "",
        PGAPPNAME: MORTAL,
      });
      const ended = once(child, "exit");
      const kill = async (): Promise<void> => {
        child.kill("SIGKILL");
        await ended;
      };
      closing.push(kill);
      await once(child.stdout, "data");
      return { kill };
    },
    post: async (input: ComparisonInput | CampaignInput) => {
      const id = randomUUID();
      await store.comparisons.insert({
        clusterId: "default",
        id,
        kind: "templates" in input ? "campaign" : "variants",
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
    /** Takes jobs of a kind from the queue as a worker does that dies before it begins; gives how many there were. */
    takeAndDie: async (kind: QueueKind): Promise<number> => {
      const queue = await openQueue(pool, KINDS, ignore);
      const taken = await queue.take(kind, 10);
      await queue.close();
      return taken.length;
    },
    /** Puts a comparison into the queue, which workers do otherwise. */
    enqueue: async (id: string): Promise<void> => {
      const queue = await openQueue(pool, KINDS, ignore);
      const data = { clusterId: "default", comparisonId: id };
      expect(await queue.add(store.db, { kind: COMPARISONS, data, id })).toBe(true);
      await queue.close();
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
    storeOf: (): Store => store,
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
