/** What a campaign found: each policy's cost for each size and load, as text and as a self-contained page with plots. */
import { secondsToMilliseconds } from "../domain/units.ts";
import type { SimulationMetrics } from "../simulator/metrics.ts";
import { meanWithInterval } from "../simulator/statistics.ts";
import { htmlPage, htmlTable } from "./html-page.ts";
import { lineChart } from "./line-chart.ts";
import { durationText, tableText, usdText } from "./text.ts";

/** One run of a campaign with the figures that its report needs. */
export interface CampaignRun {
  readonly scenario: string;
  readonly nodes: number;
  readonly lambdaSeconds: number;
  readonly seed: number;
  readonly policy: string;
  readonly settings: string;
  readonly metrics: Pick<
    SimulationMetrics,
    | "totalCostUsd"
    | "vmCostUsd"
    | "tardinessCostUsd"
    | "tardinessSeconds"
    | "jobsCompleted"
    | "lowerBoundUsd"
    | "moves"
    | "stops"
    | "decisionSeconds"
  >;
}

/** The runs of one policy on one size and load, over its seeds. */
interface Cell {
  readonly nodes: number;
  readonly lambdaSeconds: number;
  readonly policy: string;
  readonly runs: readonly CampaignRun[];
}

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
export function campaignText(runs: readonly CampaignRun[]): string {
  return tableText(
    HEADS,
    cellsOf(runs).map((cell) => cellTexts(cell, runs)),
  );
}

/** The page: for each load a plot of cost over size (all policies, and those near the best), and the table. */
export function campaignPage(runs: readonly CampaignRun[]): string {
  const cells = cellsOf(runs);
  const best = new Set(
    cells.flatMap((cell, index) => (meanCost(cell.runs) === leastCost(cell, cells) ? [index] : [])),
  );
  return htmlPage({
    title: "Berth: campaign",
    body: [
      "<h1>Campaign</h1>",
      `<p class="about">${runs.length} runs on ${new Set(runs.map((run) => run.scenario)).size} generated scenarios: 10 jobs for each node, exponential or measured arrivals with mean λ / nodes. The slides of 2019 compare a MILP with FIFO, EDF and priority rules in this way.</p>`,
      ...unique(cells.map((cell) => cell.lambdaSeconds)).flatMap((lambda) => loadSection(lambda, cells)),
      "<h2>All figures</h2>",
      htmlTable(
        HEADS,
        cells.map((cell) => cellTexts(cell, runs)),
        best,
      ),
    ],
  });
}

function loadSection(lambdaSeconds: number, cells: readonly Cell[]): readonly string[] {
  const own = cells.filter((cell) => cell.lambdaSeconds === lambdaSeconds);
  const policies = [...new Set(own.map((cell) => cell.policy))];
  const series = policies.map((policy) => ({
    name: policy,
    points: own
      .filter((cell) => cell.policy === policy)
      .map((cell) => ({ x: cell.nodes, y: meanCost(cell.runs) })),
  }));
  const near = series.filter(({ name }) =>
    own.every((cell) => cell.policy !== name || meanCost(cell.runs) <= NEAR * leastCost(cell, own)),
  );
  const xTicks = unique(own.map((cell) => cell.nodes));
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

function cellsOf(runs: readonly CampaignRun[]): readonly Cell[] {
  return unique(runs.map((run) => run.lambdaSeconds)).flatMap((lambdaSeconds) =>
    unique(runs.map((run) => run.nodes)).flatMap((nodes) =>
      [...new Set(runs.map((run) => run.policy))].flatMap((policy): readonly Cell[] => {
        const own = runs.filter(
          (run) => run.nodes === nodes && run.lambdaSeconds === lambdaSeconds && run.policy === policy,
        );
        return own.length === 0 ? [] : [{ nodes, lambdaSeconds, policy, runs: own }];
      }),
    ),
  );
}

function cellTexts(cell: Cell, all: readonly CampaignRun[]): readonly string[] {
  const mean = (valueOf: (run: CampaignRun) => number): number =>
    cell.runs.reduce((total, run) => total + valueOf(run), 0) / cell.runs.length;
  const total = meanWithInterval(cell.runs.map((run) => run.metrics.totalCostUsd));
  const best = leastCost(cell, cellsOf(all));
  return [
    `${cell.nodes}`,
    `${cell.lambdaSeconds}`,
    cell.policy,
    `${cell.runs.length}`,
    `${usdText(total.mean)}${total.halfWidth === null ? "" : ` ± ${usdText(total.halfWidth)}`}`,
    usdText(mean((run) => run.metrics.vmCostUsd)),
    usdText(mean((run) => run.metrics.tardinessCostUsd)),
    durationText(mean((run) => run.metrics.tardinessSeconds / Math.max(1, run.metrics.jobsCompleted))),
    mean((run) => run.metrics.totalCostUsd / run.metrics.lowerBoundUsd).toFixed(3),
    `${((1 - best / total.mean) * 100).toFixed(1)} %`,
    `${Math.round(secondsToMilliseconds(mean((run) => run.metrics.decisionSeconds?.p95 ?? 0)))}`,
  ];
}

const meanCost = (runs: readonly CampaignRun[]): number =>
  runs.reduce((total, run) => total + run.metrics.totalCostUsd, 0) / runs.length;

/** Mean cost of the best policy on a cell's size and load. */
const leastCost = (cell: Cell, cells: readonly Cell[]): number =>
  Math.min(
    ...cells
      .filter((other) => other.nodes === cell.nodes && other.lambdaSeconds === cell.lambdaSeconds)
      .map((other) => meanCost(other.runs)),
  );

const unique = (values: readonly number[]): readonly number[] => [...new Set(values)].sort((a, b) => a - b);
