/** Private directories for the sockets of embedded databases; those that a killed process left behind are removed. */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** pg and libpq look for this name in the directory that they are given as host. */
export const SOCKET_PORT = 5432;
const SOCKET_NAME = `.s.PGSQL.${SOCKET_PORT}`;
const PREFIX = "berth-sql-";
/** A socket exists for a moment before its server answers; a younger one is left alone. */
const STALE_AFTER_SECONDS = 60;

/** A directory that only this user may enter, with the path of the socket to make in it. */
export interface SocketDirectory {
  readonly path: string;
  readonly socketPath: string;
  readonly remove: () => void;
}

/** Makes one under the system's directory for temporary files. It is removed at the process's ordinary exit, too. */
export function makeSocketDirectory(): SocketDirectory {
  const path = mkdtempSync(join(tmpdir(), PREFIX));
  const drop = (): void => {
    rmSync(path, { recursive: true, force: true });
  };
  process.once("exit", drop);
  return {
    path,
    socketPath: join(path, SOCKET_NAME),
    remove: () => {
      process.off("exit", drop);
      drop();
    },
  };
}

/** Removes directories of this user whose server is gone: their sockets refuse connections. */
export async function removeStaleSocketDirectories(): Promise<void> {
  const now = Date.now();
  const own = readdirSync(tmpdir(), { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && entry.name.startsWith(PREFIX),
  );
  await Promise.all(
    own.map(async ({ name }) => {
      const path = join(tmpdir(), name);
      const socket = statSync(join(path, SOCKET_NAME), { throwIfNoEntry: false });
      if (socket === undefined || socket.uid !== process.getuid?.()) return;
      if (now - socket.mtimeMs < STALE_AFTER_SECONDS * 1000) return;
      if (await refusesConnections(join(path, SOCKET_NAME))) rmSync(path, { recursive: true, force: true });
    }),
  );
}

function refusesConnections(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(socketPath);
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", (error) => {
      resolve("code" in error && error.code === "ECONNREFUSED");
    });
  });
}
