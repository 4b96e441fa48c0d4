/**
 * Seconds of one layer in one iteration, t_l = exp(c) · Σ_f β_f · count_f for each of its parts and directions, c being the
 * learned correction (log-correction.ts) where the fit has one. With the "complexity" model this is the slides' t_l = β0 + β1·c_l.
 */
import type { Direction, DurationFit, DurationModel, FitStatus, WorkFit } from "./fit.ts";
import { layerComplexity } from "./layer-complexity.ts";
import { layerWork } from "./layer-work.ts";
import { correctionOf, type CorrectionInputs } from "./log-correction.ts";
import { DEFAULT_OPTIMIZER, updateBytesRatio, type Optimizer } from "./optimizer.ts";
import { FEATURES, type Feature, type FeatureCounts, type LayerPart, type WorkKind } from "./work-counts.ts";
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
  /** Optimiser step. */
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
export function layerPredictor(
  fit: DurationFit,
  model: DurationModel,
  optimizer: Optimizer = DEFAULT_OPTIMIZER,
): LayerPredictor {
  const pricings = new Map<string, Pricing>();
  for (const work of fit.work) {
    if (work.model === model) pricings.set(`${work.workKind} ${work.direction}`, pricingOf(work));
  }
  const updateRatio = updateBytesRatio(optimizer);
  const lookUp: PricingLookUp = (workKind, direction) => pricings.get(`${workKind} ${direction}`);
  return (layer, batchSize) => predictLayer(layer, layerTerms(layer, batchSize, { lookUp, updateRatio }));
}

/** A work fit, ready to multiply: only the coefficients that are there, and only the ranges that are checked. */
interface Pricing {
  readonly fit: WorkFit;
  readonly coefficients: readonly (readonly [Feature, number])[];
  readonly checked: readonly Feature[];
}

type PricingLookUp = (workKind: WorkKind, direction: Direction) => Pricing | undefined;

interface Prices {
  readonly lookUp: PricingLookUp;
  readonly updateRatio: number;
}

interface Term {
  readonly direction: Direction;
  readonly workKind: WorkKind;
  readonly counts: FeatureCounts;
  readonly pricing: Pricing | undefined;
  readonly seconds: number;
  /** Least stretch of the interval, above 1 where the work is priced by analogy. */
  readonly analogy: number;
}

interface LayerTerms {
  readonly terms: readonly Term[];
  readonly forwardOperations: number;
}

function pricingOf(fit: WorkFit): Pricing {
  const present = (value: unknown): boolean => value !== undefined;
  return {
    fit,
    coefficients: FEATURES.flatMap((feature): readonly (readonly [Feature, number])[] => {
      const value = fit.coefficients[feature];
      return value === undefined || value === 0 ? [] : [[feature, value]];
    }),
    checked: FEATURES.filter((feature) => present(fit.measuredRange[feature])),
  };
}

function predictLayer(layer: Layer, { terms, forwardOperations }: LayerTerms): LayerPrediction {
  const missing = new Set(
    terms.filter(({ pricing }) => pricing === undefined).map(({ workKind }) => workKind),
  );
  if (missing.size > 0) {
    return {
      kind: "unknown",
      layer: { name: layer.name, kind: layer.kind, forwardOperations, missing: [...missing].sort() },
    };
  }
  const seconds = { forward: 0, backward: 0, update: 0 };
  let lowerSeconds = 0;
  let upperSeconds = 0;
  for (const term of terms) {
    seconds[term.direction] += term.seconds;
    lowerSeconds += term.seconds * lowerRatio(term);
    upperSeconds += term.seconds * upperRatio(term);
  }
  return {
    kind: "known",
    duration: {
      name: layer.name,
      kind: layer.kind,
      forwardOperations,
      forwardSeconds: seconds.forward,
      backwardSeconds: seconds.backward,
      updateSeconds: seconds.update,
      total: {
        seconds: seconds.forward + seconds.backward + seconds.update,
        lowerSeconds,
        upperSeconds,
      },
      status: weakest(terms),
      extrapolations: terms.flatMap(extrapolationsOf),
    },
  };
}

