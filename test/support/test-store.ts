/** A store for tests: the embedded database in memory, or the PostgreSQL of BERTH_TEST_DATABASE_URL; one for each test file, emptied between tests. */
import { sql } from "kysely";
import type { Pool } from "pg";
import { openEmbeddedDatabase, poolOf } from "../../src/store/embedded/open-embedded-database.ts";
import type { Store } from "../../src/store/store.ts";
import { openStore } from "../../src/store/store.ts";

/** What tests of one file share. */
export interface TestStore {
  readonly pool: Pool;
  readonly store: Store;
  /** Removes everything that tests before have kept. */
  readonly empty: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Starts a database and opens a store on it. */
export async function testStore(): Promise<TestStore> {
  const database = await openEmbeddedDatabase({ dataDirectory: null });
  const pool = poolOf(database.poolConfig, 6);
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
      await database.close();
    },
  };
}
