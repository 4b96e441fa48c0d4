import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { measureStore } from "../../../src/service/operations/measure-store.ts";
import type { Metrics } from "../../../src/service/operations/metrics.ts";
import { createMetrics } from "../../../src/service/operations/metrics.ts";
import type { Store } from "../../../src/store/store.ts";
import type { TestStore } from "../../support/test-store.ts";
import { testStore } from "../../support/test-store.ts";
import { createCluster } from "../planned-cluster.ts";
import type { LocalServer } from "../security/local-server.ts";
import { serveApp } from "../security/local-server.ts";

const logger = pino({ level: "silent" });

describe("the store's numbers in the metrics", () => {
  let database: TestStore;
  let metrics: Metrics;
  let server: LocalServer;
  /** Stands before the store's own answer. */
  let before: () => Promise<void>;
  let looks: number;

  beforeEach(async () => {
    database = await testStore();
    await createCluster(database.store);
    metrics = createMetrics();
    before = () => Promise.resolve();
    looks = 0;
    const { clusters, jobs } = database.store;
    const store: Pick<Store, "clusters" | "jobs"> = {
      jobs,
      clusters: {
        ...clusters,
        all: async () => {
          looks += 1;
          await before();
          return clusters.all();
        },
      },
    };
    server = await serveApp((app) => {
      const measured = { store, logger, paidAnywayPerHourUsd: () => 0.7 };
      app.get("/metrics", measureStore(measured, metrics, 0.05), metrics.page);
    });
  });
  afterEach(async () => {
    await server.close();
    await database.close();
  });
  const scrape = async (): Promise<string> => {
    const answer = await fetch(`${server.url}/metrics`);
    expect(answer.status).toBe(200);
    return answer.text();
  };
  const shown =
    /^berth_jobs\{cluster="default",status="waiting"\} 0$[^]*^berth_paid_anyway_usd_per_hour\{cluster="default"\} 0\.7$/m;

  it("are left out while it fails, and there again afterwards", async () => {
    before = () => Promise.reject(new Error("connection refused"));
    const without = await scrape();
    expect(without).not.toMatch(/^berth_jobs\{/m);
    expect(without).toContain("berth_store_answers 0");
    expect(without).toContain("process_resident_memory_bytes");
    before = () => Promise.resolve();
    // A busy machine may take longer than the patience of one look.
    let again = "";
    await expect.poll(async () => (again = await scrape()), { timeout: 30_000 }).toMatch(shown);
    expect(again).toContain("berth_store_answers 1");
  });

  it("are left out while it does not answer, and it is not asked again meanwhile", async () => {
    let answer: () => void = () => undefined;
    before = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    for (const text of await Promise.all([scrape(), scrape()])) expect(text).not.toMatch(/^berth_jobs\{/m);
    expect(await scrape()).toContain("berth_store_answers 0");
    expect(looks).toBe(1);
    before = () => Promise.resolve();
    answer();
    await expect.poll(scrape).toMatch(shown);
  });
});
