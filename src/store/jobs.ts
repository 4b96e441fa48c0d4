/** Jobs as of their last change, ready to be looked up; the history says how they came to be so. */
import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { JobState } from "../domain/cluster-state.ts";
import type { DurationTable } from "../domain/duration-table.ts";
import type { NodeId } from "../domain/ids.ts";
import { jobId } from "../domain/ids.ts";
import type { DurationTableStore } from "./duration-tables.ts";
import { restoredJob, storedJob } from "./job-codec.ts";
import type { Database, JobTable } from "./schema.ts";
import type { Selectable } from "kysely";

/** What a user calls the state of a job. */
export type StoredJobStatus = "waiting" | "running" | "completed" | "cancelled";

/** A job as of `asOfSeconds`; from then on it goes on as predicted. */
export interface JobRecord {
  readonly state: JobState;
  readonly asOfSeconds: number;
  /** Where it runs; null when it does not. */
  readonly placement: { readonly nodeId: NodeId; readonly gpus: number } | null;
  /** Order of submission. */
  readonly number: number;
  /** Grows with every change of the row. */
  readonly version: number;
  /** What its owner posted; layers that came with it are kept apart (src/service/recording/posted-job.ts). */
  readonly request: object;
}

/** What to look for; everything left out is anything. */
export interface JobFilter {
  readonly status?: StoredJobStatus;
  readonly network?: string;
  readonly framework?: string;
  readonly nodeId?: string;
  readonly dueBeforeSeconds?: number;
  readonly dueFromSeconds?: number;
  readonly submittedFromSeconds?: number;
  readonly afterNumber?: number;
}

/** Jobs of all clusters of one database. Tables of durations are shared with the other parts of the store. */
export interface JobStore {
  readonly find: (clusterId: string, ids: readonly string[]) => Promise<readonly JobRecord[]>;
  /** Which of the ids are taken. */
  readonly taken: (clusterId: string, ids: readonly string[]) => Promise<ReadonlySet<string>>;
  readonly onNode: (clusterId: string, nodeId: string) => Promise<readonly JobRecord[]>;
  /** In the order of submission. */
  readonly page: (clusterId: string, filter: JobFilter, limit: number) => Promise<readonly JobRecord[]>;
  readonly active: (clusterId: string) => Promise<readonly JobRecord[]>;
  readonly counts: (clusterId: string) => Promise<Readonly<Record<StoredJobStatus, number>>>;
  readonly insert: (clusterId: string, records: readonly Omit<JobRecord, "version">[]) => Promise<void>;
  /** Replaces state, time and placement; the version grows. */
  readonly update: (
    clusterId: string,
    records: readonly Pick<JobRecord, "state" | "asOfSeconds" | "placement">[],
  ) => Promise<void>;
  /** Jobs that ended before a time, oldest first. */
  readonly endedBefore: (
    clusterId: string,
    atSeconds: number,
    limit: number,
  ) => Promise<readonly { readonly id: string }[]>;
  readonly remove: (clusterId: string, ids: readonly string[]) => Promise<void>;
}

