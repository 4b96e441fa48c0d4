/** Deliveries to webhooks that are in the queue. The queue itself does not move with a store; what is undelivered is queued anew from here. */
import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Database } from "../schema.ts";

/** Name of the deliveries' queue (src/service/worker/deliver-plans.ts). */
export const DELIVERY_QUEUE = "webhook-deliveries";

/** The first plan that a webhook was not told of, though it is queued. */
export interface PendingDelivery {
  readonly clusterId: string;
  readonly webhookId: string;
  readonly revision: number;
}

/** One for each webhook that has any; none where the queue was never opened. */
export async function pendingDeliveries(tx: Kysely<Database>): Promise<readonly PendingDelivery[]> {
  const { rows: found } = await sql<{ readonly isThere: boolean }>`
    SELECT to_regclass('pgboss.job') IS NOT NULL AS "isThere"`.execute(tx);
  if (found[0]?.isThere !== true) return [];
  const { rows } = await sql<PendingDelivery>`
    SELECT data->>'clusterId' AS "clusterId", data->>'webhookId' AS "webhookId", min((data->>'revision')::bigint) AS revision
    FROM pgboss.job WHERE name = ${DELIVERY_QUEUE} AND state IN ('created', 'retry', 'active')
    GROUP BY 1, 2 ORDER BY 1, 2`.execute(tx);
  return rows;
}

/** Puts webhooks back to before those plans; what was delivered since comes once more. */
export async function queueAgain(tx: Kysely<Database>, pending: readonly PendingDelivery[]): Promise<void> {
  for (const { clusterId, webhookId, revision } of pending)
    await tx
      .updateTable("webhooks")
      .set({ queued_revision: revision - 1 })
      .where("cluster_id", "=", clusterId)
      .where("id", "=", webhookId)
      .where("queued_revision", ">=", revision)
      .execute();
}
