/** Who asked for what, and what became of it. */
import type { Kysely } from "kysely";
import type { Database } from "./schema.ts";

/** One request that would change something. */
export interface StoredAuditEntry {
  readonly atSeconds: number;
  readonly principalId: string | null;
  readonly principalKind: "anonymous-loopback" | "api-key" | "jwt" | null;
  readonly requestId: string;
  readonly clusterId: string | null;
  readonly action: string;
  readonly target: string;
  readonly outcome: "done" | "refused" | "failed" | "hung-up";
  readonly status: number;
  readonly sourceAddress: string;
}

/** What to look for; everything left out is anything. */
export interface AuditFilter {
  readonly clusterId?: string;
  readonly principalId?: string;
  readonly fromSeconds?: number;
  /** Exclusive. */
  readonly untilSeconds?: number;
  /** Only entries before the one of this number. */
  readonly beforeEntry?: number;
  readonly limit: number;
}

/** Entries of one database. */
export interface StoredAuditEntries {
  readonly append: (entry: StoredAuditEntry) => Promise<void>;
  /** The newest first. */
  readonly list: (filter: AuditFilter) => Promise<readonly StoredAuditEntry[]>;
  /** As `list`, each with its number, which grows with time. */
  readonly page: (filter: AuditFilter) => Promise<readonly (StoredAuditEntry & { readonly entry: number })[]>;
}

/** Entries on a connection. */
export function auditEntryStore(db: Kysely<Database>): StoredAuditEntries {
  const rowsOf = async (
    filter: AuditFilter,
  ): Promise<readonly { readonly entry: number; readonly body: StoredAuditEntry }[]> => {
    const { clusterId, principalId, fromSeconds, untilSeconds, beforeEntry, limit } = filter;
    let query = db.selectFrom("audit_entries").select(["entry", "body"]);
    if (clusterId !== undefined) query = query.where("cluster_id", "=", clusterId);
    if (principalId !== undefined) query = query.where("principal", "=", principalId);
    if (fromSeconds !== undefined) query = query.where("at_seconds", ">=", fromSeconds);
    if (untilSeconds !== undefined) query = query.where("at_seconds", "<", untilSeconds);
    if (beforeEntry !== undefined) query = query.where("entry", "<", beforeEntry);
    return query.orderBy("entry", "desc").limit(limit).execute();
  };
  return {
    append: async (entry) => {
      await db
        .insertInto("audit_entries")
        .values({
          at_seconds: entry.atSeconds,
          principal: entry.principalId,
          cluster_id: entry.clusterId,
          body: JSON.stringify(entry),
        })
        .execute();
    },
    list: async (filter) => (await rowsOf(filter)).map(({ body }) => body),
    page: async (filter) => (await rowsOf(filter)).map(({ entry, body }) => ({ ...body, entry })),
  };
}