/** Jobs on a connection or in a transaction. */
export function jobStore(db: Kysely<Database>, tables: DurationTableStore): JobStore {
  const records = async (rows: readonly Selectable<JobTable>[]): Promise<readonly JobRecord[]> => {
    const loaded = await tables.load(
      db,
      rows.map((row) => row.job.durationTableId),
    );
    return rows.map((row) => ({
      state: { ...row.course, id: jobId(row.id), job: restoredJob(row.job, loaded) },
      asOfSeconds: row.as_of_seconds,
      placement: row.node_id === null || row.gpus === null ? null : { nodeId: row.node_id, gpus: row.gpus },
      number: row.number,
      version: row.version,
      request: row.request,
    }));
  };
  const ofCluster = (clusterId: string) =>
    db.selectFrom("jobs").selectAll().where("cluster_id", "=", clusterId);
  return {
    find: async (clusterId, ids) =>
      ids.length === 0
        ? []
        : records(
            await ofCluster(clusterId)
              .where(sql<boolean>`id = ANY(${ids})`)
              .orderBy("number")
              .execute(),
          ),
    taken: async (clusterId, ids) => {
      if (ids.length === 0) return new Set();
      const rows = await db
        .selectFrom("jobs")
        .select("id")
        .where("cluster_id", "=", clusterId)
        .where(sql<boolean>`id = ANY(${ids})`)
        .execute();
      return new Set(rows.map((row) => row.id));
    },
    onNode: async (clusterId, nodeId) =>
      records(
        await ofCluster(clusterId)
          .where(sql<boolean>`node_id = ${nodeId}`)
          .orderBy("number")
          .execute(),
      ),
    page: async (clusterId, filter, limit) => {
      let query = ofCluster(clusterId);
      if (filter.status !== undefined) query = query.where("status", "=", filter.status);
      if (filter.network !== undefined) query = query.where("network", "=", filter.network);
      if (filter.dueBeforeSeconds !== undefined)
        query = query.where("due_at_seconds", "<", filter.dueBeforeSeconds);
      if (filter.framework !== undefined) query = query.where("framework", "=", filter.framework);
      if (filter.nodeId !== undefined) query = query.where(sql<boolean>`node_id = ${filter.nodeId}`);
      if (filter.dueFromSeconds !== undefined)
        query = query.where("due_at_seconds", ">=", filter.dueFromSeconds);
      if (filter.submittedFromSeconds !== undefined)
        query = query.where("submitted_at_seconds", ">=", filter.submittedFromSeconds);
      if (filter.afterNumber !== undefined) query = query.where("number", ">", filter.afterNumber);
      return records(await query.orderBy("number").limit(limit).execute());
    },
    active: async (clusterId) =>
      records(
        await ofCluster(clusterId).where("status", "in", ["waiting", "running"]).orderBy("number").execute(),
      ),
    counts: async (clusterId) => {
      const rows = await db
        .selectFrom("jobs")
        .select((select) => ["status", select.fn.countAll<number>().as("count")])
        .where("cluster_id", "=", clusterId)
        .groupBy("status")
        .execute();
      const counts = new Map(rows.map((row) => [row.status, row.count]));
      return {
        waiting: counts.get("waiting") ?? 0,
        running: counts.get("running") ?? 0,
        completed: counts.get("completed") ?? 0,
        cancelled: counts.get("cancelled") ?? 0,
      };
    },
    insert: async (clusterId, fresh) => {
      if (fresh.length === 0) return;
      const units = new Map<string, DurationTable>();
      const rows = fresh.map((record) => ({ ...columns(record, units), ...fixedColumns(record) }));
      await tables.keep(db, units);
      await sql`
        INSERT INTO jobs (cluster_id, id, number, status, submitted_at_seconds, due_at_seconds, network, framework,
          request, job, course, as_of_seconds, node_id, gpus, version, ended_at_seconds)
        SELECT ${clusterId}, id, number, status, submitted_at_seconds, due_at_seconds, network, framework,
          request, job, course, as_of_seconds, node_id, gpus, 1, ended_at_seconds
        FROM json_to_recordset(${JSON.stringify(rows)}::json) AS fresh (id text, number bigint, status text,
          submitted_at_seconds double precision, due_at_seconds double precision, network text, framework text,
          request json, job json, course json, as_of_seconds double precision, node_id text, gpus integer,
          ended_at_seconds double precision)`.execute(db);
    },
    update: async (clusterId, changed) => {
      if (changed.length === 0) return;
      const units = new Map<string, DurationTable>();
      const rows = changed.map((record) => columns(record, units));
      await tables.keep(db, units);
      await sql`
        UPDATE jobs SET status = changed.status, due_at_seconds = changed.due_at_seconds, job = changed.job,
          course = changed.course, as_of_seconds = changed.as_of_seconds, node_id = changed.node_id,
          gpus = changed.gpus, ended_at_seconds = changed.ended_at_seconds, version = jobs.version + 1
        FROM json_to_recordset(${JSON.stringify(rows)}::json) AS changed (id text, status text,
          due_at_seconds double precision, job json, course json, as_of_seconds double precision, node_id text,
          gpus integer, ended_at_seconds double precision)
        WHERE jobs.cluster_id = ${clusterId} AND jobs.id = changed.id`.execute(db);
    },
    endedBefore: async (clusterId, atSeconds, limit) =>
      db
        .selectFrom("jobs")
        .select("id")
        .where("cluster_id", "=", clusterId)
        .where("ended_at_seconds", "<", atSeconds)
        .orderBy("ended_at_seconds")
        .limit(limit)
        .execute(),
    remove: async (clusterId, ids) => {
      if (ids.length === 0) return;
      for (const table of ["jobs", "job_history"] as const)
        await sql`DELETE FROM ${sql.table(table)} WHERE cluster_id = ${clusterId}
          AND ${sql.ref(table === "jobs" ? "id" : "job_id")} = ANY(${ids})`.execute(db);
    },
  };
}

/** Columns that change with the job. */
function columns(
  { state, asOfSeconds, placement }: Pick<JobRecord, "state" | "asOfSeconds" | "placement">,
  units: Map<string, DurationTable>,
): Pick<
  Selectable<JobTable>,
  | "id"
  | "status"
  | "due_at_seconds"
  | "job"
  | "course"
  | "as_of_seconds"
  | "node_id"
  | "gpus"
  | "ended_at_seconds"
> {
  const { id, job, ...course } = state;
  return {
    id,
    status: statusOf(state, placement !== null),
    due_at_seconds: job.dueAtSeconds,
    job: storedJob(job, units),
    course,
    as_of_seconds: asOfSeconds,
    node_id: placement?.nodeId ?? null,
    gpus: placement?.gpus ?? null,
    ended_at_seconds: state.status.kind === "active" ? null : state.status.atSeconds,
  };
}

const fixedColumns = ({ state, number, request }: Omit<JobRecord, "version">) => ({
  number,
  submitted_at_seconds: state.job.submittedAtSeconds,
  network: state.job.workload.networkName,
  framework: state.job.workload.framework,
  request,
});

type Placed = "waiting" | "running";

/** The word for a job's state. */
function statusOf({ status }: JobState, isPlaced: boolean): StoredJobStatus {
  const active: Placed = isPlaced ? "running" : "waiting";
  return status.kind === "active" ? active : status.kind;
}
