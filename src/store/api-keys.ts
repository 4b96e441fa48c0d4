/** API keys: never the key, only its hash, and what it may do. */
import type { Kysely } from "kysely";
import type { Database } from "./schema.ts";

/** What a key may do; src/service/security/principal.ts says what the words mean. */
export interface KeyGrant {
  readonly scopes: readonly ("submit" | "plan" | "admin")[];
  readonly clusters: "*" | readonly string[];
}

/** A key as it is kept. Times in seconds since the Unix epoch; null: not so. */
export interface StoredApiKey extends KeyGrant {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the key's text, hexadecimal. */
  readonly hash: string;
  readonly createdAtSeconds: number;
  readonly expiresAtSeconds: number | null;
  readonly revokedAtSeconds: number | null;
  readonly lastUsedAtSeconds: number | null;
}

/** Keys of one database. */
export interface StoredApiKeys {
  readonly find: (id: string) => Promise<StoredApiKey | undefined>;
  /** Rejects when the id is taken. */
  readonly insert: (key: StoredApiKey) => Promise<void>;
  /** By the time they were made. */
  readonly list: () => Promise<readonly StoredApiKey[]>;
  /** Whether there is such a key; one that is revoked already keeps its first time. */
  readonly revoke: (id: string, atSeconds: number) => Promise<boolean>;
  readonly touchLastUsed: (id: string, atSeconds: number) => Promise<void>;
}

/** Keys on a connection. */
export function apiKeyStore(db: Kysely<Database>): StoredApiKeys {
  const all = db.selectFrom("api_keys").selectAll();
  return {
    find: async (id) => {
      const row = await all.where("id", "=", id).executeTakeFirst();
      return row === undefined ? undefined : restored(row);
    },
    insert: async ({ scopes, clusters, ...key }) => {
      await db
        .insertInto("api_keys")
        .values({
          id: key.id,
          name: key.name,
          hash: key.hash,
          grant: JSON.stringify({ scopes, clusters }),
          created_at_seconds: key.createdAtSeconds,
          expires_at_seconds: key.expiresAtSeconds,
          revoked_at_seconds: key.revokedAtSeconds,
          last_used_at_seconds: key.lastUsedAtSeconds,
        })
        .execute();
    },
    list: async () => (await all.orderBy("created_at_seconds").orderBy("id").execute()).map(restored),
    revoke: async (id, atSeconds) => {
      await db
        .updateTable("api_keys")
        .set({ revoked_at_seconds: atSeconds })
        .where("id", "=", id)
        .where("revoked_at_seconds", "is", null)
        .execute();
      return (await all.where("id", "=", id).executeTakeFirst()) !== undefined;
    },
    touchLastUsed: async (id, atSeconds) => {
      await db
        .updateTable("api_keys")
        .set({ last_used_at_seconds: atSeconds })
        .where("id", "=", id)
        .execute();
    },
  };
}

function restored(row: {
  readonly id: string;
  readonly name: string;
  readonly hash: string;
  readonly grant: KeyGrant;
  readonly created_at_seconds: number;
  readonly expires_at_seconds: number | null;
  readonly revoked_at_seconds: number | null;
  readonly last_used_at_seconds: number | null;
}): StoredApiKey {
  return {
    id: row.id,
    name: row.name,
    hash: row.hash,
    ...row.grant,
    createdAtSeconds: row.created_at_seconds,
    expiresAtSeconds: row.expires_at_seconds,
    revokedAtSeconds: row.revoked_at_seconds,
    lastUsedAtSeconds: row.last_used_at_seconds,
  };
}
