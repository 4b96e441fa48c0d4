/** Parts of comparisons and campaigns: horizons that any worker may simulate. What they hold is text of the service's codec, which no database looks into. */
import type { ExpressionBuilder, Kysely, Selectable } from "kysely";
import type { Database, HorizonPartKind, HorizonPartStatus, HorizonPartTable } from "./schema.ts";

/** A part without what may be large. */
export interface HorizonPartSummary {
  readonly id: string;
  readonly clusterId: string;
  readonly comparisonId: string;
  readonly kind: HorizonPartKind;
  /** Of its input: a comparison has one part for equal inputs. */
  readonly digest: string;
  readonly status: HorizonPartStatus;
  /** Share of the work that is done, in [0, 1]. */
  readonly progress: number;
  /** Why it failed; null unless it did. */
  readonly failure: string | null;
}

/** A part that is to be simulated. */
export type NewHorizonPart = Pick<HorizonPartSummary, "id" | "clusterId" | "comparisonId" | "digest"> &
  HorizonPartInput;

/** What a part is to simulate. */
export interface HorizonPartInput {
  readonly kind: HorizonPartKind;
  readonly input: string;
}

/** What became of a part, for good. */
export type HorizonPartEnd =
  { readonly kind: "result"; readonly result: string } | { readonly kind: "failed"; readonly reason: string };

/** Parts of the comparisons of all clusters of one database. */
export interface HorizonPartStore {
  /** Adds it, unless the comparison has a part of that digest already. */
  readonly add: (part: NewHorizonPart) => Promise<void>;
  readonly summary: (id: string) => Promise<HorizonPartSummary | undefined>;
  readonly ofComparison: (clusterId: string, comparisonId: string) => Promise<readonly HorizonPartSummary[]>;
  /** Those that are queued or running. */
  readonly open: () => Promise<readonly HorizonPartSummary[]>;
  /** Makes it running and gives its input; undefined where it has ended, or nobody waits for it. */
  readonly begin: (id: string) => Promise<HorizonPartInput | undefined>;
  /** Keeps how far it is, and says whether somebody still waits for it. */
  readonly keepProgress: (id: string, progress: number) => Promise<boolean>;
  /** Whoever ran it is gone. */
  readonly requeue: (id: string) => Promise<void>;
  readonly end: (id: string, end: HorizonPartEnd) => Promise<void>;
  readonly result: (id: string) => Promise<string | undefined>;
  /** Forgets the parts of comparisons that have ended. */
  readonly removeEnded: () => Promise<void>;
}

const SUMMARY = [
  "id",
  "cluster_id",
  "comparison_id",
  "kind",
  "digest",
  "status",
  "progress",
  "failure",
] as const;
const OPEN = ["queued", "running"] as const;

/** Parts on a connection or in a transaction. */
export function horizonPartStore(db: Kysely<Database>): HorizonPartStore {
  const summaries = db.selectFrom("horizon_parts").select(SUMMARY);
  const openPart = (id: string) =>
    db.updateTable("horizon_parts").where("id", "=", id).where("status", "in", OPEN);
  return {
    add: async ({ id, clusterId, comparisonId, kind, digest, input }) => {
      await db
        .insertInto("horizon_parts")
        .values({
          id,
          cluster_id: clusterId,
          comparison_id: comparisonId,
          kind,
          digest,
          status: "queued",
          progress: 0,
          input,
          result: null,
          failure: null,
        })
        .onConflict((conflict) => conflict.columns(["cluster_id", "comparison_id", "digest"]).doNothing())
        .execute();
    },
    summary: async (id) => {
      const row = await summaries.where("id", "=", id).executeTakeFirst();
      return row === undefined ? undefined : summary(row);
    },
    ofComparison: async (clusterId, comparisonId) =>
      (
        await summaries
          .where("cluster_id", "=", clusterId)
          .where("comparison_id", "=", comparisonId)
          .execute()
      ).map(summary),
    open: async () => (await summaries.where("status", "in", OPEN).orderBy("id").execute()).map(summary),
    begin: (id) =>
      openPart(id)
        .where(isAwaited)
        .set({ status: "running", progress: 0 })
        .returning(["kind", "input"])
        .executeTakeFirst(),
    keepProgress: async (id, progress) => {
      const row = await openPart(id).where(isAwaited).set({ progress }).returning("id").executeTakeFirst();
      return row !== undefined;
    },
    requeue: async (id) => {
      await openPart(id).set({ status: "queued", progress: 0 }).execute();
    },
    end: async (id, end) => {
      await openPart(id)
        .set(
          end.kind === "result"
            ? { status: "done", progress: 1, result: end.result }
            : { status: "failed", failure: end.reason },
        )
        .execute();
    },
    result: async (id) =>
      (await db.selectFrom("horizon_parts").select("result").where("id", "=", id).executeTakeFirst())
        ?.result ?? undefined,
    removeEnded: async () => {
      await db
        .deleteFrom("horizon_parts")
        .where((builder) => builder.not(isAwaited(builder)))
        .execute();
    },
  };
}

/** Its comparison is still to come to an end. */
const isAwaited = (builder: ExpressionBuilder<Database, "horizon_parts">) =>
  builder.exists(
    builder
      .selectFrom("comparisons")
      .select("comparisons.id")
      .whereRef("comparisons.cluster_id", "=", "horizon_parts.cluster_id")
      .whereRef("comparisons.id", "=", "horizon_parts.comparison_id")
      .where("comparisons.status", "in", OPEN),
  );

const summary = (row: Pick<Selectable<HorizonPartTable>, (typeof SUMMARY)[number]>): HorizonPartSummary => ({
  id: row.id,
  clusterId: row.cluster_id,
  comparisonId: row.comparison_id,
  kind: row.kind,
  digest: row.digest,
  status: row.status,
  progress: row.progress,
  failure: row.failure,
});
