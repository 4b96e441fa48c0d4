/** Activations, softmax, dropout, and what costs nothing. */
import type { ActivationFunction } from "../../performance/network.ts";
import { integerAttribute } from "./attributes.ts";
import type { Importing } from "./importing.ts";
import type { OnnxNode } from "./onnx-model.ts";
import { axisOf, product, sampleDims } from "./tensor-dims.ts";

/** ONNX's activations by the function of the layer that stands for them; "relu" is a kind of its own. */
export const ACTIVATIONS: ReadonlyMap<string, ActivationFunction> = new Map<string, ActivationFunction>([
  ["LeakyRelu", "leaky-relu"],
  ["ThresholdedRelu", "leaky-relu"],
  ["Shrink", "leaky-relu"],
  ["PRelu", "prelu"],
  ["Elu", "elu"],
  ["Selu", "elu"],
  ["Celu", "elu"],
  ["Sigmoid", "sigmoid"],
  ["Softsign", "sigmoid"],
  ["HardSigmoid", "hardsigmoid"],
  ["HardSwish", "hardswish"],
  ["Swish", "silu"],
  ["Silu", "silu"],
  ["Tanh", "tanh"],
  ["Softplus", "softplus"],
  ["Mish", "mish"],
  ["Gelu", "gelu"],
  ["FastGelu", "gelu"],
  ["QuickGelu", "silu"],
  ["Clip", "hardtanh"],
]);

/** Relu. */
export function relu(importing: Importing, node: OnnxNode): void {
  const from = importing.input(node, 0);
  const tensor = importing.tensor(from, node);
  importing.setComputed(
    node,
    0,
    from.dims,
    importing.layer(node, [tensor], { kind: "relu", output: tensor.shape }),
  );
}

/** A function of each element; PRelu learns its slopes. */
export function activation(importing: Importing, node: OnnxNode, name: ActivationFunction): void {
  const from = importing.input(node, 0);
  const tensor = importing.tensor(from, node);
  const slopes = name === "prelu" ? importing.optionalInput(node, 1) : undefined;
  const weightCount = slopes?.kind === "constant" ? importing.countLearned(slopes.learned) : 0;
  const written = importing.layer(node, [tensor], {
    kind: "activation",
    output: tensor.shape,
    function: name,
    ...(weightCount === 0 ? {} : { weightCount }),
  });
  importing.setComputed(node, 0, from.dims, written);
}

/**
 * Softmax, LogSoftmax and Hardmax over one axis, or before operator set 13 over all axes from one on. Where its result is an
 * output of the graph, training puts the loss (softmax with cross entropy) in its place.
 */
export function softmax(importing: Importing, node: OnnxNode): void {
  const from = importing.input(node, 0);
  const { dims } = from;
  const flattening = importing.model.opset < 13;
  const axis = axisOf(integerAttribute(node, "axis", flattening ? 1 : -1), dims.length);
  const length = flattening ? product(dims.slice(axis)) : (dims[axis] ?? 1);
  const rows = product(sampleDims(dims)) / length;
  const shape = rows === 1 ? [length] : [rows, length];
  const tensor = importing.shaped(importing.tensor(from, node), shape);
  const name = node.outputs[0] ?? "";
  const isResult = importing.model.outputs.some((output) => output.name === name);
  if (isResult && importing.readers(name) === 1) {
    importing.layer(node, [tensor], { kind: "loss", output: [1] });
    importing.setComputed(node, 0, dims, tensor);
    return;
  }
  const written = importing.layer(node, [tensor], { kind: "activation", output: shape, function: "softmax" });
  importing.setComputed(node, 0, dims, written);
}

/** Dropout; its mask is no tensor that a layer reads. */
export function dropout(importing: Importing, node: OnnxNode): void {
  const from = importing.input(node, 0);
  if (from.kind === "constant") {
    importing.setConstant(node, 0, from);
    return;
  }
  const written = importing.layer(node, [from.tensor], { kind: "dropout", output: from.tensor.shape });
  importing.setComputed(node, 0, from.dims, written);
  importing.setConstant(node, 1, { dims: from.dims, data: undefined, integral: false, learned: [] });
}

/** Whole-number types of TensorProto.DataType. */
const INTEGRAL_TYPES: ReadonlySet<number> = new Set([2, 3, 4, 5, 6, 7, 9, 12, 13]);

/** Identity, Cast and quantisation: the same numbers, in the type that training has anyway. */
export function passThrough(importing: Importing, node: OnnxNode): void {
  const from = importing.input(node, 0);
  if (from.kind === "computed") {
    importing.setComputed(node, 0, from.dims, from.tensor);
    return;
  }
  const integral =
    node.operator === "Cast" ? INTEGRAL_TYPES.has(integerAttribute(node, "to", 1)) : from.integral;
  const truncated = node.operator === "Cast" && integral ? from.data?.map(Math.trunc) : from.data;
  importing.setConstant(node, 0, { ...from, data: truncated, integral });
}
