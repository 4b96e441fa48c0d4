/**
 * Writes a network down layer by layer and infers every shape.
 *
 *   const net = startNetwork([3, 224, 224]);
 *   const conv1 = net.conv("conv1", net.input, { outputs: 64, kernel: 7, stride: 2, padding: 3 });
 *   const relu1 = net.relu("relu1", conv1);
 *   net.layers();
 *
 * Each method adds one layer and returns its output, which later layers read.
 */
import type {
  ActivationLayer,
  Layer,
  NormLayer,
  Pair,
  RecurrentLayer,
  Shape,
} from "../../src/performance/network.ts";
import { channelCount, elementCount } from "../../src/performance/shape.ts";
import { windowPositions, type WindowRounding } from "../../src/performance/window-positions.ts";

/** The output of a layer, or the network's input. */
export interface Tensor {
  readonly name: string;
  readonly shape: Shape;
}

/** A window's measures; one number stands for both axes, a pair is [height, width]; padding is on both sides. */
interface WindowOptions {
  readonly kernel: number | Pair;
  /** 1 unless given. */
  readonly stride?: number | Pair;
  /** 0 unless given. */
  readonly padding?: number | Pair;
}
export interface ConvOptions extends WindowOptions {
  readonly outputs: number;
  /** 1 unless given. */
  readonly groups?: number;
  /** "none" where a batch normalisation follows. */
  readonly bias?: "none";
}
export interface PoolOptions extends WindowOptions {
  readonly mode: "max" | "average";
  /** Floor unless given. */
  readonly rounding?: WindowRounding;
}
export interface FcOptions {
  readonly outputs: number;
  readonly bias?: "none";
}
export type NormOptions =
  { readonly variant: "local-response"; readonly window: number } | { readonly variant: "batch" | "layer" };
export interface RecurrentOptions {
  readonly cell: RecurrentLayer["cell"];
  readonly hidden: number;
  /** Bidirectional layers, and whether their two outputs are joined or summed. */
  readonly directions: "one" | "two joined" | "two summed";
}
export interface EmbeddingOptions {
  readonly vocabulary: number;
  readonly width: number;
}
export interface AttentionInputs {
  readonly queries: Tensor;
  readonly keys: Tensor;
  readonly values: Tensor;
}

export interface NetworkBuilder {
  readonly input: Tensor;
  conv(name: string, from: Tensor, options: ConvOptions): Tensor;
  pool(name: string, from: Tensor, options: PoolOptions): Tensor;
  /** Mean over the whole image: [channels, 1, 1]. */
  globalAveragePool(name: string, from: Tensor): Tensor;
  fc(name: string, from: Tensor, options: FcOptions): Tensor;
  relu(name: string, from: Tensor): Tensor;
  activation(name: string, from: Tensor, functionName: ActivationLayer["function"]): Tensor;
  norm(name: string, from: Tensor, options: NormOptions): Tensor;
  dropout(name: string, from: Tensor): Tensor;
  reshape(name: string, from: Tensor, output: Shape): Tensor;
  add(name: string, from: readonly Tensor[]): Tensor;
  concat(name: string, from: readonly Tensor[]): Tensor;
  embedding(name: string, from: Tensor, options: EmbeddingOptions): Tensor;
  recurrent(name: string, from: Tensor, options: RecurrentOptions): Tensor;
  attention(name: string, from: AttentionInputs, heads: number): Tensor;
  loss(name: string, from: Tensor): Tensor;
  /** All layers added so far, in order. */
  layers(): readonly Layer[];
}

