/** A scaling fit: what more GPUs add to an iteration, fitted on whole networks of one framework and GPU. Formula: data-parallel.ts. */
import type { Framework } from "../domain/job.ts";
import type { MeasuredRange } from "./fit.ts";
import type { ResidualQuantiles } from "./prediction-error.ts";

/** Version of the file format that this code reads and writes. */
export const SCALING_FORMAT_VERSION = 1;

/** How far a fit errs on whole iterations, the time on one GPU known. */
export interface ScalingError {
  readonly inSampleMapePercent: number;
  /** Of applications that the coefficients were not fitted on. */
  readonly leaveOneApplicationOutMedianPercent: number;
  readonly leaveOneApplicationOutMapePercent: number;
}

interface ScalingEvidence {
  readonly rows: number;
  readonly applications: readonly string[];
  readonly measuredGpus: MeasuredRange;
  readonly measuredGradientBytes: MeasuredRange;
  readonly error: ScalingError;
  /** Measured / predicted of applications left out: bounds that hold 80 % or a little more of an unseen application's rows, and the median. */
  readonly residuals: ResidualQuantiles;
}

/** GPUs of one node. */
export interface WithinNodeScaling extends ScalingEvidence {
  /** κ: share of the time on one GPU that is added as GPUs join (shared host, memory and PCIe), times 1 − 1/g. */
  readonly computeShare: number;
  /** α: seconds that each further GPU adds, whatever the network. */
  readonly secondsPerGpu: number;
  /** σ: share of the ring all-reduce that the backward pass does not hide; above 1 where the bus is slower than the ring's GPU's. */
  readonly exposedAllReduceShare: number;
  /** GPU whose all-reduce fit σ refers to. */
  readonly allReduceGpu: string;
}

/** GPUs of several nodes. */
export interface AcrossNodesScaling extends ScalingEvidence {
  /** κ over all GPUs. */
  readonly computeShare: number;
  /** ν: seconds that each further node adds. */
  readonly secondsPerNode: number;
  /** ρ: seconds per byte of gradients and 2(g − 1)/g, over the network, less what the backward pass hides. */
  readonly secondsPerByte: number;
}

/** What reading and decoding real samples adds to an iteration on synthetic ones. */
export interface InputFit {
  /** δ: seconds per sample of the whole node that the GPUs do not hide. */
  readonly exposedSecondsPerSample: number;
  /** vCPUs of the machines measured. */
  readonly vcpus: number;
  /** Most samples per second that one of them was seen to deliver; not a limit, the data shows none. */
  readonly provenSamplesPerSecond: number;
  readonly sample: string;
  readonly rows: number;
  /** Median error of real-data iterations, with δ and with synthetic times taken as they are. */
  readonly error: { readonly medianPercent: number; readonly withoutMedianPercent: number };
}

/** models/fits/<gpu>-<framework>-scaling.json */
export interface ScalingFit {
  readonly formatVersion: typeof SCALING_FORMAT_VERSION;
  /** Canonical GPU name. */
  readonly gpu: string;
  readonly framework: Framework;
  readonly source: string;
  readonly licence: string;
  readonly method: string;
  readonly withinNode: WithinNodeScaling;
  /** null where no run over several nodes was measured. */
  readonly acrossNodes: AcrossNodesScaling | null;
  /** null where real and synthetic data were not both measured. */
  readonly input: InputFit | null;
}
