/**
 * One process for each directory. The lock is one that the kernel drops when its process ends, however it ends, and
 * that two starters cannot both get; nothing is ever judged stale.
 */
import { spawn } from "node:child_process";
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from "node:fs";
import type { Server } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";

/** The directory is in use; the message says by whom and what to do. */
export class DirectoryInUseError extends Error {
  override readonly name = "DirectoryInUseError";
}

/** A held lock. */
export interface DirectoryLock {
  readonly release: () => Promise<void>;
}

/** The file that carries the lock and names its holder. It stays when the lock is released: removing it would be a race. */
export const LOCK_FILE = "LOCK";

const LOCKS_WHILE_OPENING: ReadonlySet<NodeJS.Platform> = new Set(["darwin", "freebsd", "openbsd", "netbsd"]);
/** open(2) of macOS and the BSDs: lock the file as it is opened (fcntl.h). */
const O_EXLOCK = 0x20;
/** Without it the call would wait for the holder instead of failing. */
const O_NONBLOCK = constants.O_NONBLOCK;
/** `flock -n` ends with this status when somebody else holds the lock, in util-linux and in BusyBox. */
const HELD_STATUS = 1;

/** Locks a directory for this process, or throws DirectoryInUseError. */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const path = join(directory, LOCK_FILE);
  for (;;) {
    const { descriptor, release } = await lockFile(path, directory);
    // Somebody may have replaced the file between its opening and its locking; then the lock is on a file that is gone.
    if (isStillAt(descriptor, path)) {
      ftruncateSync(descriptor, 0);
      writeSync(descriptor, `${process.pid}\n`, 0);
      return { release };
    }
    await release();
  }
}

/** A bare descriptor: Node closes a file handle that nobody refers to any more, and with it would go the lock. */
interface LockedFile {
  readonly descriptor: number;
  readonly release: () => Promise<void>;
}

async function lockFile(path: string, directory: string): Promise<LockedFile> {
  const { platform } = process;
  if (platform === "linux") return lockOnLinux(path, directory);
  if (LOCKS_WHILE_OPENING.has(platform)) return lockWhileOpening(path, directory);
  throw new Error(
    `The embedded database cannot lock ${directory} on ${platform}: it runs on Linux and macOS; set DATABASE_URL to a PostgreSQL server here`,
  );
}

function lockWhileOpening(path: string, directory: string): LockedFile {
  try {
    const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT | O_NONBLOCK | O_EXLOCK, 0o600);
    return { descriptor, release: () => closed(descriptor) };
  } catch (error) {
    throw hasCode(error, "EAGAIN") || hasCode(error, "EWOULDBLOCK") ? inUse(path, directory) : error;
  }
}

/**
 * Node has no flock(2). The lock belongs to the open file, not to the process that asked for it, so flock(1) can take it on
 * a descriptor that it inherits and leave it to us as it ends.
 */
async function lockOnLinux(path: string, directory: string): Promise<LockedFile> {
  const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    const status = await flockStatus(descriptor);
    if (status === 0) return { descriptor, release: () => closed(descriptor) };
    if (status === HELD_STATUS) throw inUse(path, directory);
    if (status !== null) {
      throw new Error(`flock ended with status ${status} on ${path}; is its file system able to lock?`);
    }
    const server = await bindAbstractSocket(descriptor, path, directory);
    return {
      descriptor,
      release: async () => {
        await new Promise((resolve) => server.close(resolve));
        await closed(descriptor);
      },
    };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function closed(descriptor: number): Promise<void> {
  closeSync(descriptor);
  return Promise.resolve();
}

/** Null where this system has no flock(1). */
function flockStatus(descriptor: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn("flock", ["-x", "-n", "3"], {
      stdio: ["ignore", "ignore", "ignore", descriptor],
    });
    child.once("error", (error) => {
      if (hasCode(error, "ENOENT")) resolve(null);
      else reject(error);
    });
    child.once("close", (status) => {
      if (status === null) reject(new Error("flock was ended by a signal"));
      else resolve(status);
    });
  });
}

/** Systems without flock(1): an abstract socket, named by the file's device and number. It holds within one network namespace. */
async function bindAbstractSocket(descriptor: number, path: string, directory: string): Promise<Server> {
  const { dev, ino } = fstatSync(descriptor);
  const server = createServer((socket) => socket.destroy());
  // The lock ends with the process and must not keep it alive.
  server.unref();
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      reject(hasCode(error, "EADDRINUSE") ? inUse(path, directory) : error);
    });
    server.listen(`\0berth-store-${dev}-${ino}`, () => {
      resolve(server);
    });
  });
}

function isStillAt(descriptor: number, path: string): boolean {
  const held = fstatSync(descriptor);
  const there = statSync(path, { throwIfNoEntry: false });
  return there !== undefined && there.dev === held.dev && there.ino === held.ino;
}

function inUse(path: string, directory: string): DirectoryInUseError {
  const holder = readFileSync(path, "utf8").trim();
  const who = holder === "" ? "another process that is just starting" : `process ${holder}`;
  return new DirectoryInUseError(
    `The data directory ${directory} is in use by ${who}. Stop that process, or give this one a directory of its own (BERTH_DATA_DIR); several processes can share one database only through a PostgreSQL server (DATABASE_URL).`,
  );
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
