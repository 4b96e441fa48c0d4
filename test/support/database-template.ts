/**
 * An embedded database that was initialised and migrated once: tests begin with copies of it, for a new one takes seconds of the processor.
 * It is kept from run to run, until the store's sources or PGlite change.
 */
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PGlite } from "@electric-sql/pglite";
import { connectPool } from "../../src/store/connect.ts";
import { openEmbeddedDatabase } from "../../src/store/embedded/open-embedded-database.ts";
import { openStore } from "../../src/store/store.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const KEPT = join(root, "node_modules/.cache/berth-test-database");
const STORE_SOURCES = join(root, "src/store");
const PGLITE = join(root, "node_modules/@electric-sql/pglite/package.json");
/** A data directory, closed in order. */
const DIRECTORY = "data";
/** The same files as one, for databases in memory. */
const IMAGE = "image.tar";
/** Templates of other sources are thrown away when they are older: another run may still begin with a younger one. */
const KEPT_HOURS = 24;

let template: Promise<string> | undefined;

/** The file of a database in memory: `memoryImage` of openEmbeddedDatabase. */
export const memoryImage = async (): Promise<string> => join(await (template ??= findOrMake()), IMAGE);

/** Makes a data directory, as a service would leave it that was started and ended. */
export async function copyDataDirectory(to: string): Promise<void> {
  cpSync(join(await (template ??= findOrMake()), DIRECTORY), to, { recursive: true });
}

/** Where two processes make it at once, one of them throws its own away. */
async function findOrMake(): Promise<string> {
  const path = join(KEPT, keyOfSources());
  if (existsSync(path)) return path;
  mkdirSync(KEPT, { recursive: true });
  removeOldTemplates();
  const draft = mkdtempSync(join(KEPT, "draft-"));
  await writeTemplate(draft);
  try {
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { recursive: true });
    if (!existsSync(path)) throw error;
  }
  return path;
}

async function writeTemplate(draft: string): Promise<void> {
  const dataDirectory = join(draft, DIRECTORY);
  const database = await openEmbeddedDatabase({ dataDirectory });
  const pool = connectPool({ kind: "embedded", poolConfig: database.poolConfig }, 1, () => undefined);
  const store = await openStore(pool);
  await store.close();
  await database.close();
  // The engine writes to the directory that it dumps: it gets one of its own.
  const dumped = mkdtempSync(join(tmpdir(), "berth-test-template-"));
  try {
    cpSync(join(dataDirectory, "database"), dumped, { recursive: true });
    const pglite = await PGlite.create(dumped);
    const image = await pglite.dumpDataDir("none");
    await pglite.close();
    writeFileSync(join(draft, IMAGE), Buffer.from(await image.arrayBuffer()));
  } finally {
    rmSync(dumped, { recursive: true });
  }
}

/** What the files of a template depend on, so that no test begins with those of other sources. */
function keyOfSources(): string {
  const hash = createHash("sha256");
  const sources = readdirSync(STORE_SOURCES, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .sort()
    .map((name) => join(STORE_SOURCES, name));
  for (const path of [...sources, PGLITE, fileURLToPath(import.meta.url)])
    hash.update(`${path}\0`).update(readFileSync(path));
  return hash.digest("hex").slice(0, 32);
}

function removeOldTemplates(): void {
  const keptSince = Date.now() - KEPT_HOURS * 3_600_000;
  for (const name of readdirSync(KEPT)) {
    const path = join(KEPT, name);
    if (statSync(path).mtimeMs < keptSince) rmSync(path, { recursive: true, force: true });
  }
}
