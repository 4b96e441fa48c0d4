/** Connections to the database, the same for a PostgreSQL server and for the embedded one. */
import pg from "pg";
import type { EmbeddedPoolConfig } from "./embedded/open-embedded-database.ts";

/** Where the database is: plain data that any thread can be given. */
export type DatabaseAddress =
  | { readonly kind: "embedded"; readonly poolConfig: EmbeddedPoolConfig }
  | { readonly kind: "postgres"; readonly url: string };

/** OID of PostgreSQL's bigint. Sequences and revisions stay far below 2^53. */
const BIGINT_OID = 20;

/** A pool whose bigints are numbers. `onTrouble` hears of connections that break; the pool makes new ones. */
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
  // A connection that breaks between two statements of a transaction belongs to nobody who listens, and an error that nobody hears ends the process.
  pool.on("connect", (client) => {
    client.on("error", onTrouble);
  });
  // Idle connections: their own listener has told already.
  pool.on("error", () => undefined);
  return pool;
}

/** The database does not answer; the message says what its client was told. */
export class DatabaseUnavailableError extends Error {
  override readonly name = "DatabaseUnavailableError";
}

/** Throws DatabaseUnavailableError where no connection can be made. */
export async function requireDatabase(pool: pg.Pool): Promise<void> {
  try {
    (await pool.connect()).release();
  } catch (error) {
    throw new DatabaseUnavailableError(
      `The database of DATABASE_URL cannot be used: ${causeOf(error)}. Start it, or correct host, port, user, password and database.`,
      { cause: error },
    );
  }
}

/** A name with several addresses fails with an error for each, and no word of its own. */
function causeOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(causeOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}
