/** Comparisons of VM plans: what was asked, how far it is, and what came out. */
import type { Kysely, Selectable } from "kysely";
import { sql } from "kysely";
import type { ComparisonStatus, ComparisonTable, Database } from "./schema.ts";

/** A comparison. */
export interface ComparisonRecord {
  readonly clusterId: string;
  readonly id: string;
  readonly status: ComparisonStatus;
  /** What was posted. */
  readonly request: object;
  /** What is compared: state and settings as they were when it was posted. */
  readonly input: object;
  readonly createdAtSeconds: number;
  readonly finishedAtSeconds: number | null;
  /** Share of the work that is done, in [0, 1]. */
  readonly progress: number;
  /** null until it is done. */
  readonly result: object | null;
  /** Why it failed; null unless it did. */
  readonly failure: string | null;
}

/** Comparisons of all clusters of one database. */
export interface ComparisonStore {
  readonly insert: (comparison: ComparisonRecord) => Promise<void>;
  readonly find: (clusterId: string, id: string) => Promise<ComparisonRecord | undefined>;
  readonly update: (
    clusterId: string,
    id: string,
    change: Partial<
      Pick<ComparisonRecord, "status" | "finishedAtSeconds" | "progress" | "result" | "failure">
    >,
  ) => Promise<void>;
  /** The latest first. */
  readonly list: (clusterId: string, limit: number) => Promise<readonly ComparisonRecord[]>;
  /** Forgets those that ended before a time. */
  readonly prune: (beforeSeconds: number) => Promise<void>;
}

/** Comparisons on a connection or in a transaction. */
export function comparisonStore(db: Kysely<Database>): ComparisonStore {
  const ofCluster = (clusterId: string) =>
    db.selectFrom("comparisons").selectAll().where("cluster_id", "=", clusterId);
  return {
    insert: async (comparison) => {
      await db
        .insertInto("comparisons")
        .values({
          cluster_id: comparison.clusterId,
          id: comparison.id,
          status: comparison.status,
          request: JSON.stringify(comparison.request),
          input: JSON.stringify(comparison.input),
          created_at_seconds: comparison.createdAtSeconds,
          finished_at_seconds: comparison.finishedAtSeconds,
          progress: comparison.progress,
          result: comparison.result === null ? null : JSON.stringify(comparison.result),
          failure: comparison.failure,
        })
        .execute();
    },
    find: async (clusterId, id) => {
      const row = await ofCluster(clusterId).where("id", "=", id).executeTakeFirst();
      return row === undefined ? undefined : record(row);
    },
    update: async (clusterId, id, change) => {
      await db
        .updateTable("comparisons")
        .set({
          ...(change.status === undefined ? {} : { status: change.status }),
          ...(change.finishedAtSeconds === undefined
            ? {}
            : { finished_at_seconds: change.finishedAtSeconds }),
          ...(change.progress === undefined ? {} : { progress: change.progress }),
          ...(change.result == null ? {} : { result: JSON.stringify(change.result) }),
          ...(change.failure === undefined ? {} : { failure: change.failure }),
        })
        .where("cluster_id", "=", clusterId)
        .where("id", "=", id)
        .execute();
    },
    list: async (clusterId, limit) =>
      (
        await ofCluster(clusterId)
          .orderBy("created_at_seconds", "desc")
          .orderBy(sql`id`)
          .limit(limit)
          .execute()
      ).map(record),
    prune: async (beforeSeconds) => {
      await db.deleteFrom("comparisons").where("finished_at_seconds", "<", beforeSeconds).execute();
    },
  };
}

const record = (row: Selectable<ComparisonTable>): ComparisonRecord => ({
  clusterId: row.cluster_id,
  id: row.id,
  status: row.status,
  request: row.request,
  input: row.input,
  createdAtSeconds: row.created_at_seconds,
  finishedAtSeconds: row.finished_at_seconds,
  progress: row.progress,
  result: row.result,
  failure: row.failure,
});
