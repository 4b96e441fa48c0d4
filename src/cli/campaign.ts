/** `berth campaign`: sizes × loads × seeds × policies on generated scenarios, resumable, with a report. */
import { Command, InvalidArgumentError } from "commander";
import { join } from "node:path";
import { replaceFiles, requireFolder, requireWritable } from "../catalog/replace-files.ts";
import type { PolicyName } from "../planner/policy.ts";
import { POLICY_NAMES } from "../planner/policy.ts";
import { campaignPage, campaignText } from "../report/campaign-report.ts";
import { runCampaign } from "./campaign-runs.ts";
import { numberOption, wholeNumberOption } from "./options.ts";
import { policiesOption } from "./policies-option.ts";
import { progressBar } from "./progress-bar.ts";

interface CampaignCommandOptions {
  readonly nodes: readonly number[];
  readonly lambda: readonly number[];
  readonly seeds: number;
  readonly policy: readonly PolicyName[];
  readonly out: string;
  readonly catalog: string;
  readonly region?: string;
  readonly arrivals?: string;
  readonly noiseSigma: number;
  readonly gap: number;
  readonly maxTreeNodes: number;
  readonly threads?: number;
  readonly json: boolean;
}

const DEFAULT_POLICIES: readonly PolicyName[] = [
  "progress-value",
  "myopic",
  "greedy",
  "fifo",
  "edf",
  "priority",
];
const MAX_NODES = 10_000;

/** The command. */
export function campaignCommand(): Command {
  return new Command("campaign")
    .description(
      "Runs every policy on generated scenarios of every size and load, five seeds each, and reports what each costs. Stopped, it goes on where it was.",
    )
    .option(
      "--nodes <list>",
      "sizes, separated by commas",
      listOption(wholeNumberOption(1, MAX_NODES)),
      [2, 4, 8],
    )
    .option(
      "--lambda <list>",
      "loads λ in seconds, separated by commas",
      listOption(numberOption(1, 1e9)),
      [30_000, 45_000],
    )
    .option("--seeds <n>", "scenarios for each size and load", wholeNumberOption(1, 1000), 5)
    .option(
      "--policy <policies>",
      `policies, separated by commas: ${POLICY_NAMES.join(", ")}`,
      policiesOption,
      DEFAULT_POLICIES,
    )
    .option("--out <folder>", "where scenarios, runs.jsonl, report.html and report.txt go", "campaign")
    .option("--catalog <name>", "shipped catalogue, or a catalogue JSON file", "slides-2019")
    .option("--region <region>", "region of the catalogue (default: its only one)")
    .option("--arrivals <file.csv>", "rhythm of arrivals from a trace with a column timestamp")
    .option(
      "--noise-sigma <sigma>",
      "lognormal noise of the real durations; 0 is none",
      numberOption(0, 3),
      0,
    )
    .option(
      "--gap <gap>",
      "stop a decision once it is proven to be within this relative gap",
      numberOption(0, 1),
      1e-3,
    )
    .option(
      "--max-tree-nodes <n>",
      "branch-and-bound nodes of one decision at most",
      wholeNumberOption(1, 1e9),
      2000,
    )
    .option("--threads <n>", "runs at a time (default: one for each core)", wholeNumberOption(1, 256))
    .option("--json", "print all runs as JSON instead of the table", false)
    .action(campaign);
}

async function campaign(options: CampaignCommandOptions): Promise<void> {
  const page = join(options.out, "report.html");
  const text = join(options.out, "report.txt");
  requireFolder(options.out);
  requireWritable([page, text]);
  const bar = progressBar();
  const runs = await runCampaign(
    {
      nodes: options.nodes,
      lambdasSeconds: options.lambda,
      seeds: Array.from({ length: options.seeds }, (_, index) => index + 1),
      policies: options.policy,
      catalog: options.catalog,
      region: options.region ?? null,
      arrivalsPath: options.arrivals ?? null,
      actual: options.noiseSigma === 0 ? { kind: "predicted" } : { kind: "noise", sigma: options.noiseSigma },
      relativeGap: options.gap,
      maxTreeNodes: options.maxTreeNodes,
    },
    {
      folder: options.out,
      ...(options.threads === undefined ? {} : { threads: options.threads }),
      onProgress: bar.show,
    },
  );
  bar.clear();
  replaceFiles([
    { path: page, text: campaignPage(runs) },
    { path: text, text: `${campaignText(runs)}\n` },
  ]);
  if (options.json) console.log(JSON.stringify(runs, null, 2));
  else console.log(`${campaignText(runs)}\nReport: ${page}`);
}

function listOption<Value>(parse: (text: string) => Value): (text: string) => readonly Value[] {
  return (text) => {
    const words = text.split(",").map((word) => word.trim());
    if (words.some((word) => word === "")) throw new InvalidArgumentError(`"${text}" has an empty item.`);
    return words.map(parse);
  };
}
