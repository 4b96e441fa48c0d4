import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { isPostgresAvailable, startPostgres } from "../support/postgres-server.ts";
import { startService } from "./run-process.ts";

const PATIENT = { timeout: 40_000, interval: 200 };
const folder = mkdtempSync(join(tmpdir(), "berth-metrics-"));
const closing: (() => unknown)[] = [
  () => {
    rmSync(folder, { recursive: true, force: true });
  },
];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

it("metrics tell of queue, deliveries and comparisons of the worker's thread, and are read also while the database is away", async () => {
  if (!isPostgresAvailable()) {
    console.warn("skipped: PostgreSQL is not installed");
    return;
  }
  const postgres = await startPostgres();
  closing.push(postgres.stop);
  const receiver = createServer((request, response) => {
    request.resume();
    response.end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  closing.push(() => receiver.close());
  const keyFile = join(folder, "admin.key");
  const service = await startService({
    DATABASE_URL: postgres.url,
    BERTH_ADMIN_KEY_FILE: keyFile,
    BERTH_WEBHOOK_ALLOW: "127.0.0.0/8",
    BERTH_LOG_LEVEL: "silent",
  });
  closing.push(() => {
    service.process.kill("SIGKILL");
    return service.ended;
  });
  const headers = {
    authorization: `Bearer ${readFileSync(keyFile, "utf8").trim()}`,
    "content-type": "application/json",
  };
  const post = async (path: string, body: unknown): Promise<void> => {
    const answer = await fetch(`${service.url}${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    expect(answer.status, await answer.text()).toBeLessThan(300);
  };
  const scrape = async (): Promise<string> => {
    const answer = await fetch(`${service.url}/metrics`, { headers });
    expect(answer.status).toBe(200);
    return answer.text();
  };

  await post("/v1/webhooks", { url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/` });
  await post("/v1/replan", {});
  const late = { network: "resnet50", framework: "pytorch", batchSize: 64, samples: 130_000, epochs: 3 };
  await post("/v1/jobs", {
    jobs: [{ ...late, id: "late", dueAt: "2020-01-01T00:00:00Z", tardinessCostPerHourUsd: 0.01 }],
  });
  await post("/v1/events", { kind: "job-completed", jobId: "late" });
  await post("/v1/comparisons", {
    mode: "decision",
    variants: [{ name: "as it is" }, { name: "one node", maxNodes: 1 }],
  });
  await expect.poll(scrape, PATIENT).toMatch(/^berth_webhook_deliveries_total\{outcome="delivered"\} [1-9]/m);
  await expect.poll(scrape, PATIENT).toMatch(/^berth_comparisons_total\{outcome="done"\} 1$/m);
  const text = await scrape();
  expect(text).toMatch(/^berth_webhook_delivery_lag_seconds_count [1-9]/m);
  expect(text).toMatch(/^berth_queue_jobs\{queue="webhook-deliveries",state="waiting"\} \d+$/m);
  expect(text).toMatch(/^berth_queue_jobs\{queue="comparisons",state="active"\} \d+$/m);
  expect(text).toMatch(/^berth_events_total\{kind="jobs-arrived"\} [1-9]/m);
  expect(text).toMatch(/^berth_events_total\{kind="job-completed"\} [1-9]/m);
  expect(text).toMatch(/^berth_tardiness_usd_total\{cluster="default"\} [1-9]\d{2}/m);
  expect(text).toMatch(/^berth_store_seconds_count\{operation="commit",outcome="done"\} [1-9]/m);
  expect(text).toMatch(/^berth_jobs\{cluster="default",status="running"\} \d+$/m);

  expect((await fetch(`${service.url}/metrics`)).status).toBe(401);

  await postgres.kill9();
  const away = await scrape();
  expect(away).toMatch(/^berth_store_answers 0$/m);
  expect(away).not.toMatch(/^berth_(jobs|rent_usd_per_hour)\{/m);
  expect(away).toMatch(/^berth_webhook_deliveries_total\{outcome="delivered"\} [1-9]/m);
  expect((await fetch(`${service.url}/metrics`)).status).toBe(401);
  await expect.poll(scrape, PATIENT).not.toMatch(/^berth_queue_jobs\{/m);

  await postgres.restart();
  await expect.poll(scrape, PATIENT).toMatch(/^berth_store_answers 1$/m);
  await expect.poll(scrape, PATIENT).toMatch(/^berth_queue_jobs\{/m);
}, 120_000);
