/** A store for tests: the embedded database in memory, or the PostgreSQL of BERTH_TEST_DATABASE_URL; one for each test file, emptied between tests. */
import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import pg from "pg";
import type { Pool } from "pg";
import { connectPool } from "../../src/store/connect.ts";
import { openEmbeddedDatabase } from "../../src/store/embedded/open-embedded-database.ts";
import type { Store } from "../../src/store/store.ts";
import { openStore } from "../../src/store/store.ts";
import { memoryImage } from "./database-template.ts";

/** What tests of one file share. */
export interface TestStore {
  readonly pool: Pool;
  readonly store: Store;
  /** Removes everything that tests before have kept. */
  readonly empty: () => Promise<void>;
  readonly close: () => Promise<void>;
}

interface TestDatabase {
  readonly pool: Pool;
  readonly close: () => Promise<void>;
}

const CONNECTIONS = 6;
/** A connection that is idle may be ended by its server, above all at the end of a test. */
const ignoreTrouble = (): void => undefined;

/** Starts a database and opens a store on it. */
export async function testStore(): Promise<TestStore> {
  const url = process.env["BERTH_TEST_DATABASE_URL"];
  const { pool, close } = url === undefined ? await embedded() : await ownDatabaseOf(url);
  const store = await openStore(pool);
  return {
    pool,
    store,
    empty: async () => {
      const { rows } = await sql<{ readonly name: string }>`
        SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'kysely%'`.execute(
        store.db,
      );
      await sql.raw(`TRUNCATE ${rows.map(({ name }) => name).join(", ")} CASCADE`).execute(store.db);
    },
    close: async () => {
      await store.close();
      await close();
    },
  };
}

async function embedded(): Promise<TestDatabase> {
  const database = await openEmbeddedDatabase({ dataDirectory: null, memoryImage: await memoryImage() });
  const pool = connectPool({ kind: "embedded", poolConfig: database.poolConfig }, CONNECTIONS, ignoreTrouble);
  return { pool, close: () => database.close() };
}

/** A new database on a server, so that test files may run at once; dropped in the end. */
async function ownDatabaseOf(url: string): Promise<TestDatabase> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  const name = `berth_test_${randomUUID().replaceAll("-", "")}`;
  await admin.query(`CREATE DATABASE ${name}`);
  const own = new URL(url);
  own.pathname = name;
  return {
    pool: connectPool({ kind: "postgres", url: own.href }, CONNECTIONS, ignoreTrouble),
    close: async () => {
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.end();
    },
  };
}
