/** Duration table t[j][v][g] of a job: every VM type, every number of its GPUs, memory permitting. */
import type { DurationEntry, DurationTable, MissingDuration } from "../domain/duration-table.ts";
import type { VmTypeId } from "../domain/ids.ts";
import { iterations, type Workload } from "../domain/job.ts";
import type { VmType } from "../domain/vm-type.ts";
import { chooseFit, type FitChoice } from "./choose-fit.ts";
import {
  batchSizePerGpu,
  chooseScaling,
  scalingWarnings,
  spreadIteration,
  type ScalingChoice,
} from "./data-parallel.ts";
import type { DurationModel, FitLibrary } from "./fit.ts";
import type { GpuSpec } from "./gpu.ts";
import {
  unprovenInputWarning,
  withInput,
  type FedIteration,
  type InputOutcome,
  type InputPipeline,
} from "./input-pipeline.ts";
import { layerSize } from "./layer-size.ts";
import { outOfMemoryReason, trainingMemory, type TrainingMemory } from "./memory.ts";
import { networkTotals, type NetworkTotals } from "./network-totals.ts";
import type { Network } from "./network.ts";
import { DEFAULT_OPTIMIZER, type Optimizer } from "./optimizer.ts";

/** Everything that a prediction needs. */
export interface DurationTableRequest {
  readonly network: Network;
  readonly workload: Workload;
  readonly vmTypes: readonly VmType[];
  readonly fits: FitLibrary;
  readonly gpus: readonly GpuSpec[];
  readonly model?: DurationModel;
  /** Decides memory and the update step; stochastic gradient descent with momentum where absent. */
  readonly optimizer?: Optimizer;
  /** What feeds the job; absent: the GPUs alone are timed, with a warning where they need more than was ever seen delivered. */
  readonly inputPipeline?: InputPipeline;
}

const BYTES_PER_GRADIENT = 4;

/** Predicts the job on every VM type and GPU count; a configuration that cannot run, or has no model, is in `missing` with the reason. */
export function predictDurations(request: DurationTableRequest): DurationTable {
  const estimate = iterationEstimator(request);
  const count = iterations(request.workload);
  const entries: DurationEntry[] = [];
  const missing: MissingDuration[] = [];
  for (const vmType of request.vmTypes) {
    for (let gpus = 1; gpus <= vmType.gpuCount; gpus++) {
      const result = estimate(vmType, gpus);
      if (result.kind === "missing") {
        missing.push({ vmTypeId: vmType.id, gpus, reason: result.reason });
        continue;
      }
      const { iteration } = result;
      entries.push({
        vmTypeId: vmType.id,
        gpus,
        durationSeconds: count * iteration.seconds,
        lowerSeconds: count * iteration.lowerSeconds,
        upperSeconds: count * iteration.upperSeconds,
        source: iteration.source,
        ...(iteration.scalingOrigin === null ? {} : { scalingOrigin: iteration.scalingOrigin }),
        warnings: iteration.warnings,
      });
    }
  }
  return { entries, missing };
}

/** One iteration of a job on g GPUs of a VM type. */
export interface IterationEstimate {
  readonly seconds: number;
  readonly lowerSeconds: number;
  readonly upperSeconds: number;
  readonly source: "measured" | "scaled";
  readonly warnings: readonly string[];
  /** Samples on the busiest GPU. */
  readonly batchSizePerGpu: number;
  /** Needed on each GPU. */
  readonly memoryGib: number;
  /** Of the all-reduce, what the backward pass does not hide. */
  readonly allReduceSeconds: number;
  /** All that the other GPUs add to the time of one: all-reduce, shared host, framework. */
  readonly addedSeconds: number;
  /** Where the scaling over GPUs comes from, in words; null on one GPU. */
  readonly scalingOrigin: string | null;
  /** What binds: the GPUs, or input (cpu, storage) where an input pipeline was given. */
  readonly bound: "gpu" | "cpu" | "storage";
  /** On one GPU; networkDuration of the same request has it layer by layer. */
  readonly compute: NetworkTotals;
}

export type IterationOutcome =
  | { readonly kind: "found"; readonly iteration: IterationEstimate }
  | { readonly kind: "missing"; readonly reason: string };

/** Estimates one configuration, for `berth estimate`; a duration table reuses one estimator for all of them. */
export function estimateIteration(
  request: Omit<DurationTableRequest, "vmTypes">,
  vmType: VmType,
  gpus: number,
): IterationOutcome {
  return iterationEstimator(request)(vmType, gpus);
}

