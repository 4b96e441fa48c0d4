/** `berth generate`: writes a random scenario of the literature's kind, the same for the same seed. */
import { Command } from "commander";
import { InvalidInput } from "../catalog/input-problem.ts";
import { replaceFiles, requireWritable } from "../catalog/replace-files.ts";
import {
  DEFAULT_FASTEST_HOURS,
  DEFAULT_REPLAN_SECONDS,
  DEFAULT_START_SECONDS,
} from "../simulator/campaign.ts";
import type { CostsOfChange } from "./costs-of-change.ts";
import { costsOfChangeOption, withCostsOfChange } from "./costs-of-change.ts";
import { numberOption, timeOption, wholeNumberOption } from "./options.ts";
import { scenarioGenerator } from "./scenario-generator.ts";

interface GenerateOptions extends CostsOfChange {
  readonly nodes: number;
  readonly lambda: number;
  readonly jobs?: number;
  readonly seed: number;
  readonly catalog: string;
  readonly region?: string;
  readonly start: number;
  readonly fastestHoursFrom: number;
  readonly fastestHoursTo: number;
  readonly replanIntervalSeconds: number;
  readonly arrivals?: string;
  readonly out?: string;
}

const MAX_NODES = 10_000;
const MAX_SECONDS = 1e9;

/** The command. */
export function generateCommand(): Command {
  const [from, to] = DEFAULT_FASTEST_HOURS;
  return withCostsOfChange(new Command("generate"))
    .description(
      "Writes a random scenario: 10 jobs for each node and one at the start, exponential arrivals with mean λ / nodes, due dates after 1 to 3 times the fastest duration, shipped networks with predicted durations.",
    )
    .requiredOption("--nodes <n>", "nodes that may be rented at once", wholeNumberOption(1, MAX_NODES))
    .option(
      "--lambda <s>",
      "λ: mean inter-arrival time × nodes, in seconds; the literature has 30000 and 45000",
      numberOption(1, MAX_SECONDS),
      30_000,
    )
    .option(
      "--jobs <n>",
      "jobs besides the one at the start (default: 10 for each node)",
      wholeNumberOption(0, 99_999),
    )
    .option("--seed <n>", "equal seeds give equal scenarios", wholeNumberOption(0, 2 ** 31 - 1), 1)
    .option("--catalog <name>", "shipped catalogue, or a catalogue JSON file", "slides-2019")
    .option("--region <region>", "region of the catalogue (default: its only one)")
    .option(
      "--start <time>",
      "first submission, ISO 8601 with zone (default: 2019-01-01T00:00:00Z)",
      timeOption,
      DEFAULT_START_SECONDS,
    )
    .option(
      "--fastest-hours-from <h>",
      "hours that the fastest configuration takes at least",
      numberOption(0.01, 10_000),
      from,
    )
    .option("--fastest-hours-to <h>", "hours that it takes at most", numberOption(0.01, 10_000), to)
    .option(
      "--replan-interval-seconds <s>",
      "H: the timer",
      numberOption(1, MAX_SECONDS),
      DEFAULT_REPLAN_SECONDS,
    )
    .option(
      "--arrivals <file.csv>",
      "take the rhythm of arrivals from a trace with a column timestamp, stretched to the mean λ / nodes",
    )
    .option("--out <file.json>", "where to write (default: standard output)")
    .action(generate);
}

function generate(options: GenerateOptions): void {
  if (options.out !== undefined) requireWritable([options.out]);
  if (options.fastestHoursTo < options.fastestHoursFrom) {
    throw new InvalidInput("--fastest-hours-to", [
      {
        path: "",
        value: options.fastestHoursTo,
        message: "is less than --fastest-hours-from",
        fix: "Give a range.",
      },
    ]);
  }
  const text = scenarioGenerator(
    options.catalog,
    options.region ?? null,
  )({
    nodes: options.nodes,
    lambdaSeconds: options.lambda,
    seed: options.seed,
    jobs: options.jobs ?? null,
    startAtSeconds: options.start,
    fastestHours: [options.fastestHoursFrom, options.fastestHoursTo],
    replanIntervalSeconds: options.replanIntervalSeconds,
    arrivalsPath: options.arrivals ?? null,
    costsOfChange: costsOfChangeOption(options),
  });
  if (options.out === undefined) process.stdout.write(text);
  else replaceFiles([{ path: options.out, text }]);
}
