import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadReferenceData, shippedCatalogPath } from "../../src/catalog/reference-data.ts";
import { loadScenario } from "../../src/catalog/scenario.ts";
import type { CampaignPlan } from "../../src/cli/campaign-runs.ts";
import { readRuns, runCampaign } from "../../src/cli/campaign-runs.ts";
import { barText } from "../../src/cli/progress-bar.ts";
import { campaignRequest, scenarioGenerator } from "../../src/cli/scenario-generator.ts";
import { checkTask } from "../../src/cli/simulation-run.ts";
import { campaignPage, campaignText } from "../../src/report/campaign-report.ts";

const PLAN: CampaignPlan = {
  nodes: [1],
  lambdasSeconds: [45_000],
  seeds: [1],
  policies: ["fifo", "greedy"],
  catalog: "slides-2019",
  region: null,
  arrivalsPath: null,
  actual: { kind: "predicted" },
  relativeGap: 1e-4,
  maxTreeNodes: 100,
};

describe("campaign", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "berth-campaign-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  test("runs what is missing, and only that", async () => {
    const journal = join(folder, "runs.jsonl");
    const run = async (plan: CampaignPlan) => runCampaign(plan, { folder, onProgress: () => undefined });
    const first = await run({ ...PLAN, policies: ["fifo"] });
    expect(first.map(({ policy, metrics }) => [policy, metrics.jobsCompleted])).toEqual([["fifo", 11]]);

    // The process was ended while it wrote a line: that run is repeated, the finished one is not.
    appendFileSync(journal, '{"scenario":"n01-lam');
    const both = await run(PLAN);
    expect(both.map(({ policy }) => policy)).toEqual(["fifo", "greedy"]);
    expect(both[0]).toEqual(JSON.parse(JSON.stringify(first[0])));
    expect(readRuns(journal)).toHaveLength(2);

    const before = readFileSync(journal, "utf8");
    expect(await run(PLAN)).toHaveLength(2);
    expect(readFileSync(journal, "utf8")).toBe(before);

    // A catalogue named from here, whose prices change: what was run with the old ones is run again.
    const own = relative(process.cwd(), join(folder, "own.json"));
    const prices = readFileSync(shippedCatalogPath("slides-2019"), "utf8");
    writeFileSync(own, prices);
    const withOwn = { ...PLAN, catalog: own, policies: ["fifo"] } as const;
    const [cheap] = await run(withOwn);
    expect(cheap?.metrics.vmCostUsd).toBe(first[0]?.metrics.vmCostUsd);
    writeFileSync(own, prices.replaceAll(/"pricePerHourUsd": ([\d.]+)/g, '"pricePerHourUsd": 9$1'));
    const [dear] = await run(withOwn);
    expect(dear?.metrics.vmCostUsd).toBeGreaterThan(9 * (cheap?.metrics.vmCostUsd ?? Infinity));

    expect(campaignText(both)).toContain("greedy");
    expect(campaignPage(both)).not.toMatch(/NaN|undefined|<script|https?:/);
  });
});

describe("a generated scenario", () => {
  const text = scenarioGenerator(
    "slides-2019",
    null,
  )(campaignRequest({ nodes: 2, lambdaSeconds: 30_000, seed: 1 }));

  test("is read back as drawn: predicted durations meet the fastest hours", () => {
    const folder = mkdtempSync(join(tmpdir(), "berth-generated-"));
    try {
      const path = join(folder, "scenario.json");
      writeFileSync(path, text);
      const { jobs, settings } = loadScenario(path, loadReferenceData());
      expect(jobs).toHaveLength(21);
      expect(settings.maxNodes).toBe(2);
      for (const job of jobs) {
        const fastest = Math.min(...job.durations.entries.map((entry) => entry.durationSeconds));
        expect(fastest).toBeGreaterThan(11 * 3600);
        expect(fastest).toBeLessThan(26 * 3600);
        expect(job.dueAtSeconds - job.submittedAtSeconds).toBeGreaterThan(fastest - 1);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test("wrong input is found before any worker starts", () => {
  const task = {
    policy: "fifo",
    seed: 1,
    actual: { kind: "predicted" },
    relativeGap: 0,
    maxTreeNodes: null,
  } as const;
  expect(() => {
    checkTask({ ...task, source: { kind: "gpuspb", path: "nowhere" } });
  }).toThrow("the file cannot be read");
});

test("the progress bar fills", () => {
  expect(barText(0)).toBe(`[${" ".repeat(30)}]   0 %`);
  expect(barText(1)).toBe(`[${"=".repeat(30)}] 100 %`);
});
