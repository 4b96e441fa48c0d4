/** The tables of a store in the order in which they can be filled, with the columns that order their rows; asked of the database, so that none is forgotten. */
import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Database } from "../schema.ts";

/** One table. */
export interface PortableTable {
  readonly name: string;
  /** Columns of its primary key, in order. */
  readonly keyColumns: readonly string[];
  /** Column that the database numbers; null where there is none. */
  readonly numberedColumn: string | null;
}

/** All tables but those of Kysely's migrations. Those that others refer to come first. */
export async function portableTables(db: Kysely<Database>): Promise<readonly PortableTable[]> {
  const { rows } = await sql<PortableTable>`
    SELECT c.relname AS name,
      ARRAY(SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY AS k (number, place)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number ORDER BY k.place) AS "keyColumns",
      (SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attidentity <> '') AS "numberedColumn"
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
    WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relname NOT LIKE 'kysely%'
    ORDER BY EXISTS (SELECT FROM pg_constraint f WHERE f.conrelid = c.oid AND f.contype = 'f'), c.relname COLLATE "C"`.execute(
    db,
  );
  return rows;
}

/** Names of the migrations that a database has seen, in order: two stores with the same ones have the same tables. */
export async function schemaVersion(db: Kysely<Database>): Promise<readonly string[]> {
  const { rows } = await sql<{
    readonly name: string;
  }>`SELECT name FROM kysely_migration ORDER BY name`.execute(db);
  return rows.map(({ name }) => name);
}
