/**
 * The queue of work that outlives a request: pg-boss in the schema "pgboss" of the service's database.
 *
 * At least once: a job whose worker dies is given to another one when it expires, so handlers must bear to be repeated. pg-boss's own `work` loop
 * is not used, for it leaves the promise of a job's completion to nobody: a database that is away for a moment would end the process.
 */
import { CompiledQuery } from "kysely";
import type { Kysely } from "kysely";
import type { Pool } from "pg";
import PgBoss from "pg-boss";
import type { Database } from "../../store/schema.ts";

/** Kind of work, and how it is tried. */
export interface QueueKind {
  readonly name: string;
  /** Tries after the first one. */
  readonly retryLimit: number;
  /** Pause before the first of them, of which a half is chance; each next pause is twice as long. */
  readonly firstPauseSeconds: number;
  /** After so long a job counts as failed, and is tried again. */
  readonly expireSeconds: number;
}

/** How many jobs of a kind are open: waiting for their first try, to be tried again after a failure, or worked at. */
export interface QueueDepth {
  readonly queue: string;
  readonly state: "waiting" | "retry" | "active";
  readonly count: number;
}

/** One try at a job. */
export interface QueuedJob {
  readonly id: string;
  readonly data: object;
  /** 1, 2, 3, … */
  readonly tryNumber: number;
  readonly isLastTry: boolean;
}

/** See the file's header. */
export interface Queue {
  /** Adds a job, in the caller's transaction where that is one. A job of an id that is there already (a UUID) is not added again; says whether it was. */
  readonly add: (
    on: Kysely<Database>,
    job: {
      readonly kind: QueueKind;
      readonly data: object;
      readonly id?: string;
      /** Jobs of a higher one are taken first; 0 when left out. */
      readonly priority?: number;
    },
  ) => Promise<boolean>;
  /** Jobs that may be tried now, each for this caller alone until it expires. */
  readonly take: (kind: QueueKind, limit: number) => Promise<readonly QueuedJob[]>;
  readonly done: (kind: QueueKind, id: string) => Promise<void>;
  /** It is tried again later, as long as its kind says. */
  readonly failed: (kind: QueueKind, id: string, reason: string) => Promise<void>;
  /** Whether it waits, is tried, or nobody tries it any more; "unknown" where there is no such job. */
  readonly stateOf: (kind: QueueKind, id: string) => Promise<"open" | "closed" | "unknown">;
  /** Since how many seconds, by the database's clock, somebody works at it; null where nobody does. */
  readonly activeSeconds: (kind: QueueKind, id: string) => Promise<number | null>;
  /** Open jobs of every kind and state, of all processes together. */
  readonly depths: () => Promise<readonly QueueDepth[]>;
  /** Nobody tries it any more. */
  readonly cancel: (kind: QueueKind, id: string) => Promise<void>;
  /** The pool stays open. */
  readonly close: () => Promise<void>;
}

/** Our words for pg-boss's states of open jobs. */
const DEPTH_STATES = [
  ["waiting", "created"],
  ["retry", "retry"],
  ["active", "active"],
] as const;
const OPEN_STATES: ReadonlySet<string> = new Set(DEPTH_STATES.map(([, stored]) => stored));
const SCHEMA = "pgboss";
/** Keys of the advisory lock of whoever makes the queue. */
const MAKING_LOCK = [0x6265_7274, 1] as const;
/** How often expired jobs are looked for. */
const MAINTENANCE_SECONDS = 30;

/** Opens the queue, making it where it is not there. `onTrouble` hears of failures of its maintenance. */
export async function openQueue(
  pool: Pool,
  kinds: readonly QueueKind[],
  onTrouble: (error: Error) => void,
): Promise<Queue> {
  const boss = new PgBoss({
    db: { executeSql: (text: string, values?: unknown[]) => execute(pool, text, values) },
    schema: SCHEMA,
    schedule: false,
    maintenanceIntervalSeconds: MAINTENANCE_SECONDS,
  });
  boss.on("error", onTrouble);
  await oneAtATime(pool, async () => {
    await boss.start();
    for (const kind of kinds) await boss.createQueue(kind.name);
  });
  return {
    add: async (on, { kind, data, id, priority = 0 }) => {
      const added = await boss.send(kind.name, data, {
        ...(id === undefined ? {} : { id }),
        priority,
        retryLimit: kind.retryLimit,
        retryDelay: kind.firstPauseSeconds,
        retryBackoff: true,
        expireInSeconds: kind.expireSeconds,
        db: { executeSql: (text, values) => executeOn(on, text, values) },
      });
      return added !== null;
    },
    take: async (kind, limit) => {
      const jobs = await boss.fetch<object>(kind.name, { batchSize: limit, includeMetadata: true });
      return jobs.map(({ id, data, retryCount, retryLimit }) => ({
        id,
        data,
        tryNumber: retryCount + 1,
        isLastTry: retryCount >= retryLimit,
      }));
    },
    done: (kind, id) => boss.complete(kind.name, id),
    failed: (kind, id, reason) => boss.fail(kind.name, id, { reason }),
    stateOf: async (kind, id) => {
      const job = await boss.getJobById(kind.name, id);
      if (job === null) return "unknown";
      return OPEN_STATES.has(job.state) ? "open" : "closed";
    },
    activeSeconds: async ({ name }, id) => {
      const { rows } = await pool.query<{ readonly seconds: number }>(
        `SELECT extract(epoch FROM now() - started_on)::float8 AS seconds FROM ${SCHEMA}.job WHERE name = $1 AND id = $2 AND state = 'active'`,
        [name, id],
      );
      return rows[0]?.seconds ?? null;
    },
    depths: async () => {
      const { rows } = await pool.query<{
        readonly name: string;
        readonly state: string;
        readonly count: number;
      }>(
        `SELECT name, state::text, count(*)::integer AS count FROM ${SCHEMA}.job WHERE state < 'completed' GROUP BY 1, 2`,
      );
      return kinds.flatMap(({ name }) =>
        DEPTH_STATES.map(([state, stored]) => ({
          queue: name,
          state,
          count: rows.find((row) => row.name === name && row.state === stored)?.count ?? 0,
        })),
      );
    },
    cancel: (kind, id) => boss.cancel(kind.name, id),
    close: () => boss.stop({ graceful: false }),
  };
}

/** Processes that make the queue at the same time would wait for each other's locks for ever. */
async function oneAtATime(pool: Pool, work: () => Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("SELECT pg_advisory_lock($1, $2)", [...MAKING_LOCK]);
    await work();
    await client.query("SELECT pg_advisory_unlock($1, $2)", [...MAKING_LOCK]);
    client.release();
  } catch (error) {
    // The lock goes with the connection.
    client.release(true);
    throw error;
  }
}

/** pg-boss sends whole transactions as one text: one that fails half-way leaves its connection within it, which is therefore not used again. */
async function execute(
  pool: Pool,
  text: string,
  values: unknown[] | undefined,
): Promise<{ readonly rows: object[] }> {
  const client = await pool.connect();
  try {
    const result = await client.query<object>(text, values);
    client.release();
    return result;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

async function executeOn(
  on: Kysely<Database>,
  text: string,
  values: readonly unknown[],
): Promise<{ readonly rows: object[] }> {
  const { rows } = await on.executeQuery<object>(CompiledQuery.raw(text, [...values]));
  return { rows };
}
