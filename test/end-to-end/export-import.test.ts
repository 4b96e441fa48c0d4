/** `berth export` and `berth import` as whoever runs a service calls them. */
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jobId } from "../../src/domain/ids.ts";
import { javascriptLpSolver } from "../../src/solver/javascript-lp-solver.ts";
import { connectPool } from "../../src/store/connect.ts";
import { openEmbeddedDatabase } from "../../src/store/embedded/open-embedded-database.ts";
import type { Store } from "../../src/store/store.ts";
import { openStore } from "../../src/store/store.ts";
import { plannedCluster, wholeFold } from "../service/planned-cluster.ts";
import { arrival } from "../service/test-cluster.ts";
import { copyDataDirectory } from "../support/database-template.ts";
import { isPostgresAvailable, startPostgres } from "../support/postgres-server.ts";
import { berthWith } from "./run-process.ts";

const folder = mkdtempSync(join(tmpdir(), "berth-export-"));
const source = join(folder, "source");
const file = join(folder, "berth.ndjson.gz");
/** A new directory takes seconds, and others may be at work. */
const PATIENT_MILLISECONDS = 120_000;
const ignore = (): void => undefined;

/** Works on the store of a directory while nobody else does. */
async function inDirectory<Result>(
  directory: string,
  work: (store: Store) => Promise<Result>,
): Promise<Result> {
  const { poolConfig, close } = await openEmbeddedDatabase({ dataDirectory: directory });
  const store = await openStore(connectPool({ kind: "embedded", poolConfig }, 3, ignore));
  try {
    return await work(store);
  } finally {
    await store.close();
    await close();
  }
}

/** Jobs, plans and history, as far as anybody can look them up. */
const contents = async (store: Store) => ({
  clusters: await store.clusters.all(),
  nodes: await store.clusters.nodes("default"),
  jobs: await store.jobs.page("default", {}, 100),
  jobHistory: await store.jobHistory.page("default", "A", { afterEntry: 0, limit: 100 }),
  plans: await store.plans.before("default", Number.MAX_SAFE_INTEGER, 100),
  planInForce: await store.clusters.planInForce("default"),
  events: await store.history.events("default", 0, 100),
  state: await wholeFold(store),
});
let before: Awaited<ReturnType<typeof contents>>;

beforeAll(async () => {
  await copyDataDirectory(source);
  before = await inDirectory(source, async (store) => {
    const cluster = await plannedCluster(store, { solver: javascriptLpSolver(), policy: "greedy" });
    await cluster.submit(arrival("A", "B", "C"));
    await cluster.settled();
    cluster.clock.advanceBy(1000 / 3);
    await cluster.submit((atSeconds) => ({ kind: "job-completed", jobId: jobId("A"), atSeconds }));
    await cluster.settled();
    await cluster.close();
    return contents(store);
  });
  const exported = await berthWith({ BERTH_DATA_DIR: source }, "export", "--out", file);
  expect(exported, exported.stderr).toMatchObject({ exitCode: 0, stderr: "" });
  expect(exported.stdout).toMatch(/berth\.ndjson\.gz: .*clusters 1, .*jobs 3/);
}, PATIENT_MILLISECONDS);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("berth export and berth import", () => {
  it("began with jobs, plans and a history to be moved", () => {
    expect(before.jobs).toHaveLength(3);
    expect(before.plans.length).toBeGreaterThanOrEqual(2);
    expect(before.jobHistory.length).toBeGreaterThanOrEqual(2);
    expect(before.events).toHaveLength(2);
    expect(before.nodes.length).toBeGreaterThan(0);
  });

  it(
    "move a service from one directory to another, where it is as it was",
    async () => {
      // Webhooks' secrets are in it: nobody else may read it.
      expect(statSync(file).mode & 0o777).toBe(0o600);
      const target = join(folder, "target");
      const imported = await berthWith({ BERTH_DATA_DIR: target }, "import", file);
      expect(imported, imported.stderr).toMatchObject({ exitCode: 0, stderr: "" });
      expect(imported.stdout).toMatch(/^Imported and checked: .*clusters 1, .*jobs 3/);
      expect(await inDirectory(target, contents)).toEqual(before);

      const again = await berthWith({ BERTH_DATA_DIR: target }, "import", file);
      expect(again.exitCode).toBe(2);
      expect(again.stderr).toContain("The store is not empty");
    },
    PATIENT_MILLISECONDS,
  );

  it(
    "move it to PostgreSQL",
    async () => {
      if (!isPostgresAvailable()) {
        console.warn("skipped: PostgreSQL is not installed");
        return;
      }
      const server = await startPostgres();
      try {
        const imported = await berthWith({ DATABASE_URL: server.url }, "import", file);
        expect(imported, imported.stderr).toMatchObject({ exitCode: 0, stderr: "" });
        const store = await openStore(connectPool({ kind: "postgres", url: server.url }, 3, ignore));
        expect(await contents(store)).toEqual(before);
        await store.close();
      } finally {
        await server.stop();
      }
    },
    PATIENT_MILLISECONDS,
  );

  it(
    "refuse in words what they cannot do",
    async () => {
      const damaged = join(folder, "damaged.ndjson");
      writeFileSync(damaged, '{"kind":"berth-store","format":0,"schema":[]}\n');
      const empty = join(folder, "empty");
      await copyDataDirectory(empty);
      const [taken, wrong] = await Promise.all([
        berthWith({ BERTH_DATA_DIR: join(folder, "unused") }, "export", "--out", file),
        berthWith({ BERTH_DATA_DIR: empty }, "import", damaged),
      ]);
      const missing = await berthWith({ BERTH_DATA_DIR: empty }, "import", join(folder, "nothing.gz"));
      const nowhere = join(folder, "nowhere");
      const [typo, homeless, unread] = await Promise.all([
        berthWith({ BERTH_DATA_DIR: nowhere }, "export", "--out", join(folder, "typo.ndjson")),
        berthWith({ BERTH_DATA_DIR: empty }, "export", "--out", join(folder, "no", "such", "folder")),
        berthWith({ BERTH_DATA_DIR: nowhere }, "import", join(folder, "nothing.gz")),
      ]);
      expect(typo).toMatchObject({ exitCode: 2, stdout: "" });
      expect(typo.stderr).toContain(`${nowhere} holds no store`);
      expect(homeless).toMatchObject({ exitCode: 2, stdout: "" });
      expect(homeless.stderr).toContain("ENOENT");
      expect(unread).toMatchObject({ exitCode: 2, stdout: "" });
      expect(existsSync(nowhere)).toBe(false);
      expect(readdirSync(folder).filter((name) => name.includes("typo"))).toEqual([]);
      expect(taken).toMatchObject({ exitCode: 2, stdout: "" });
      expect(taken.stderr).toContain("is there already; name another file");
      expect(existsSync(join(folder, "unused"))).toBe(false);
      expect(wrong).toMatchObject({ exitCode: 2, stdout: "" });
      expect(wrong.stderr).toContain("written by another version");
      expect(missing).toMatchObject({ exitCode: 2, stdout: "" });
      expect(missing.stderr).toContain("nothing.gz");
    },
    PATIENT_MILLISECONDS,
  );
});