/** An empty network that reads samples of the given shape. */
export function startNetwork(inputShape: Shape): NetworkBuilder {
  const layers: Layer[] = [];
  const add = (layer: Layer): Tensor => {
    layers.push(layer);
    return { name: layer.name, shape: layer.output };
  };
  /** The fields that every layer has, for a layer with one input. */
  const base = (name: string, from: Tensor, output: Shape = from.shape) => ({
    name,
    inputs: [from.name],
    input: from.shape,
    output,
  });

  const builder: NetworkBuilder = {
    input: { name: "input", shape: inputShape },
    conv: (name, from, options) => {
      const window = windowFields(options);
      const output = [options.outputs, ...windowOutput(from.shape, window, "floor")];
      const groups = options.groups ?? 1;
      return add({
        kind: "conv",
        ...base(name, from, output),
        ...window,
        groups,
        bias: options.bias !== "none",
      });
    },
    pool: (name, from, options) => {
      const window = windowFields(options);
      const output = [
        channelCount(from.shape),
        ...windowOutput(from.shape, window, options.rounding ?? "floor"),
      ];
      return add({ kind: "pool", ...base(name, from, output), mode: options.mode, ...window });
    },
    globalAveragePool: (name, from) =>
      builder.pool(name, from, { mode: "average", kernel: imageSize(from.shape) }),
    fc: (name, from, { outputs, bias }) => {
      const [steps] = from.shape;
      const output = from.shape.length === 2 && steps !== undefined ? [steps, outputs] : [outputs];
      return add({ kind: "fc", ...base(name, from, output), bias: bias !== "none" });
    },
    relu: (name, from) => add({ kind: "relu", ...base(name, from) }),
    activation: (name, from, functionName) =>
      add({ kind: "activation", ...base(name, from), function: functionName }),
    norm: (name, from, options) => {
      const window = options.variant === "local-response" ? options.window : 1;
      const variant: NormLayer["variant"] = options.variant;
      return add({ kind: "norm", ...base(name, from), variant, window });
    },
    dropout: (name, from) => add({ kind: "dropout", ...base(name, from) }),
    reshape: (name, from, output) => add({ kind: "reshape", ...base(name, from, output) }),
    add: (name, from) => {
      const shape = shapeOfFirst(name, from);
      return add({
        kind: "add",
        name,
        inputs: from.map((tensor) => tensor.name),
        input: shape,
        output: shape,
      });
    },
    concat: (name, from) => {
      const shape = concatenated(name, from);
      return add({
        kind: "concat",
        name,
        inputs: from.map((tensor) => tensor.name),
        input: shape,
        output: shape,
      });
    },
    embedding: (name, from, { vocabulary, width }) =>
      add({ kind: "embedding", ...base(name, from, [elementCount(from.shape), width]), vocabulary }),
    recurrent: (name, from, { cell, hidden, directions }) => {
      const steps = elementCount(from.shape) / channelCount(from.shape);
      const output = [steps, directions === "two joined" ? 2 * hidden : hidden];
      const directionCount = directions === "one" ? 1 : 2;
      return add({
        kind: "recurrent",
        ...base(name, from, output),
        cell,
        hidden,
        directions: directionCount,
        bias: true,
      });
    },
    attention: (name, { queries, keys, values }, heads) =>
      add({
        kind: "attention",
        name,
        inputs: [queries.name, keys.name, values.name],
        input: queries.shape,
        output: queries.shape,
        heads,
      }),
    loss: (name, from) => add({ kind: "loss", ...base(name, from, [1]) }),
    layers: () => [...layers],
  };
  return builder;
}

interface WindowFields {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: readonly [number, number, number, number];
}

function windowFields({ kernel, stride = 1, padding = 0 }: WindowOptions): WindowFields {
  const [vertical, horizontal] = pair(padding);
  return {
    kernel: pair(kernel),
    stride: pair(stride),
    padding: [vertical, horizontal, vertical, horizontal],
  };
}

function pair(value: number | Pair): Pair {
  return typeof value === "number" ? [value, value] : value;
}

function imageSize(shape: Shape): Pair {
  const [, height, width] = shape;
  if (height === undefined || width === undefined) {
    throw new Error(`expected an image [channels, height, width], found [${shape.join(", ")}]`);
  }
  return [height, width];
}

function windowOutput(
  shape: Shape,
  { kernel, stride, padding }: WindowFields,
  rounding: WindowRounding,
): Pair {
  const [height, width] = imageSize(shape);
  const [top, left, bottom, right] = padding;
  const vertical = {
    size: height,
    kernel: kernel[0],
    stride: stride[0],
    paddingBefore: top,
    paddingAfter: bottom,
  };
  const horizontal = {
    size: width,
    kernel: kernel[1],
    stride: stride[1],
    paddingBefore: left,
    paddingAfter: right,
  };
  return [windowPositions(vertical, rounding), windowPositions(horizontal, rounding)];
}

function shapeOfFirst(name: string, tensors: readonly Tensor[]): Shape {
  const [first] = tensors;
  if (first === undefined) throw new Error(`layer ${name} has no inputs`);
  return first.shape;
}

function concatenated(name: string, tensors: readonly Tensor[]): Shape {
  const first = shapeOfFirst(name, tensors);
  const joined = tensors.reduce((total, { shape }) => total + channelCount(shape), 0);
  return first.length === 3 ? [joined, ...first.slice(1)] : [...first.slice(0, -1), joined];
}
