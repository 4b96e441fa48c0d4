import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { README } from "../support/readme.ts";
import { until } from "../support/until.ts";
import { startService } from "./run-process.ts";

const folder = mkdtempSync(join(tmpdir(), "berth-start-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("npm start", () => {
  it("makes its store, plays the prototype's history, prints the plan, serves it, plans what is posted, and ends when told to", async () => {
    const service = await startService({ BERTH_DATA_DIR: join(folder, "new") });
    try {
      expect(service.banner).toContain("JJ1 arrives");
      expect(service.banner).toContain("proven-optimal");
      const shown = timeless(README.split("Scenario prototype-2019")[1]?.split("```")[0] ?? "");
      expect(shown.length).toBeGreaterThan(10);
      expect(timeless(service.banner.split("Scenario prototype-2019")[1] ?? "")).toEqual(shown);
      const before = await getJson(`${service.url}/v1/plan`);
      const posted = await fetch(`${service.url}/v1/jobs`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          jobs: [
            {
              id: "posted-1",
              network: "resnet18",
              framework: "pytorch",
              batchSize: 64,
              samples: 50_000,
              epochs: 1,
              dueAt: "2100-01-01T00:00:00+01:00",
              tardinessCostPerHourUsd: 10,
            },
          ],
        }),
      });
      expect(posted.status).toBe(202);
      const after = await until(async () => {
        const plan = await getJson(`${service.url}/v1/plan`);
        return JSON.stringify(plan).includes("posted-1") ? plan : undefined;
      });
      expect(Number(after["revision"])).toBeGreaterThan(Number(before["revision"]));
    } finally {
      service.process.kill("SIGTERM");
    }
    const { exitCode, stderr } = await service.ended;
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
  });

  it("refuses a port in use, wrong variables and a database that does not answer by name", async () => {
    const blocker = createServer();
    const port = await new Promise<number>((resolve) => {
      blocker.listen(0, "127.0.0.1", () => {
        const address = blocker.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
    await Promise.all([
      expect(startService({ PORT: `${port}` })).rejects.toThrow(/in use/),
      expect(startService({ BERTH_POLICY: "magic", PORT: "eighty" })).rejects.toThrow(
        /BERTH_POLICY[^]*PORT|PORT[^]*BERTH_POLICY/,
      ),
      expect(startService({ DATABASE_URL: "postgresql://u:secret@127.0.0.1:1/berth" })).rejects.toThrow(
        /The database of DATABASE_URL cannot be used: connect ECONNREFUSED 127\.0\.0\.1:1\. Start it, or correct host/,
      ),
    ]);
    blocker.close();
  });
});

/** Lines in which no time stands, no address and no directory. */
const timeless = (text: string): readonly string[] =>
  text.split("\n").filter((line) => !/\d:\d\d|:\/\/|directory/.test(line));

async function getJson(url: string): Promise<Record<string, unknown>> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  const body: unknown = await response.json();
  return typeof body === "object" && body !== null ? { ...body } : {};
}
