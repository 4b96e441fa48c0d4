/**
 * Totals of networkDuration (network-duration.ts, which says what is summed) without a record for each layer: what a duration table
 * needs of each GPU and batch. The same arithmetic as layer-duration.ts, over the distinct layers of the network.
 */
import { compiledFit, correctionFactor, type CompiledFit, type CompiledWork } from "./compiled-fit.ts";
import { DEFAULT_DURATION_MODEL, type DurationFit, type DurationModel } from "./fit.ts";
import type { SecondsInterval, UnknownLayer } from "./layer-duration.ts";
import type { Network } from "./network.ts";
import { DEFAULT_OPTIMIZER, updateBytesRatio, type Optimizer } from "./optimizer.ts";
import { ABSENT, preparedLayers, type PreparedLayer, type PreparedPart } from "./prepared-network.ts";
import { FEATURES, WORK_KINDS } from "./work-counts.ts";

/** Which network, at which batch on one GPU, with which fit. */
export interface NetworkDurationRequest {
  readonly network: Pick<Network, "name" | "layers">;
  /** Samples of one iteration on one GPU. */
  readonly batchSize: number;
  readonly fit: DurationFit;
  /** Factor by which the interval is stretched on both sides, from choose-fit.ts. */
  readonly widening: number;
  readonly model?: DurationModel;
  /** Whose step is priced; stochastic gradient descent with momentum where absent. */
  readonly optimizer?: Optimizer;
}

/** An iteration on one GPU, without communication. */
export interface NetworkTotals {
  readonly forwardSeconds: number;
  readonly backwardSeconds: number;
  readonly updateSeconds: number;
  readonly total: SecondsInterval;
  /** Layers without a model, with the share of the network's forward operations that they stand for; their time is not in the total. */
  readonly unknown: readonly (UnknownLayer & { readonly operationsShare: number })[];
  /** Each once per kind of work and feature. */
  readonly warnings: readonly string[];
}

/** Seconds of one iteration. Throws when the batch is below 1. */
export function networkTotals({
  network,
  batchSize,
  fit,
  widening,
  model = DEFAULT_DURATION_MODEL,
  optimizer = DEFAULT_OPTIMIZER,
}: NetworkDurationRequest): NetworkTotals {
  if (!(batchSize >= 1)) throw new Error(`A batch of ${batchSize} samples cannot run; give 1 or more.`);
  const compiled = compiledFit(fit, model);
  const layers = preparedLayers(network.layers, batchSize);
  const sums = emptySums();
  for (const layer of layers) addLayer(layer, { compiled, updateRatio: updateBytesRatio(optimizer), sums });
  const seconds = sums.forward + sums.backward + sums.update;
  const unknown = unknownLayers(layers, sums.unknown);
  return {
    forwardSeconds: sums.forward,
    backwardSeconds: sums.backward,
    updateSeconds: sums.update,
    total: { seconds, lowerSeconds: sums.lower / widening, upperSeconds: sums.upper * widening },
    unknown,
    warnings: [
      ...extrapolationWarnings(sums.outsideSeconds, seconds),
      ...[...sums.analogies]
        .sort()
        .map((kind) => `${kind}: not measured, taken for matrix products of an fc layer`),
      ...unknownWarnings(unknown),
    ],
  };
}

interface Sums {
  forward: number;
  backward: number;
  update: number;
  lower: number;
  upper: number;
  /** Seconds of the layers outside a range, by kind, feature and side. */
  readonly outsideSeconds: Map<number, number>;
  readonly analogies: Set<string>;
  readonly unknown: { readonly layer: PreparedLayer; readonly missing: readonly number[] }[];
}

interface Pricing {
  readonly compiled: CompiledFit;
  readonly updateRatio: number;
  readonly sums: Sums;
}

function emptySums(): Sums {
  return {
    forward: 0,
    backward: 0,
    update: 0,
    lower: 0,
    upper: 0,
    outsideSeconds: new Map(),
    analogies: new Set(),
    unknown: [],
  };
}

function addLayer(layer: PreparedLayer, { compiled, updateRatio, sums }: Pricing): void {
  const { whole, parts, names, updateBytes, updateKind } = layer;
  const isWhole = whole !== undefined && compiled.forward[whole.kind] !== undefined;
  const chosen = isWhole ? [whole] : parts;
  const update = updateBytes > 0 ? compiled.update[updateKind] : undefined;
  const missing = missingKinds(chosen, compiled);
  if (updateBytes > 0 && update === undefined) missing.push(updateKind);
  if (missing.length > 0) {
    sums.unknown.push({ layer, missing });
    return;
  }
  const times = names.length;
  const spread = { lower: 0, upper: 0 };
  const outside: number[] = [];
  let forward = 0;
  let backward = 0;
  for (const part of chosen) {
    forward += passSeconds(part, part.forward, { kinds: compiled.forward, spread, outside });
    backward += passSeconds(part, part.backward, { kinds: compiled.backward, spread, outside });
    if (part.analogy > 1 && (layer.layer.kind === "recurrent" || layer.layer.kind === "attention")) {
      sums.analogies.add(layer.layer.kind);
    }
  }
  let updateSeconds = 0;
  if (update !== undefined) {
    updateSeconds = updateBytes * updateRatio * bytesCoefficient(update);
    spread.lower += updateSeconds * update.lowerRatio;
    spread.upper += updateSeconds * update.upperRatio;
  }
  sums.forward += forward * times;
  sums.backward += backward * times;
  sums.update += updateSeconds * times;
  sums.lower += spread.lower * times;
  sums.upper += spread.upper * times;
  const seconds = (forward + backward + updateSeconds) * times;
  for (const [position, key] of outside.entries()) {
    if (outside.indexOf(key) !== position) continue;
    sums.outsideSeconds.set(key, (sums.outsideSeconds.get(key) ?? 0) + seconds);
  }
}

