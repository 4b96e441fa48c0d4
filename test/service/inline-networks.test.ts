/** Jobs that bring their own layers are predicted wherever others are: after a change of the catalogue, in comparisons, in an imported store. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { pino } from "pino";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { loadReferenceData } from "../../src/catalog/reference-data.ts";
import { loadScenario } from "../../src/catalog/scenario.ts";
import { comparisonViewSchema } from "../../src/report/comparison-view.ts";
import { systemClock } from "../../src/service/clock.ts";
import { changeConfiguration } from "../../src/service/clusters/change-configuration.ts";
import type { ClusterConfiguration } from "../../src/service/clusters/cluster-configuration.ts";
import { configurationOf } from "../../src/service/clusters/cluster-configuration.ts";
import { createFirstCluster } from "../../src/service/clusters/first-cluster.ts";
import { jobMakers } from "../../src/service/job-makers.ts";
import { foldEvents, foldHistory } from "../../src/service/planning/cluster-fold.ts";
import { openQueue } from "../../src/service/queue/open-queue.ts";
import { COMPARISONS, runComparisons } from "../../src/service/worker/run-comparisons.ts";
import { HORIZON_PARTS } from "../../src/service/worker/run-horizon-parts.ts";
import { changeBell } from "../../src/store/change-bell.ts";
import { importStore } from "../../src/store/portable/import-store.ts";
import type { Store } from "../../src/store/store.ts";
import { LAYERS } from "../catalog/tiny-network.ts";
import { EXACT } from "../support/limits.ts";
import { exportedStore, linesOf } from "../support/exported-store.ts";
import { testStore } from "../support/test-store.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { Answer, ContractServer } from "./contract-server.ts";
import { NOON, closeDatabase, contractServer, jobSpec, sharedDatabase } from "./contract-server.ts";
import { draftSolver } from "./fake-solver.ts";

const TINY = { input: [4, 8, 8], layers: LAYERS };
const OTHER = { ...TINY, name: "resnet50" };
const catalogOf = (...vmTypes: [string, ...string[]]) => ({
  name: "slides-2019",
  region: "slides-2019",
  vmTypes,
});
const only = (vmType: string) => ({ kind: "shipped" as const, ...catalogOf(vmType) });
const reference = loadReferenceData();
const ignore = (): void => undefined;

let server: ContractServer;
beforeEach(async () => {
  server = await contractServer({ solver: draftSolver });
});
afterEach(() => server.close());
afterAll(closeDatabase);

const changeCatalog = (catalog: unknown): Promise<Answer> =>
  server.send("/v1/clusters/default", {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ catalog }),
  });

async function submit(...jobs: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
  const posted = await server.post("/v1/jobs", { jobs });
  expect(posted.status, posted.text).toBe(202);
  await server.settled();
}

async function vmTypesOf(id: string): Promise<readonly string[]> {
  const { json } = await server.get(`/v1/jobs/${id}`);
  const { durations } = z.object({ durations: z.array(z.object({ vmType: z.string() })) }).parse(json);
  return [...new Set(durations.map(({ vmType }) => vmType))];
}

async function folded(store: Store): Promise<string> {
  const { folded: start, pending } = await foldHistory(store, "default", undefined);
  return canonicalJson(foldEvents(start, pending).state);
}

/** Of the default cluster of another store than the server's. */
async function changeCatalogIn(store: Store, catalog: ClusterConfiguration["catalog"]): Promise<void> {
  await changeConfiguration(
    { store, clock: server.clock, reference, jobMakers: jobMakers(reference) },
    {
      clusterId: "default",
      cause: { principal: null, requestId: null },
      configurationAfter: (cluster) => ({ ...configurationOf(cluster), catalog }),
    },
  );
}

