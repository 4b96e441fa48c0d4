/** What only the embedded database promises: durable commits, one process for each directory, its own limits. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EngineBrokenError, startEngine } from "../../src/store/embedded/engine.ts";
import { firstColumn } from "../../src/store/embedded/backend-message.ts";
import { Maintenance } from "../../src/store/embedded/maintenance.ts";
import { SessionTurns } from "../../src/store/embedded/session-turns.ts";
import { openEmbeddedDatabase, poolOf } from "../../src/store/embedded/open-embedded-database.ts";
import { startProgram } from "../support/start-program.ts";

const root = mkdtempSync(join(tmpdir(), "berth-test-embedded-"));
const template = join(root, "template");
const children: ChildProcess[] = [];
/** Eleven processes are started one after another; on a busy machine each takes seconds. */
const PATIENCE_MILLISECONDS = 300_000;

beforeAll(async () => {
  const database = await openEmbeddedDatabase({ dataDirectory: template });
  await database.close();
});
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(root, { recursive: true });
});

/** A data directory of its own, without the seconds that a new one takes. */
function freshDirectory(name: string): string {
  const directory = join(root, name);
  cpSync(template, directory, { recursive: true });
  return directory;
}

interface Program {
  readonly child: ChildProcess;
  readonly lines: AsyncIterator<string>;
}

