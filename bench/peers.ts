/**
 * Our policies against GPUspb's published methods on GPUspb's own scenarios, and against our own greedy on generated ones. Run with
 * `npm run bench:peers -- [--data ../shared/data] [--policies progress-value,greedy] [--generated 30] [--generated-nodes 4] [--nodes 02,04]`.
 *
 * peer-results.csv holds what each of the peer's methods cost, the random ones for three seeds; the best run of any method is the one to beat.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readCsvFile } from "../src/catalog/csv-file.ts";
import { policiesOption } from "../src/cli/policies-option.ts";
import { campaignRequest, scenarioGenerator } from "../src/cli/scenario-generator.ts";
import { runSimulations } from "../src/cli/simulation-pool.ts";
import type { ActualDurations, SimulationReport, SimulationTask } from "../src/cli/simulation-run.ts";
import type { PolicyName } from "../src/planner/policy.ts";
import { tableText, usdText } from "../src/report/text.ts";
import { scenarioName } from "../src/simulator/campaign.ts";
import { meanWithInterval } from "../src/simulator/statistics.ts";

const { values } = parseArgs({
  options: {
    data: { type: "string", default: "../shared/data" },
    policies: { type: "string", default: "progress-value,greedy,local-search,edf,fifo,priority" },
    nodes: { type: "string", default: "02,04,08,12,16" },
    generated: { type: "string", default: "30" },
    "generated-nodes": { type: "string", default: "2,4,8" },
    "noise-sigma": { type: "string", default: "0.2" },
  },
});

/** Names of our policies in the peer's table. */
const PEER_METHODS: Readonly<Record<string, string>> = {
  fifo: "FIFO",
  edf: "EDF",
  priority: "Priority",
  greedy: "Greedy",
  "random-greedy": "RandomGreedy",
  "local-search": "LocalSearch",
};

const task = (
  source: SimulationTask["source"],
  policy: PolicyName,
  actual: ActualDurations,
): SimulationTask => ({
  source,
  policy,
  seed: 1,
  actual,
  relativeGap: 1e-4,
  maxTreeNodes: 2000,
});

for (const family of ["gpuspb", "gpuspb-cloud"]) await comparePeer(family, policiesOption(values.policies));
const count = Number(values.generated);
if (count > 0) {
  await compareGenerated(count, { kind: "predicted" });
  await compareGenerated(count, { kind: "noise", sigma: Number(values["noise-sigma"]) });
}

/** One line for each run as it ends: the whole takes a while. */
function tell({ scenarioName: name, task: { policy }, metrics }: SimulationReport): void {
  console.error(`${name} ${policy}: ${usdText(metrics.totalCostUsd)} USD`);
}

interface PeerRun {
  readonly instance: string;
  readonly method: string;
  readonly costUsd: number;
}

async function comparePeer(family: string, policies: readonly PolicyName[]): Promise<void> {
  const folder = join(values.data, family);
  if (!existsSync(folder)) {
    console.log(`${folder} is absent, so nothing is compared there.`);
    return;
  }
  const file = readCsvFile(join(folder, "peer-results.csv"), ["instance", "method", "total_cost"]);
  const peers = file.rows.map((row): PeerRun => ({
    instance: row.text("instance"),
    method: row.text("method"),
    costUsd: row.number("total_cost", 0),
  }));
  file.check();
  const instances = values.nodes.split(",").map((nodes) => `nodes-${nodes}`);
  const reports = await runSimulations(
    instances.flatMap((instance) =>
      policies.map((policy) =>
        task({ kind: "gpuspb", path: join(folder, instance) }, policy, { kind: "predicted" }),
      ),
    ),
    { onReport: tell },
  );
  const rows = reports.map((report) => peerRow(report, peers));
  console.log(`\n${family}: ours against the best of the peer's 12 runs`);
  console.log(
    tableText(
      [
        "scenario",
        "policy",
        "USD",
        "tardiness s",
        "best peer",
        "ours / best",
        "same rule, peer",
        "× bound",
        "decision ms p95",
        "max",
      ],
      rows,
    ),
  );
}

function peerRow(
  { scenarioName: name, task: { policy }, metrics }: SimulationReport,
  peers: readonly PeerRun[],
): readonly string[] {
  const own = peers.filter((run) => name.endsWith(run.instance));
  const best = own.reduce<PeerRun | undefined>(
    (least, run) => (least === undefined || run.costUsd < least.costUsd ? run : least),
    undefined,
  );
  const same = own.filter((run) => run.method === PEER_METHODS[policy]).map((run) => run.costUsd);
  const milliseconds = (seconds: number | undefined): string =>
    seconds === undefined ? "?" : (seconds * 1000).toFixed(0);
  return [
    name,
    policy,
    usdText(metrics.totalCostUsd),
    metrics.tardinessSeconds.toFixed(0),
    best === undefined ? "?" : `${usdText(best.costUsd)} (${best.method})`,
    best === undefined ? "?" : (metrics.totalCostUsd / best.costUsd).toFixed(4),
    same.length === 0 ? "" : usdText(Math.min(...same)),
    metrics.ratioToLowerBound?.toFixed(3) ?? "?",
    milliseconds(metrics.decisionSeconds?.p95),
    milliseconds(metrics.decisionSeconds?.max),
  ];
}

async function compareGenerated(scenarios: number, actual: ActualDurations): Promise<void> {
  const sizes = values["generated-nodes"].split(",").map(Number);
  const generate = scenarioGenerator("slides-2019", null);
  const folder = mkdtempSync(join(tmpdir(), "berth-peers-"));
  try {
    const paths = Array.from({ length: scenarios }, (_, index) => {
      const drawn = {
        nodes: sizes[index % sizes.length] ?? 4,
        lambdaSeconds: index % 2 === 0 ? 30_000 : 45_000,
        seed: index + 1,
      };
      const path = join(folder, `${scenarioName(drawn)}.json`);
      writeFileSync(path, generate(campaignRequest(drawn)));
      return path;
    });
    const pairs: readonly PolicyName[] = ["progress-value", "greedy"];
    const reports = await runSimulations(
      paths.flatMap((path) => pairs.map((policy) => task({ kind: "scenario", path }, policy, actual))),
      { onReport: tell },
    );
    const ratios = paths.map((_, index) => {
      const [ours, greedy] = [reports[2 * index], reports[2 * index + 1]];
      return (ours?.metrics.totalCostUsd ?? NaN) / (greedy?.metrics.totalCostUsd ?? NaN);
    });
    const { mean, halfWidth } = meanWithInterval(ratios);
    const worst = Math.max(...ratios);
    console.log(
      `\n${scenarios} generated scenarios (${sizes.join(", ")} nodes, durations ${actual.kind}): progress-value / greedy mean ${mean.toFixed(3)} ± ${halfWidth?.toFixed(3) ?? "?"} (95 %), worst ${worst.toFixed(3)} (${
        reports[2 * ratios.indexOf(worst)]?.scenarioName ?? "?"
      }), best ${Math.min(...ratios).toFixed(3)}, lost ${ratios.filter((ratio) => ratio > 1).length}`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}
