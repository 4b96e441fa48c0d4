/** What a campaign found: each policy's cost for each size and load, as text and as a self-contained page with plots. */
import { secondsToMilliseconds } from "../domain/units.ts";
import type { CampaignMean, CampaignRun } from "./campaign-means.ts";
import { campaignMeans, sortedNumbers } from "./campaign-means.ts";
import { htmlPage, htmlTable } from "./html-page.ts";
import { lineChart } from "./line-chart.ts";
import { durationText, tableText, usdText } from "./text.ts";

const HEADS = [
  "nodes",
  "λ s",
  "policy",
  "seeds",
  "total USD, mean ± 95 %",
  "VM USD",
  "late USD",
  "tardiness per job",
  "× bound",
  "saved by the best",
  "decision ms p95",
] as const;

/** The tables as text. */
export const campaignText = (runs: readonly CampaignRun[]): string =>
  tableText(HEADS, campaignMeans(runs).map(meanTexts));

/** The page: for each load a plot of cost over size (all policies, and those near the best), and the table. */
export function campaignPage(runs: readonly CampaignRun[]): string {
  const means = campaignMeans(runs);
  const best = new Set(means.flatMap((mean, index) => (mean.savedByBestShare === 0 ? [index] : [])));
  return htmlPage({
    title: "Berth: campaign",
    body: [
      "<h1>Campaign</h1>",
      `<p class="about">${runs.length} runs on ${new Set(runs.map((run) => run.scenario)).size} generated scenarios: 10 jobs for each node, exponential or measured arrivals with mean λ / nodes. The slides of 2019 compare a MILP with FIFO, EDF and priority rules in this way.</p>`,
      ...sortedNumbers(means.map((mean) => mean.lambdaSeconds)).flatMap((lambda) =>
        loadSection(lambda, means),
      ),
      "<h2>All figures</h2>",
      htmlTable(HEADS, means.map(meanTexts), best),
    ],
  });
}

function loadSection(lambdaSeconds: number, means: readonly CampaignMean[]): readonly string[] {
  const own = means.filter((mean) => mean.lambdaSeconds === lambdaSeconds);
  const policies = [...new Set(own.map((mean) => mean.policy))];
  const series = policies.map((policy) => ({
    name: policy,
    points: own
      .filter((mean) => mean.policy === policy)
      .map((mean) => ({ x: mean.nodes, y: mean.totalCostUsd })),
  }));
  const near = series.filter(({ name }) =>
    own.every((mean) => mean.policy !== name || 1 <= NEAR * (1 - mean.savedByBestShare)),
  );
  const xTicks = sortedNumbers(own.map((mean) => mean.nodes));
  const chart = { xLabel: "nodes", yLabel: "USD", shape: "line", xTicks } as const;
  return [
    `<h2>λ = ${lambdaSeconds} s</h2>`,
    lineChart({ ...chart, title: "Mean total cost of a scenario: all policies", series }),
    ...(near.length === series.length || near.length < 2
      ? []
      : [lineChart({ ...chart, title: `Only policies within ${NEAR} times the best`, series: near })]),
  ];
}

/** Policies beyond this multiple of the best would flatten all others in one plot. */
const NEAR = 5;

const meanTexts = (mean: CampaignMean): readonly string[] => [
  `${mean.nodes}`,
  `${mean.lambdaSeconds}`,
  mean.policy,
  `${mean.runCount}`,
  `${usdText(mean.totalCostUsd)}${mean.totalCostHalfWidthUsd === null ? "" : ` ± ${usdText(mean.totalCostHalfWidthUsd)}`}`,
  usdText(mean.vmCostUsd),
  usdText(mean.tardinessCostUsd),
  durationText(mean.tardinessSecondsPerJob),
  mean.ratioToLowerBound?.toFixed(3) ?? "?",
  `${(mean.savedByBestShare * 100).toFixed(1)} %`,
  mean.decisionP95Seconds === null ? "?" : `${Math.round(secondsToMilliseconds(mean.decisionP95Seconds))}`,
];
