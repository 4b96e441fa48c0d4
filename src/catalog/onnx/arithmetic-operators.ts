/** Elementwise arithmetic, comparisons and reductions; constants are computed, the rest becomes layers. */
import { elementCount } from "../../performance/shape.ts";
import { integerAttribute, integersOf } from "./attributes.ts";
import { combineData } from "./constant-data.ts";
import type { Computed, Constant, Importing, Value } from "./importing.ts";
import type { OnnxNode } from "./onnx-model.ts";
import { axisOf, broadcastDims, type Dims, product, sampleShape } from "./tensor-dims.ts";
import { wholeImagePool } from "./window-operators.ts";

type Compute = (...numbers: number[]) => number;
const flag = (condition: boolean): number => (condition ? 1 : 0);
/** Exact for the whole numbers that shapes are. */
const pair =
  (compute: (left: number, right: number) => number): Compute =>
  (left = Number.NaN, right = Number.NaN) =>
    compute(left, right);

/** Operators that work element by element on broadcast inputs, and how they compute known numbers. */
export const ELEMENTWISE: ReadonlyMap<string, Compute | undefined> = new Map<string, Compute | undefined>([
  ["Add", pair((left, right) => left + right)],
  ["Sum", (...numbers) => numbers.reduce((sum, number) => sum + number, 0)],
  ["Sub", pair((left, right) => left - right)],
  ["Mul", pair((left, right) => left * right)],
  ["Div", pair((left, right) => left / right)],
  ["Mod", pair((left, right) => left - right * Math.floor(left / right))],
  ["Pow", pair((left, right) => left ** right)],
  ["Min", (...numbers) => Math.min(...numbers)],
  ["Max", (...numbers) => Math.max(...numbers)],
  ["Mean", undefined],
  ["Equal", pair((left, right) => flag(left === right))],
  ["Less", pair((left, right) => flag(left < right))],
  ["LessOrEqual", pair((left, right) => flag(left <= right))],
  ["Greater", pair((left, right) => flag(left > right))],
  ["GreaterOrEqual", pair((left, right) => flag(left >= right))],
  ["And", pair((left, right) => flag(left !== 0 && right !== 0))],
  ["Or", pair((left, right) => flag(left !== 0 || right !== 0))],
  ["Xor", pair((left, right) => flag((left !== 0) !== (right !== 0)))],
  ["Not", (number = Number.NaN) => flag(number === 0)],
  ["Where", (condition, yes = Number.NaN, no = Number.NaN) => (condition === 0 ? no : yes)],
  ["Neg", (number = Number.NaN) => -number],
  ["Abs", (number = Number.NaN) => Math.abs(number)],
  ["Sqrt", (number = Number.NaN) => Math.sqrt(number)],
  ["Floor", (number = Number.NaN) => Math.floor(number)],
  ["Ceil", (number = Number.NaN) => Math.ceil(number)],
  ["Round", (number = Number.NaN) => Math.round(number)],
  ["Exp", (number = Number.NaN) => Math.exp(number)],
  ["Log", (number = Number.NaN) => Math.log(number)],
  ["Reciprocal", (number = Number.NaN) => 1 / number],
  ["Sign", (number = Number.NaN) => Math.sign(number)],
  ["Erf", undefined],
  ["Sin", undefined],
  ["Cos", undefined],
  ["Tan", undefined],
  ["Atan", undefined],
  ["IsNaN", undefined],
  ["IsInf", undefined],
  ["Trilu", undefined],
  ["CumSum", undefined],
  ["BitShift", undefined],
]);

/** Any operator of ELEMENTWISE. */
export function elementwise(importing: Importing, node: OnnxNode): void {
  const values = node.inputs.map((_, index) => importing.input(node, index));
  const dims = values.reduce<Dims>((all, value) => broadcastDims(all, value.dims, importing.batchOfFile), []);
  const constants = values.filter((value) => value.kind === "constant");
  if (constants.length === values.length) {
    importing.setConstant(node, 0, computed(node, constants, dims));
    return;
  }
  if (node.operator === "Add" && addedBias(importing, node, values)) return;
  // Single numbers are arguments of the kernel, not tensors that it reads.
  const tensors = values
    .filter((value) => value.kind === "computed" || product(value.dims) > 1)
    .map((value) => importing.tensor(value, node));
  const shape = sampleShape(dims);
  const wide = tensors.filter((tensor) => elementCount(tensor.shape) === elementCount(shape));
  if (
    (node.operator === "Add" || node.operator === "Sum") &&
    wide.length === tensors.length &&
    wide.length > 1
  ) {
    const same = wide.map((tensor) => importing.shaped(tensor, shape));
    importing.setComputed(node, 0, dims, importing.layer(node, same, { kind: "add", output: shape }));
    return;
  }
  const layer = importing.layer(node, tensors, {
    kind: "elementwise",
    output: shape,
    operator: node.operator.toLowerCase(),
    fullInputs: wide.length,
  });
  importing.setComputed(node, 0, dims, layer);
}