async function run(program: string, ...args: readonly string[]): Promise<Program> {
  const child = await startProgram(new URL(`../support/${program}`, import.meta.url), args);
  children.push(child);
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

async function nextLine({ lines }: Program): Promise<string> {
  const next = await lines.next();
  return next.done === true ? "(ended)" : next.value;
}

async function kill9({ child }: Program): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

describe("durability", () => {
  it("flushes the log at least once for each commit, and never for what only reads", async () => {
    let fsyncCount = 0;
    const engine = await startEngine({
      directory: join(freshDirectory("counted"), "database"),
      fsync: (descriptor) => {
        fsyncCount += 1;
        fsyncSync(descriptor);
      },
    });
    const during = async (sql: string): Promise<number> => {
      const before = fsyncCount;
      await engine.execute(sql);
      return fsyncCount - before;
    };
    await engine.execute("CREATE TABLE t (id int)");
    for (let id = 0; id < 20; id += 1)
      expect(await during(`INSERT INTO t VALUES (${id})`)).toBeGreaterThanOrEqual(1);
    expect(
      await during("BEGIN; INSERT INTO t VALUES (20); UPDATE t SET id = 21 WHERE id = 20; COMMIT"),
    ).toBeGreaterThanOrEqual(1);
    expect(await during("SELECT count(*) FROM t")).toBe(0);
    await engine.close();
  });

  it("acknowledges nothing from the moment that a flush fails", async () => {
    let diskIsBroken = false;
    const engine = await startEngine({
      directory: join(freshDirectory("broken"), "database"),
      fsync: (descriptor) => {
        if (diskIsBroken) throw Object.assign(new Error("EIO: i/o error, fsync"), { code: "EIO" });
        fsyncSync(descriptor);
      },
    });
    await engine.execute("CREATE TABLE t (id int)");
    diskIsBroken = true;
    await expect(engine.execute("INSERT INTO t VALUES (1)")).rejects.toThrow(EngineBrokenError);
    diskIsBroken = false;
    await expect(engine.execute("SELECT 1")).rejects.toThrow(/fsync failed in .*EIO/);
    await expect(engine.close()).rejects.toThrow(EngineBrokenError);
  });

  it(
    "has every acknowledged commit after each of five kill -9 under four writers",
    async () => {
      const directory = freshDirectory("killed");
      const kept: string[] = [];
      for (let round = 0; round <= 5; round += 1) {
        const writer = await run("commit-writer.ts", directory, String(round));
        const [verb, ...found] = (await nextLine(writer)).split(" ");
        expect(verb).toBe("found");
        const missing = kept.filter((id) => !new Set(found).has(id));
        expect({ round, missing }).toEqual({ round, missing: [] });
        const commits = round === 5 ? 0 : 15 + 20 * round;
        for (let n = 0; n < commits; n += 1) {
          const line = await nextLine(writer);
          expect(line).toMatch(/^kept /);
          kept.push(line.slice("kept ".length));
        }
        await kill9(writer);
        // What was printed and not read yet was acknowledged, too.
        for (let line = await nextLine(writer); line !== "(ended)"; line = await nextLine(writer))
          kept.push(line.slice("kept ".length));
      }
      expect(kept.length).toBeGreaterThan(250);
    },
    PATIENCE_MILLISECONDS,
  );
});

describe("housekeeping", () => {
  it("vacuums a table of which much is dead", async () => {
    const engine = await startEngine({ directory: join(freshDirectory("vacuumed"), "database") });
    const turns = new SessionTurns((error) => {
      throw error;
    });
    const maintenance = new Maintenance(engine, turns);
    await engine.execute("CREATE TABLE t (id int); INSERT INTO t SELECT generate_series(1, 2000)");
    await engine.execute("DELETE FROM t WHERE id % 2 = 0");
    await engine.execute("SELECT pg_stat_force_next_flush()");
    turns.request(maintenance);
    await expect.poll(() => turns.idle).toBe(true);
    const vacuumed = await engine.execute(
      "SELECT last_vacuum IS NOT NULL AND n_dead_tup = 0 FROM pg_stat_user_tables WHERE relname = 't'",
    );
    expect(firstColumn(vacuumed)).toEqual(["t"]);
    maintenance.stop();
    await engine.close();
  });
});

describe("one process for each directory", () => {
  it("gives it to one of two that start at once, frees it on kill -9, and names the holder to the other", async () => {
    const directory = freshDirectory("shared");
    const other = join(root, "by another name");
    symlinkSync(directory, other);
    const programs = await Promise.all([
      run("directory-holder.ts", directory),
      run("directory-holder.ts", other),
    ]);
    const lines = await Promise.all(programs.map(nextLine));
    const winner = lines.indexOf("open");
    expect(lines.filter((line) => line === "open")).toHaveLength(1);
    const holder = programs[winner === 0 ? 0 : 1];
    expect(lines[1 - winner]).toMatch(
      /^DirectoryInUseError: The data directory .*shared is in use by (process \d+|another process)/,
    );
    await expect(openEmbeddedDatabase({ dataDirectory: other })).rejects.toThrow(
      `${directory} is in use by process ${holder.child.pid ?? 0}. Stop that process, or give this one a directory of its own (BERTH_DATA_DIR)`,
    );
    await kill9(holder);
    const database = await openEmbeddedDatabase({ dataDirectory: directory });
    await expect(openEmbeddedDatabase({ dataDirectory: directory })).rejects.toThrow(
      `in use by process ${process.pid}`,
    );
    await database.close();
    const again = await openEmbeddedDatabase({ dataDirectory: directory });
    await again.close();
  });
});

describe("the directory", () => {
  it("is its owner's only and says what it is", () => {
    expect(statSync(template).mode & 0o777).toBe(0o700);
    expect(statSync(join(template, "database")).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(template, "BERTH_STORE"), "utf8")).toBe(
      "format=1\npostgresql=18\nstate=ready\n",
    );
  });

  it("is refused, and left as it was, when it is somebody else's", async () => {
    const directory = join(root, "foreign");
    mkdirSync(directory);
    writeFileSync(join(directory, "thesis.tex"), "");
    await expect(openEmbeddedDatabase({ dataDirectory: directory })).rejects.toThrow(
      `The data directory ${directory} is not empty and has no BERTH_STORE file, so it is not Berth's (it holds thesis.tex)`,
    );
    expect(existsSync(join(directory, "LOCK"))).toBe(false);
  });

  it("is refused when it cannot be made", async () => {
    const file = join(root, "a-file");
    writeFileSync(file, "");
    await expect(openEmbeddedDatabase({ dataDirectory: join(file, "data") })).rejects.toThrow(
      /^The data directory .*a-file\/data cannot be used: ENOTDIR.* Give one that this user can make and write/,
    );
    // Linux only: Node's own way of making directories goes round for ever there.
    if (existsSync("/proc/self"))
      await expect(openEmbeddedDatabase({ dataDirectory: "/proc/berth/data" })).rejects.toThrow(
        /cannot be used: ENOENT/,
      );
  });

  it("is refused with the way out when another major version wrote it, or when its database is gone", async () => {
    const directory = freshDirectory("old");
    writeFileSync(join(directory, "BERTH_STORE"), "format=1\npostgresql=17\nstate=ready\n");
    await expect(openEmbeddedDatabase({ dataDirectory: directory })).rejects.toThrow(
      /written in format 1 by PostgreSQL 17; .* Export it with the Berth that wrote it, and import the export into an empty directory/,
    );
    writeFileSync(join(directory, "BERTH_STORE"), "nonsense");
    await expect(openEmbeddedDatabase({ dataDirectory: directory })).rejects.toThrow(
      /BERTH_STORE cannot be read/,
    );
    writeFileSync(join(directory, "BERTH_STORE"), "format=1\npostgresql=18\nstate=ready\n");
    rmSync(join(directory, "database"), { recursive: true });
    await expect(openEmbeddedDatabase({ dataDirectory: directory })).rejects.toThrow(
      /has lost its database directory/,
    );
  });
});

