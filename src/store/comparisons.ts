/** Comparisons of VM plans, and campaigns: what was asked, how far it is, and what came out. */
import type { Kysely, Selectable } from "kysely";
import { sql } from "kysely";
import type { ComparisonKind, ComparisonStatus, ComparisonTable, Database } from "./schema.ts";

/** A comparison. */
export interface ComparisonRecord {
  readonly clusterId: string;
  readonly id: string;
  readonly kind: ComparisonKind;
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

/** A comparison without its state, which may be large. */
export type FoundComparison = Omit<ComparisonRecord, "input">;

/** A comparison without anything that may be large. */
export type ComparisonSummary = Omit<ComparisonRecord, "input" | "result" | "request">;

/** Comparisons of all clusters of one database. */
export interface ComparisonStore {
  readonly insert: (comparison: ComparisonRecord) => Promise<void>;
  readonly find: (clusterId: string, id: string) => Promise<FoundComparison | undefined>;
  readonly summary: (clusterId: string, id: string) => Promise<ComparisonSummary | undefined>;
  /** What is compared. */
  readonly input: (clusterId: string, id: string) => Promise<object | undefined>;
  /** Those of all clusters that are queued or running, the oldest first. */
  readonly open: () => Promise<readonly ComparisonSummary[]>;
  readonly update: (
    clusterId: string,
    id: string,
    change: Partial<
      Pick<ComparisonRecord, "status" | "finishedAtSeconds" | "progress" | "result" | "failure">
    >,
  ) => Promise<void>;
  /** Those of a kind, the latest first. */
  readonly list: (
    clusterId: string,
    kind: ComparisonKind,
    page: {
      readonly limit: number;
      /** The last of the page before. */
      readonly after?: Pick<ComparisonRecord, "createdAtSeconds" | "id"> | undefined;
    },
  ) => Promise<readonly ComparisonSummary[]>;
  /** Forgets those that ended before a time. */
  readonly prune: (beforeSeconds: number) => Promise<void>;
}

const SUMMARY = [
  "cluster_id",
  "id",
  "kind",
  "status",
  "created_at_seconds",
  "finished_at_seconds",
  "progress",
  "failure",
] as const;

/** Comparisons on a connection or in a transaction. */
export function comparisonStore(db: Kysely<Database>): ComparisonStore {
  const summaries = db.selectFrom("comparisons").select(SUMMARY);
  const one = (clusterId: string, id: string) =>
    db.selectFrom("comparisons").where("cluster_id", "=", clusterId).where("id", "=", id);
  return {
    insert: async (comparison) => {
      await db
        .insertInto("comparisons")
        .values({
          cluster_id: comparison.clusterId,
          id: comparison.id,
          kind: comparison.kind,
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
      const row = await one(clusterId, id)
        .select([...SUMMARY, "request", "result"])
        .executeTakeFirst();
      return row === undefined ? undefined : { ...summary(row), request: row.request, result: row.result };
    },
    summary: async (clusterId, id) => {
      const row = await one(clusterId, id).select(SUMMARY).executeTakeFirst();
      return row === undefined ? undefined : summary(row);
    },
    input: async (clusterId, id) => (await one(clusterId, id).select("input").executeTakeFirst())?.input,
    open: async () =>
      (
        await summaries
          .where("status", "in", ["queued", "running"])
          .orderBy("created_at_seconds")
          .orderBy("id")
          .execute()
      ).map(summary),
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
    list: async (clusterId, kind, { limit, after }) => {
      const ofKind = summaries.where("cluster_id", "=", clusterId).where("kind", "=", kind);
      const ofPage =
        after === undefined
          ? ofKind
          : ofKind.where(sql<boolean>`(created_at_seconds, id) < (${after.createdAtSeconds}, ${after.id})`);
      const latestFirst = ofPage.orderBy("created_at_seconds", "desc").orderBy("id", "desc");
      return (await latestFirst.limit(limit).execute()).map(summary);
    },
    prune: async (beforeSeconds) => {
      await db.deleteFrom("comparisons").where("finished_at_seconds", "<", beforeSeconds).execute();
    },
  };
}

const summary = (row: Pick<Selectable<ComparisonTable>, (typeof SUMMARY)[number]>): ComparisonSummary => ({
  clusterId: row.cluster_id,
  id: row.id,
  kind: row.kind,
  status: row.status,
  createdAtSeconds: row.created_at_seconds,
  finishedAtSeconds: row.finished_at_seconds,
  progress: row.progress,
  failure: row.failure,
});