function computed(node: OnnxNode, constants: readonly Constant[], dims: Dims): Omit<Constant, "kind"> {
  const compute = ELEMENTWISE.get(node.operator);
  const integral = constants.every((constant) => constant.integral);
  const data = compute === undefined ? undefined : combineData(constants, dims, compute);
  return {
    dims,
    data: integral ? data?.map(Math.trunc) : data,
    integral,
    learned: [...new Set(constants.flatMap((constant) => constant.learned))],
  };
}

/** MatMul or Conv followed by the addition of one learned number per output is a layer with a bias; kernels fuse the two. */
function addedBias(importing: Importing, node: OnnxNode, values: readonly Value[]): boolean {
  const index = values.findIndex((value) => value.kind === "computed");
  const product_ = values.find((value): value is Computed => value.kind === "computed");
  const bias = values.find(
    (value): value is Constant => value.kind === "constant" && value.learned.length > 0,
  );
  if (values.length !== 2 || product_ === undefined || bias === undefined) return false;
  const layer = importing.producer(product_.tensor);
  if (layer === undefined || (layer.kind !== "fc" && layer.kind !== "conv") || layer.bias) return false;
  const outputs = layer.kind === "conv" ? layer.output[0] : layer.output.at(-1);
  const place = layer.kind === "conv" ? product_.dims.length - 1 : 1;
  const isVector =
    product(bias.dims) === outputs && (bias.dims.at(-place) === outputs || bias.dims.length === 1);
  if (!isVector || importing.readers(node.inputs[index] ?? "") !== 1) return false;
  importing.countLearned(bias.learned);
  importing.replace({ ...layer, bias: true });
  importing.setComputed(node, 0, product_.dims, product_.tensor);
  return true;
}

/** ReduceMean, ReduceSum, ArgMax and their like. A mean over the image of each channel is a global pooling. */
export function reduce(importing: Importing, node: OnnxNode): void {
  const from = importing.input(node, 0);
  const rank = from.dims.length;
  const isArgument = node.operator.startsWith("Arg");
  const given = isArgument
    ? [integerAttribute(node, "axis", 0)]
    : (integersOf(importing, node, { attribute: "axes", input: 1 }) ?? []);
  const keepsAll = given.length === 0 && integerAttribute(node, "noop_with_empty_axes", 0) === 1;
  const axes = new Set(
    (given.length === 0 && !keepsAll ? [...from.dims.keys()] : given).map((axis) => axisOf(axis, rank)),
  );
  const kept = integerAttribute(node, "keepdims", 1) === 1;
  const dims = from.dims.flatMap((size, axis) => (axes.has(axis) ? (kept ? [1] : []) : [size]));
  if (from.kind === "constant") {
    importing.setConstant(node, 0, { ...from, dims, data: reducedData(node.operator, from, dims) });
    return;
  }
  const isImageMean = rank === 4 && axes.size === 2 && axes.has(2) && axes.has(3);
  if (isImageMean && (node.operator === "ReduceMean" || node.operator === "ReduceMax")) {
    const mode = node.operator === "ReduceMax" ? "max" : "average";
    importing.setComputed(node, 0, dims, wholeImagePool(importing, node, mode));
    return;
  }
  const operator = node.operator.replace(/^Reduce/, "").toLowerCase();
  const layer = importing.layer(node, [from.tensor], { kind: "reduce", output: sampleShape(dims), operator });
  importing.setComputed(node, 0, dims, layer);
}

/** Only reductions to one number are computed: sizes of shapes. */
function reducedData(operator: string, { data }: Constant, dims: Dims): readonly number[] | undefined {
  if (data === undefined || product(dims) !== 1) return undefined;
  if (operator === "ReduceProd") return [product(data)];
  if (operator === "ReduceSum") return [data.reduce((sum, number) => sum + number, 0)];
  if (operator === "ReduceMax") return [data.reduce((most, number) => Math.max(most, number), -Infinity)];
  if (operator === "ReduceMin") return [data.reduce((least, number) => Math.min(least, number), Infinity)];
  return undefined;
}
