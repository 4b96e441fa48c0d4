/** The rows of one table as lines of JSON, in the order of its key, a page at a time. */
import { createHash } from "node:crypto";
import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Database } from "../schema.ts";
import type { PortableTable } from "./portable-tables.ts";

/** How many rows a table has, and what they are: SHA-256 over its lines. */
export interface TableDigest {
  readonly rowCount: number;
  readonly sha256: string;
}

const ROWS_PER_PAGE = 500;
/** Name of the cursor; one table is read at a time. */
const CURSOR = "berth_portable";

/** Needs a transaction: its snapshot makes the tables fit each other. */
export async function* tableLines(
  tx: Kysely<Database>,
  { name, keyColumns }: PortableTable,
): AsyncGenerator<readonly string[]> {
  const order = sql.join(keyColumns.map((column) => sql`${sql.ref(column)}`));
  // The row as text of the database's own making: numbers and JSON come through to the last digit.
  await sql`DECLARE ${sql.id(CURSOR)} NO SCROLL CURSOR FOR
    SELECT row_to_json(row)::text AS line FROM ${sql.table(name)} AS row ORDER BY ${order}`.execute(tx);
  for (;;) {
    const { rows } = await sql<{
      readonly line: string;
    }>`FETCH ${sql.lit(ROWS_PER_PAGE)} FROM ${sql.id(CURSOR)}`.execute(tx);
    // A line break within a value is written as \\n; any other is white space of JSON that somebody else wrote.
    if (rows.length > 0) yield rows.map(({ line }) => line.replaceAll(/[\r\n]+/g, " "));
    if (rows.length < ROWS_PER_PAGE) break;
  }
  await sql`CLOSE ${sql.id(CURSOR)}`.execute(tx);
}

/** Digests lines as they pass. */
export function tableDigester(): {
  readonly add: (lines: readonly string[]) => void;
  readonly digest: () => TableDigest;
} {
  const hash = createHash("sha256");
  let rowCount = 0;
  return {
    add: (lines) => {
      for (const line of lines) hash.update(line).update("\n");
      rowCount += lines.length;
    },
    digest: () => ({ rowCount, sha256: hash.digest("hex") }),
  };
}
