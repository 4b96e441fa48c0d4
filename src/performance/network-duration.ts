/**
 * Seconds of one iteration of a network on one GPU: t = Σ_l t_l over its layers (Gianniti, Zhang, Ardagna, SBAC-PAD 2018).
 *
 * Single-layer measurements hold the framework's fixed cost of a call in β0, and the sum pays it once for each layer.
 * That is kept on evidence: extrapolated to batch 0, whole networks keep a fixed time of about Σ β0 or more
 * (docs/performance-models.md, "Errors").
 *
 * Errors of layers do not cancel in a network, which repeats similar layers: the interval adds the layers' bounds as if
 * their errors were one. Of the whole networks measured, 10 of 11 fall inside (same page).
 */
import { DEFAULT_DURATION_MODEL, type DurationFit, type DurationModel } from "./fit.ts";
import {
  layerPredictor,
  type LayerDuration,
  type SecondsInterval,
  type UnknownLayer,
} from "./layer-duration.ts";
import { layerComplexity } from "./layer-complexity.ts";
import type { Network } from "./network.ts";

/** Which network, at which batch on one GPU, with which fit. */
export interface NetworkDurationRequest {
  readonly network: Pick<Network, "name" | "layers">;
  /** Samples of one iteration on one GPU. */
  readonly batchSize: number;
  readonly fit: DurationFit;
  /** Factor by which the interval is stretched on both sides, from choose-fit.ts. */
  readonly widening: number;
  readonly model?: DurationModel;
}

/** An iteration on one GPU, without communication. */
export interface NetworkDuration {
  readonly forwardSeconds: number;
  readonly backwardSeconds: number;
  readonly updateSeconds: number;
  readonly total: SecondsInterval;
  readonly layers: readonly LayerDuration[];
  /** Layers without a model, with the share of the network's forward operations that they stand for; their time is not in the total. */
  readonly unknown: readonly (UnknownLayer & { readonly operationsShare: number })[];
  /** Each once per kind of work and feature. */
  readonly warnings: readonly string[];
}

/** Seconds of one iteration; the header says what is summed. Throws when the batch is below 1. */
export function networkDuration({
  network,
  batchSize,
  fit,
  widening,
  model = DEFAULT_DURATION_MODEL,
}: NetworkDurationRequest): NetworkDuration {
  if (!(batchSize >= 1)) throw new Error(`A batch of ${batchSize} samples cannot run; give 1 or more.`);
  const predict = layerPredictor(fit, model);
  const layers: LayerDuration[] = [];
  const unknownLayers: UnknownLayer[] = [];
  for (const layer of network.layers) {
    const prediction = predict(layer, batchSize);
    if (prediction.kind === "known") layers.push(prediction.duration);
    else unknownLayers.push(prediction.layer);
  }
  const allOperations = sum(
    network.layers.map((layer) => layerComplexity(layer).forwardOperations * batchSize),
  );
  const unknown = unknownLayers.map((layer) => ({
    ...layer,
    operationsShare: allOperations === 0 ? 0 : layer.forwardOperations / allOperations,
  }));
  return {
    forwardSeconds: sum(layers.map((layer) => layer.forwardSeconds)),
    backwardSeconds: sum(layers.map((layer) => layer.backwardSeconds)),
    updateSeconds: sum(layers.map((layer) => layer.updateSeconds)),
    total: {
      seconds: sum(layers.map((layer) => layer.total.seconds)),
      lowerSeconds: sum(layers.map((layer) => layer.total.lowerSeconds)) / widening,
      upperSeconds: sum(layers.map((layer) => layer.total.upperSeconds)) * widening,
    },
    layers,
    unknown,
    warnings: [...extrapolationWarnings(layers), ...derivedWarnings(layers), ...unknownWarnings(unknown)],
  };
}

/** One line for each kind of work and feature, with the share of the time that it touches; shares under 1 % are left out. */
function extrapolationWarnings(layers: readonly LayerDuration[]): readonly string[] {
  const total = sum(layers.map((layer) => layer.total.seconds));
  const secondsByText = new Map<string, number>();
  for (const layer of layers) {
    const texts = new Set(
      layer.extrapolations.map(
        ({ workKind, feature, side }) => `${workKind}: ${feature} ${side} the measured range`,
      ),
    );
    for (const text of texts) secondsByText.set(text, (secondsByText.get(text) ?? 0) + layer.total.seconds);
  }
  return [...secondsByText]
    .filter(([, seconds]) => seconds >= MENTIONED_SHARE * total)
    .map(([text, seconds]) => `${text} (${percent(seconds / total)} of the time)`)
    .sort();
}

const MENTIONED_SHARE = 0.01;

function derivedWarnings(layers: readonly LayerDuration[]): readonly string[] {
  const kinds = new Set(
    layers
      .filter((layer) => layer.kind === "recurrent" || layer.kind === "attention")
      .map((layer) => layer.kind),
  );
  return [...kinds].sort().map((kind) => `${kind}: not measured, taken for matrix products of an fc layer`);
}

function unknownWarnings(
  unknown: readonly { readonly kind: string; readonly operationsShare: number }[],
): readonly string[] {
  if (unknown.length === 0) return [];
  const kinds = [...new Set(unknown.map((layer) => layer.kind))].sort().join(", ");
  const share = sum(unknown.map((layer) => layer.operationsShare));
  return [
    `no model for ${unknown.length} layers (${kinds}), ${percent(share)} of the operations; their time is missing`,
  ];
}

const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
