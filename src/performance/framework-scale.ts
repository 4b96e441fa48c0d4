/**
 * One factor for a framework: whole iterations measured with it, over those predicted, as their geometric median. A fit of single
 * layers under one framework and year then serves another, whose kernels are faster or slower by about the same share everywhere.
 */
import type { Framework } from "../domain/job.ts";
import type { DurationFit, WorkFit } from "./fit.ts";
import { quantile, type Observation } from "./prediction-error.ts";
import { FEATURES, type Feature } from "./work-counts.ts";

/** Median of measured / predicted, by logarithms; throws on no observations. */
export function frameworkScale(observations: readonly Observation[]): number {
  const logarithms = observations.map(({ measuredSeconds, predictedSeconds }) =>
    Math.log(measuredSeconds / predictedSeconds),
  );
  return Math.exp(quantile(logarithms, 0.5));
}

/** The fit with every time multiplied, for the framework that the factor was measured with. Throws unless the factor is above 0. */
export function scaledToFramework(
  fit: DurationFit,
  {
    framework,
    factor,
    source,
  }: { readonly framework: Framework; readonly factor: number; readonly source: string },
): DurationFit {
  if (!(factor > 0) || !Number.isFinite(factor)) {
    throw new Error(`The scale factor of ${framework} is ${factor}; give a number above 0.`);
  }
  return {
    ...fit,
    framework,
    source: `${fit.source}; scaled by ${source}`,
    method: `times ${factor.toPrecision(3)} for ${framework}: ${fit.method}`,
    work: fit.work.map((work) => timesFactor(work, factor)),
  };
}

function timesFactor(work: WorkFit, factor: number): WorkFit {
  const coefficients: Partial<Record<Feature, number>> = {};
  for (const feature of FEATURES) {
    const value = work.coefficients[feature];
    if (value !== undefined) coefficients[feature] = value * factor;
  }
  return { ...work, coefficients };
}
