/**
 * Writes docs/performance/utilisation.md from the co-location data, or checks it.
 *   npx tsx tools/utilisation/report.ts [--data ../shared/data] [--write | --check]
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { format } from "prettier";
import { seededRandom } from "../../src/domain/seeded-random.ts";
import {
  fitUtilisationModel,
  MAX_SHARE_OF_CONSTANT,
  MIN_NETWORKS,
  predictUtilisation,
} from "../../src/performance/gpu-utilisation.ts";
import {
  leaveOneNetworkOut,
  leaveOneRunOut,
  rmsle,
  UTILISATION_REGRESSORS,
  type UtilisationRegressor,
  type UtilisationRow,
} from "../../src/performance/utilisation-regressors.ts";
import { fixed, table } from "../fits/markdown-table.ts";
import { gavelPairCount, readKaceRows, readOrionRows } from "./utilisation-rows.ts";

/** A set of runs and what is known of its measure. */
export interface UtilisationData {
  readonly name: string;
  readonly rows: readonly UtilisationRow[];
}

/** RMSLE of one regressor on runs, and on networks, that it did not see. */
export interface UtilisationResult {
  readonly data: UtilisationData;
  readonly regressor: UtilisationRegressor;
  readonly networksOut: number;
  readonly runsOut: number;
}

const SEED = 2020;

export function readUtilisationData(dataFolder: string): readonly UtilisationData[] {
  return [
    { name: "KACE, V100: time with a kernel", rows: readKaceRows(dataFolder) },
    { name: "Orion, V100: multiprocessors needed", rows: readOrionRows(dataFolder) },
  ];
}

export function utilisationResults(dataFolder: string): readonly UtilisationResult[] {
  return readUtilisationData(dataFolder).flatMap((data) =>
    UTILISATION_REGRESSORS.map((regressor) => ({
      data,
      regressor,
      networksOut: rmsle(leaveOneNetworkOut(regressor, data.rows, seededRandom(SEED))),
      runsOut: rmsle(leaveOneRunOut(regressor, data.rows, seededRandom(SEED))),
    })),
  );
}

/** The whole page. */
export async function utilisationPage(dataFolder: string): Promise<string> {
  const verdicts = readUtilisationData(dataFolder).map(({ name, rows }) => {
    const model = fitUtilisationModel("V100", rows, seededRandom(SEED));
    const first = rows[0];
    if (first === undefined) throw new Error(`${name} has no rows.`);
    const answer = predictUtilisation(first.features, "V100", model);
    return `- ${name}: ${answer.kind === "unsupported" ? `unsupported, ${answer.reason}` : "supported"}.`;
  });
  const text = `# GPU utilisation from the network's graph

Written by \`npx tsx tools/utilisation/report.ts --write\`; \`--check\` compares.

A first step to co-location: how busy a run would keep a GPU, before it has run. Features as on the slides (Yeung et al., HotCloud 2020): number of conv, linear, activation and other operators, operations of the whole batch, parameters, batch
(\`src/performance/utilisation-features.ts\`, from any network of ours). Regressors: linear (ridge) and random forest, both on logarithms, beside a constant. Metric: RMSLE of percent. On the slides, 81 runs of 13 networks on GTX 1080 and RTX 2080: linear 0.291, LightGBM 0.255, XGBoost 0.197, random forest 0.154.

## What the data gives

${table(
  ["data", "runs", "networks", "regressor", "RMSLE, one network left out", "RMSLE, one run left out"],
  utilisationResults(dataFolder).map(({ data, regressor, networksOut, runsOut }) => [
    data.name,
    String(data.rows.length),
    String(new Set(data.rows.map(({ network }) => network)).size),
    regressor,
    fixed(networksOut, 3),
    fixed(runsOut, 3),
  ]),
)}

${table(
  ["data", "network", "runs", "measured, %"],
  readUtilisationData(dataFolder).flatMap(({ name, rows }) =>
    [...new Set(rows.map(({ network }) => network))].sort().map((network) => {
      const values = rows.filter((row) => row.network === network).map((row) => row.utilisationPercent);
      return [name, network, String(values.length), values.map((value) => fixed(value, 0)).join(", ")];
    }),
  ),
)}

Verdict of the rule in \`src/performance/gpu-utilisation.ts\` (at least ${MIN_NETWORKS} networks, RMSLE below ${MAX_SHARE_OF_CONSTANT} of the constant's, on networks left out):

${verdicts.join("\n")}

**Too thin for a model.** The column that counts leaves a whole network out: a user asks about a network that was not measured. With one run left out, other batches of the same network stay in, and the forest looks good by remembering it;
the slides do not say which of the two they report. Four networks on each data set, all of KACE's transformers, cannot tell a network's graph from its name. ViT-B at 27–29 % beside BERT at 93–97 %, with graphs much alike, says that something else decides (presumably the host that prepares images), which no graph shows.
Orion's measure is not the slides': it is the share of the multiprocessors that the kernels could fill while they run; there the linear model is a third better than a constant, by telling small inference batches from training. Gavel's ${gavelPairCount(dataFolder)} pairs on a P100 hold throughputs of two jobs that share a GPU, and no utilisation.

So Berth ships no coefficients. \`predictUtilisation\` answers \`unsupported\` with the reason, or, with a model that passes the rule, a percentage with an 80 % interval from networks left out. \`fitUtilisationModel\` makes one from a user's own runs
(network graph, batch, utilisation as \`nvidia-smi\` prints it); a dozen networks at three batches on one GPU would do to judge it.

Assumed for the features: 128 tokens for KACE's BERT; the encoder alone for Whisper; Orion's BERT sizes from their times (\`tools/utilisation/network-facts.ts\`).
`;
  return format(text, { parser: "markdown", printWidth: 110 });
}

async function main(): Promise<void> {
  const root = resolve(import.meta.dirname, "..", "..");
  const { values } = parseArgs({
    options: { data: { type: "string" }, write: { type: "boolean" }, check: { type: "boolean" } },
  });
  const dataFolder = resolve(values.data ?? join(root, "..", "shared", "data"));
  if (!existsSync(dataFolder)) throw new Error("There is no measured data; name its folder with --data.");
  const page = join(root, "docs", "performance", "utilisation.md");
  const text = await utilisationPage(dataFolder);
  if (values.write === true) writeFileSync(page, text);
  else if (values.check !== true) console.log(text);
  else if (!existsSync(page) || readFileSync(page, "utf8") !== text) {
    console.error("docs/performance/utilisation.md is not what the data gives; run with --write.");
    process.exitCode = 1;
  }
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename) await main();
