/** Throw-away PostgreSQL servers for tests. A guardian process stops each of them even when the test process is killed. */
import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { accessSync, chownSync, constants, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";

/** A running server of its own. */
export interface PostgresServer {
  readonly url: string;
  /** Ends the server and deletes its files. */
  readonly stop: () => Promise<void>;
  /** Ends it in order (or finds it killed) and starts it again on the same files and port. */
  readonly restart: () => Promise<void>;
  /** Kills the server as a power cut would kill its process; start it again with `restart`. */
  readonly kill9: () => Promise<void>;
}

const DEBIAN_ROOT = "/usr/lib/postgresql";
const START_ATTEMPTS = 20;
const READY_TIMEOUT_SECONDS = 30;

/** Whether this machine has PostgreSQL's programs, and a user to run them as. */
export function isPostgresAvailable(): boolean {
  return binaries() !== null && account() !== null;
}

/** Starts a server; `durable` leaves fsync on. Throws when isPostgresAvailable() is false. */
export async function startPostgres({
  durable = false,
}: { readonly durable?: boolean } = {}): Promise<PostgresServer> {
  const programs = binaries();
  const user = account();
  if (programs === null || user === null)
    throw new Error("PostgreSQL is not installed: ask isPostgresAvailable() first");
  const directory = mkdtempSync(join(tmpdir(), "berth-test-postgres-"));
  chownSync(directory, user.uid, user.gid);
  const data = join(directory, "data");
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  execFileSync(
    join(programs, "initdb"),
    ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
    { ...user, cwd: directory, stdio: "ignore" },
  );
  const guardian = startGuardian(directory, data);
  const settings = [
    `listen_addresses=127.0.0.1`,
    `unix_socket_directories=`,
    ...(durable ? [] : ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]),
  ];
  const launch = (): Promise<ChildProcess> =>
    started({
      spawnServer: () =>
        spawn(
          join(programs, "postgres"),
          ["-D", data, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])],
          { ...user, cwd: directory, stdio: "ignore" },
        ),
      url,
    });
  let server: ChildProcess;
  try {
    server = await launch();
  } catch (error) {
    await guardian.end();
    throw error;
  }
  return {
    url,
    stop: guardian.end,
    kill9: () => ended(server, "SIGKILL"),
    restart: async () => {
      // SIGINT is PostgreSQL's fast shutdown.
      await ended(server, "SIGINT");
      server = await launch();
    },
  };
}

/** The directory of initdb and postgres; null where there is none. */
function binaries(): string | null {
  const onPath = (process.env["PATH"] ?? "").split(":");
  const debian = (() => {
    try {
      return readdirSync(DEBIAN_ROOT)
        .sort((a, b) => Number(b) - Number(a))
        .map((version) => join(DEBIAN_ROOT, version, "bin"));
    } catch {
      return [];
    }
  })();
  return (
    [...onPath, ...debian].find(
      (directory) => isExecutable(join(directory, "initdb")) && isExecutable(join(directory, "postgres")),
    ) ?? null
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** PostgreSQL refuses to run as root; then the system's user postgres does. Null where there is no such user. */
function account(): { readonly uid: number; readonly gid: number } | null {
  const { uid, gid } = userInfo();
  if (uid !== 0) return { uid, gid };
  const line = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync("/etc/passwd", "utf8"));
  return line === null ? null : { uid: Number(line[1]), gid: Number(line[2]) };
}

/** Waits for the end of its input, which comes when we close it or die; then it kills the server and deletes its files. */
function startGuardian(directory: string, data: string): { readonly end: () => Promise<void> } {
  const script = `
    trap '' INT TERM HUP
    cat > /dev/null
    pid=$(head -n 1 "$2/postmaster.pid" 2> /dev/null)
    if [ -n "$pid" ]; then
      kill -QUIT "$pid" 2> /dev/null
      tries=0
      while kill -0 "$pid" 2> /dev/null && [ $tries -lt 100 ]; do sleep 0.05; tries=$((tries + 1)); done
      kill -KILL "$pid" 2> /dev/null
    fi
    rm -rf "$1"`;
  const guardian = spawn("sh", ["-c", script, "guardian", directory, data], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  const gone = new Promise<void>((resolve) => {
    guardian.once("exit", () => {
      resolve();
    });
  });
  return {
    end: () => {
      guardian.stdin.end();
      return gone;
    },
  };
}

/** A server that was just killed leaves processes for a moment, and while they run a new one refuses to start. */
async function started({
  spawnServer,
  url,
}: {
  readonly spawnServer: () => ChildProcess;
  readonly url: string;
}): Promise<ChildProcess> {
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt += 1) {
    const server = spawnServer();
    if (await becomesReady(server, url)) return server;
    await wait(100);
  }
  throw new Error(`PostgreSQL did not start at ${url} in ${START_ATTEMPTS} attempts`);
}

/** False when the server ends before it takes connections. */
async function becomesReady(server: ChildProcess, url: string): Promise<boolean> {
  const giveUpAt = performance.now() + READY_TIMEOUT_SECONDS * 1000;
  while (performance.now() < giveUpAt) {
    if (server.exitCode !== null || server.signalCode !== null) return false;
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return true;
    } catch {
      await wait(30);
    }
  }
  await ended(server, "SIGKILL");
  return false;
}

function ended(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    server.once("exit", () => {
      resolve();
    });
    server.kill(signal);
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === "string") reject(new Error("No free port on 127.0.0.1"));
        else resolve(address.port);
      });
    });
  });
}
