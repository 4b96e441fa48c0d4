/** Answers to requests with an Idempotency-Key: a repeated request gets the answer that it got before. */
import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Database } from "./schema.ts";

/** Stands for the cluster of requests that are about none that is there yet; no cluster has this id. */
export const NO_CLUSTER = "*";

/** First key of the advisory locks of requests that are about no cluster; the second is a hash of the key. */
const LOCK_SPACE = 0x6265_726b;

/** Whose key it is; keys of different principals have nothing to do with each other. */
export interface IdempotencyKey {
  /** Or NO_CLUSTER. */
  readonly clusterId: string;
  readonly principal: string;
  readonly key: string;
}

/** The request that came with a key, by its hash, and what it was answered. */
export interface KeptAnswer {
  readonly requestHash: string;
  readonly status: number;
  readonly answer: object;
}

/** Keys of all clusters of one database. */
export interface IdempotencyStore {
  /** Nobody else who locks it does its work until the transaction ends; for requests that hold no cluster's row. */
  readonly lock: (key: IdempotencyKey) => Promise<void>;
  readonly find: (key: IdempotencyKey) => Promise<KeptAnswer | undefined>;
  readonly keep: (key: IdempotencyKey, answer: KeptAnswer, atSeconds: number) => Promise<void>;
  /** Forgets keys older than a time. */
  readonly prune: (beforeSeconds: number) => Promise<void>;
}

/** Keys on a connection or in a transaction. */
export function idempotencyStore(db: Kysely<Database>): IdempotencyStore {
  return {
    lock: async ({ clusterId, principal, key }) => {
      const name = JSON.stringify([clusterId, principal, key]);
      await sql`SELECT pg_advisory_xact_lock(${LOCK_SPACE}::integer, hashtext(${name}))`.execute(db);
    },
    find: async ({ clusterId, principal, key }) => {
      const row = await db
        .selectFrom("idempotency_keys")
        .select(["request_hash", "status", "answer"])
        .where("cluster_id", "=", clusterId)
        .where("principal", "=", principal)
        .where("key", "=", key)
        .executeTakeFirst();
      return row === undefined
        ? undefined
        : { requestHash: row.request_hash, status: row.status, answer: row.answer };
    },
    keep: async ({ clusterId, principal, key }, { requestHash, status, answer }, atSeconds) => {
      await db
        .insertInto("idempotency_keys")
        .values({
          cluster_id: clusterId,
          principal,
          key,
          request_hash: requestHash,
          status,
          answer: JSON.stringify(answer),
          created_at_seconds: atSeconds,
        })
        .execute();
    },
    prune: async (beforeSeconds) => {
      await db.deleteFrom("idempotency_keys").where("created_at_seconds", "<", beforeSeconds).execute();
    },
  };
}
