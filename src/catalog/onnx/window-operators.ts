/** Conv, ConvTranspose and pooling: operators that slide a window over an image. */
import type { Pair } from "../../performance/network.ts";
import { windowPositions } from "../../performance/window-positions.ts";
import { integerAttribute, integersAttribute, pairAttribute, textAttribute } from "./attributes.ts";
import type { Importing } from "./importing.ts";
import type { OnnxNode } from "./onnx-model.ts";
import { type Dims, ImportProblem, product, sampleDims } from "./tensor-dims.ts";
import { unknownOperator } from "./unknown-operator.ts";

type Sides = readonly [number, number, number, number];

interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
}

/** Convolution with weights [outputs, inputs / groups, height, width]; one-dimensional as an image of height 1. */
export function conv(importing: Importing, node: OnnxNode): void {
  const from = importing.input(node, 0);
  const weights = importing.input(node, 1);
  const window = windowOf(node, weights.dims.slice(2));
  const image = imageOf(from.dims);
  if (window === undefined || image === undefined) {
    unknownOperator(importing, node);
    return;
  }
  const { padding, output } = slide(node, image, window);
  const outputs = weights.dims[0] ?? 1;
  const shape = [outputs, ...output];
  const tensor = importing.layer(node, [importing.shaped(importing.tensor(from, node), image)], {
    kind: "conv",
    output: shape,
    kernel: window.kernel,
    stride: window.stride,
    padding,
    groups: integerAttribute(node, "group", 1),
    bias: importing.optionalInput(node, 2) !== undefined,
    ...dilationField(window.dilation),
  });
  countWeights(importing, node);
  importing.setComputed(node, 0, imageDims(from.dims, shape), tensor);
}

/** Transposed convolution with weights [inputs, outputs / groups, height, width]. */
export function convTranspose(importing: Importing, node: OnnxNode): void {
  const from = importing.input(node, 0);
  const weights = importing.input(node, 1);
  const window = windowOf(node, weights.dims.slice(2));
  const image = imageOf(from.dims);
  if (window === undefined || image === undefined) {
    unknownOperator(importing, node);
    return;
  }
  const groups = integerAttribute(node, "group", 1);
  const { padding, output } = spread(node, image, window);
  const shape = [(weights.dims[1] ?? 1) * groups, ...output];
  const tensor = importing.layer(node, [importing.shaped(importing.tensor(from, node), image)], {
    kind: "conv",
    output: shape,
    kernel: window.kernel,
    stride: window.stride,
    padding,
    groups,
    bias: importing.optionalInput(node, 2) !== undefined,
    ...dilationField(window.dilation),
    transposed: true,
  });
  countWeights(importing, node);
  importing.setComputed(node, 0, imageDims(from.dims, shape), tensor);
}

/** MaxPool, AveragePool and LpPool. */
export function pool(importing: Importing, node: OnnxNode): void {
  const from = importing.input(node, 0);
  const window = windowOf(node, []);
  const image = imageOf(from.dims);
  if (window === undefined || image === undefined) {
    unknownOperator(importing, node);
    return;
  }
  const { padding, output } = slide(node, image, window);
  const shape = [image[0], ...output];
  const tensor = importing.layer(node, [importing.shaped(importing.tensor(from, node), image)], {
    kind: "pool",
    output: shape,
    mode: node.operator === "MaxPool" ? "max" : "average",
    kernel: window.kernel,
    stride: window.stride,
    padding,
    ...dilationField(window.dilation),
  });
  importing.setComputed(node, 0, imageDims(from.dims, shape), tensor);
}

/** GlobalAveragePool, GlobalMaxPool and GlobalLpPool: one window over all positions of each channel. */
export function globalPool(importing: Importing, node: OnnxNode): void {
  const from = importing.input(node, 0);
  const dims = [...from.dims.slice(0, 2), ...from.dims.slice(2).map(() => 1)];
  const tensor = wholeImagePool(importing, node, node.operator === "GlobalMaxPool" ? "max" : "average");
  importing.setComputed(node, 0, dims, tensor);
}

/** A pooling layer whose window is the whole image [batch, channels, …]. */
export function wholeImagePool(importing: Importing, node: OnnxNode, mode: "max" | "average") {
  const from = importing.input(node, 0);
  const [channels = 1, ...sizes] = sampleDims(from.dims);
  const kernel: Pair = [product(sizes.slice(0, -1)), sizes.at(-1) ?? 1];
  const image = importing.shaped(importing.tensor(from, node), [channels, ...kernel]);
  return importing.layer(node, [image], {
    kind: "pool",
    output: [channels, 1, 1],
    mode,
    kernel,
    stride: [1, 1],
    padding: [0, 0, 0, 0],
  });
}

/** A conv or fc layer counts its weights itself; they are not counted again where the graph reads them once more. */
function countWeights(importing: Importing, node: OnnxNode): void {
  for (const index of [1, 2]) {
    const value = importing.optionalInput(node, index);
    if (value?.kind === "constant") importing.countLearned(value.learned);
  }
}

