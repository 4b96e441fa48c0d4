/** `berth estimate --gpu` or `--fit`: one iteration of a network on one kind of GPU. */
import { durationFitSchema } from "../catalog/fit-schema.ts";
import { InvalidInput } from "../catalog/input-problem.ts";
import { parseJsonFile } from "../catalog/parse-json-file.ts";
import type { ReferenceData } from "../catalog/reference-data.ts";
import type { Framework } from "../domain/job.ts";
import { chooseFit, type FitChoice } from "../performance/choose-fit.ts";
import { chooseScaling } from "../performance/data-parallel.ts";
import { gpuIteration } from "../performance/iteration-estimate.ts";
import { iterationText } from "../report/iteration-text.ts";
import { iterationView } from "../report/iteration-view.ts";
import type { FoundNetwork } from "./find-network.ts";

/** Options of the mode. */
export interface IterationOptions {
  readonly batch: number;
  readonly gpu?: string;
  readonly framework: Framework;
  readonly fit?: string;
  readonly gpus: number;
  readonly perLayer: boolean;
  readonly json: boolean;
}

/** Prints the estimate; throws InvalidInput where the GPU has no fit, or the batch is smaller than the number of GPUs. */
export function estimateIteration(
  { network, notes }: FoundNetwork,
  options: IterationOptions,
  reference: ReferenceData,
): void {
  if (options.gpus > options.batch) {
    throw wrong("--gpus", options.gpus, {
      message: `a batch of ${options.batch} samples cannot be split over ${options.gpus} GPUs`,
      fix: `Give at most ${options.batch} GPUs, or a larger --batch (it counts the samples of all GPUs).`,
    });
  }
  const { choice, gpu, framework } = chosenFit(options, reference);
  const { allReduceFits, scalingFits = [] } = reference.fits;
  const gpuMemoryGib = reference.gpus.find((spec) => spec.name === gpu)?.memoryGib ?? null;
  const scaling = chooseScaling({ gpuType: gpu, framework, allReduceFits, scalingFits });
  const { batch: batchSize, gpus } = options;
  const iteration = gpuIteration({ network, batchSize, gpus, choice, scaling, gpuMemoryGib });
  const view = iterationView(
    {
      network,
      gpu,
      framework,
      gpus,
      batchSize,
      fitSource: choice.fit.source,
      fitStatus: choice.fit.status,
      gpuMemoryGib,
      notes,
    },
    iteration,
  );
  console.log(options.json ? JSON.stringify(view, null, 2) : iterationText(view, options));
}

interface ChosenFit {
  readonly choice: Extract<FitChoice, { kind: "found" }>;
  readonly gpu: string;
  readonly framework: Framework;
}

function chosenFit(options: IterationOptions, reference: ReferenceData): ChosenFit {
  return options.fit === undefined ? shippedFit(options, reference) : ownFit(options.fit, options);
}

/** The user's own fit, as `berth calibrate` writes it, for the GPU that it was measured on. */
function ownFit(path: string, { gpu }: IterationOptions): ChosenFit {
  const fit = parseJsonFile(durationFitSchema, path);
  if (gpu !== undefined && gpu !== fit.gpu) {
    throw wrong("--gpu", gpu, {
      message: `the fit ${path} is for ${fit.gpu}`,
      fix: `Leave --gpu out, or give the fit of ${gpu}.`,
    });
  }
  return {
    choice: { kind: "found", fit, widening: 1, warnings: [] },
    gpu: fit.gpu,
    framework: fit.framework,
  };
}

function shippedFit({ gpu = "", framework }: IterationOptions, { fits, gpus }: ReferenceData): ChosenFit {
  const known = gpus.find(({ name }) => name.toLowerCase() === gpu.toLowerCase())?.name ?? gpu;
  const { durationFits } = fits;
  const choice = chooseFit({ gpuType: known, gpuShare: 1, framework, durationFits, gpus });
  if (choice.kind === "found") return { choice, gpu: known, framework };
  const names = new Set([...gpus.map(({ name }) => name), ...durationFits.map((fit) => fit.gpu)]);
  throw wrong("--gpu", gpu, {
    message: choice.reason,
    fix: `Use one of: ${[...names].sort().join(", ")}; or measure yours and give --fit (docs/bring-your-network.md).`,
  });
}

function wrong(
  option: string,
  value: unknown,
  { message, fix }: { readonly message: string; readonly fix: string },
): InvalidInput {
  return new InvalidInput(option, [{ path: "", value, message, fix }]);
}
