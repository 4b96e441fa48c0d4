/**
 * The slides' end-to-end model (Gianniti, Zhang, Ardagna, CLOSER 2019): seconds of a job as a linear regression on features of
 * the job, augmented with inverses and products, selected stepwise. It needs measured runs of the same application and
 * says nothing about another network; in return it needs no layers.
 */
import { augmentedValue, augmentFeatures } from "./feature-augmentation.ts";
import { mapePercent, residualQuantiles, type ResidualQuantiles } from "./prediction-error.ts";
import { selectStepwise, type StepwiseOptions } from "./stepwise-selection.ts";

/** Features of a job on the slides. What is not known, or not varied, is left out of all rows. */
export interface JobFeatures {
  readonly iterations?: number;
  /** Samples of one iteration over all GPUs. */
  readonly batchSize?: number;
  /** Peak single-precision rate of one GPU, 10⁹ operations per second. */
  readonly gigaflopsPerSecond?: number;
  readonly gpus?: number;
  /** Threads that prepare input. */
  readonly threads?: number;
  /** Milliseconds that storage takes to answer. */
  readonly diskDelayMilliseconds?: number;
  /** Residual modules of the network, for the slides' "inner modules". */
  readonly innerModules?: number;
}

export const JOB_FEATURES = [
  "iterations",
  "batchSize",
  "gigaflopsPerSecond",
  "gpus",
  "threads",
  "diskDelayMilliseconds",
  "innerModules",
] as const satisfies readonly (keyof JobFeatures)[];

/** One measured run. */
export interface MeasuredJob {
  readonly features: JobFeatures;
  readonly seconds: number;
}

/** ŷ = intercept + Σ coefficient · term, in seconds; a term is "x", "1/x" or a product of two with "·". */
export interface EndToEndModel {
  readonly intercept: number;
  readonly terms: readonly { readonly name: string; readonly coefficient: number }[];
  readonly rows: number;
  readonly inSampleMapePercent: number;
  readonly residuals: ResidualQuantiles;
  /** Smallest and largest value of each feature among the rows. */
  readonly measuredRange: Readonly<Record<string, { readonly min: number; readonly max: number }>>;
}

export interface EndToEndPrediction {
  /** May be 0 or below where a line is carried too far: `warnings` says so, and the number is not to be planned with. */
  readonly seconds: number;
  readonly lowerSeconds: number;
  readonly upperSeconds: number;
  readonly warnings: readonly string[];
}

/** Fits the model. Throws when rows differ in the features they give, or on a time that is not above zero. */
export function fitEndToEndModel(jobs: readonly MeasuredJob[], options: StepwiseOptions = {}): EndToEndModel {
  const names = JOB_FEATURES.filter((name) => jobs.some(({ features }) => features[name] !== undefined));
  const columns = names.map((name) => ({
    name,
    values: jobs.map(({ features }, row) => {
      const value = features[name];
      if (value === undefined)
        throw new Error(`Row ${row} lacks ${name}, which other rows have; give it in all.`);
      return value;
    }),
  }));
  const seconds = jobs.map((job, row) => {
    if (job.seconds > 0) return job.seconds;
    throw new Error(`Row ${row} took ${job.seconds} s; give seconds above 0.`);
  });
  const { names: selected, line } = selectStepwise(augmentFeatures(columns), seconds, options);
  const observations = jobs.map((job, row) => ({
    measuredSeconds: job.seconds,
    predictedSeconds: job.seconds - (line.residuals[row] ?? 0),
  }));
  return {
    intercept: line.intercept,
    terms: selected.map((name, index) => ({ name, coefficient: line.coefficients[index] ?? 0 })),
    rows: jobs.length,
    inSampleMapePercent: mapePercent(observations),
    residuals: residualQuantiles(observations.filter(({ predictedSeconds }) => predictedSeconds > 0)),
    measuredRange: Object.fromEntries(
      columns.map(({ name, values }) => [name, { min: Math.min(...values), max: Math.max(...values) }]),
    ),
  };
}

/** Seconds of a job with these features; a feature outside the measured range is named in the warnings. */
export function predictEndToEnd(model: EndToEndModel, features: JobFeatures): EndToEndPrediction {
  const values: Record<string, number> = {};
  for (const name of JOB_FEATURES) {
    const value = features[name];
    if (value !== undefined) values[name] = value;
  }
  const seconds = model.terms.reduce(
    (sum, { name, coefficient }) => sum + coefficient * augmentedValue(name, values),
    model.intercept,
  );
  const outside = Object.entries(model.measuredRange).flatMap(([name, { min, max }]) => {
    const value = values[name];
    if (value === undefined || (value >= min && value <= max)) return [];
    return [`${name} ${value} is outside the measured range ${min}–${max}`];
  });
  return {
    seconds,
    lowerSeconds: seconds * model.residuals.lower,
    upperSeconds: seconds * model.residuals.upper,
    warnings:
      seconds > 0 ? outside : [...outside, "the line has fallen to zero: it cannot be carried this far"],
  };
}
