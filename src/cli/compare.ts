/** `berth compare <scenario>`: the same jobs under 2 to 20 variants, on copies: one decision, or simulated to completion. */
import { Command, Option } from "commander";
import { dirname, isAbsolute, resolve } from "node:path";
import { inlineNetworksOf } from "../catalog/inline-network.ts";
import { loadVmCatalog } from "../catalog/load-vm-catalog.ts";
import type { ReferenceData } from "../catalog/reference-data.ts";
import { loadReferenceData } from "../catalog/reference-data.ts";
import { replaceFiles, requireWritable } from "../catalog/replace-files.ts";
import type { Scenario } from "../catalog/scenario.ts";
import { loadScenario } from "../catalog/scenario.ts";
import { selectRegion } from "../catalog/select-vm-types.ts";
import { shippedVmTypes } from "../catalog/shipped-catalog.ts";
import { compareDecisions } from "../comparison/compare-decisions.ts";
import type { ComparisonRequest } from "../comparison/compare-decisions.ts";
import { compareHorizons } from "../comparison/compare-horizons.ts";
import type { ComparisonWatch } from "../comparison/comparison-watch.ts";
import type { ComparisonBase } from "../comparison/variant.ts";
import { emptyCluster } from "../domain/cluster-state.ts";
import { millisecondsToSeconds } from "../domain/units.ts";
import type { VmType } from "../domain/vm-type.ts";
import type { PolicyName } from "../planner/policy.ts";
import { POLICY_NAMES } from "../planner/policy.ts";
import { comparisonCsv, differencesCsv, marginalValuesCsv } from "../report/comparison-csv.ts";
import { comparisonText } from "../report/comparison-table.ts";
import { variantsOf } from "../report/comparison-variants.ts";
import type { ComparisonView } from "../report/comparison-view.ts";
import { decisionComparisonView } from "../report/decision-comparison-view.ts";
import { horizonComparisonView } from "../report/horizon-comparison-view.ts";
import { highsSolver } from "../solver/highs-solver.ts";
import type { VariantOptions } from "./compare-options.ts";
import {
  FLAGS,
  namedNumberOption,
  numbersOption,
  requestedVariants,
  vmTypesOption,
} from "./compare-options.ts";
import { pooledHorizons } from "./horizon-pool.ts";
import { numberOption, timeOption, wholeNumberOption } from "./options.ts";
import { stateAt } from "./plan.ts";
import { progressBar } from "./progress-bar.ts";

interface CompareOptions extends VariantOptions {
  readonly horizon: boolean;
  readonly decision: boolean;
  readonly policy: PolicyName;
  readonly marginals: boolean;
  readonly at?: number;
  readonly gap?: number;
  readonly deadlineSeconds: number;
  readonly maxTreeNodes: number;
  readonly seed: number;
  readonly threads?: number;
  readonly lines: number;
  readonly json: boolean;
  readonly csv?: string;
}

const MAX_NODES = 100_000;
const MAX_FACTOR = 1000;
/** As `berth plan` and `berth simulate` stop, so that the first variant is what they print. */
const DECISION_GAP = 0;
const HORIZON_GAP = 1e-3;

/** The command. */
export function compareCommand(): Command {
  return new Command("compare")
    .description(
      "Compares 2 to 20 variants of a scenario on copies: cost, tardiness, utilisation, VM mix and gap of each, and line by line what it does otherwise than the first, with the reason.",
    )
    .argument("<scenario>", "scenario file, for example instances/scenarios/prototype-2019.json")
    .option(
      "--variants <file>",
      "JSON file with the variants (docs/comparisons.md); the first is compared with",
    )
    .option(
      "--only <types>",
      "a variant with only these VM types, separated by commas (may be repeated)",
      vmTypesOption,
      [],
    )
    .option(
      "--max-nodes <n,...>",
      "a variant for each node limit",
      numbersOption(wholeNumberOption(0, MAX_NODES)),
      [],
    )
    .option(
      "--price-factor <type=f>",
      "a variant with this VM type at f times its price (may be repeated)",
      namedNumberOption(numberOption(1e-6, MAX_FACTOR)),
      [],
    )
    .option(
      "--quota <type=n>",
      "a variant with at most n nodes of this VM type (may be repeated)",
      namedNumberOption(wholeNumberOption(0, MAX_NODES)),
      [],
    )
    .option(
      "--slack-factor <f,...>",
      "a variant for each factor on the time from submission to due date",
      numbersOption(numberOption(1e-6, MAX_FACTOR)),
      [],
    )
    .option("--p90", "a variant that plans with P90 durations", false)
    .addOption(new Option("--decision", "compare one decision (default)").default(false).conflicts("horizon"))
    .option("--horizon", "simulate every variant until all jobs have completed", false)
    .addOption(
      new Option("--policy <policy>", "how to decide where a variant does not say")
        .choices(POLICY_NAMES)
        .default("progress-value"),
    )
    .option(
      "--marginals",
      "also say what one more node, one more of each quota, and one more dollar per hour would be worth",
      false,
    )
    .option(
      "--at <time>",
      "time of the decision, ISO 8601 with zone (default: the last submission)",
      timeOption,
    )
    .option(
      "--gap <gap>",
      `stop a decision within this relative gap (default: ${DECISION_GAP}, with --horizon ${HORIZON_GAP})`,
      numberOption(0, 1),
    )
    .option(
      "--deadline-seconds <s>",
      "limit of one decision; none with --horizon",
      numberOption(0.05, 86_400),
      60,
    )
    .option(
      "--max-tree-nodes <n>",
      "with --horizon: branch-and-bound nodes of one decision at most",
      wholeNumberOption(1, 1e9),
      2000,
    )
    .option("--seed <n>", "seed of random rules and solver", wholeNumberOption(0, 2 ** 31 - 1), 1)
    .option(
      "--threads <n>",
      "with --horizon: simulations at a time (default: one for each core)",
      wholeNumberOption(1, 256),
    )
    .option("--lines <n>", "jobs listed for each variant at most", wholeNumberOption(0, 1e6), 20)
    .option("--json", "print the comparison as JSON", false)
    .option(
      "--csv <file>",
      "also write one row for each variant to this file, differences to <file>-differences.csv, and with --marginals their values to <file>-marginal-values.csv",
    )
    .action(compare);
}