function layerTerms(layer: Layer, batchSize: number, { lookUp, updateRatio }: Prices): LayerTerms {
  const { parts, whole, updateKind, updateBytes } = layerWork(layer, batchSize);
  const wholePriced = whole !== undefined && lookUp(whole.workKind, "forward") !== undefined;
  const terms: Term[] = [];
  for (const part of wholePriced ? [whole] : parts) {
    const analogy = part.byAnalogy ? analogyFactor(layer.kind) : 1;
    terms.push(
      passTerm(part, "forward", { lookUp, analogy }),
      passTerm(part, "backward", { lookUp, analogy }),
    );
  }
  if (updateBytes > 0) {
    const pricing = lookUp(updateKind, "update");
    const counts = { bytes: updateBytes * updateRatio };
    const seconds = pricing === undefined ? 0 : linear(pricing, counts);
    terms.push({ direction: "update", workKind: updateKind, counts, pricing, seconds, analogy: 1 });
  }
  return { terms, forwardOperations: layerComplexity(layer).forwardOperations * batchSize };
}

function passTerm(
  part: LayerPart,
  direction: "forward" | "backward",
  { lookUp, analogy }: { readonly lookUp: PricingLookUp; readonly analogy: number },
): Term {
  const refined = part.refinedKind === undefined ? undefined : lookUp(part.refinedKind, direction);
  const pricing = refined ?? lookUp(part.workKind, direction);
  const counts = part[direction];
  return {
    direction,
    workKind: refined === undefined ? part.workKind : (part.refinedKind ?? part.workKind),
    counts,
    pricing,
    seconds:
      pricing === undefined ? 0 : linear(pricing, counts) * correctionFactor(pricing, part.correctionInputs),
    analogy,
  };
}

function linear({ coefficients }: Pricing, counts: FeatureCounts): number {
  let sum = 0;
  for (const [feature, coefficient] of coefficients) sum += coefficient * (counts[feature] ?? 0);
  return sum;
}

function correctionFactor({ fit }: Pricing, inputs: CorrectionInputs | undefined): number {
  if (fit.correction === undefined || inputs === undefined) return 1;
  return Math.exp(correctionOf(fit.correction, inputs));
}

/**
 * Work priced by analogy may be so many times faster or slower than the analogy. Pollux's runs on T4 took 1.6 to 2.1 times
 * what is predicted of BERT and 3.4 to 4.8 times of DeepSpeech 2, part of it the scaling to that GPU (docs, "Errors").
 */
export const analogyFactor = (kind: LayerKind): number => (kind === "recurrent" ? 4 : 2);

const lowerRatio = ({ pricing, analogy }: Term): number =>
  Math.min(1, pricing?.fit.residuals.lower ?? 1, 1 / analogy);
const upperRatio = ({ pricing, analogy }: Term): number =>
  Math.max(1, pricing?.fit.residuals.upper ?? 1, analogy);

function extrapolationsOf({ pricing, counts, workKind }: Term): readonly Extrapolation[] {
  if (pricing === undefined || pricing.checked.length === 0) return NONE;
  const found: Extrapolation[] = [];
  for (const feature of pricing.checked) {
    const range = pricing.fit.measuredRange[feature];
    const count = counts[feature];
    if (range === undefined || count === undefined) continue;
    if (count < range.min) found.push({ workKind, feature, side: "below" });
    if (count > range.max) found.push({ workKind, feature, side: "above" });
  }
  return found;
}

const NONE: readonly Extrapolation[] = [];

function weakest(terms: readonly Term[]): FitStatus {
  const statuses = terms.map(({ analogy, pricing }) =>
    analogy > 1 ? "derived" : (pricing?.fit.status ?? "derived"),
  );
  if (statuses.includes("scaled")) return "scaled";
  return statuses.includes("derived") ? "derived" : "measured";
}
