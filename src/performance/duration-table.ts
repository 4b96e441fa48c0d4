/** Duration table t[j][v][g] of a job: every VM type, every number of its GPUs, memory permitting. */
import type { DurationEntry, DurationTable, MissingDuration } from "../domain/duration-table.ts";
import type { VmTypeId } from "../domain/ids.ts";
import { iterations, type Workload } from "../domain/job.ts";
import type { VmType } from "../domain/vm-type.ts";
import { chooseFit, type FitChoice } from "./choose-fit.ts";
import { allReduceSeconds, batchSizePerGpu, chooseAllReduceFit } from "./data-parallel.ts";
import type { DurationModel, FitLibrary } from "./fit.ts";
import type { GpuSpec } from "./gpu.ts";
import { layerSize } from "./layer-size.ts";
import { trainingMemory } from "./memory.ts";
import { networkDuration, type NetworkDuration } from "./network-duration.ts";
import type { Network } from "./network.ts";

/** Everything that a prediction needs. */
export interface DurationTableRequest {
  readonly network: Network;
  readonly workload: Workload;
  readonly vmTypes: readonly VmType[];
  readonly fits: FitLibrary;
  readonly gpus: readonly GpuSpec[];
  readonly model?: DurationModel;
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
  readonly allReduceSeconds: number;
  /** Layer by layer, on one GPU. */
  readonly compute: NetworkDuration;
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
  const { network, workload, fits } = request;
  const choices = new Map<string, FitChoice>();
  const computes = new Map<string, NetworkDuration>();
  const memoriesGib = new Map<number, number>();
  const gradientBytes =
    BYTES_PER_GRADIENT * network.layers.reduce((sum, layer) => sum + layerSize(layer).weightCount, 0);

  return (vmType, gpus) => {
    if (gpus > vmType.gpuCount) return missing(`${vmType.id} has ${vmType.gpuCount} GPUs, not ${gpus}`);
    if (gpus > workload.batchSize) {
      return missing(`a batch of ${workload.batchSize} samples cannot be split over ${gpus} GPUs`);
    }
    const batchSize = batchSizePerGpu(workload.batchSize, gpus);
    const memoryGib = once(memoriesGib, batchSize, () => trainingMemory(network, batchSize).totalGib);
    if (memoryGib > vmType.gpuMemoryGib) {
      return missing(
        `needs ${memoryGib.toFixed(1)} GiB on each GPU for ${batchSize} samples, ${vmType.gpuType} has ${vmType.gpuMemoryGib} GiB`,
      );
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
      networkDuration({
        network,
        batchSize,
        fit: choice.fit,
        widening: choice.widening,
        ...(request.model === undefined ? {} : { model: request.model }),
      }),
    );
    const communication = gpus === 1 ? NO_COMMUNICATION : communicationOf(vmType, gpus, gradientBytes, fits);
    if (communication === undefined)
      return missing("models/fits has no all-reduce fit, so that several GPUs have no model");
    return {
      kind: "found",
      iteration: {
        seconds: compute.total.seconds + communication.seconds,
        lowerSeconds: compute.total.lowerSeconds + communication.lowerSeconds,
        upperSeconds: compute.total.upperSeconds + communication.upperSeconds,
        source: choice.fit.status,
        warnings: [...choice.warnings, ...communication.warnings, ...compute.warnings],
        batchSizePerGpu: batchSize,
        memoryGib,
        allReduceSeconds: communication.seconds,
        compute,
      },
    };
  };
}

interface Communication {
  readonly seconds: number;
  readonly lowerSeconds: number;
  readonly upperSeconds: number;
  readonly warnings: readonly string[];
}

const NO_COMMUNICATION: Communication = { seconds: 0, lowerSeconds: 0, upperSeconds: 0, warnings: [] };

function communicationOf(
  vmType: VmType,
  gpus: number,
  bytes: number,
  fits: FitLibrary,
): Communication | undefined {
  const choice = chooseAllReduceFit(vmType.gpuType, fits.allReduceFits);
  if (choice === undefined) return undefined;
  return { ...allReduceSeconds({ gpus, bytes }, choice.fit), warnings: choice.warnings };
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
