/** A network's work at a batch, counted once: layers of one shape together, counts as arrays. */
import { layerComplexity } from "./layer-complexity.ts";
import { analogyFactor } from "./layer-duration.ts";
import { layerWork } from "./layer-work.ts";
import type { CorrectionInputs } from "./log-correction.ts";
import type { Layer } from "./network.ts";
import { FEATURES, WORK_KINDS, type FeatureCounts, type LayerPart, type WorkKind } from "./work-counts.ts";

/** Count of a feature that a part does not have. */
export const ABSENT = -1;

/** One part; counts in the order of FEATURES, ABSENT where the part has none; kinds by their index in WORK_KINDS, −1 for none. */
export interface PreparedPart {
  readonly correctionInputs: CorrectionInputs | undefined;
  /** Factors of corrections, kept by compiled-fit.ts. */
  readonly factors: number[];
  readonly kind: number;
  readonly refinedKind: number;
  readonly forward: readonly number[];
  readonly backward: readonly number[];
  /** Least stretch of the interval. */
  readonly analogy: number;
}

/** Layers of one shape. */
export interface PreparedLayer {
  /** The first of them. */
  readonly layer: Layer;
  readonly names: readonly string[];
  /** Of one layer and batch. */
  readonly forwardOperations: number;
  readonly parts: readonly PreparedPart[];
  readonly whole: PreparedPart | undefined;
  readonly updateKind: number;
  readonly updateBytes: number;
}

interface Group {
  readonly layer: Layer;
  readonly names: string[];
}

interface Preparation {
  readonly groups: readonly Group[];
  readonly byBatch: Map<number, readonly PreparedLayer[]>;
}

const preparations = new WeakMap<readonly Layer[], Preparation>();
const kindIndex: ReadonlyMap<WorkKind, number> = new Map(WORK_KINDS.map((kind, index) => [kind, index]));

/** The distinct layers of a network at a batch, in their order; kept as long as the network's list of layers. */
export function preparedLayers(layers: readonly Layer[], batchSize: number): readonly PreparedLayer[] {
  let preparation = preparations.get(layers);
  if (preparation === undefined) {
    preparation = { groups: groupsOf(layers), byBatch: new Map() };
    preparations.set(layers, preparation);
  }
  const known = preparation.byBatch.get(batchSize);
  if (known !== undefined) return known;
  const prepared = preparation.groups.map((group) => preparedLayer(group, batchSize));
  preparation.byBatch.set(batchSize, prepared);
  return prepared;
}

function groupsOf(layers: readonly Layer[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const layer of layers) {
    const key = shapeKey(layer);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { layer, names: [layer.name] });
    else group.names.push(layer.name);
  }
  return [...groups.values()];
}

/** All of a layer but its name and which layers it reads: how many, and whether that is the network's input, does matter. */
function shapeKey(layer: Layer): string {
  let key = layer.inputs.every((name) => name === "input")
    ? `input ${layer.inputs.length}`
    : String(layer.inputs.length);
  for (const [field, value] of Object.entries(layer)) {
    if (field !== "name" && field !== "inputs") key += `;${field}=${String(value)}`;
  }
  return key;
}

function preparedLayer({ layer, names }: Group, batchSize: number): PreparedLayer {
  const { parts, whole, updateKind, updateBytes } = layerWork(layer, batchSize);
  const prepare = (part: LayerPart): PreparedPart => ({
    correctionInputs: part.correctionInputs,
    factors: [],
    kind: kindIndex.get(part.workKind) ?? -1,
    refinedKind: part.refinedKind === undefined ? -1 : (kindIndex.get(part.refinedKind) ?? -1),
    forward: countArray(part.forward),
    backward: countArray(part.backward),
    analogy: part.byAnalogy ? analogyFactor(layer.kind) : 1,
  });
  return {
    layer,
    names,
    forwardOperations: layerComplexity(layer).forwardOperations * batchSize,
    parts: parts.map(prepare),
    whole: whole === undefined ? undefined : prepare(whole),
    updateKind: kindIndex.get(updateKind) ?? -1,
    updateBytes,
  };
}

function countArray(counts: FeatureCounts): readonly number[] {
  return FEATURES.map((feature) => counts[feature] ?? ABSENT);
}
