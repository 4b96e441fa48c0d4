/**
 * What a layer does to a GPU in one iteration, as counts that a duration model multiplies with coefficients.
 *
 *   launches          kernels or calls that cost a fixed time, however small the work
 *   operations        of the slides' table (layer-complexity.ts) · batch
 *   inputElements     numbers read, · batch
 *   outputElements    numbers written, · batch
 *   weights           learned numbers (not · batch)
 *   unfoldedElements  conv only: H_f W_f C_in for each output position, · batch: the matrix that im2col would form.
 *                     It stands for the time that does not fall with fewer output channels
 *   bytes             moved by elementwise work (table below), · batch
 *
 * Bytes per output element of memory-bound work in float32, counting each tensor read or written once as 4 bytes.
 * Supplied by us from the kernels of TensorFlow, PyTorch and cuDNN; a fused kernel moves fewer:
 *
 *   kind                     forward                            backward
 *   relu, activation         8   read x, write y                12  read y, dy, write dx
 *   softmax                  12  read x twice, write y          16  read y, dy, y again, write dx
 *   norm                     12  read x for the mean, again to
 *                                scale, write y                 20  read x, dy for the sums, again, write dx
 *   loss (per input)         12  as softmax                     8   read p, write dx
 *   add of k inputs          4(k + 1)                           12  gradients of a fork are added
 *   concat                   8                                  8
 *   dropout                  16  mask, x, y                     12
 *   embedding                8                                  12  scattered into the table's gradient
 *   bias of conv, fc         8   read and write the output      4   read dy
 */
import { assertNever } from "../domain/assert-never.ts";
import { layerComplexity } from "./layer-complexity.ts";
import { layerSize } from "./layer-size.ts";
import { gateCount, multiplyAccumulates } from "./multiply-accumulates.ts";
import type { ConvLayer, Layer } from "./network.ts";
import { elementCount, positionCount } from "./shape.ts";

/** Counts that coefficients multiply; the header says what each is. */
export const FEATURES = [
  "launches",
  "operations",
  "inputElements",
  "outputElements",
  "weights",
  "unfoldedElements",
  "bytes",
] as const;
export type Feature = (typeof FEATURES)[number];
/** Counts of one direction of one part; a feature that is absent is zero. */
export type FeatureCounts = Readonly<Partial<Record<Feature, number>>>;

/** Kinds of work that have coefficients of their own. */
export const WORK_KINDS = ["conv", "fc", "pool", "elementwise"] as const;
export type WorkKind = (typeof WORK_KINDS)[number];

/** Work of one kind within a layer, for one batch. */
export interface LayerPart {
  readonly workKind: WorkKind;
  readonly forward: FeatureCounts;
  readonly backward: FeatureCounts;
  /** True where the counts come from an analogy (attention as matrix products), not from layers like those measured. */
  readonly byAnalogy: boolean;
}

/** Everything that one layer does in one iteration. */
export interface LayerWork {
  readonly parts: readonly LayerPart[];
  /** Where its weights are updated, and the bytes that this moves; 0 without weights. */
  readonly updateKind: WorkKind;
  readonly updateBytes: number;
}

const BYTES_PER_NUMBER = 4;
/** Stochastic gradient descent with momentum reads weight, gradient and velocity and writes weight and velocity. */
export const MOMENTUM_UPDATE_BYTES_PER_WEIGHT = 5 * BYTES_PER_NUMBER;

/** Counts of a layer at a per-GPU batch; a reshape has no parts. */
export function layerWork(layer: Layer, batchSize: number): LayerWork {
  const { weightCount } = layerSize(layer);
  const updateKind = layer.kind === "conv" || layer.kind === "fc" ? layer.kind : "elementwise";
  return {
    parts: layerParts(layer, batchSize),
    updateKind,
    updateBytes: MOMENTUM_UPDATE_BYTES_PER_WEIGHT * weightCount,
  };
}

function layerParts(layer: Layer, batchSize: number): readonly LayerPart[] {
  switch (layer.kind) {
    case "conv":
      return [productPart(layer, batchSize, unfoldedElements(layer)), ...biasParts(layer, batchSize)];
    case "fc":
      return [productPart(layer, batchSize, undefined), ...biasParts(layer, batchSize)];
    case "pool":
      return [poolPart(layer, batchSize)];
    case "recurrent":
      return recurrentParts(layer, batchSize);
    case "attention":
      return attentionParts(layer, batchSize);
    case "reshape":
      return [];
    case "relu":
      return [elementwisePart(layer, batchSize, { forward: 8, backward: 12 })];
    case "activation":
      return [
        elementwisePart(
          layer,
          batchSize,
          layer.function === "softmax" ? SOFTMAX_BYTES : { forward: 8, backward: 12 },
        ),
      ];
    case "norm":
      return [elementwisePart(layer, batchSize, { forward: 12, backward: 20 })];
    case "loss":
      return [elementwisePart(layer, batchSize, { forward: 12, backward: 8 })];
    case "add":
      return [elementwisePart(layer, batchSize, { forward: 4 * (layer.inputs.length + 1), backward: 12 })];
    case "concat":
      return [elementwisePart(layer, batchSize, { forward: 8, backward: 8 })];
    case "dropout":
      return [elementwisePart(layer, batchSize, { forward: 16, backward: 12 })];
    case "embedding":
      return [elementwisePart(layer, batchSize, { forward: 8, backward: 12 })];
    default:
      return assertNever(layer);
  }
}

