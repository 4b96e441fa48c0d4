/** `berth estimate <network>`: the duration table of one network over a catalogue. */
import { Command, Option } from "commander";
import { existsSync } from "node:fs";
import { InvalidInput } from "../catalog/input-problem.ts";
import { loadNetwork } from "../catalog/load-networks.ts";
import { loadVmCatalog } from "../catalog/load-vm-catalog.ts";
import type { ReferenceData } from "../catalog/reference-data.ts";
import { loadReferenceData, shippedCatalogPath } from "../catalog/reference-data.ts";
import { catalogRegions, selectRegion } from "../catalog/select-vm-types.ts";
import type { Framework, Workload } from "../domain/job.ts";
import { FRAMEWORKS, iterations } from "../domain/job.ts";
import type { VmType } from "../domain/vm-type.ts";
import { predictDurations } from "../performance/duration-table.ts";
import type { Network } from "../performance/network.ts";
import { durationTableText } from "../report/duration-text.ts";
import { durationTableView } from "../report/estimate-view.ts";
import { wholeNumberOption } from "./options.ts";

interface EstimateOptions {
  readonly batch: number;
  readonly framework: Framework;
  readonly samples?: number;
  readonly epochs: number;
  readonly catalog: string;
  readonly region?: string;
  readonly json: boolean;
}

const MAX_COUNT = 1e9;

/** The command. */
export function estimateCommand(): Command {
  return new Command("estimate")
    .description(
      "Prints how long a network trains on every VM type and GPU count of a catalogue, with intervals.",
    )
    .argument("<network>", "name of a shipped network, or a network JSON file")
    .requiredOption("--batch <n>", "samples of one iteration, over all GPUs", wholeNumberOption(1, MAX_COUNT))
    .addOption(
      new Option("--framework <framework>", "training framework").choices(FRAMEWORKS).default("tensorflow"),
    )
    .option(
      "--samples <n>",
      "training samples of one epoch (default: one iteration)",
      wholeNumberOption(1, MAX_COUNT),
    )
    .option("--epochs <n>", "passes over all samples", wholeNumberOption(1, MAX_COUNT), 1)
    .option("--catalog <name>", "shipped catalogue, or a catalogue JSON file", "slides-2019")
    .option("--region <region>", "region of the catalogue (default: its only one)")
    .option("--json", "print as JSON", false)
    .action(estimate);
}

function estimate(networkName: string, options: EstimateOptions): void {
  const reference = loadReferenceData();
  const network = findNetwork(networkName, reference);
  const vmTypes = findVmTypes(options, reference);
  const workload: Workload = {
    networkName: network.name,
    framework: options.framework,
    batchSize: options.batch,
    samples: options.samples ?? options.batch,
    epochs: options.epochs,
  };
  const table = predictDurations({ ...reference, network, workload, vmTypes });
  if (options.json) {
    console.log(
      JSON.stringify(
        { workload, iterations: iterations(workload), ...durationTableView(table, vmTypes) },
        null,
        2,
      ),
    );
    return;
  }
  const count = iterations(workload);
  console.log(
    `${network.title}, ${workload.framework}, batch ${workload.batchSize}: ${count} iteration${count === 1 ? "" : "s"}`,
  );
  console.log(durationTableText(table, vmTypes));
}

function findNetwork(name: string, { networks }: ReferenceData): Network {
  const shipped = networks.get(name);
  if (shipped !== undefined) return shipped;
  if (name.endsWith(".json") && existsSync(name)) return loadNetwork(name);
  throw new InvalidInput("<network>", [
    {
      path: "",
      value: name,
      message: name.endsWith(".json") ? "there is no such file" : "no shipped network has this name",
      fix: `Use a network JSON file, or one of: ${[...networks.keys()].join(", ")}.`,
    },
  ]);
}

function findVmTypes(options: EstimateOptions, { gpus }: ReferenceData): readonly VmType[] {
  const path = options.catalog.endsWith(".json") ? options.catalog : shippedCatalogPath(options.catalog);
  const catalog = loadVmCatalog(path, gpus);
  const regions = catalogRegions(catalog);
  const region = options.region ?? (regions.length === 1 ? regions[0] : undefined);
  if (region !== undefined) return selectRegion(catalog, region);
  throw new InvalidInput("--region", [
    {
      path: "",
      value: undefined,
      message: `catalogue ${catalog.name} has prices for several regions`,
      fix: `Give --region with one of: ${regions.join(", ")}.`,
    },
  ]);
}
