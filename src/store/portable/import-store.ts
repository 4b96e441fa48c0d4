/** Takes in what export-store.ts wrote: all of it into an empty store, checked against the digests, or nothing. */
import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Database } from "../schema.ts";
import type { Store } from "../store.ts";
import type { PortableProgress } from "./export-store.ts";
import { PORTABLE_FORMAT } from "./export-store.ts";
import type { PendingDelivery } from "./pending-deliveries.ts";
import { queueAgain } from "./pending-deliveries.ts";
import type { PortableTable } from "./portable-tables.ts";
import { portableTables, schemaVersion } from "./portable-tables.ts";
import type { TableDigest } from "./table-rows.ts";
import { tableDigester, tableLines } from "./table-rows.ts";

/** Raised when an export cannot be taken in; nothing of it was. */
export class ImportRefused extends Error {
  override readonly name = "ImportRefused";
}

/** Bytes of rows that are inserted at once. */
const BATCH_CHARACTERS = 4_000_000;
const BATCH_ROWS = 500;

type Digests = Readonly<Record<string, TableDigest>>;

/** Reads lines into the store; throws ImportRefused when the store is not empty, or when lines are missing, too many or changed. */
export async function importStore(
  { db }: Pick<Store, "db">,
  lines: AsyncIterable<string>,
  onProgress: PortableProgress,
): Promise<Digests> {
  return db.transaction().execute(async (tx) => {
    const tables = await portableTables(tx);
    for (const { name } of tables) {
      const { rows } = await sql`SELECT FROM ${sql.table(name)} LIMIT 1`.execute(tx);
      if (rows.length > 0)
        throw new ImportRefused(
          `The store is not empty: its table ${name} has rows. Import into a new directory or database, before the service is started on it.`,
        );
    }
    const { digests, pending } = await fill(tx, { lines, tables, onProgress });
    for (const table of tables) await checkTable(tx, table, digests);
    await queueAgain(tx, pending);
    return digests;
  });
}

/** Inserts all rows; gives the last line. */
async function fill(
  tx: Kysely<Database>,
  args: {
    readonly lines: AsyncIterable<string>;
    readonly tables: readonly PortableTable[];
    readonly onProgress: PortableProgress;
  },
): Promise<EndMark> {
  let table: PortableTable | undefined;
  let batch: string[] = [];
  let batchCharacters = 0;
  let rowCount = 0;
  let isFirst = true;
  let end: EndMark | undefined;
  const flush = async (): Promise<void> => {
    if (table === undefined || batch.length === 0) return;
    await insertRows(tx, table, batch);
    rowCount += batch.length;
    args.onProgress(table.name, rowCount);
    batch = [];
    batchCharacters = 0;
  };
  for await (const line of args.lines) {
    if (end !== undefined)
      throw new ImportRefused("The file goes on after its end line: it is not one export.");
    if (isFirst) {
      isFirst = false;
      await checkHeader(tx, line);
      continue;
    }
    const mark = markOf(line);
    if (mark === null) {
      if (table === undefined) throw new ImportRefused("The file has rows before its first table.");
      batch.push(line);
      batchCharacters += line.length;
      if (batch.length >= BATCH_ROWS || batchCharacters >= BATCH_CHARACTERS) await flush();
      continue;
    }
    await flush();
    if (mark.kind === "end") {
      end = mark;
      continue;
    }
    table = args.tables.find(({ name }) => name === mark.name);
    rowCount = 0;
    if (table === undefined)
      throw new ImportRefused(`The file has a table ${mark.name}, and this version of Berth has none.`);
  }
  if (end === undefined)
    throw new ImportRefused("The file ends before its end line: it is cut off. Export again.");
  return end;
}

interface EndMark {
  readonly kind: "end";
  readonly digests: Digests;
  readonly pending: readonly PendingDelivery[];
}

type Mark = { readonly kind: "table"; readonly name: string } | EndMark;

/** Lines that are no rows: rows begin with a column's name, and no first column is called kind. */
function markOf(line: string): Mark | null {
  return line.startsWith('{"kind":') ? (JSON.parse(line) as Mark) : null;
}

async function checkHeader(tx: Kysely<Database>, line: string): Promise<void> {
  const refused = (why: string): ImportRefused => new ImportRefused(`The file cannot be imported: ${why}`);
  let header: { readonly kind?: unknown; readonly format?: unknown; readonly schema?: unknown };
  try {
    header = JSON.parse(line) as typeof header;
  } catch {
    throw refused("it does not begin as an export of Berth does.");
  }
  if (header.kind !== "berth-store") throw refused("it does not begin as an export of Berth does.");
  const here = JSON.stringify(await schemaVersion(tx));
  if (header.format !== PORTABLE_FORMAT || JSON.stringify(header.schema) !== here)
    throw refused(
      `it was written by another version (tables ${JSON.stringify(header.schema)}, here ${here}). Export and import with the same version of Berth, and update then.`,
    );
}

async function insertRows(
  tx: Kysely<Database>,
  { name }: PortableTable,
  lines: readonly string[],
): Promise<void> {
  await sql`INSERT INTO ${sql.table(name)} OVERRIDING SYSTEM VALUE
    SELECT * FROM json_populate_recordset(NULL::${sql.table(name)}, ${`[${lines.join(",")}]`}::json)`.execute(
    tx,
  );
}

/** Reads back what is there now, and lets the database go on numbering where the other one ended. */
async function checkTable(tx: Kysely<Database>, table: PortableTable, expected: Digests): Promise<void> {
  const digester = tableDigester();
  for await (const lines of tableLines(tx, table)) digester.add(lines);
  const found = digester.digest();
  const wanted = expected[table.name];
  if (wanted?.sha256 !== found.sha256)
    throw new ImportRefused(
      `Table ${table.name} has ${found.rowCount} rows that are not the ${wanted?.rowCount ?? 0} of the export; nothing was imported. The file is damaged: export again.`,
    );
  if (table.numberedColumn === null || found.rowCount === 0) return;
  await sql`SELECT setval(pg_get_serial_sequence(${table.name}, ${table.numberedColumn}),
    (SELECT max(${sql.ref(table.numberedColumn)}) FROM ${sql.table(table.name)}))`.execute(tx);
}