describe("limits of one session", () => {
  it("rolls back a transaction that holds the session too long, refuses COPY FROM STDIN, and ends connections as it closes", async () => {
    const database = await openEmbeddedDatabase({
      dataDirectory: freshDirectory("limited"),
      turnLimitSeconds: 0.3,
    });
    const pool = poolOf(database.poolConfig, 2);
    const poolErrors: string[] = [];
    pool.on("error", ({ message }) => poolErrors.push(message));
    await pool.query("CREATE TABLE t (id int)");
    await expect(pool.query("COPY t FROM STDIN")).rejects.toThrow(
      /takes no COPY FROM STDIN: insert the rows/,
    );
    const idler = new pg.Client({ ...database.poolConfig });
    await expect(pool.query("/* all */ DISCARD ALL")).rejects.toMatchObject({ code: "0A000" });
    await expect(pool.query({ text: "DEALLOCATE ALL", values: [] })).rejects.toMatchObject({ code: "0A000" });
    expect((await pool.query("SELECT 'DISCARD ALL' AS text")).rows).toEqual([{ text: "DISCARD ALL" }]);
    const errors: Error[] = [];
    idler.on("error", (error) => errors.push(error));
    await idler.connect();
    await idler.query("BEGIN");
    await idler.query("INSERT INTO t VALUES (1)");
    const waiting = pool.query("SELECT count(*) FROM t");
    expect((await waiting).rows).toEqual([{ count: "0" }]);
    await expect.poll(() => errors[0]).toMatchObject({ code: "25P03" });
    await expect(
      new pg.Client({ ...database.poolConfig, database: "other" }).connect(),
    ).rejects.toMatchObject({ code: "3D000" });
    const configured = new pg.Client({
      ...database.poolConfig,
      options: "-c work_mem=5MB -c search_path=a,b",
    });
    await configured.connect();
    expect(
      (
        await configured.query(
          "SELECT current_setting('work_mem') AS memory, current_setting('search_path') AS path",
        )
      ).rows,
    ).toEqual([{ memory: "5MB", path: "a,b" }]);
    await configured.end();
    await database.close();
    await expect.poll(() => poolErrors).toContain("The embedded database is closing");
    await pool.end();
    expect(existsSync(database.poolConfig.host)).toBe(false);
  });
});
