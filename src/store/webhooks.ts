/** Who is told of plans, and how far that is. */
import type { Kysely, Selectable } from "kysely";
import { sql } from "kysely";
import type { Database, PreviousSecret, WebhookTable } from "./schema.ts";

/** A receiver of plans. */
export interface WebhookRecord {
  readonly clusterId: string;
  readonly id: string;
  readonly url: string;
  readonly secret: string;
  /** Those before it, the latest first; some may be over. */
  readonly previousSecrets: readonly PreviousSecret[];
  readonly createdAtSeconds: number;
  /** Plans up to this revision are queued or delivered. */
  readonly queuedRevision: number;
  /** The last try, in words; null before the first. */
  readonly lastOutcome: string | null;
  readonly lastTriedAtSeconds: number | null;
}

/** Webhooks of all clusters of one database. */
export interface WebhookStore {
  readonly insert: (webhook: WebhookRecord) => Promise<void>;
  readonly list: (clusterId: string) => Promise<readonly WebhookRecord[]>;
  readonly find: (clusterId: string, id: string) => Promise<WebhookRecord | undefined>;
  readonly remove: (clusterId: string, id: string) => Promise<void>;
  /** As `list`, for whoever queues plans: nobody else queues for them until the transaction ends. */
  readonly lock: (clusterId: string) => Promise<readonly WebhookRecord[]>;
  readonly setQueued: (clusterId: string, id: string, revision: number) => Promise<void>;
  readonly setSecrets: (
    webhook: Pick<WebhookRecord, "clusterId" | "id" | "secret" | "previousSecrets">,
  ) => Promise<void>;
  /** Forgets previous secrets of webhooks all of whose were over at a time. */
  readonly forgetSecrets: (nowSeconds: number) => Promise<void>;
  readonly setOutcome: (
    clusterId: string,
    id: string,
    outcome: { readonly text: string; readonly atSeconds: number },
  ) => Promise<void>;
}

/** Webhooks on a connection or in a transaction. */
export function webhookStore(db: Kysely<Database>): WebhookStore {
  const ofCluster = (clusterId: string) =>
    db.selectFrom("webhooks").selectAll().where("cluster_id", "=", clusterId).orderBy("id");
  return {
    insert: async (webhook) => {
      await db
        .insertInto("webhooks")
        .values({
          cluster_id: webhook.clusterId,
          id: webhook.id,
          url: webhook.url,
          secret: webhook.secret,
          previous_secrets: JSON.stringify(webhook.previousSecrets),
          created_at_seconds: webhook.createdAtSeconds,
          queued_revision: webhook.queuedRevision,
          last_outcome: webhook.lastOutcome,
          last_tried_at_seconds: webhook.lastTriedAtSeconds,
        })
        .execute();
    },
    list: async (clusterId) => (await ofCluster(clusterId).execute()).map(record),
    find: async (clusterId, id) => {
      const row = await ofCluster(clusterId).where("id", "=", id).executeTakeFirst();
      return row === undefined ? undefined : record(row);
    },
    remove: async (clusterId, id) => {
      await db.deleteFrom("webhooks").where("cluster_id", "=", clusterId).where("id", "=", id).execute();
    },
    lock: async (clusterId) => (await ofCluster(clusterId).forUpdate().execute()).map(record),
    setQueued: async (clusterId, id, revision) => {
      await db
        .updateTable("webhooks")
        .set({ queued_revision: revision })
        .where("cluster_id", "=", clusterId)
        .where("id", "=", id)
        .execute();
    },
    setSecrets: async ({ clusterId, id, secret, previousSecrets }) => {
      await db
        .updateTable("webhooks")
        .set({ secret, previous_secrets: JSON.stringify(previousSecrets) })
        .where("cluster_id", "=", clusterId)
        .where("id", "=", id)
        .execute();
    },
    forgetSecrets: async (nowSeconds) => {
      await sql`UPDATE webhooks SET previous_secrets = '[]'
        WHERE previous_secrets::text <> '[]' AND NOT EXISTS (
          SELECT FROM json_to_recordset(previous_secrets) AS previous ("untilSeconds" double precision)
          WHERE "untilSeconds" > ${nowSeconds})`.execute(db);
    },
    setOutcome: async (clusterId, id, { text, atSeconds }) => {
      await db
        .updateTable("webhooks")
        .set({ last_outcome: text, last_tried_at_seconds: atSeconds })
        .where("cluster_id", "=", clusterId)
        .where("id", "=", id)
        .execute();
    },
  };
}

const record = (row: Selectable<WebhookTable>): WebhookRecord => ({
  clusterId: row.cluster_id,
  id: row.id,
  url: row.url,
  secret: row.secret,
  previousSecrets: row.previous_secrets,
  createdAtSeconds: row.created_at_seconds,
  queuedRevision: row.queued_revision,
  lastOutcome: row.last_outcome,
  lastTriedAtSeconds: row.last_tried_at_seconds,
});
