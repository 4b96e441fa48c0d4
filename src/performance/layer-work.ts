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
 *   tiledOperations   conv only: multiply-accumulates with channels rounded up to whole tiles (product-work.ts); backward without
 *                     the gradient of the network's input, which nobody needs
 *   stemElements      conv that reads the network's input, backward: its unfolded elements, of which the filter gradient's slow
 *                     kernel for few input channels makes one pass
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
 *   elementwise, k inputs    4(k + 1)                           4(2k + 1)
 *   copy                     8                                  8
 *   split (Caffe's)          0                                  12  two gradients are added
 *   reduce (per input)       4                                  4
 *   bias of conv, fc         8   read and write the output      4   read dy
 */
import { assertNever } from "../domain/assert-never.ts";
import { layerComplexity } from "./layer-complexity.ts";
import { layerSize } from "./layer-size.ts";
import type { Layer } from "./network.ts";
import { DEFAULT_OPTIMIZER, updateBytesPerWeight } from "./optimizer.ts";
import { attentionParts, biasParts, convPart, fcPart, matmulPart, recurrentParts } from "./product-work.ts";
import type { FeatureCounts, LayerPart, LayerWork, WorkKind } from "./work-counts.ts";

/** Bytes of an update step per weight, with the default optimiser (optimizer.ts). */
export const MOMENTUM_UPDATE_BYTES_PER_WEIGHT = updateBytesPerWeight(DEFAULT_OPTIMIZER);

/** Counts of a layer at a per-GPU batch; a reshape has no parts. */
export function layerWork(layer: Layer, batchSize: number): LayerWork {
  const { weightCount } = layerSize(layer);
  const updateKind = layer.kind === "conv" || layer.kind === "fc" ? layer.kind : "elementwise";
  const parts = layerParts(layer, batchSize);
  return {
    parts,
    ...wholeOf(layer, parts),
    updateKind,
    updateBytes: MOMENTUM_UPDATE_BYTES_PER_WEIGHT * weightCount,
  };
}

/** A recurrent or attention layer as one piece, for fits of profiles that timed such layers. */
function wholeOf({ kind }: Layer, parts: readonly LayerPart[]): Pick<LayerWork, "whole"> {
  if (kind !== "recurrent" && kind !== "attention") return {};
  const merged = (pass: "forward" | "backward"): FeatureCounts =>
    parts.reduce<FeatureCounts>((counts, part) => ({ ...part[pass], ...counts }), {});
  const launches = (pass: "forward" | "backward"): number =>
    parts.reduce((sum, part) => sum + (part[pass].launches ?? 0), 0);
  const pieceOf = (pass: "forward" | "backward"): FeatureCounts => ({
    ...merged(pass),
    launches: launches(pass),
  });
  return {
    whole: { workKind: kind, forward: pieceOf("forward"), backward: pieceOf("backward"), byAnalogy: false },
  };
}

function layerParts(layer: Layer, batchSize: number): readonly LayerPart[] {
  switch (layer.kind) {
    case "conv":
      return [convPart(layer, batchSize), ...biasParts(layer, batchSize)];
    case "fc":
      return [fcPart(layer, batchSize), ...biasParts(layer, batchSize)];
    case "pool":
      return [poolPart(layer, batchSize)];
    case "recurrent":
      return recurrentParts(layer, batchSize);
    case "attention":
      return attentionParts(layer, batchSize);
    case "matmul":
      return [matmulPart(layer, batchSize)];
    case "reshape":
    case "source":
      return [];
    case "unknown":
      return [{ workKind: "unknown", forward: {}, backward: {}, byAnalogy: true }];
    case "elementwise":
      return [
        elementwisePart(layer, batchSize, {
          forward: 4 * (layer.fullInputs + 1),
          backward: 4 * (2 * layer.fullInputs + 1),
        }),
      ];
    case "copy":
      return [elementwisePart(layer, batchSize, layer.operator === "split" ? SPLIT_BYTES : COPY_BYTES)];
    case "reduce":
      return [elementwisePart(layer, batchSize, { forward: 4, backward: 4 })];
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

const COPY_BYTES: BytesPerElement = { forward: 8, backward: 8 };
/** One tensor handed to two readers: nothing forwards, their gradients are added backwards. */
const SPLIT_BYTES: BytesPerElement = { forward: 0, backward: 12 };
const SOFTMAX_BYTES: BytesPerElement = { forward: 12, backward: 16 };

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
  const elements =
    (layer.kind === "loss" || layer.kind === "reduce" ? inputElements : outputElements) * batchSize;
  const { forwardOperations, backwardOperations } = layerComplexity(layer);
  const refined = refinedKind(layer);
  return {
    workKind: "elementwise",
    ...(refined === undefined ? {} : { refinedKind: refined }),
    forward: { launches: 1, operations: forwardOperations * batchSize, bytes: bytes.forward * elements },
    backward: { launches: 1, operations: backwardOperations * batchSize, bytes: bytes.backward * elements },
    byAnalogy: false,
  };
}

const REFINED_KINDS: ReadonlyMap<Layer["kind"], WorkKind> = new Map([
  ["relu", "relu"],
  ["activation", "activation"],
  ["norm", "norm"],
  ["loss", "loss"],
  ["add", "add"],
  ["concat", "concat"],
  ["dropout", "dropout"],
  ["embedding", "embedding"],
]);

/** The narrower kind that a profile may have timed by itself. */
function refinedKind(layer: Layer): WorkKind | undefined {
  return layer.kind === "copy" && layer.operator === "split" ? "split" : REFINED_KINDS.get(layer.kind);
}
