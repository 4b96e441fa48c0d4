/**
 * What it is worth that decisions know the costs of change: generated scenarios, simulated with true costs of change, under a policy that weighs them and the same
 * policy deciding as if changes were free. Run with `npx tsx bench/costs-of-change.ts [--scenarios 10] [--nodes 4,8] [--policy progress-value] [--set moderate]`.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { CostsOfChange } from "../src/cli/costs-of-change.ts";
import { policiesOption } from "../src/cli/policies-option.ts";
import { campaignRequest, scenarioGenerator } from "../src/cli/scenario-generator.ts";
import { runSimulations } from "../src/cli/simulation-pool.ts";
import type { SimulationReport, SimulationTask } from "../src/cli/simulation-run.ts";
import { lossesUsd } from "../src/domain/change-losses.ts";
import { tableText, usdText } from "../src/report/text.ts";
import { DEFAULT_FASTEST_HOURS, scenarioName } from "../src/simulator/campaign.ts";
import { meanWithInterval } from "../src/simulator/statistics.ts";

const { values } = parseArgs({
  options: {
    scenarios: { type: "string", default: "10" },
    nodes: { type: "string", default: "4,8" },
    policy: { type: "string", default: "progress-value" },
    set: { type: "string", default: "moderate,harsh" },
    threads: { type: "string", default: "1" },
    "fastest-hours": { type: "string", default: DEFAULT_FASTEST_HOURS.join(",") },
    "noise-sigma": { type: "string", default: "0" },
    jobs: { type: "string" },
    only: { type: "string" },
    gap: { type: "string", default: "1e-3" },
    each: { type: "boolean", default: false },
  },
});

const SETS: Readonly<Record<string, CostsOfChange>> = {
  free: {},
  moderate: { checkpointSeconds: 120, bootSeconds: 180, minimumBillingSeconds: 600 },
  harsh: { checkpointSeconds: 600, bootSeconds: 600, minimumBillingSeconds: 3600 },
};

const sizes = values.nodes.split(",").map(Number);
const [policy] = policiesOption(values.policy);
if (policy === undefined) throw new Error("--policy is empty");
const [from = 0, to = 0] = values["fastest-hours"].split(",").map(Number);
const folder = mkdtempSync(join(tmpdir(), "berth-change-"));
try {
  const generate = scenarioGenerator("slides-2019", null);
  const paths = Array.from({ length: Number(values.scenarios) }, (_, index) => {
    const drawn = {
      nodes: sizes[index % sizes.length] ?? 4,
      lambdaSeconds: (index >> 1) % 2 === 0 ? 30_000 : 45_000,
      seed: index + 1,
    };
    const jobs = values.jobs === undefined ? null : Number(values.jobs);
    const path = join(folder, `${scenarioName(drawn)}.json`);
    writeFileSync(path, generate({ ...campaignRequest(drawn), jobs, fastestHours: [from, to] }));
    return path;
  });
  for (const name of values.set.split(",")) {
    const costs = SETS[name];
    if (costs === undefined) throw new Error(`--set ${name}: use some of ${Object.keys(SETS).join(", ")}`);
    const runs = await runSimulations(
      paths.flatMap((path) =>
        (values.only === undefined
          ? (["weighed", "ignored"] as const)
          : ([values.only] as unknown as readonly ["weighed"])
        ).map((weighing): SimulationTask => ({
          source: { kind: "scenario", path },
          policy,
          seed: 1,
          actual:
            values["noise-sigma"] === "0"
              ? { kind: "predicted" }
              : { kind: "noise", sigma: Number(values["noise-sigma"]) },
          relativeGap: Number(values.gap),
          maxTreeNodes: 2000,
          costsOfChange: costs,
          weighing,
        })),
      ),
      { threads: Number(values.threads), onReport: values.each ? tell : () => undefined },
    );
    compare(`${name} ${JSON.stringify(costs)}`, runs);
  }
} finally {
  rmSync(folder, { recursive: true });
}

function tell(report: SimulationReport): void {
  console.error(`${report.scenarioName} ${report.task.weighing ?? ""}: ${row("", [report]).join("  ")}`);
}

function compare(title: string, runs: readonly SimulationReport[]): void {
  const knowing = runs.filter((_, index) => index % 2 === 0);
  const ignorant = runs.filter((_, index) => index % 2 === 1);
  const ratios = knowing.map(
    ({ metrics }, index) => metrics.totalCostUsd / (ignorant[index]?.metrics.totalCostUsd ?? NaN),
  );
  const { mean, halfWidth } = meanWithInterval(ratios);
  console.log(
    `\n${policy}, ${title}: ${ratios.length} scenarios (${sizes.join(", ")} nodes), means for each`,
  );
  console.log(
    tableText(
      [
        "costs of change",
        "total USD",
        "× bound",
        "late USD",
        "moves",
        "stops",
        "restart h",
        "boot h",
        "restart USD",
        "boot USD",
        "unused billing USD",
        "all of it USD",
        "decision ms p50 / max",
      ],
      [row("weighed", knowing), row("ignored", ignorant)],
    ),
  );
  console.log(
    `weighed / ignored: mean ${mean.toFixed(4)} ± ${halfWidth?.toFixed(4) ?? "?"} (95 %), from ${Math.min(...ratios).toFixed(4)} to ${Math.max(...ratios).toFixed(4)}`,
  );
}

function row(name: string, runs: readonly SimulationReport[]): readonly string[] {
  const mean = (valueOf: (metrics: SimulationReport["metrics"]) => number): number =>
    meanWithInterval(runs.map(({ metrics }) => valueOf(metrics))).mean;
  const hours = (seconds: number): string => (seconds / 3600).toFixed(2);
  return [
    name,
    usdText(mean((metrics) => metrics.totalCostUsd)),
    mean((metrics) => metrics.ratioToLowerBound ?? NaN).toFixed(3),
    usdText(mean((metrics) => metrics.tardinessCostUsd)),
    mean((metrics) => metrics.moves).toFixed(1),
    mean((metrics) => metrics.stops).toFixed(1),
    hours(mean(({ changeLosses }) => changeLosses.restartSeconds)),
    hours(mean(({ changeLosses }) => changeLosses.bootSeconds)),
    usdText(mean(({ changeLosses }) => changeLosses.restartUsd)),
    usdText(mean(({ changeLosses }) => changeLosses.bootUsd)),
    usdText(mean(({ changeLosses }) => changeLosses.unusedBillingUsd)),
    usdText(mean(({ changeLosses }) => lossesUsd(changeLosses))),
    `${mean((metrics) => 1000 * (metrics.decisionSeconds?.median ?? NaN)).toFixed(1)} / ${Math.max(...runs.map(({ metrics }) => 1000 * (metrics.decisionSeconds?.max ?? NaN))).toFixed(0)}`,
  ];
}
