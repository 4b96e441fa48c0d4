/**
 * The directory of an embedded database:
 *   BERTH_STORE  what it is: format, PostgreSQL major version, and whether its database was completely written
 *   LOCK         held by the process that has it open
 *   database/    PostgreSQL's own files; `database.new/` while they are first written
 */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, realpath, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { LOCK_FILE } from "./directory-lock.ts";
import { POSTGRESQL_MAJOR } from "./engine.ts";

/** A directory that is not, or not any more, one that this Berth can open; the message names the way out. */
export class DataDirectoryError extends Error {
  override readonly name = "DataDirectoryError";
}

/** The marker's name. */
export const MARKER_FILE = "BERTH_STORE";
const DATABASE = "database";
const UNFINISHED_DATABASE = "database.new";
const FORMAT = 1;
/** Entries that do not make a directory somebody's: our lock, and what a fresh file system contains. */
const IGNORED_ENTRIES: ReadonlySet<string> = new Set([LOCK_FILE, `${MARKER_FILE}.new`, "lost+found"]);
const OWNER_ONLY = 0o700;

interface Marker {
  readonly format: number;
  readonly postgresqlMajor: number;
  readonly state: "initialising" | "ready";
}

/** Makes the directory where it is missing (for its owner only), and gives its real path. Throws DataDirectoryError where that cannot be. */
export async function ensureDirectory(directory: string): Promise<string> {
  try {
    await makeDirectory(resolve(directory));
    return await realpath(directory);
  } catch (error) {
    throw directoryTrouble(directory, error);
  }
}

/** Level by level: Node's own recursion never ends where a file system says of any new entry that something is missing, as /proc does. */
async function makeDirectory(path: string): Promise<void> {
  if (existsSync(path)) return;
  await makeDirectory(dirname(path));
  await mkdir(path, { mode: OWNER_ONLY }).catch((error: unknown) => {
    // Another process was faster.
    if (!existsSync(path)) throw error;
  });
}

/** What the system says against a directory, as something that its user can mend; any other error as it is. */
export function directoryTrouble(directory: string, error: unknown): unknown {
  if (!(error instanceof Error) || !("syscall" in error)) return error;
  return new DataDirectoryError(
    `The data directory ${directory} cannot be used: ${error.message}. Give one that this user can make and write (BERTH_DATA_DIR).`,
    { cause: error },
  );
}

/** Throws DataDirectoryError where the directory holds something else, or files of another version. Changes nothing. */
export async function requireOurs(directory: string): Promise<void> {
  const entries = (await readdir(directory)).filter((entry) => !IGNORED_ENTRIES.has(entry));
  if (entries.length === 0) return;
  if (!entries.includes(MARKER_FILE)) {
    throw new DataDirectoryError(
      `The data directory ${directory} is not empty and has no ${MARKER_FILE} file, so it is not Berth's (it holds ${entries.slice(0, 3).join(", ")}). Give an empty or a new directory (BERTH_DATA_DIR).`,
    );
  }
  const marker = await readMarker(directory);
  if (marker.format !== FORMAT || marker.postgresqlMajor !== POSTGRESQL_MAJOR) {
    throw new DataDirectoryError(
      `The data directory ${directory} was written in format ${marker.format} by PostgreSQL ${marker.postgresqlMajor}; this Berth writes format ${FORMAT} with PostgreSQL ${POSTGRESQL_MAJOR} and cannot read it. Export it with the Berth that wrote it, and import the export into an empty directory.`,
    );
  }
  if (marker.state === "ready" && !entries.includes(DATABASE)) {
    throw new DataDirectoryError(
      `The data directory ${directory} has lost its ${DATABASE} directory. Put it back from a backup, or give an empty directory (BERTH_DATA_DIR).`,
    );
  }
}

/** The directory of PostgreSQL's files. Where there are none, `initialise` writes them; a start that was cut short begins again. */
export async function databaseFiles(
  directory: string,
  initialise: (filesDirectory: string) => Promise<void>,
): Promise<string> {
  const files = join(directory, DATABASE);
  const unfinished = join(directory, UNFINISHED_DATABASE);
  const marker = await readMarker(directory).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  });
  if (marker?.state !== "ready") {
    writeMarker(directory, "initialising");
    // Only what a cut-short start of ours has left: requireOurs refuses everything else.
    await rm(files, { recursive: true, force: true });
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { mode: OWNER_ONLY });
    await initialise(unfinished);
    await syncTree(unfinished);
    await rename(unfinished, files);
    syncPath(directory);
    writeMarker(directory, "ready");
  }
  // PGlite unpacks its first files readable for everybody; this door keeps others out whatever is behind it.
  await chmod(files, OWNER_ONLY);
  return files;
}

async function readMarker(directory: string): Promise<Marker> {
  const path = join(directory, MARKER_FILE);
  const text = await readFile(path, "utf8");
  const fields = new Map(
    text.split("\n").map((line): [string, string] => {
      const [name = "", value = ""] = line.split("=");
      return [name.trim(), value.trim()];
    }),
  );
  const state = fields.get("state");
  const format = Number(fields.get("format"));
  const postgresqlMajor = Number(fields.get("postgresql"));
  if (
    !Number.isInteger(format) ||
    !Number.isInteger(postgresqlMajor) ||
    (state !== "initialising" && state !== "ready")
  ) {
    throw new DataDirectoryError(
      `${path} cannot be read: it should have lines format=${FORMAT}, postgresql=${POSTGRESQL_MAJOR} and state=ready, and holds ${JSON.stringify(text.slice(0, 200))}. Put it back from a backup.`,
    );
  }
  return { format, postgresqlMajor, state };
}

/** Written beside and renamed over, so that there is always one whole marker. */
function writeMarker(directory: string, state: Marker["state"]): void {
  const path = join(directory, MARKER_FILE);
  const draft = `${path}.new`;
  const descriptor = openSync(draft, "w", 0o600);
  try {
    writeSync(descriptor, `format=${FORMAT}\npostgresql=${POSTGRESQL_MAJOR}\nstate=${state}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(draft, path);
  syncPath(directory);
}

/** Flushes files and directories: PGlite unpacks its first files without. */
async function syncTree(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await syncTree(path);
    else syncPath(path);
  }
  syncPath(directory);
}

function syncPath(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
