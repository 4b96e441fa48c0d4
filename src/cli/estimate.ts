/**
 * `berth estimate <network>`: with --gpu or --fit one iteration on that GPU (estimate-iteration.ts), otherwise the duration
 * table over a catalogue.
 */
import { Command, Option } from "commander";
import { InvalidInput } from "../catalog/input-problem.ts";
import { loadVmCatalog } from "../catalog/load-vm-catalog.ts";
import type { ReferenceData } from "../catalog/reference-data.ts";
import { loadReferenceData, shippedCatalogPath } from "../catalog/reference-data.ts";
import { catalogRegions, selectRegion } from "../catalog/select-vm-types.ts";
import type { Framework, Workload } from "../domain/job.ts";
import { FRAMEWORKS, iterations } from "../domain/job.ts";
import type { VmType } from "../domain/vm-type.ts";
import { predictDurations } from "../performance/duration-table.ts";
import type { Shape } from "../performance/network.ts";
import { durationTableText } from "../report/duration-text.ts";
import { durationTableView } from "../report/estimate-view.ts";
import { estimateIteration } from "./estimate-iteration.ts";
import { findNetwork, NETWORK_ARGUMENT } from "./find-network.ts";
import { dimensionOption, shapeOption, wholeNumberOption } from "./options.ts";

interface EstimateOptions {
  readonly batch: number;
  readonly framework: Framework;
  readonly samples?: number;
  readonly epochs: number;
  readonly catalog: string;
  readonly region?: string;
  readonly json: boolean;
  readonly gpu?: string;
  readonly fit?: string;
  readonly gpus?: number;
  readonly perLayer: boolean;
  readonly dim: ReadonlyMap<string, number>;
  readonly network?: string;
  readonly input?: Shape;
}

const MAX_COUNT = 1e9;
const MAX_GPUS = 4096;

/** The command. */
export function estimateCommand(): Command {
  return new Command("estimate")
    .description(
      "Prints how long one iteration of a network takes on a GPU (--gpu or --fit), or training it on every VM type and GPU count of a catalogue, with intervals.",
    )
    .argument("<network>", NETWORK_ARGUMENT)
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
    .option("--gpu <name>", "GPU as in models/gpus.json, for one iteration on it")
    .option("--fit <file>", "your own fit, written by berth calibrate, for one iteration on its GPU")
    .option(
      "--gpus <n>",
      "GPUs that share the batch (default: 1); with --gpu or --fit",
      wholeNumberOption(1, MAX_GPUS),
    )
    .option("--per-layer", "list every layer; with --gpu or --fit", false)
    .option(
      "--dim <symbol=size>",
      "size of a symbolic axis of an ONNX file; may be repeated",
      dimensionOption,
      new Map<string, number>(),
    )
    .option("--network <name>", "which network of a CSV that holds several")
    .option(
      "--input <shape>",
      "shape of one input sample, for example 3x224x224, where a layer table does not print it",
      shapeOption,
    )
    .option("--json", "print as JSON", false)
    .action(estimate);
}

function estimate(networkName: string, options: EstimateOptions): void {
  const reference = loadReferenceData();
  const found = findNetwork(networkName, options, reference);
  if (options.gpu !== undefined || options.fit !== undefined) {
    estimateIteration(found, { ...options, gpus: options.gpus ?? 1 }, reference);
    return;
  }
  refuseIterationOptions(options);
  const { network } = found;
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

/** Options of one iteration say nothing without a GPU. */
function refuseIterationOptions({ gpus, perLayer }: EstimateOptions): void {
  if (gpus === undefined && !perLayer) return;
  throw new InvalidInput(gpus === undefined ? "--per-layer" : "--gpus", [
    {
      path: "",
      value: gpus ?? perLayer,
      message: "it needs to know the GPU; without one every VM type and GPU count of the catalogue is listed",
      fix: "Give --gpu NAME or --fit FILE, or leave it out.",
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