interface BytesPerElement {
  readonly forward: number;
  readonly backward: number;
}

const SOFTMAX_BYTES: BytesPerElement = { forward: 12, backward: 16 };

function unfoldedElements(layer: ConvLayer): number {
  const [height, width] = layer.kernel;
  const channels = layer.input[0] ?? 1;
  return positionCount(layer.output) * height * width * channels;
}

function productPart(
  layer: Extract<Layer, { kind: "conv" | "fc" }>,
  batchSize: number,
  unfolded: number | undefined,
): LayerPart {
  const size = layerSize(layer);
  const { forwardOperations, backwardOperations } = layerComplexity(layer);
  const shared = {
    launches: 1,
    inputElements: size.inputElements * batchSize,
    outputElements: size.outputElements * batchSize,
    weights: size.weightCount,
    ...(unfolded === undefined ? {} : { unfoldedElements: unfolded * batchSize }),
  };
  return {
    workKind: layer.kind,
    forward: { ...shared, operations: forwardOperations * batchSize },
    backward: { ...shared, operations: backwardOperations * batchSize },
    byAnalogy: false,
  };
}

function biasParts(layer: Extract<Layer, { kind: "conv" | "fc" }>, batchSize: number): readonly LayerPart[] {
  if (!layer.bias) return [];
  const elements = elementCount(layer.output) * batchSize;
  return [
    {
      workKind: "elementwise",
      forward: { bytes: 8 * elements },
      backward: { bytes: 4 * elements },
      byAnalogy: false,
    },
  ];
}

function poolPart(layer: Extract<Layer, { kind: "pool" }>, batchSize: number): LayerPart {
  const { inputElements, outputElements } = layerSize(layer);
  const { forwardOperations, backwardOperations } = layerComplexity(layer);
  const shared = {
    launches: 1,
    inputElements: inputElements * batchSize,
    outputElements: outputElements * batchSize,
  };
  return {
    workKind: "pool",
    forward: { ...shared, operations: forwardOperations * batchSize },
    backward: { ...shared, operations: backwardOperations * batchSize },
    byAnalogy: false,
  };
}

function elementwisePart(layer: Layer, batchSize: number, bytes: BytesPerElement): LayerPart {
  const { inputElements, outputElements } = layerSize(layer);
  const elements = (layer.kind === "loss" ? inputElements : outputElements) * batchSize;
  const { forwardOperations, backwardOperations } = layerComplexity(layer);
  return {
    workKind: "elementwise",
    forward: { launches: 1, operations: forwardOperations * batchSize, bytes: bytes.forward * elements },
    backward: { launches: 1, operations: backwardOperations * batchSize, bytes: bytes.backward * elements },
    byAnalogy: false,
  };
}

/**
 * A recurrent layer as one matrix product over all steps, of [input, hidden] with the gates' weights, and its elementwise
 * gates; the steps depend on each other, so that each is launched by itself.
 */
function recurrentParts(
  layer: Extract<Layer, { kind: "recurrent" }>,
  batchSize: number,
): readonly LayerPart[] {
  const steps = positionCount(layer.input);
  const features = elementCount(layer.input) / steps;
  const gateElements = steps * layer.directions * layer.hidden * gateCount(layer.cell) * batchSize;
  const products = multiplyAccumulates(layer) * batchSize;
  const { forwardOperations, backwardOperations } = layerComplexity(layer);
  const shared = {
    launches: 1,
    inputElements: steps * layer.directions * (features + layer.hidden) * batchSize,
    outputElements: gateElements,
    weights: layerSize(layer).weightCount,
  };
  const launches = steps * layer.directions;
  return [
    {
      workKind: "fc",
      forward: { ...shared, operations: products },
      backward: { ...shared, operations: 2 * products },
      byAnalogy: true,
    },
    {
      workKind: "elementwise",
      forward: { launches, operations: forwardOperations * batchSize - products, bytes: 8 * gateElements },
      backward: {
        launches,
        operations: backwardOperations * batchSize - 2 * products,
        bytes: 12 * gateElements,
      },
      byAnalogy: true,
    },
  ];
}

/** Attention as the matrix products QKᵀ and ·V, and a softmax over heads · steps² scores that are also scaled once. */
function attentionParts(
  layer: Extract<Layer, { kind: "attention" }>,
  batchSize: number,
): readonly LayerPart[] {
  const { inputElements, outputElements } = layerSize(layer);
  const products = multiplyAccumulates(layer) * batchSize;
  const scores = layer.heads * positionCount(layer.input) ** 2 * batchSize;
  const { forwardOperations, backwardOperations } = layerComplexity(layer);
  const shared = {
    launches: 1,
    inputElements: inputElements * batchSize,
    outputElements: outputElements * batchSize,
  };
  return [
    {
      workKind: "fc",
      forward: { ...shared, operations: products },
      backward: { ...shared, operations: 2 * products },
      byAnalogy: true,
    },
    {
      workKind: "elementwise",
      forward: {
        launches: 2,
        operations: forwardOperations * batchSize - products,
        bytes: (8 + SOFTMAX_BYTES.forward) * scores,
      },
      backward: {
        launches: 2,
        operations: backwardOperations * batchSize - 2 * products,
        bytes: (8 + SOFTMAX_BYTES.backward) * scores,
      },
      byAnalogy: true,
    },
  ];
}