describe("jobs that bring their own layers", () => {
  it("are predicted anew on VM types that they were never predicted for, and their layers are kept once", async () => {
    expect((await changeCatalog(only("Standard_NC6"))).status).toBe(200);
    const many = Array.from({ length: 6 }, (_, index) => jobSpec({ id: `T${index}`, network: TINY }));
    await submit(...many, jobSpec({ id: "other", network: OTHER }));
    expect(await vmTypesOf("T0")).toEqual(["Standard_NC6"]);
    expect((await changeCatalog(only("Standard_NV6"))).status).toBe(200);
    await server.settled();
    expect(await vmTypesOf("T0")).toEqual(["Standard_NV6"]);
    expect(await vmTypesOf("T5")).toEqual(["Standard_NV6"]);
    // Not those of the shipped network of that name.
    const seconds = z.object({ durations: z.array(z.object({ durationSeconds: z.number() })) });
    const [tiny, other] = await Promise.all(
      ["T0", "other"].map(async (id) => seconds.parse((await server.get(`/v1/jobs/${id}`)).json)),
    );
    expect(other).toEqual(tiny);

    const networks = await server.store.db.selectFrom("networks").selectAll().execute();
    expect(networks).toHaveLength(2);
    for (const table of ["events", "jobs"] as const) {
      const { rows } = await sql<{ readonly row: string }>`
        SELECT row_to_json(t)::text AS row FROM ${sql.table(table)} AS t`.execute(server.store.db);
      expect(rows.some(({ row }) => row.includes('"layers"'))).toBe(false);
    }
  });

  it("stay so when the history is folded again, and in a store that was exported and imported", async () => {
    await changeCatalog(only("Standard_NC6"));
    // A batch size of its own: the store of this process still has the tables of other tests at hand, and would not keep them again.
    await submit(jobSpec({ id: "T", network: TINY, batchSize: 48 }));
    await changeCatalog(only("Standard_NV6"));
    await server.settled();
    expect(await folded(server.store)).toBe(await folded(server.store));
    const whole = await exportedStore(server.store);
    const target = await testStore();
    try {
      await importStore(target.store, linesOf(whole), ignore);
      expect(await folded(target.store)).toBe(await folded(server.store));
      await changeCatalogIn(target.store, only("Standard_NV12"));
      const [record] = await target.store.jobs.active("default");
      const entries = record?.state.job.durations.entries ?? [];
      expect([...new Set(entries.map(({ vmTypeId }) => vmTypeId))]).toEqual(["Standard_NV12"]);
    } finally {
      await target.close();
    }
  });

  it("are compared on other catalogues, of the cluster and as given", { timeout: 120_000 }, async () => {
    await submit(jobSpec({ id: "T", network: TINY }), jobSpec({ id: "U" }));
    const { pool } = await sharedDatabase();
    const queue = await openQueue(pool, [COMPARISONS, HORIZON_PARTS], ignore);
    const bell = await changeBell(pool, ignore);
    const logger = pino({ level: "silent" });
    const clock = systemClock();
    const worker = runComparisons({ store: server.store, pool, bell, queue, clock, logger, onEnd: ignore });
    try {
      const given = { jobs: [jobSpec({ id: "G", submittedAt: "2026-11-20T11:00:00Z", network: TINY })] };
      for (const jobs of [{}, given]) {
        const posted = await server.post("/v1/comparisons", {
          mode: "decision",
          variants: [
            { name: "as it is" },
            { name: "V100", catalog: { name: "azure-2026-11", region: "eastus" } },
          ],
          ...jobs,
        });
        expect(posted.status, posted.text).toBe(202);
        const place = posted.headers.get("location") ?? "";
        const done = z.object({ status: z.literal("done"), result: comparisonViewSchema });
        const { result } = await expect
          .poll(async () => (await server.get(place)).json, { timeout: 60_000, interval: 100 })
          .toMatchObject({ status: "done" })
          .then(async () => done.parse((await server.get(place)).json));
        expect(result.variants.map(({ leftOutJobs }) => leftOutJobs)).toEqual([[], []]);
      }
    } finally {
      await worker.close();
      await queue.close();
      await bell.close();
    }
  });

  it("are refused with 409 where their layers were not kept, and the history folds all the same", async () => {
    await changeCatalog(only("Standard_NC6"));
    await submit(jobSpec({ id: "T", network: TINY }), jobSpec({ id: "L", network: TINY }));
    // As in stores from before: T from a scenario, which kept only a name; L with its layers in what was posted.
    await sql`UPDATE jobs SET request = ${JSON.stringify(jobSpec({ network: "inline" }))} WHERE id = 'T'`.execute(
      server.store.db,
    );
    await sql`UPDATE jobs SET request = ${JSON.stringify(jobSpec({ network: TINY }))} WHERE id = 'L'`.execute(
      server.store.db,
    );
    await sql`DELETE FROM networks`.execute(server.store.db);
    expect(await changeCatalog(only("Standard_NV6"))).toMatchObject({
      status: 409,
      json: { problemCount: 1, problems: [{ path: "/catalog", value: "T" }] },
    });
    expect(await folded(server.store)).toContain('"id":"T"');
    await server.send("/v1/jobs/T", { method: "DELETE" });
    await server.settled();
    expect((await changeCatalog(only("Standard_NV6"))).status).toBe(200);
    await server.settled();
    expect(await vmTypesOf("L")).toEqual(["Standard_NV6"]);
  });
});

describe("the first cluster", () => {
  it("keeps what its scenario says of jobs: layers, measurements, budgets", async () => {
    const folder = mkdtempSync(join(tmpdir(), "berth-"));
    const target = await testStore();
    try {
      const job = (id: string, more: object): object => ({
        ...jobSpec({ id, ...more }),
        submittedAt: "2026-11-20T11:00:00Z",
      });
      const measuredSecondsPerEpoch = [{ vmType: "Standard_NC6", gpus: 1, secondsPerEpoch: 900 }];
      const file = {
        name: "own",
        about: "Jobs of one's own.",
        source: "test",
        catalog: catalogOf("Standard_NC6"),
        maxNodes: 2,
        replanIntervalSeconds: 3600,
        jobs: [
          job("T", { network: TINY, budgetUsd: 50, checkpointSeconds: 20 }),
          job("M", { network: undefined, measuredSecondsPerEpoch }),
        ],
      };
      writeFileSync(join(folder, "own.json"), JSON.stringify(file));
      const scenario = loadScenario(join(folder, "own.json"), reference);
      await createFirstCluster(target.store, {
        scenario,
        nowSeconds: NOON,
        means: { policy: "greedy", solver: draftSolver, limits: EXACT },
      });
      await changeCatalogIn(target.store, {
        kind: "shipped",
        ...catalogOf("Standard_NC6", "Standard_NV6"),
      });
      const active = await target.store.jobs.active("default");
      const offered = active.map(
        ({
          state: {
            id,
            job: { durations },
          },
        }) => [id, [...new Set(durations.entries.map(({ vmTypeId }) => vmTypeId))]],
      );
      expect(Object.fromEntries(offered)).toEqual({
        T: ["Standard_NC6", "Standard_NV6"],
        M: ["Standard_NC6"],
      });
      expect(active.find(({ state }) => state.id === "T")?.request).toMatchObject({
        budgetUsd: 50,
        checkpointSeconds: 20,
        dueAt: "2026-11-20T15:00:00Z",
      });
    } finally {
      await target.close();
      rmSync(folder, { recursive: true });
    }
  });
});
