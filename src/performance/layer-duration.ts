/**
 * Seconds of one layer in one iteration, t_l = Σ_f β_f · count_f for each of its parts and directions.
 * With the "complexity" model this is the slides' t_l = β0 + β1·c_l.
 */
import type { Direction, DurationFit, DurationModel, FitStatus, WorkFit } from "./fit.ts";
import { FEATURES, layerWork, type Feature, type FeatureCounts, type WorkKind } from "./layer-work.ts";
import { layerComplexity } from "./layer-complexity.ts";
import type { Layer, LayerKind } from "./network.ts";

/** Median and 80 % interval of a time. */
export interface SecondsInterval {
  readonly seconds: number;
  readonly lowerSeconds: number;
  readonly upperSeconds: number;
}

/** A feature whose count lies outside the rows that its coefficient was fitted on. */
export interface Extrapolation {
  readonly workKind: WorkKind;
  readonly feature: Feature;
  readonly side: "below" | "above";
}

/** A layer's time in one iteration on one GPU. */
export interface LayerDuration {
  readonly name: string;
  readonly kind: LayerKind;
  /** Forward operations of the batch. */
  readonly forwardOperations: number;
  readonly forwardSeconds: number;
  readonly backwardSeconds: number;
  /** Optimiser step (stochastic gradient descent with momentum). */
  readonly updateSeconds: number;
  readonly total: SecondsInterval;
  /** Weakest provenance among the coefficients used; "measured" of a layer without work. */
  readonly status: FitStatus;
  readonly extrapolations: readonly Extrapolation[];
}

/** A layer for which the fit has no coefficients: listed, never dropped in silence. */
export interface UnknownLayer {
  readonly name: string;
  readonly kind: LayerKind;
  readonly forwardOperations: number;
  readonly missing: readonly WorkKind[];
}

export type LayerPrediction =
  | { readonly kind: "known"; readonly duration: LayerDuration }
  | { readonly kind: "unknown"; readonly layer: UnknownLayer };

/** Predicts layers with one fit and model. */
export type LayerPredictor = (layer: Layer, batchSize: number) => LayerPrediction;

/** Looks a fit's coefficients up once, for many layers. */
export function layerPredictor(fit: DurationFit, model: DurationModel): LayerPredictor {
  const coefficients = new Map<string, WorkFit>();
  for (const work of fit.work) {
    if (work.model === model) coefficients.set(`${work.workKind} ${work.direction}`, work);
  }
  const fitOf = (workKind: WorkKind, direction: Direction): WorkFit | undefined =>
    coefficients.get(`${workKind} ${direction}`);
  return (layer, batchSize) => predictLayer(layer, batchSize, fitOf);
}

interface Term {
  readonly direction: Direction;
  readonly workKind: WorkKind;
  readonly counts: FeatureCounts;
  /** Least stretch of the interval, above 1 where the work is priced by analogy. */
  readonly analogy: number;
}

interface FittedTerm extends Term {
  readonly fit: WorkFit;
  readonly seconds: number;
}

function predictLayer(
  layer: Layer,
  batchSize: number,
  fitOf: (workKind: WorkKind, direction: Direction) => WorkFit | undefined,
): LayerPrediction {
  const forwardOperations = layerComplexity(layer).forwardOperations * batchSize;
  const terms = layerTerms(layer, batchSize);
  const fitted: FittedTerm[] = [];
  const missing = new Set<WorkKind>();
  for (const term of terms) {
    const fit = fitOf(term.workKind, term.direction);
    if (fit === undefined) missing.add(term.workKind);
    else fitted.push({ ...term, fit, seconds: linear(fit, term.counts) });
  }
  if (missing.size > 0) {
    return {
      kind: "unknown",
      layer: { name: layer.name, kind: layer.kind, forwardOperations, missing: [...missing].sort() },
    };
  }
  const secondsOf = (direction: Direction): number =>
    sum(fitted.filter((term) => term.direction === direction).map((term) => term.seconds));
  return {
    kind: "known",
    duration: {
      name: layer.name,
      kind: layer.kind,
      forwardOperations,
      forwardSeconds: secondsOf("forward"),
      backwardSeconds: secondsOf("backward"),
      updateSeconds: secondsOf("update"),
      total: {
        seconds: sum(fitted.map((term) => term.seconds)),
        lowerSeconds: sum(fitted.map((term) => term.seconds * lowerRatio(term))),
        upperSeconds: sum(fitted.map((term) => term.seconds * upperRatio(term))),
      },
      status: weakest(fitted.map((term) => (term.analogy > 1 ? "derived" : term.fit.status))),
      extrapolations: fitted.flatMap(extrapolationsOf),
    },
  };
}

function layerTerms(layer: Layer, batchSize: number): readonly Term[] {
  const { parts, updateKind, updateBytes } = layerWork(layer, batchSize);
  const passes = parts.flatMap(({ workKind, forward, backward, byAnalogy }): readonly Term[] => {
    const analogy = byAnalogy ? analogyFactor(layer.kind) : 1;
    return [
      { direction: "forward", workKind, counts: forward, analogy },
      { direction: "backward", workKind, counts: backward, analogy },
    ];
  });
  if (updateBytes === 0) return passes;
  return [
    ...passes,
    { direction: "update", workKind: updateKind, counts: { bytes: updateBytes }, analogy: 1 },
  ];
}

/**
 * Work priced by analogy may be so many times faster or slower than the analogy. Pollux's runs on T4 took 1.6 to 2.1 times
 * what is predicted of BERT and 3.4 to 4.8 times of DeepSpeech 2, part of it the scaling to that GPU (docs, "Errors").
 */
const analogyFactor = (kind: LayerKind): number => (kind === "recurrent" ? 4 : 2);

const lowerRatio = ({ fit, analogy }: FittedTerm): number => Math.min(1, fit.residuals.lower, 1 / analogy);
const upperRatio = ({ fit, analogy }: FittedTerm): number => Math.max(1, fit.residuals.upper, analogy);

function linear(fit: WorkFit, counts: FeatureCounts): number {
  return sum(FEATURES.map((feature) => (fit.coefficients[feature] ?? 0) * (counts[feature] ?? 0)));
}

function extrapolationsOf({ fit, counts, workKind }: FittedTerm): readonly Extrapolation[] {
  return FEATURES.flatMap((feature): readonly Extrapolation[] => {
    const range = fit.measuredRange[feature];
    const count = counts[feature];
    if (range === undefined || count === undefined) return [];
    if (count < range.min) return [{ workKind, feature, side: "below" }];
    return count > range.max ? [{ workKind, feature, side: "above" }] : [];
  });
}

function weakest(statuses: readonly FitStatus[]): FitStatus {
  if (statuses.includes("scaled")) return "scaled";
  return statuses.includes("derived") ? "derived" : "measured";
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