async function compare(path: string, options: CompareOptions): Promise<void> {
  if (options.csv !== undefined) requireWritable(csvFiles(options.csv));
  const requests = requestedVariants(options);
  const reference = loadReferenceData();
  const scenario = loadScenario(path, reference);
  const base = baseOf(path, scenario, options);
  const variants = variantsOf(requests, {
    reference,
    networks: inlineNetworksOf(scenario.specs),
    base,
    vmTypesOf: (catalog, region) => catalogVmTypes({ catalog, region, reference, options }),
    source: options.variants ?? FLAGS,
  });
  const request: ComparisonRequest = {
    base,
    variants,
    marginals: options.marginals ? "every-variant" : "none",
  };
  const bar = progressBar();
  const watch: ComparisonWatch = {
    onProgress: (share, words) => {
      bar.show(share, words);
    },
  };
  const view = options.horizon
    ? await comparedHorizons(request, options, watch)
    : await comparedDecisions(request, options, watch);
  bar.clear();
  const written = options.csv === undefined ? [] : writeCsv(options.csv, view, request.marginals);
  if (options.json) {
    console.log(JSON.stringify(view, null, 2));
    return;
  }
  console.log(comparisonText(view, options.lines));
  if (written.length > 0) console.log(`\nCSV: ${written.join(", ")}`);
}

function baseOf(path: string, scenario: Scenario, { horizon, at, policy }: CompareOptions): ComparisonBase {
  return horizon
    ? { state: emptyCluster(scenario.settings), arrivals: scenario.jobs, policy }
    : { state: stateAt(path, scenario, at), arrivals: [], policy };
}

/** A shipped catalogue, or a file whose path is relative to the variants file. */
function catalogVmTypes(args: {
  readonly catalog: string;
  readonly region: string;
  readonly reference: ReferenceData;
  readonly options: VariantOptions;
}): readonly VmType[] {
  const { catalog, region, reference, options } = args;
  if (!catalog.endsWith(".json")) return shippedVmTypes(catalog, region, reference.gpus);
  const path = isAbsolute(catalog) ? catalog : resolve(dirname(options.variants ?? ""), catalog);
  return selectRegion(loadVmCatalog(path, reference.gpus), region);
}

async function comparedDecisions(
  request: ComparisonRequest,
  { gap, deadlineSeconds, seed }: CompareOptions,
  watch: ComparisonWatch,
): Promise<ComparisonView> {
  const solver = highsSolver({ threads: 1 });
  try {
    const comparison = await compareDecisions(
      request,
      {
        solver,
        clock: () => millisecondsToSeconds(performance.now()),
        limits: { relativeGap: gap ?? DECISION_GAP, maxTreeNodes: null, deadlineSeconds, seed },
      },
      watch,
    );
    if (comparison.kind === "cancelled") throw new Error("Nobody cancels a command");
    return decisionComparisonView(comparison);
  } finally {
    await solver.close();
  }
}

async function comparedHorizons(
  request: ComparisonRequest,
  { gap, maxTreeNodes, seed, threads }: CompareOptions,
  watch: ComparisonWatch,
): Promise<ComparisonView> {
  const comparison = await compareHorizons(
    request,
    { run: pooledHorizons(threads), limits: { relativeGap: gap ?? HORIZON_GAP, maxTreeNodes, seed } },
    watch,
  );
  if (comparison.kind === "cancelled") throw new Error("Nobody cancels a command");
  return horizonComparisonView(comparison);
}

/** Of variants, of differences, and of marginal values. */
function csvFiles(path: string): readonly [string, string, string] {
  const beside = (what: string): string => `${path.replace(/\.csv$/i, "")}-${what}.csv`;
  return [path, beside("differences"), beside("marginal-values")];
}

/** Writes the files and gives their paths. */
function writeCsv(
  path: string,
  view: ComparisonView,
  marginals: ComparisonRequest["marginals"],
): readonly string[] {
  const [variants, differences, values] = csvFiles(path);
  const texts = new Map([
    [variants, comparisonCsv(view)],
    [differences, differencesCsv(view)],
    ...(marginals === "none" ? [] : ([[values, marginalValuesCsv(view)]] as const)),
  ]);
  replaceFiles([...texts].map(([file, text]) => ({ path: file, text })));
  return [...texts.keys()];
}
