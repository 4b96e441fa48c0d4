import { Writable } from "node:stream";
import { afterAll, describe, expect, it } from "vitest";
import { javascriptLpSolver } from "../../src/solver/javascript-lp-solver.ts";
import { connectPool } from "../../src/store/connect.ts";
import { openEmbeddedDatabase } from "../../src/store/embedded/open-embedded-database.ts";
import { exportStore } from "../../src/store/portable/export-store.ts";
import { importStore } from "../../src/store/portable/import-store.ts";
import type { Store } from "../../src/store/store.ts";
import { openStore } from "../../src/store/store.ts";
import { plannedCluster, wholeFold } from "../service/planned-cluster.ts";
import { arrival } from "../service/test-cluster.ts";
import { jobId } from "../../src/domain/ids.ts";
import { memoryImage } from "../support/database-template.ts";
import { exportedStore, linesOf } from "../support/exported-store.ts";
import { isPostgresAvailable, startPostgres } from "../support/postgres-server.ts";

const ignore = (): void => undefined;
const closing: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

async function embedded(): Promise<Store> {
  const database = await openEmbeddedDatabase({ dataDirectory: null, memoryImage: await memoryImage() });
  const store = await openStore(
    connectPool({ kind: "embedded", poolConfig: database.poolConfig }, 3, ignore),
  );
  closing.push(
    () => database.close(),
    () => store.close(),
  );
  return store;
}

async function postgres(): Promise<Store> {
  const server = await startPostgres();
  const store = await openStore(connectPool({ kind: "postgres", url: server.url }, 3, ignore));
  closing.push(
    () => server.stop(),
    () => store.close(),
  );
  return store;
}

/** A cluster with jobs, plans, a webhook, a key, an entry of the audit log, and a comparison with a part. */
async function used(store: Store): Promise<void> {
  const cluster = await plannedCluster(store, { solver: javascriptLpSolver(), policy: "greedy" });
  await cluster.submit(arrival("A", "B"));
  await cluster.settled();
  cluster.clock.advanceBy(1000 / 3);
  await cluster.submit((atSeconds) => ({ kind: "job-completed", jobId: jobId("A"), atSeconds }));
  await cluster.settled();
  await cluster.close();
  await store.webhooks.insert({
    clusterId: "default",
    id: "wh_1",
    url: "https://example.org/",
    secret: 'a "quoted" secret\nof two lines',
    previousSecrets: [{ secret: "before", untilSeconds: 1e9 / 3 }],
    createdAtSeconds: 0.1 + 0.2,
    queuedRevision: 3,
    lastOutcome: null,
    lastTriedAtSeconds: null,
  });
  await store.idempotency.keep(
    { clusterId: "default", principal: "é", key: "k" },
    { requestHash: "h", status: 202, answer: { revision: 2 ** 53 - 1, small: 1e-7 } },
    12.5,
  );
  await store.comparisons.insert({
    clusterId: "default",
    id: "c",
    kind: "variants",
    status: "running",
    request: {},
    input: {},
    createdAtSeconds: 1,
    finishedAtSeconds: null,
    progress: 0,
    result: null,
    failure: null,
  });
  const part = { id: "p", clusterId: "default", comparisonId: "c", digest: "d", input: '{"é":1}' };
  await store.horizonParts.add({ ...part, kind: "horizon" });
  await store.jobHistory.append("default", [
    { jobId: "A", atSeconds: 1, kind: "x", reason: "r", principal: null, planRevision: null },
  ]);
}

const rowsIn = async (store: Store): Promise<number> => (await store.clusters.all()).length;

describe("a store as lines", () => {
  const moves = [
    ["a directory", "a directory", embedded, embedded],
    ["a directory", "PostgreSQL", embedded, postgres],
    ["PostgreSQL", "a directory", postgres, embedded],
  ] as const;

  it.each(moves)(
    "moves from %s to %s: same rows, same fold, and goes on",
    async (from, to, open, openOther) => {
      if ([from, to].includes("PostgreSQL") && !isPostgresAvailable()) {
        console.warn("skipped: PostgreSQL is not installed");
        return;
      }
      const source = await open();
      await used(source);
      const whole = await exportedStore(source);
      const target = await openOther();
      await importStore(target, linesOf(whole), ignore);
      expect(await exportedStore(target)).toBe(whole);
      expect(await wholeFold(target)).toEqual(await wholeFold(source));
      expect(await target.latestSnapshot("default")).toEqual(await source.latestSnapshot("default"));
      // Numbering goes on where it was: nothing collides.
      await target.jobHistory.append("default", [
        { jobId: "A", atSeconds: 2, kind: "y", reason: "r", principal: null, planRevision: null },
      ]);
      const history = await target.jobHistory.page("default", "A", { afterEntry: 0, limit: 100 });
      expect(history.at(-1)?.kind).toBe("y");
    },
  );

  it("is refused, and nothing of it taken in, when it is cut off, changed, another version's, or the store is not empty", async () => {
    const source = await embedded();
    await used(source);
    const whole = await exportedStore(source);
    const target = await embedded();
    const refusal = async (lines: string): Promise<string> => {
      const error: unknown = await importStore(target, linesOf(lines), ignore).catch(
        (reason: unknown) => reason,
      );
      expect(await rowsIn(target)).toBe(0);
      return error instanceof Error ? `${error.name}: ${error.message}` : "taken in";
    };
    const lines = whole.trimEnd().split("\n");
    expect(await refusal(lines.slice(0, -1).join("\n"))).toMatch(/^ImportRefused: .*cut off/);
    expect(await refusal(whole.replace('"queued_revision":3', '"queued_revision":4'))).toMatch(
      /Table webhooks/,
    );
    const without = lines.filter((line) => !line.includes('"key":"k"')).join("\n");
    expect(await refusal(without)).toMatch(/Table idempotency_keys has 0 rows that are not the 1/);
    expect(await refusal(whole.replace('"format":1', '"format":2'))).toMatch(/another version/);
    expect(await refusal(`hello\n${whole}`)).toMatch(/does not begin/);
    expect(await refusal(`${whole}${whole}`)).toMatch(/goes on after its end/);
    await expect(importStore(source, linesOf(whole), ignore)).rejects.toThrow(
      /not empty: its table clusters/,
    );
  });

  it("puts webhooks back to before the first plan whose delivery is pending", async () => {
    const source = await embedded();
    await used(source);
    const whole = await exportedStore(source);
    const pending = [{ clusterId: "default", webhookId: "wh_1", revision: 2 }];
    const target = await embedded();
    await importStore(
      target,
      linesOf(whole.replace('"pending":[]', `"pending":${JSON.stringify(pending)}`)),
      ignore,
    );
    expect((await target.webhooks.find("default", "wh_1"))?.queuedRevision).toBe(1);
  });

  it("fails with the stream that it is written to, at whatever line that ends", async () => {
    const store = await embedded();
    await used(store);
    for (const room of [0, 1, 7]) {
      let left = room;
      const disk = new Writable({
        highWaterMark: 1,
        write: (_chunk, _encoding, done) => {
          left -= 1;
          done(left < 0 ? new Error("no space left on device") : null);
        },
      });
      disk.on("error", ignore);
      await expect(exportStore(store, disk, ignore)).rejects.toThrow("no space left on device");
    }
    // The transaction has ended with it.
    expect(await exportedStore(store)).toContain('"kind":"end"');
  });
});
