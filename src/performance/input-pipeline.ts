/**
 * Reading and preparing samples: what it adds to an iteration, and the ceiling it sets.
 *
 *   with input    t' = max( t + δ · samples · V_fit / V,  samples / min(V · r, S / s) )
 *
 * δ: seconds per sample that the GPUs do not hide, fitted on real against synthetic rows of TensorFlow's 2017 figures (V_fit vCPUs);
 * V: vCPUs of the node; r: samples per second that one vCPU prepares; S: bytes per second of the storage; s: bytes per sample.
 * That δ falls with 1/V is an assumption: one machine size was measured. r and S are the user's: the figures show no ceiling up
 * to the rate that they reach, which is the only bound this code knows by itself, and only for a warning.
 */
import type { SecondsInterval } from "./layer-duration.ts";
import type { InputFit } from "./scaling-fit.ts";

/** What a user says about the input of a job. */
export interface InputPipeline {
  /** r; absent: no ceiling from the CPUs. */
  readonly samplesPerSecondPerVcpu?: number;
  /** S and s; absent: no ceiling from storage. */
  readonly storage?: { readonly bytesPerSecond: number; readonly bytesPerSample: number };
}

/** One iteration on one node, before input is counted. */
export interface FedIteration {
  readonly seconds: SecondsInterval;
  /** Over all GPUs of the node. */
  readonly samples: number;
  /** null where the catalogue does not say. */
  readonly vcpuCount: number | null;
}

/** The iteration with input counted. */
export interface InputOutcome {
  readonly seconds: SecondsInterval;
  /** What binds: the GPUs, the CPUs or the storage. */
  readonly bound: "gpu" | "cpu" | "storage";
  /** Samples per second that input can deliver at most; null where nothing limits it. */
  readonly ceilingSamplesPerSecond: number | null;
  readonly warnings: readonly string[];
}

/** Counts the input; formula in the header. Throws on a rate or size that is not above zero. */
export function withInput(
  iteration: FedIteration,
  pipeline: InputPipeline,
  fit: InputFit | null,
): InputOutcome {
  const { samples, vcpuCount } = iteration;
  const perVcpu = positive("samplesPerSecondPerVcpu", pipeline.samplesPerSecondPerVcpu);
  const bytesPerSecond = positive("storage.bytesPerSecond", pipeline.storage?.bytesPerSecond);
  const bytesPerSample = positive("storage.bytesPerSample", pipeline.storage?.bytesPerSample);
  const cpuRate = perVcpu === undefined || vcpuCount === null ? Infinity : perVcpu * vcpuCount;
  const storageRate =
    bytesPerSecond === undefined || bytesPerSample === undefined ? Infinity : bytesPerSecond / bytesPerSample;
  const ceiling = Math.min(cpuRate, storageRate);
  const exposed =
    fit === null || vcpuCount === null ? 0 : (fit.exposedSecondsPerSample * samples * fit.vcpus) / vcpuCount;
  const least = samples / ceiling;
  const fed = (seconds: number): number => Math.max(seconds + exposed, least);
  const isBound = least > iteration.seconds.seconds + exposed;
  return {
    seconds: {
      seconds: fed(iteration.seconds.seconds),
      lowerSeconds: fed(iteration.seconds.lowerSeconds),
      upperSeconds: fed(iteration.seconds.upperSeconds),
    },
    bound: isBound ? (cpuRate <= storageRate ? "cpu" : "storage") : "gpu",
    ceilingSamplesPerSecond: Number.isFinite(ceiling) ? ceiling : null,
    warnings: [
      ...(isBound
        ? [
            `input binds: ${Math.round(ceiling)} samples/s at most, from ${cpuRate <= storageRate ? "the vCPUs" : "storage"}`,
          ]
        : []),
      ...(vcpuCount === null && perVcpu !== undefined
        ? ["the catalogue does not say how many vCPUs this VM type has: no ceiling from the CPUs"]
        : []),
    ],
  };
}

/** A warning where an iteration needs more samples per second and vCPU than were ever seen delivered; undefined otherwise. */
export function unprovenInputWarning(
  { seconds, samples, vcpuCount }: FedIteration,
  fit: InputFit | null,
): string | undefined {
  if (fit === null || vcpuCount === null) return undefined;
  const needed = samples / seconds.seconds;
  const proven = (fit.provenSamplesPerSecond / fit.vcpus) * vcpuCount;
  if (needed <= proven) return undefined;
  return (
    `needs ${Math.round(needed)} samples/s from ${vcpuCount} vCPUs; ${Math.round(proven)} were seen ` +
    `(${fit.sample}, ${Math.round(fit.provenSamplesPerSecond / fit.vcpus)} a vCPU): input may bind`
  );
}

function positive(name: string, value: number | undefined): number | undefined {
  if (value === undefined || value > 0) return value;
  throw new Error(`${name} is ${value}; give a number above 0.`);
}
