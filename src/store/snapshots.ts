/** States from which the fold of the history starts, so that a start does not read all of it. */
import type { Kysely, RawBuilder } from "kysely";
import { sql } from "kysely";
import type { ClusterState } from "../domain/cluster-state.ts";
import type { DurationTable } from "../domain/duration-table.ts";
import type { DurationTableStore } from "./duration-tables.ts";
import type { StoredJobState } from "./job-codec.ts";
import { restoredJob, storedJob } from "./job-codec.ts";
import type { Database } from "./schema.ts";

/** A state without its jobs. */
export type StoredState = Omit<ClusterState, "jobs">;

/** A state and its place in the history: right after a plan was enacted on events up to `afterSequence`, or before any plan. */
export interface Snapshot {
  readonly state: ClusterState;
  readonly afterSequence: number;
  readonly planNumber: number;
}

const JOBS_PER_PIECE = 500;
/** The piece without jobs. */
const HEAD = 0;
/** The last but one is the way back where the last one cannot be read. */
const KEPT_SNAPSHOTS = 2;

/** Keeps a snapshot and drops old ones. */
export async function keepSnapshot(
  db: Kysely<Database>,
  clusterId: string,
  args: { readonly snapshot: Snapshot; readonly tables: DurationTableStore },
): Promise<void> {
  const { jobs, ...rest } = args.snapshot.state;
  const tables = new Map<string, DurationTable>();
  const stored = jobs.map((entry): StoredJobState => ({ ...entry, job: storedJob(entry.job, tables) }));
  const pieces: (StoredState | readonly StoredJobState[])[] = [rest];
  for (let from = 0; from < stored.length; from += JOBS_PER_PIECE)
    pieces.push(stored.slice(from, from + JOBS_PER_PIECE));
  const place = {
    cluster_id: clusterId,
    revision: rest.revision,
    after_sequence: args.snapshot.afterSequence,
    plan_number: args.snapshot.planNumber,
  };
  await args.tables.keep(db, tables);
  await drop(db, clusterId, sql`= ${rest.revision}`);
  // A statement each, so that nobody waits for all of them; the head comes last, and without it the rest is not there.
  for (const [index, body] of [...pieces.entries()].reverse())
    await db
      .insertInto("snapshots")
      .values({ ...place, piece: index, body: JSON.stringify(body) })
      .execute();
  const kept = await db
    .selectFrom("snapshots")
    .select("revision")
    .where("cluster_id", "=", clusterId)
    .where("piece", "=", HEAD)
    .orderBy("revision", "desc")
    .limit(KEPT_SNAPSHOTS)
    .execute();
  await drop(db, clusterId, sql`< ${kept.at(-1)?.revision ?? 0}`);
}

/** Heads first: what is only partly dropped is not there. */
async function drop(db: Kysely<Database>, clusterId: string, revisions: RawBuilder<unknown>): Promise<void> {
  for (const pieces of [sql`= ${HEAD}`, sql`> ${HEAD}`])
    await db
      .deleteFrom("snapshots")
      .where("cluster_id", "=", clusterId)
      .where(sql<boolean>`revision ${revisions}`)
      .where(sql<boolean>`piece ${pieces}`)
      .execute();
}

/** The latest snapshot; undefined when there is none. */
export async function latestSnapshot(
  db: Kysely<Database>,
  clusterId: string,
  tableStore: DurationTableStore,
): Promise<Snapshot | undefined> {
  const rows = await db
    .selectFrom("snapshots")
    .selectAll()
    .where("cluster_id", "=", clusterId)
    .where("revision", "=", (from) =>
      from
        .selectFrom("snapshots as other")
        .select((select) => select.fn.max("other.revision").as("revision"))
        .where("other.cluster_id", "=", clusterId)
        .where("other.piece", "=", HEAD),
    )
    .orderBy("piece")
    .execute();
  const [head, ...rest] = rows;
  if (head === undefined) return undefined;
  const stored = rest.flatMap(({ body }) => (isJobs(body) ? body : []));
  const tables = await tableStore.load(
    db,
    stored.map((entry) => entry.job.durationTableId),
  );
  if (isJobs(head.body)) throw new Error(`Snapshot ${head.revision} of cluster ${clusterId} has no state`);
  const jobs = stored.map((entry) => ({ ...entry, job: restoredJob(entry.job, tables) }));
  return {
    state: { ...head.body, jobs },
    afterSequence: head.after_sequence,
    planNumber: head.plan_number,
  };
}

const isJobs = (body: StoredState | readonly StoredJobState[]): body is readonly StoredJobState[] =>
  Array.isArray(body);
