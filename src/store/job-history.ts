/** What happened to each job, and why, in words. */
import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Database } from "./schema.ts";

/** One entry of a job's history. */
export interface JobHistoryEntry {
  readonly jobId: string;
  readonly atSeconds: number;
  readonly kind: string;
  readonly reason: string;
  /** Who caused it; null where the service did by itself. */
  readonly principal: string | null;
  /** The plan that caused it; null where no plan did. */
  readonly planRevision: number | null;
}

/** Histories of the jobs of all clusters of one database. */
export interface JobHistoryStore {
  readonly append: (clusterId: string, entries: readonly JobHistoryEntry[]) => Promise<void>;
  /** Oldest first, after the entry of a number, each with its number. */
  readonly page: (
    clusterId: string,
    jobId: string,
    range: { readonly afterEntry: number; readonly limit: number },
  ) => Promise<readonly (JobHistoryEntry & { readonly entry: number })[]>;
}

/** Histories on a connection or in a transaction. */
export function jobHistoryStore(db: Kysely<Database>): JobHistoryStore {
  return {
    append: async (clusterId, entries) => {
      if (entries.length === 0) return;
      await sql`
        INSERT INTO job_history (cluster_id, job_id, at_seconds, kind, reason, principal, plan_revision)
        SELECT ${clusterId}, "jobId", "atSeconds", kind, reason, principal, "planRevision"
        FROM json_to_recordset(${JSON.stringify(entries)}::json) AS fresh ("jobId" text,
          "atSeconds" double precision, kind text, reason text, principal text, "planRevision" bigint)`.execute(
        db,
      );
    },
    page: async (clusterId, jobId, { afterEntry, limit }) => {
      const rows = await db
        .selectFrom("job_history")
        .selectAll()
        .where("cluster_id", "=", clusterId)
        .where("job_id", "=", jobId)
        .where("entry", ">", afterEntry)
        .orderBy("entry")
        .limit(limit)
        .execute();
      return rows.map((row) => ({
        entry: row.entry,
        jobId: row.job_id,
        atSeconds: row.at_seconds,
        kind: row.kind,
        reason: row.reason,
        principal: row.principal,
        planRevision: row.plan_revision,
      }));
    },
  };
}
