/** Every ONNX operator with a model, and the function that imports it. */
import { ACTIVATIONS, activation, dropout, passThrough, relu, softmax } from "./activation-operators.ts";
import { ELEMENTWISE, elementwise, reduce } from "./arithmetic-operators.ts";
import { constant, range } from "./constant-operators.ts";
import type { Importing } from "./importing.ts";
import {
  expand,
  flatten,
  reshape,
  shapeOf,
  sizeOf,
  squeeze,
  transpose,
  unsqueeze,
} from "./layout-operators.ts";
import { channelNorm, lastAxesNorm, localResponseNorm } from "./norm-operators.ts";
import type { OnnxNode } from "./onnx-model.ts";
import { einsum, gemm, matmul } from "./product-operators.ts";
import { recurrent } from "./recurrent-operators.ts";
import {
  concat,
  depthSpace,
  gather,
  gatherPlaces,
  pad,
  resize,
  scatter,
  slice,
  split,
} from "./selection-operators.ts";
import { conv, convTranspose, globalPool, pool } from "./window-operators.ts";

/** Imports one node: reads its inputs, writes its layers, sets its outputs. */
export type OperatorImport = (importing: Importing, node: OnnxNode) => void;

/** Importers by operator; of another domain than ONNX's own only where the name means the same (Gelu of Microsoft's). */
export const OPERATORS: ReadonlyMap<string, OperatorImport> = new Map<string, OperatorImport>([
  ...[...ELEMENTWISE.keys()].map((name): [string, OperatorImport] => [name, elementwise]),
  ...[...ACTIVATIONS].map(([name, functionName]): [string, OperatorImport] => [
    name,
    (importing, node) => {
      activation(importing, node, functionName);
    },
  ]),
  ...reductions().map((name): [string, OperatorImport] => [name, reduce]),
  ["Conv", conv],
  ["ConvTranspose", convTranspose],
  ["MaxPool", pool],
  ["AveragePool", pool],
  ["LpPool", pool],
  ["GlobalAveragePool", globalPool],
  ["GlobalMaxPool", globalPool],
  ["GlobalLpPool", globalPool],
  ["Gemm", gemm],
  ["MatMul", matmul],
  ["Einsum", einsum],
  ["Relu", relu],
  ["Softmax", softmax],
  ["LogSoftmax", softmax],
  ["Hardmax", softmax],
  ["Dropout", dropout],
  [
    "BatchNormalization",
    (importing, node) => {
      channelNorm(importing, node, "batch");
    },
  ],
  [
    "InstanceNormalization",
    (importing, node) => {
      channelNorm(importing, node, "instance");
    },
  ],
  [
    "GroupNormalization",
    (importing, node) => {
      channelNorm(importing, node, "group");
    },
  ],
  [
    "LayerNormalization",
    (importing, node) => {
      lastAxesNorm(importing, node, "layer");
    },
  ],
  [
    "RMSNormalization",
    (importing, node) => {
      lastAxesNorm(importing, node, "rms");
    },
  ],
  [
    "SimplifiedLayerNormalization",
    (importing, node) => {
      lastAxesNorm(importing, node, "rms");
    },
  ],
  ["LRN", localResponseNorm],
  [
    "LSTM",
    (importing, node) => {
      recurrent(importing, node, "lstm");
    },
  ],
  [
    "GRU",
    (importing, node) => {
      recurrent(importing, node, "gru");
    },
  ],
  [
    "RNN",
    (importing, node) => {
      recurrent(importing, node, "rnn");
    },
  ],
  ["Identity", passThrough],
  ["Cast", passThrough],
  ["CastLike", passThrough],
  ["QuantizeLinear", passThrough],
  ["DequantizeLinear", passThrough],
  ["Constant", constant],
  ["Range", range],
  ["Shape", shapeOf],
  ["Size", sizeOf],
  ["Reshape", reshape],
  ["Flatten", flatten],
  ["Squeeze", squeeze],
  ["Unsqueeze", unsqueeze],
  ["Transpose", transpose],
  ["Expand", expand],
  ["Tile", expand],
  ["Concat", concat],
  ["Split", split],
  ["Slice", slice],
  ["Gather", gather],
  ["GatherElements", gatherPlaces],
  ["GatherND", gatherPlaces],
  ["ScatterElements", scatter],
  ["ScatterND", scatter],
  ["Pad", pad],
  ["Resize", resize],
  ["Upsample", resize],
  ["DepthToSpace", depthSpace],
  ["SpaceToDepth", depthSpace],
]);

function reductions(): readonly string[] {
  const reduced = ["Mean", "Sum", "Max", "Min", "Prod", "L1", "L2", "LogSum", "LogSumExp", "SumSquare"];
  return [...reduced.map((name) => `Reduce${name}`), "ArgMax", "ArgMin"];
}