function missingKinds(parts: readonly PreparedPart[], compiled: CompiledFit): number[] {
  const found: number[] = [];
  for (const { kind, refinedKind } of parts) {
    for (const kinds of [compiled.forward, compiled.backward]) {
      if (kinds[refinedKind] === undefined && kinds[kind] === undefined) found.push(kind);
    }
  }
  return found;
}

interface PassPricing {
  readonly kinds: readonly (CompiledWork | undefined)[];
  readonly spread: { lower: number; upper: number };
  readonly outside: number[];
}

const SIDES = 2;
const BYTES = FEATURES.indexOf("bytes");

function passSeconds(
  { correctionInputs, factors, kind, refinedKind, analogy }: PreparedPart,
  counts: readonly number[],
  { kinds, spread, outside }: PassPricing,
): number {
  const refined = kinds[refinedKind];
  const work = refined ?? kinds[kind];
  if (work === undefined) return 0;
  let seconds = 0;
  for (let index = 0; index < work.features.length; index++) {
    const count = counts[work.features[index] ?? 0] ?? ABSENT;
    if (count > 0) seconds += count * (work.coefficients[index] ?? 0);
  }
  if (correctionInputs !== undefined) seconds *= correctionFactor(work, correctionInputs, factors);
  spread.lower += seconds * Math.min(work.lowerRatio, 1 / analogy);
  spread.upper += seconds * Math.max(work.upperRatio, analogy);
  const usedKind = refined === undefined ? kind : refinedKind;
  for (let index = 0; index < work.checkedFeatures.length; index++) {
    const feature = work.checkedFeatures[index] ?? 0;
    const count = counts[feature] ?? ABSENT;
    if (count === ABSENT) continue;
    const key = (usedKind * FEATURES.length + feature) * SIDES;
    if (count < (work.minima[index] ?? 0)) outside.push(key);
    if (count > (work.maxima[index] ?? Infinity)) outside.push(key + 1);
  }
  return seconds;
}

function bytesCoefficient({ features, coefficients }: CompiledWork): number {
  const index = features.indexOf(BYTES);
  return index < 0 ? 0 : (coefficients[index] ?? 0);
}

/** A share of the time below this is not worth a line. */
const MENTIONED_SHARE = 0.01;

/** One line for each kind of work and feature, with the share of the time that it touches. */
function extrapolationWarnings(
  outsideSeconds: ReadonlyMap<number, number>,
  total: number,
): readonly string[] {
  return [...outsideSeconds]
    .filter(([, seconds]) => seconds >= MENTIONED_SHARE * total)
    .map(([key, seconds]) => {
      const kind = WORK_KINDS[Math.floor(key / (FEATURES.length * SIDES))] ?? "unknown";
      const feature = FEATURES[Math.floor(key / SIDES) % FEATURES.length] ?? "";
      const side = key % SIDES === 0 ? "below" : "above";
      return `${kind}: ${feature} ${side} the measured range (${percent(seconds / total)} of the time)`;
    })
    .sort();
}

function unknownLayers(layers: readonly PreparedLayer[], unknown: Sums["unknown"]): NetworkTotals["unknown"] {
  if (unknown.length === 0) return [];
  const all = layers.reduce((sum, { forwardOperations, names }) => sum + forwardOperations * names.length, 0);
  return unknown.flatMap(({ layer: { layer, names, forwardOperations }, missing }) =>
    names.map((name) => ({
      name,
      kind: layer.kind,
      forwardOperations,
      missing: [...new Set(missing.map((kind) => WORK_KINDS[kind] ?? "unknown"))].sort(),
      operationsShare: all === 0 ? 0 : forwardOperations / all,
    })),
  );
}

function unknownWarnings(
  unknown: readonly { readonly kind: string; readonly operationsShare: number }[],
): readonly string[] {
  if (unknown.length === 0) return [];
  const kinds = [...new Set(unknown.map((layer) => layer.kind))].sort().join(", ");
  const share = unknown.reduce((sum, layer) => sum + layer.operationsShare, 0);
  return [
    `no model for ${unknown.length} layers (${kinds}), ${percent(share)} of the operations; their time is missing`,
  ];
}

const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
