/** A fit: coefficients of duration models for one GPU and framework, with where they come from and how far they err. */
import type { Framework } from "../domain/job.ts";
import type { LogCorrection } from "./log-correction.ts";
import type { ResidualQuantiles } from "./prediction-error.ts";
import type { Feature, WorkKind } from "./work-counts.ts";
import type { ScalingFit } from "./scaling-fit.ts";

/**
 * "complexity" is the slides' model, t = β0 + β1·c; "complexity+traffic" adds what is read and written, tiles, and
 * where enough shapes were measured a learned factor (log-correction.ts). One formula predicts with either.
 */
export const DURATION_MODELS = ["complexity", "complexity+traffic"] as const;
export type DurationModel = (typeof DURATION_MODELS)[number];
/** The model used where none is named. */
export const DEFAULT_DURATION_MODEL: DurationModel = "complexity+traffic";

/** What is timed: one pass forward, one backward, one step of the optimiser. */
export const DIRECTIONS = ["forward", "backward", "update"] as const;
export type Direction = (typeof DIRECTIONS)[number];

/**
 * "measured" on this GPU; "scaled" from measurements on another GPU by data-sheet ratios;
 * "derived": a rate measured on this GPU applied to work that was not itself measured.
 */
export const FIT_STATUSES = ["measured", "scaled", "derived"] as const;
export type FitStatus = (typeof FIT_STATUSES)[number];

/** Smallest and largest value of a feature among the rows of a fit. */
export interface MeasuredRange {
  readonly min: number;
  readonly max: number;
}

/** Coefficients of one model, kind of work and direction. */
export interface WorkFit {
  readonly model: DurationModel;
  readonly workKind: WorkKind;
  readonly direction: Direction;
  readonly status: FitStatus;
  /** Rows and method behind the coefficients, in words. */
  readonly provenance: string;
  /** Seconds per unit of each feature; a feature that is absent costs nothing. */
  readonly coefficients: Readonly<Partial<Record<Feature, number>>>;
  /** Learned factor on the linear time, where enough shapes were measured. */
  readonly correction?: LogCorrection;
  /**
   * Of an update: seconds per byte of what the benchmark ran besides the layer, "elementwise" (activation, loss) and by optimiser.
   * With them its rows can be predicted as they were timed (tools/fits/predict-timed.ts); a layer's own time needs none of them.
   */
  readonly benchmarkSecondsPerByte?: Readonly<Record<string, number>>;
  readonly rows: number;
  readonly measuredRange: Readonly<Partial<Record<Feature, MeasuredRange>>>;
  /** null where no held-out measurement of this work exists. */
  readonly error: {
    readonly inSampleMapePercent: number;
    readonly crossValidatedMapePercent: number;
  } | null;
  /** Measured / predicted; bounds of the 80 % interval. */
  readonly residuals: ResidualQuantiles;
}

/** Version of the file format that this code reads and writes. */
export const FIT_FORMAT_VERSION = 1;

/** models/fits/<gpu>-<framework>.json */
export interface DurationFit {
  readonly formatVersion: typeof FIT_FORMAT_VERSION;
  /** Canonical GPU name. */
  readonly gpu: string;
  readonly framework: Framework;
  readonly status: Exclude<FitStatus, "derived">;
  readonly source: string;
  readonly licence: string;
  readonly method: string;
  readonly work: readonly WorkFit[];
}

/** Ring all-reduce among GPUs of one node: seconds = 2(g − 1)·latency + 2(g − 1)/g·bytes·secondsPerByte. */
export interface AllReduceFit {
  readonly formatVersion: typeof FIT_FORMAT_VERSION;
  readonly gpu: string;
  readonly source: string;
  readonly licence: string;
  readonly method: string;
  readonly latencySecondsPerStep: number;
  readonly secondsPerByte: number;
  readonly rows: number;
  readonly measuredBytes: MeasuredRange;
  readonly measuredGpus: MeasuredRange;
  readonly error: { readonly inSampleMapePercent: number };
  readonly residuals: ResidualQuantiles;
}

/** Everything under models/fits. */
export interface FitLibrary {
  readonly durationFits: readonly DurationFit[];
  readonly allReduceFits: readonly AllReduceFit[];
  /** What more GPUs add, by framework and GPU; absent: the all-reduce alone. */
  readonly scalingFits?: readonly ScalingFit[];
}
