import { describe, expect, it } from "vitest";
import type { PolicyName } from "../../src/planner/policy.ts";
import type { SimulationMetrics } from "../../src/simulator/metrics.ts";
import { campaignMeansCsv, campaignRunsCsv } from "../../src/report/campaign-csv.ts";
import { campaignMeans } from "../../src/report/campaign-means.ts";
import { campaignPage, campaignText } from "../../src/report/campaign-report.ts";
import type { CampaignRunView } from "../../src/report/campaign-view.ts";
import { campaignMetrics, campaignView, campaignViewSchema } from "../../src/report/campaign-view.ts";

const METRICS: SimulationMetrics = {
  totalCostUsd: 100,
  vmCostUsd: 80,
  tardinessCostUsd: 20,
  tardinessSeconds: 110,
  jobsCompleted: 11,
  jobsLate: 1,
  jobsLeft: 0,
  events: 22,
  decisions: 20,
  decisionSeconds: { median: 0.01, p95: 0.05, max: 0.1 },
  makespanSeconds: 1000,
  gpuUtilisation: 0.9,
  nodeHours: 12,
  queueSeconds: null,
  moves: 3,
  stops: 2,
  changeLosses: { restartSeconds: 0, restartUsd: 0, bootSeconds: 0, bootUsd: 0, unusedBillingUsd: 0 },
  lowerBoundUsd: 50,
  ratioToLowerBound: 2,
};

/** A run of a size and a seed with figures of its own. */
const run = (
  policy: PolicyName,
  [nodes, seed]: readonly [number, number],
  own: Partial<SimulationMetrics> = {},
): CampaignRunView => ({
  scenario: `n0${nodes}-lambda30000-seed${seed}`,
  nodes,
  lambdaSeconds: 30_000,
  seed,
  policy,
  metrics: campaignMetrics({ ...METRICS, ...own }),
});

const RUNS = [
  run("edf", [2, 1], { totalCostUsd: 90, vmCostUsd: 70 }),
  run("edf", [2, 2], { totalCostUsd: 110, vmCostUsd: 90 }),
  run("greedy", [2, 1], { totalCostUsd: 50 }),
  run("greedy", [2, 2], { totalCostUsd: 50 }),
  run("edf", [1, 1], { lowerBoundUsd: 0, ratioToLowerBound: null, decisionSeconds: null }),
];

describe("the means of a campaign", () => {
  it("are those of each policy on each size, with the best's saving and the interval of Student's t", () => {
    const [small, edf, greedy, ...others] = campaignMeans(RUNS);
    expect(others).toEqual([]);
    expect(edf).toMatchObject({ nodes: 2, policy: "edf", runCount: 2, totalCostUsd: 100, vmCostUsd: 80 });
    // Two values 20 apart: a standard error of 10, times 12.706.
    expect(edf?.totalCostHalfWidthUsd).toBeCloseTo(127.06, 2);
    expect(edf).toMatchObject({ savedByBestShare: 0.5, tardinessSecondsPerJob: 10, ratioToLowerBound: 2 });
    expect(greedy).toMatchObject({ savedByBestShare: 0, totalCostHalfWidthUsd: 0, ratioToLowerBound: 1 });
    expect(small).toMatchObject({ nodes: 1, runCount: 1, totalCostHalfWidthUsd: null, savedByBestShare: 0 });
  });

  it("say null where a bound is 0 or decisions were not timed", () => {
    expect(campaignMeans(RUNS)[0]).toMatchObject({ ratioToLowerBound: null, decisionP95Seconds: null });
    expect(campaignText(RUNS)).toMatch(/│ \? +│ 0\.0 % +│ \? +│/);
  });

  it("of nothing that costs anything save nothing", () => {
    const free = run("edf", [1, 1], { totalCostUsd: 0, vmCostUsd: 0, tardinessCostUsd: 0 });
    expect(campaignMeans([free])[0]).toMatchObject({ totalCostUsd: 0, savedByBestShare: 0 });
  });
});

describe("a campaign's view", () => {
  const view = campaignView(RUNS);

  it("is what its schema says, also after it was kept", () => {
    expect(campaignViewSchema.parse(JSON.parse(JSON.stringify(view)))).toEqual(view);
  });

  it("is one row a run, and one row a mean, as CSV", () => {
    const runs = campaignRunsCsv(view).split("\r\n");
    expect(runs).toHaveLength(RUNS.length + 2);
    expect(runs[0]).toMatch(/^scenario,nodes,lambdaSeconds,seed,policy,totalCostUsd,.*,decisionMaxSeconds$/);
    expect(runs[5]).toMatch(/^n01-lambda30000-seed1,1,30000,1,edf,100,.*,,,$/);
    const means = campaignMeansCsv(view).split("\r\n");
    expect(means.slice(0, 2)).toEqual([
      "nodes,lambdaSeconds,policy,runCount,totalCostUsd,totalCostHalfWidthUsd,vmCostUsd,tardinessCostUsd,tardinessSecondsPerJob,ratioToLowerBound,savedByBestShare,decisionP95Seconds",
      "1,30000,edf,1,100,,80,20,10,,0,",
    ]);
  });

  it("is a page without anything from elsewhere", () => {
    const page = campaignPage(view.runs);
    expect(page).toContain("5 runs on 3 generated scenarios");
    expect(page).not.toMatch(/NaN|undefined|<script|https?:/);
  });
});
