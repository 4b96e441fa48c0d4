/** Runs in a worker thread: the engine, and the socket on which it serves the PostgreSQL wire protocol. */
import { createServer } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import { Connection } from "./connection.ts";
import { startEngine } from "./engine.ts";
import { Listeners } from "./listeners.ts";
import { Maintenance } from "./maintenance.ts";
import { SessionTurns } from "./session-turns.ts";

/** What the worker is started with. */
export interface DatabaseWorkerData {
  /** Where PostgreSQL's own files are; null for a database in memory. */
  readonly filesDirectory: string | null;
  /** What a database in memory begins with; null where it begins empty, and where it is in a directory. */
  readonly memoryImage: string | null;
  /** Null starts the engine once, so that it writes its first files, and serves nobody. */
  readonly socketPath: string | null;
  readonly turnLimitSeconds: number;
}

/** What the worker tells. */
export type DatabaseWorkerReport =
  | { readonly kind: "ready" }
  | { readonly kind: "closed" }
  | { readonly kind: "failed"; readonly message: string };

/** The number of the first connection; smaller ones look like processes of the system. */
const FIRST_PROCESS_ID = 1000;

const port = parentPort;
if (port === null)
  throw new Error("database-worker.ts runs in a worker thread only; call openEmbeddedDatabase");
const report = (message: DatabaseWorkerReport): void => {
  port.postMessage(message);
};
const fail = (error: unknown): never => {
  report({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  // Nothing may follow that a client could take for an acknowledgement.
  process.exit(1);
};

if (!isWorkerData(workerData))
  throw new Error("database-worker.ts got no worker data; call openEmbeddedDatabase");
const { filesDirectory, memoryImage, socketPath, turnLimitSeconds } = workerData;
const engine = await startEngine({ directory: filesDirectory, memoryImage }).catch(fail);
if (socketPath === null) {
  await engine.close().catch(fail);
  report({ kind: "closed" });
  port.close();
} else {
  await serve(socketPath);
}

async function serve(path: string): Promise<void> {
  const turns = new SessionTurns(fail);
  const shared = { engine, turns, listeners: new Listeners(engine), turnLimitSeconds };
  const connections = new Set<Connection>();
  let processId = FIRST_PROCESS_ID;
  const server = createServer((socket) => {
    const connection = new Connection(socket, shared, processId);
    processId += 1;
    connections.add(connection);
    void connection.gone.then(() => connections.delete(connection));
  });
  server.on("error", fail);
  const maintenance = new Maintenance(engine, turns);
  port?.once("message", () => {
    maintenance.stop();
    server.close();
    void closeAll(connections).then(() => {
      turns.request({
        takeTurn: async () => {
          await engine.close();
          report({ kind: "closed" });
          port.close();
          return "free";
        },
      });
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(path, resolve);
  });
  report({ kind: "ready" });
}

async function closeAll(connections: ReadonlySet<Connection>): Promise<void> {
  const open = [...connections];
  for (const connection of open) {
    connection.end({
      severity: "FATAL",
      code: "57P01",
      message: "The embedded database is closing",
      hint: "End the pools before the database is closed.",
    });
  }
  await Promise.all(open.map(({ gone }) => gone));
}

function isWorkerData(data: unknown): data is DatabaseWorkerData {
  return (
    typeof data === "object" &&
    data !== null &&
    "filesDirectory" in data &&
    "memoryImage" in data &&
    "socketPath" in data &&
    "turnLimitSeconds" in data &&
    typeof data.turnLimitSeconds === "number"
  );
}
