/** One extrapolation: an end-to-end model fitted on some jobs, judged on others. */
import {
  fitEndToEndModel,
  predictEndToEnd,
  type EndToEndModel,
  type MeasuredJob,
} from "../../src/performance/end-to-end-model.ts";
import { mapePercent, type Observation } from "../../src/performance/prediction-error.ts";

/** Iterations of the job that a measured iteration stands for; errors do not depend on it. */
export const JOB_ITERATIONS = 1000;

/** A measured iteration as a job of so many iterations. */
export function iterationsJob(
  seconds: number,
  features: { readonly batchSizePerGpu: number; readonly gpus: number; readonly gigaflopsPerSecond?: number },
): MeasuredJob {
  return {
    seconds: seconds * JOB_ITERATIONS,
    features: {
      iterations: JOB_ITERATIONS,
      batchSize: features.batchSizePerGpu * features.gpus,
      gpus: features.gpus,
      ...(features.gigaflopsPerSecond === undefined
        ? {}
        : { gigaflopsPerSecond: features.gigaflopsPerSecond }),
    },
  };
}

export interface Extrapolation {
  readonly model: EndToEndModel;
  readonly observations: readonly Observation[];
  readonly mapePercent: number;
}

/** Fits on `train`, predicts `test`. */
export function extrapolate(train: readonly MeasuredJob[], test: readonly MeasuredJob[]): Extrapolation {
  const model = fitEndToEndModel(train);
  const observations = test.map((job) => ({
    measuredSeconds: job.seconds,
    predictedSeconds: predictEndToEnd(model, job.features).seconds,
  }));
  return { model, observations, mapePercent: mapePercent(observations) };
}

/** The selected terms without their coefficients, for a table. */
export function termsOf({ terms }: EndToEndModel): string {
  return terms.length === 0 ? "none (mean)" : terms.map(({ name }) => name).join(", ");
}

export const percent = (value: number): string => (Number.isFinite(value) ? value.toFixed(1) : "–");
