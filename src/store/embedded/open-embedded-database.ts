/** Opens Berth's embedded PostgreSQL: PGlite in a worker thread, reached by any thread through the ordinary `pg` client. */
import pg from "pg";
import { databaseFiles, directoryTrouble, ensureDirectory, requireOurs } from "./data-directory.ts";
import type { DatabaseWorkerData, DatabaseWorkerReport } from "./database-worker.ts";
import { lockDirectory } from "./directory-lock.ts";
import { typescriptThread } from "../typescript-thread.ts";
import { makeSocketDirectory, removeStaleSocketDirectories, SOCKET_PORT } from "./socket-directory.ts";

/** How to open it. */
export interface EmbeddedDatabaseOptions {
  /** Where the data is kept; null for a database that lives in memory, for tests. */
  readonly dataDirectory: string | null;
  /** A dump of database files (PGlite's dumpDataDir) that a database in memory begins with; it begins empty where left out. */
  readonly memoryImage?: string;
  /** After so many seconds a transaction that keeps all others waiting is rolled back; 60 when left out. */
  readonly turnLimitSeconds?: number;
}

/** Where the server is: plain data that any thread can be given. */
export interface EmbeddedPoolConfig {
  /** A directory with a Unix socket in it, as pg and libpq take it for a host. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

/** An open embedded database. */
export interface EmbeddedDatabase {
  readonly poolConfig: EmbeddedPoolConfig;
  /** Resolves, at most once, when the database broke (a failed fsync, an engine that ended). Nothing is acknowledged any more. */
  readonly failure: Promise<Error>;
  /** Rolls back what is open, writes a checkpoint, ends the worker and frees the directory. End the pools first. */
  readonly close: () => Promise<void>;
}

const DEFAULT_TURN_LIMIT_SECONDS = 60;

/** Opens the database in a directory, or makes it there. Throws DirectoryInUseError and DataDirectoryError with the way out. */
export async function openEmbeddedDatabase(options: EmbeddedDatabaseOptions): Promise<EmbeddedDatabase> {
  const { dataDirectory, memoryImage = null, turnLimitSeconds = DEFAULT_TURN_LIMIT_SECONDS } = options;
  await removeStaleSocketDirectories();
  if (dataDirectory === null) return serve({ filesDirectory: null, memoryImage, turnLimitSeconds });
  const directory = await ensureDirectory(dataDirectory);
  await requireOurs(directory);
  const lock = await lockDirectory(directory).catch((error: unknown) => {
    throw directoryTrouble(directory, error);
  });
  try {
    // Again, now that nobody else can change it.
    await requireOurs(directory);
    const files = await databaseFiles(directory, writeFirstFiles);
    const database = await serve({ filesDirectory: files, memoryImage: null, turnLimitSeconds });
    const close = async (): Promise<void> => {
      try {
        await database.close();
      } finally {
        await lock.release();
      }
    };
    return { ...database, close: once(close) };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** A pool of at most `max` connections. Its owner listens to its "error" event, which tells of idle connections that ended. */
export function poolOf(poolConfig: pg.PoolConfig, max: number): pg.Pool {
  const pool = new pg.Pool({ ...poolConfig, max });
  pool.on("connect", (client) => {
    // The pool listens to idle clients only. A client that breaks in somebody's hands would end the process with an unheard
    // event, although its next query rejects and says why.
    client.on("error", () => undefined);
  });
  return pool;
}

async function writeFirstFiles(filesDirectory: string): Promise<void> {
  const { closed } = startWorker({
    filesDirectory,
    memoryImage: null,
    socketPath: null,
    turnLimitSeconds: 0,
  });
  const error = await closed;
  if (error !== null) throw error;
}

async function serve(data: Omit<DatabaseWorkerData, "socketPath">): Promise<EmbeddedDatabase> {
  const sockets = makeSocketDirectory();
  const worker = startWorker({ ...data, socketPath: sockets.socketPath });
  const early = await Promise.race([worker.ready, worker.closed]);
  if (early instanceof Error) {
    sockets.remove();
    throw early;
  }
  const failure = new Promise<Error>((resolve) => {
    void worker.closed.then((error) => {
      if (error !== null) resolve(error);
    });
  });
  return {
    poolConfig: { host: sockets.path, port: SOCKET_PORT, user: "postgres", database: "postgres" },
    failure,
    close: once(async () => {
      worker.askToClose();
      const error = await worker.closed;
      sockets.remove();
      if (error !== null) throw error;
    }),
  };
}

interface RunningWorker {
  readonly ready: Promise<null>;
  /** Null after an orderly end. */
  readonly closed: Promise<Error | null>;
  readonly askToClose: () => void;
}

function startWorker(data: DatabaseWorkerData): RunningWorker {
  const worker = typescriptThread(new URL("./database-worker.ts", import.meta.url), data);
  const where = data.filesDirectory ?? "memory";
  let outcome: Error | null = new Error(
    `The embedded database in ${where} ended unexpectedly; start Berth again`,
  );
  const ready = new Promise<null>((resolve) => {
    worker.on("message", (report: DatabaseWorkerReport) => {
      if (report.kind === "ready") resolve(null);
      else if (report.kind === "closed") outcome = null;
      else outcome = new Error(`The embedded database in ${where} failed: ${report.message}`);
    });
  });
  worker.on("error", (error) => {
    const reason = error instanceof Error ? error.message : String(error);
    outcome = new Error(`The embedded database in ${where} failed: ${reason}`, { cause: error });
  });
  const closed = new Promise<Error | null>((resolve) => {
    worker.once("exit", () => {
      resolve(outcome);
    });
  });
  return {
    ready,
    closed,
    askToClose: () => {
      worker.postMessage("close");
    },
  };
}

function once(action: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= action());
}
