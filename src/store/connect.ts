/** Connections to the database, the same for a PostgreSQL server and for the embedded one. */
import pg from "pg";
import type { EmbeddedPoolConfig } from "./embedded/open-embedded-database.ts";

/** Where the database is: plain data that any thread can be given. */
export type DatabaseAddress =
  | { readonly kind: "embedded"; readonly poolConfig: EmbeddedPoolConfig }
  | { readonly kind: "postgres"; readonly url: string };

/** OID of PostgreSQL's bigint. Sequences and revisions stay far below 2^53. */
const BIGINT_OID = 20;

/** A pool whose bigints are numbers. `onTrouble` hears of idle connections that break; the pool makes new ones. */
export function connectPool(
  address: DatabaseAddress,
  maxConnections: number,
  onTrouble: (error: Error) => void,
): pg.Pool {
  const types = new pg.TypeOverrides();
  types.setTypeParser(BIGINT_OID, Number);
  const where =
    address.kind === "embedded" ? { ...address.poolConfig, ssl: false } : { connectionString: address.url };
  const pool = new pg.Pool({
    ...where,
    max: maxConnections,
    types,
  });
  pool.on("error", onTrouble);
  return pool;
}
