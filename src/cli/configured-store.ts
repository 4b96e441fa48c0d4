/** The store that the service's variables name, for commands that work on it while no service does. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { DatabaseUnavailableError, connectPool, requireDatabase } from "../store/connect.ts";
import type { DatabaseAddress } from "../store/connect.ts";
import { MARKER_FILE } from "../store/embedded/data-directory.ts";
import { openEmbeddedDatabase } from "../store/embedded/open-embedded-database.ts";
import type { Store } from "../store/store.ts";
import { openStore } from "../store/store.ts";
import { CommandFailure } from "./command-failure.ts";

const DATA_DIRECTORY = "./berth-data";
const CONNECTIONS = 2;

interface OpenDatabase {
  readonly address: DatabaseAddress;
  readonly close: () => Promise<void>;
}

/**
 * Runs work on the store of DATABASE_URL or BERTH_DATA_DIR, which is closed afterwards; `any` makes the directory where there is none. Throws
 * CommandFailure where it cannot be opened.
 */
export async function withConfiguredStore<Result>(
  which: "existing" | "any",
  work: (store: Store) => Promise<Result>,
): Promise<Result> {
  const { address, close } = await database(which);
  // A connection that breaks fails the statement under way, which is where it is told.
  const pool = connectPool(address, CONNECTIONS, () => undefined);
  try {
    const store = await opened(async () => {
      await requireDatabase(pool);
      return openStore(pool);
    });
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  } finally {
    if (!pool.ended) await pool.end();
    await close();
  }
}

async function database(which: "existing" | "any"): Promise<OpenDatabase> {
  const { DATABASE_URL: url, BERTH_DATA_DIR: directory } = process.env;
  const dataDirectory = directory ?? DATA_DIRECTORY;
  if (url !== undefined && directory !== undefined)
    throw new CommandFailure(
      2,
      "DATABASE_URL and BERTH_DATA_DIR are both set; unset the one that is not meant.",
    );
  if (url !== undefined) {
    if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url))
      throw new CommandFailure(
        2,
        'DATABASE_URL is no URL of a PostgreSQL database; give "postgresql://user:password@host:5432/database".',
      );
    return { address: { kind: "postgres", url }, close: () => Promise.resolve() };
  }
  if (which === "existing" && !existsSync(join(dataDirectory, MARKER_FILE)))
    throw new CommandFailure(
      2,
      `BERTH_DATA_DIR: ${resolve(dataDirectory)} holds no store; give the directory that the service names at its start, or DATABASE_URL.`,
    );
  const { poolConfig, close } = await opened(() => openEmbeddedDatabase({ dataDirectory }));
  return { address: { kind: "embedded", poolConfig }, close };
}

/** Directory and server trouble is nothing wrong with Berth. */
async function opened<Opened>(open: () => Promise<Opened>): Promise<Opened> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const isInput = ["DirectoryInUseError", "DataDirectoryError"].includes(error.name);
    throw new CommandFailure(
      isInput ? 2 : 1,
      isInput || error instanceof DatabaseUnavailableError
        ? error.message
        : `The store cannot be opened: ${error.message}`,
    );
  }
}
