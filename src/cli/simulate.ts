/** `berth simulate`: runs scenarios under policies on the engine and compares what they cost. */
import { Command } from "commander";
import { existsSync } from "node:fs";
import { InvalidInput } from "../catalog/input-problem.ts";
import { replaceFiles, requireWritable } from "../catalog/replace-files.ts";
import type { PolicyName } from "../planner/policy.ts";
import { POLICY_NAMES } from "../planner/policy.ts";
import { simulationPage } from "../report/simulation-page.ts";
import type { SimulationFigures } from "../report/simulation-view.ts";
import { simulationsText, simulationView } from "../report/simulation-view.ts";
import type { CostsOfChange } from "./costs-of-change.ts";
import { costsOfChangeOption, withCostsOfChange } from "./costs-of-change.ts";
import { numberOption, wholeNumberOption } from "./options.ts";
import { policiesOption } from "./policies-option.ts";
import { progressBar } from "./progress-bar.ts";
import { runSimulations } from "./simulation-pool.ts";
import type { ActualDurations, ScenarioSource, SimulationReport, SimulationTask } from "./simulation-run.ts";
import { checkTask } from "./simulation-run.ts";

interface SimulateOptions extends CostsOfChange {
  readonly policy: readonly PolicyName[];
  readonly gpuspb: readonly string[];
  readonly seed: number;
  readonly actualDurations?: string;
  readonly noiseSigma: number;
  readonly gap: number;
  readonly maxTreeNodes: number;
  readonly ignoreCostsOfChange: boolean;
  readonly threads?: number;
  readonly json: boolean;
  readonly html?: string;
}

const DEFAULT_GAP = 1e-3;
const DEFAULT_TREE_NODES = 2000;
const DEFAULT_SIGMA = 0.2;

/** The command. */
export function simulateCommand(): Command {
  return withCostsOfChange(new Command("simulate"))
    .description(
      "Simulates scenarios from the first arrival to the last completion: the engine decides at every event, and each policy's cost, tardiness and distance from the best conceivable are compared.",
    )
    .argument("[scenarios...]", "scenario files, for example instances/scenarios/prototype-2019.json")
    .option(
      "--gpuspb <folder>",
      "a scenario of GPUspb: jobs.csv, times.csv, nodes.csv (may be repeated)",
      collect,
      [],
    )
    .option(
      "--policy <policies>",
      `policies, separated by commas: ${POLICY_NAMES.join(", ")}`,
      policiesOption,
      ["progress-value"],
    )
    .option("--seed <n>", "seed of noise, random rules and solver", wholeNumberOption(0, 2 ** 31 - 1), 1)
    .option(
      "--actual-durations <noise|file.csv>",
      "how long jobs really take (default: as predicted); a file has job, vmType, gpus, actualSeconds",
    )
    .option(
      "--noise-sigma <sigma>",
      "spread of the noise: 0.2 is ± 20 % for two thirds of the jobs",
      numberOption(0, 3),
      DEFAULT_SIGMA,
    )
    .option(
      "--gap <gap>",
      "stop a decision once it is proven to be within this relative gap",
      numberOption(0, 1),
      DEFAULT_GAP,
    )
    .option(
      "--max-tree-nodes <n>",
      "branch-and-bound nodes of one decision at most; no clock limits a simulation, so that it can be repeated",
      wholeNumberOption(1, 1e9),
      DEFAULT_TREE_NODES,
    )
    .option(
      "--ignore-costs-of-change",
      "decide as if changes were free, whatever they cost: for comparison",
      false,
    )
    .option("--threads <n>", "simulations at a time (default: one for each core)", wholeNumberOption(1, 256))
    .option("--json", "print figures as JSON: an object for one simulation, an array for several", false)
    .option(
      "--html <file>",
      "also write a report with Gantt charts and cost curves; one file, no network needed",
    )
    .action(simulateScenarios);
}

async function simulateScenarios(paths: readonly string[], options: SimulateOptions): Promise<void> {
  if (options.html !== undefined) requireWritable([options.html]);
  const tasks = tasksOf(paths, options);
  // Wrong input is found here: an error loses its kind on the way out of a worker.
  tasks.filter((task) => task.policy === options.policy[0]).forEach(checkTask);
  const bar = progressBar();
  const shares = tasks.map(() => 0);
  const reports = await runSimulations(tasks, {
    ...(options.threads === undefined ? {} : { threads: options.threads }),
    onProgress: (index, share) => {
      shares[index] = share;
      const done = shares.reduce((total, value) => total + value, 0) / shares.length;
      bar.show(done, `${tasks.length} simulation${tasks.length === 1 ? "" : "s"}`);
    },
  });
  bar.clear();
  const figures = reports.map(figuresOf);
  if (options.html !== undefined) {
    const text = simulationPage(reports.map((report) => ({ ...report, ...figuresOf(report) })));
    replaceFiles([{ path: options.html, text }]);
  }
  if (!options.json) {
    console.log(simulationsText(figures));
    if (options.html !== undefined) console.log(`Report: ${options.html}`);
    return;
  }
  const views = figures.map(simulationView);
  console.log(JSON.stringify(views.length === 1 ? views[0] : views, null, 2));
}

function tasksOf(paths: readonly string[], options: SimulateOptions): readonly SimulationTask[] {
  const sources = [
    ...paths.map((path): ScenarioSource => ({ kind: "scenario", path })),
    ...options.gpuspb.map((path): ScenarioSource => ({ kind: "gpuspb", path })),
  ];
  if (sources.length === 0) {
    throw new InvalidInput("berth simulate", [
      {
        path: "<scenarios...>",
        value: undefined,
        message: "there is nothing to simulate",
        fix: "Give a scenario file, or --gpuspb <folder>.",
      },
    ]);
  }
  const actual = actualOption(options);
  return sources.flatMap((source) =>
    options.policy.map((policy) => ({
      source,
      policy,
      seed: options.seed,
      actual,
      relativeGap: options.gap,
      maxTreeNodes: options.maxTreeNodes,
      costsOfChange: costsOfChangeOption(options),
      weighing: options.ignoreCostsOfChange ? ("ignored" as const) : ("weighed" as const),
    })),
  );
}

function actualOption({ actualDurations, noiseSigma }: SimulateOptions): ActualDurations {
  if (actualDurations === undefined) return { kind: "predicted" };
  if (actualDurations === "noise") return { kind: "noise", sigma: noiseSigma };
  if (existsSync(actualDurations)) return { kind: "file", path: actualDurations };
  throw new InvalidInput("--actual-durations", [
    {
      path: "",
      value: actualDurations,
      message: 'is neither "noise" nor a file',
      fix: "Give noise, or a CSV file with job, vmType, gpus, actualSeconds.",
    },
  ]);
}

/** A report as tables know it. */
export function figuresOf({ scenarioName, task, metrics }: SimulationReport): SimulationFigures {
  const { actual, policy, seed } = task;
  const durations =
    actual.kind === "predicted"
      ? "as predicted"
      : actual.kind === "noise"
        ? `noise ${actual.sigma}`
        : actual.path;
  return { scenarioName, policy, seed, durations, metrics };
}

const collect = (value: string, previous: readonly string[]): readonly string[] => [...previous, value];
