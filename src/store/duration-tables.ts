/** Duration tables, each kept once under the hash of its content. */
import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { DurationTable } from "../domain/duration-table.ts";
import type { DurationTables } from "./job-codec.ts";
import type { Database } from "./schema.ts";

/** Tables that one process keeps at hand. */
const MAX_CACHED_TABLES = 5000;

/** Reads and writes tables; what was read or written once is at hand from then on. */
export interface DurationTableStore {
  /** Tables by id. Throws where one is missing. */
  readonly load: (db: Kysely<Database>, ids: Iterable<string>) => Promise<DurationTables>;
  /** Keeps those that are not kept yet. */
  readonly keep: (db: Kysely<Database>, tables: DurationTables) => Promise<void>;
  /** Said once the transaction that kept them is committed, so that they are not written again. */
  readonly areKept: (tables: DurationTables) => void;
}

/** For one process. */
export function durationTableStore(): DurationTableStore {
  const cached = new Map<string, DurationTable>();
  const remember = (id: string, table: DurationTable): void => {
    if (cached.size >= MAX_CACHED_TABLES) cached.clear();
    cached.set(id, table);
  };
  return {
    load: async (db, ids) => {
      const found = new Map<string, DurationTable>();
      const missing: string[] = [];
      for (const id of new Set(ids)) {
        const table = cached.get(id);
        if (table === undefined) missing.push(id);
        else found.set(id, table);
      }
      if (missing.length === 0) return found;
      const rows = await db
        .selectFrom("duration_tables")
        .select(["id", "body"])
        .where(sql<boolean>`id = ANY(${missing})`)
        .execute();
      for (const { id, body } of rows) {
        remember(id, body);
        found.set(id, body);
      }
      if (rows.length < missing.length)
        throw new Error(`Of ${missing.length} duration tables only ${rows.length} are there`);
      return found;
    },
    keep: async (db, tables) => {
      // A table that was read or committed before is there; one written by a transaction that failed is written again.
      const fresh = [...tables].filter(([id]) => !cached.has(id));
      if (fresh.length === 0) return;
      await db
        .insertInto("duration_tables")
        .values(fresh.map(([id, table]) => ({ id, body: JSON.stringify(table) })))
        .onConflict((conflict) => conflict.column("id").doNothing())
        .execute();
    },
    areKept: (tables) => {
      for (const [id, table] of tables) remember(id, table);
    },
  };
}
