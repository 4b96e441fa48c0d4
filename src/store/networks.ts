/** Layers that jobs brought along, each network once under the hash of its content. Jobs refer to them, here and in the history, so none is ever removed. */
import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { NetworkId } from "../domain/ids.ts";
import { compareIds, networkId } from "../domain/ids.ts";
import type { Database } from "./schema.ts";

/** Networks of all clusters of one database. */
export interface NetworkStore {
  /** Those of the ids that are there. */
  readonly load: (ids: Iterable<NetworkId>) => Promise<ReadonlyMap<NetworkId, object>>;
  /** Keeps those that are not kept yet. */
  readonly keep: (networks: ReadonlyMap<NetworkId, object>) => Promise<void>;
}

/** Networks on a connection or in a transaction. */
export function networkStore(db: Kysely<Database>): NetworkStore {
  return {
    load: async (ids) => {
      const wanted = [...new Set(ids)];
      if (wanted.length === 0) return new Map();
      const rows = await db
        .selectFrom("networks")
        .selectAll()
        .where(sql<boolean>`id = ANY(${wanted})`)
        .execute();
      return new Map(rows.map(({ id, body }) => [networkId(id), body]));
    },
    keep: async (networks) => {
      if (networks.size === 0) return;
      // In one order everywhere: of two writers with the same networks one waits for the other, and never both.
      const rows = [...networks].sort(([a], [b]) => compareIds(a, b));
      await db
        .insertInto("networks")
        .values(rows.map(([id, layers]) => ({ id, body: JSON.stringify(layers) })))
        .onConflict((conflict) => conflict.column("id").doNothing())
        .execute();
    },
  };
}
