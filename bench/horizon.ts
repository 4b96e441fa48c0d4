/**
 * Whole-horizon cost of one policy against another on generated scenarios, overload and misprediction included. Run with
 * `npx tsx bench/horizon.ts [--nodes 2,4,8] [--lambda 15000,30000,45000] [--seeds 101-104] [--sigma 0,0.2] [--policies progress-value,greedy]`.
 *
 * λ is the literature's {30000, 45000} and 15000, at which work arrives about twice as fast as N nodes can do it. σ is that of the noise on durations. The
 * objective was chosen on seeds 1 to 8 with 2 nodes, so that seeds from 101 on are held out. One simulation at a time; equal options give equal figures.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { policiesOption } from "../src/cli/policies-option.ts";
import { campaignRequest, scenarioGenerator } from "../src/cli/scenario-generator.ts";
import type { ActualDurations } from "../src/cli/simulation-run.ts";
import { runSimulation } from "../src/cli/simulation-run.ts";
import type { PolicyName } from "../src/planner/policy.ts";
import { scenarioName } from "../src/simulator/campaign.ts";
import type { SimulationMetrics } from "../src/simulator/metrics.ts";
import { meanWithInterval } from "../src/simulator/statistics.ts";
import { markdownTable } from "./support/table.ts";

const { values } = parseArgs({
  options: {
    nodes: { type: "string", default: "2,4,8" },
    lambda: { type: "string", default: "15000,30000,45000" },
    seeds: { type: "string", default: "101-104" },
    sigma: { type: "string", default: "0,0.2" },
    policies: { type: "string", default: "progress-value,greedy" },
  },
});

/** Stops of one decision, as in bench/peers.ts. */
const LIMITS = { relativeGap: 1e-4, maxTreeNodes: 2000 } as const;

const numbers = (text: string): readonly number[] => text.split(",").map(Number);
const [firstSeed, lastSeed] = values.seeds.split("-").map(Number);
if (firstSeed === undefined) throw new Error("--seeds is empty; give for example 101-104");
const seeds = Array.from(
  { length: (lastSeed ?? firstSeed) - firstSeed + 1 },
  (_, index) => firstSeed + index,
);
const [ours, theirs] = policiesOption(values.policies);
if (ours === undefined || theirs === undefined) throw new Error("--policies needs two, for example a,b");

interface Pair {
  readonly own: SimulationMetrics;
  readonly other: SimulationMetrics;
  readonly ratio: number;
}

const generate = scenarioGenerator("slides-2019", null);
const folder = mkdtempSync(join(tmpdir(), "berth-horizon-"));
const rows: (readonly string[])[] = [];
try {
  for (const sigma of numbers(values.sigma)) {
    const all: Pair[] = [];
    for (const nodes of numbers(values.nodes)) {
      for (const lambdaSeconds of numbers(values.lambda)) {
        const pairs: Pair[] = [];
        for (const seed of seeds) pairs.push(await compare({ nodes, lambdaSeconds, seed, sigma }));
        all.push(...pairs);
        rows.push(rowOf(`${nodes} nodes, λ ${lambdaSeconds}, σ ${sigma}`, pairs));
      }
    }
    rows.push(rowOf(`all, σ ${sigma}`, all));
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(
  markdownTable(
    [
      "scenarios",
      "n",
      `${ours} / ${theirs}: mean, 95 %`,
      "worst",
      "best",
      "lost",
      "× bound",
      `× bound, ${theirs}`,
    ],
    rows,
  ),
);

async function compare(drawn: {
  readonly nodes: number;
  readonly lambdaSeconds: number;
  readonly seed: number;
  readonly sigma: number;
}): Promise<Pair> {
  const path = join(folder, `${scenarioName(drawn)}.json`);
  writeFileSync(path, generate(campaignRequest(drawn)));
  const { seed, sigma } = drawn;
  const actual: ActualDurations = sigma > 0 ? { kind: "noise", sigma } : { kind: "predicted" };
  const figures = async (policy: PolicyName): Promise<SimulationMetrics> =>
    (await runSimulation({ source: { kind: "scenario", path }, policy, seed, actual, ...LIMITS })).metrics;
  const own = await figures(ours ?? "progress-value");
  const other = await figures(theirs ?? "greedy");
  const ratio = own.totalCostUsd / other.totalCostUsd;
  console.error(
    `${scenarioName(drawn)} σ ${sigma}: ${own.totalCostUsd.toFixed(2)} / ${other.totalCostUsd.toFixed(2)} = ${ratio.toFixed(3)}`,
  );
  return { own, other, ratio };
}

function rowOf(name: string, pairs: readonly Pair[]): readonly string[] {
  const ratios = pairs.map(({ ratio }) => ratio);
  const { mean, halfWidth } = meanWithInterval(ratios);
  const toBound = (metrics: readonly SimulationMetrics[]): string =>
    meanWithInterval(metrics.map(({ ratioToLowerBound }) => ratioToLowerBound ?? NaN)).mean.toFixed(2);
  return [
    name,
    String(pairs.length),
    `${mean.toFixed(3)} ± ${halfWidth?.toFixed(3) ?? "?"}`,
    Math.max(...ratios).toFixed(3),
    Math.min(...ratios).toFixed(3),
    String(ratios.filter((ratio) => ratio > 1).length),
    toBound(pairs.map(({ own }) => own)),
    toBound(pairs.map(({ other }) => other)),
  ];
}