/** An estimator that evaluates each (GPU type, share, per-GPU batch) once, however many VM types share it. */
function iterationEstimator(
  request: Omit<DurationTableRequest, "vmTypes">,
): (vmType: VmType, gpus: number) => IterationOutcome {
  const { network, workload, fits, optimizer = DEFAULT_OPTIMIZER } = request;
  const choices = new Map<string, FitChoice>();
  const computes = new Map<string, NetworkTotals>();
  const memories = new Map<number, TrainingMemory>();
  const scalings = new Map<string, ScalingChoice | undefined>();
  const { allReduceFits, scalingFits = [] } = fits;
  const feed = feederOf(request);
  const gradientBytes =
    BYTES_PER_GRADIENT * network.layers.reduce((sum, layer) => sum + layerSize(layer).weightCount, 0);

  return (vmType, gpus) => {
    if (gpus > vmType.gpuCount) return missing(`${vmType.id} has ${vmType.gpuCount} GPUs, not ${gpus}`);
    if (gpus > workload.batchSize) {
      return missing(`a batch of ${workload.batchSize} samples cannot be split over ${gpus} GPUs`);
    }
    const batchSize = batchSizePerGpu(workload.batchSize, gpus);
    const memory = once(memories, batchSize, () => trainingMemory(network, batchSize, optimizer));
    const memoryGib = memory.totalGib;
    if (memoryGib > vmType.gpuMemoryGib) {
      return missing(outOfMemoryReason(memory, { ...vmType, batchSize, optimizer }));
    }
    const gpuKey = `${vmType.gpuType} ${vmType.gpuShare}`;
    const choice = once(choices, gpuKey, () =>
      chooseFit({
        ...vmType,
        framework: workload.framework,
        durationFits: fits.durationFits,
        gpus: request.gpus,
      }),
    );
    if (choice.kind === "missing") return choice;
    const compute = once(computes, `${gpuKey} ${batchSize}`, () =>
      networkTotals({
        network,
        batchSize,
        fit: choice.fit,
        widening: choice.widening,
        optimizer,
        ...(request.model === undefined ? {} : { model: request.model }),
      }),
    );
    const scaling = once(scalings, vmType.gpuType, () =>
      chooseScaling({ gpuType: vmType.gpuType, framework: workload.framework, allReduceFits, scalingFits }),
    );
    if (gpus > 1 && scaling === undefined) {
      return missing("models/fits has no all-reduce fit, so that several GPUs have no model");
    }
    const spread =
      gpus === 1 || scaling === undefined
        ? { total: compute.total, addedSeconds: 0, allReduceSeconds: 0 }
        : spreadIteration({ compute: compute.total, gpus, gradientBytes }, scaling);
    const fed = feed({ seconds: spread.total, samples: workload.batchSize, vcpuCount: vmType.vcpuCount });
    return {
      kind: "found",
      iteration: {
        seconds: fed.seconds.seconds,
        lowerSeconds: fed.seconds.lowerSeconds,
        upperSeconds: fed.seconds.upperSeconds,
        source: choice.fit.status,
        warnings: [
          ...choice.warnings,
          ...(scaling === undefined ? [] : scalingWarnings(scaling, { gpus, gradientBytes })),
          ...fed.warnings,
          ...compute.warnings,
        ],
        batchSizePerGpu: batchSize,
        memoryGib,
        allReduceSeconds: spread.allReduceSeconds,
        addedSeconds: spread.addedSeconds,
        scalingOrigin: gpus === 1 ? null : (scaling?.origin ?? null),
        bound: fed.bound,
        compute,
      },
    };
  };
}

/** Counts the input where the request describes it; otherwise only warns, and only for images, which is what was measured. */
function feederOf({
  network,
  fits,
  inputPipeline,
}: Omit<DurationTableRequest, "vmTypes">): (
  iteration: FedIteration,
) => Pick<InputOutcome, "seconds" | "bound" | "warnings"> {
  const inputFit = fits.scalingFits?.find((fit) => fit.input !== null)?.input ?? null;
  const imageFit = network.input.length === 3 && network.input[0] === 3 ? inputFit : null;
  return (iteration) => {
    if (inputPipeline !== undefined) return withInput(iteration, inputPipeline, imageFit);
    const warning = unprovenInputWarning(iteration, imageFit);
    return { seconds: iteration.seconds, bound: "gpu", warnings: warning === undefined ? [] : [warning] };
  };
}

const missing = (reason: string): IterationOutcome => ({ kind: "missing", reason });

function once<Key, Value>(known: Map<Key, Value>, key: Key, compute: () => Value): Value {
  const existing = known.get(key);
  if (existing !== undefined) return existing;
  const value = compute();
  known.set(key, value);
  return value;
}

/** A user's own measurement of one configuration. */
export interface MeasuredEpoch {
  readonly vmTypeId: VmTypeId;
  readonly gpus: number;
  readonly secondsPerEpoch: number;
}

/** The table with the user's own figures put in place of predictions and of missing entries. */
export function measuredDurations(
  table: DurationTable,
  measured: readonly MeasuredEpoch[],
  epochs: number,
): DurationTable {
  if (measured.length === 0) return table;
  const isMeasured = ({ vmTypeId, gpus }: { readonly vmTypeId: VmTypeId; readonly gpus: number }): boolean =>
    measured.some((epoch) => epoch.vmTypeId === vmTypeId && epoch.gpus === gpus);
  const own = measured.map(({ vmTypeId, gpus, secondsPerEpoch }): DurationEntry => {
    const durationSeconds = secondsPerEpoch * epochs;
    if (!(durationSeconds > 0)) {
      throw new Error(
        `secondsPerEpoch of ${vmTypeId} with ${gpus} GPUs is ${secondsPerEpoch}; give seconds above 0.`,
      );
    }
    return {
      vmTypeId,
      gpus,
      durationSeconds,
      lowerSeconds: durationSeconds,
      upperSeconds: durationSeconds,
      source: "user",
      warnings: [],
    };
  });
  return {
    entries: [...table.entries.filter((entry) => !isMeasured(entry)), ...own],
    missing: table.missing.filter((entry) => !isMeasured(entry)),
  };
}