const dilationField = (dilation: Pair): { readonly dilation?: Pair } =>
  dilation[0] === 1 && dilation[1] === 1 ? {} : { dilation };

/** [channels, height, width] of one sample; undefined with three or more spatial axes, which have no layer. */
function imageOf(dims: Dims): readonly [number, number, number] | undefined {
  const [channels = 1, ...sizes] = sampleDims(dims);
  const [first = 1, second] = sizes;
  if (sizes.length > 2 || sizes.length === 0) return undefined;
  return second === undefined ? [channels, 1, first] : [channels, first, second];
}

/** Sizes of the result: the batch's axis, then the layer's shape with as many spatial axes as the input has. */
function imageDims(from: Dims, shape: readonly number[]): Dims {
  const [channels = 1, height = 1, width = 1] = shape;
  return [from[0] ?? 1, channels, ...(from.length === 3 ? [width] : [height, width])];
}

function windowOf(node: OnnxNode, weightSizes: Dims): Window | undefined {
  const given = integersAttribute(node, "kernel_shape") ?? weightSizes;
  const kernel: Pair | undefined = pairOf(given);
  const stride = pairAttribute(node, "strides", 1);
  const dilation = pairAttribute(node, "dilations", 1);
  return kernel === undefined || stride === undefined || dilation === undefined
    ? undefined
    : { kernel, stride, dilation };
}

function pairOf(sizes: readonly number[]): Pair | undefined {
  const [first, second] = sizes;
  if (first === undefined || sizes.length > 2) return undefined;
  return second === undefined ? [1, first] : [first, second];
}

/** Padding [top, left, bottom, right] as the file gives it: all begins, then all ends. */
function givenPadding(node: OnnxNode): Sides {
  const pads = integersAttribute(node, "pads") ?? [];
  if (pads.length === 2) return [0, pads[0] ?? 0, 0, pads[1] ?? 0];
  const [top = 0, left = 0, bottom = 0, right = 0] = pads;
  return [top, left, bottom, right];
}

interface Slide {
  readonly padding: Sides;
  readonly output: Pair;
}

function slide(node: OnnxNode, [, height, width]: readonly [number, number, number], window: Window): Slide {
  const rounding = integerAttribute(node, "ceil_mode", 0) === 1 ? "ceil" : "floor";
  const automatic = textAttribute(node, "auto_pad");
  const given = givenPadding(node);
  const axis = (index: 0 | 1, size: number) => {
    const extent = window.dilation[index] * (window.kernel[index] - 1) + 1;
    const stride = window.stride[index];
    const [before, after] = automatic.startsWith("SAME")
      ? samePadding((Math.ceil(size / stride) - 1) * stride + extent - size, automatic)
      : [given[index], given[index === 0 ? 2 : 3]];
    const positions = windowPositions(
      { size, kernel: extent, stride, paddingBefore: before, paddingAfter: after },
      rounding,
    );
    if (positions >= 1) return { before, after, positions };
    throw new ImportProblem(
      `a window of ${extent} does not fit into ${size + before + after} padded elements`,
      "Export with a larger input image.",
    );
  };
  const [vertical, horizontal] = [axis(0, height), axis(1, width)];
  return {
    padding: [vertical.before, horizontal.before, vertical.after, horizontal.after],
    output: [vertical.positions, horizontal.positions],
  };
}

/** "SAME" padding keeps ⌈size / stride⌉ positions; an odd one goes to the end, or to the start with SAME_LOWER. */
function samePadding(total: number, automatic: string): readonly [number, number] {
  const [less, more] = [Math.floor(Math.max(0, total) / 2), Math.ceil(Math.max(0, total) / 2)];
  return automatic === "SAME_LOWER" ? [more, less] : [less, more];
}

function spread(node: OnnxNode, [, height, width]: readonly [number, number, number], window: Window): Slide {
  const extra = pairAttribute(node, "output_padding", 0) ?? [0, 0];
  const wanted = pairOf(integersAttribute(node, "output_shape")?.slice(-2) ?? []);
  const automatic = textAttribute(node, "auto_pad");
  const given = givenPadding(node);
  const axis = (index: 0 | 1, size: number) => {
    const extent = window.dilation[index] * (window.kernel[index] - 1) + 1;
    const full = window.stride[index] * (size - 1) + extent + extra[index];
    const target =
      wanted?.[index] ?? (automatic.startsWith("SAME") ? size * window.stride[index] : undefined);
    if (target === undefined) {
      const [before, after] = [given[index], given[index === 0 ? 2 : 3]];
      return { before, after, positions: full - before - after };
    }
    const [before, after] = samePadding(full - target, automatic);
    return { before, after, positions: target };
  };
  const [vertical, horizontal] = [axis(0, height), axis(1, width)];
  return {
    padding: [vertical.before, horizontal.before, vertical.after, horizontal.after],
    output: [vertical.positions, horizontal.positions],
  };
}
