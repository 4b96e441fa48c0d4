/** Layers out of the rows of a layer table: kernels, groups and biases from the parameters and the shapes around them. */
import type { ActivationFunction, Layer, NormVariant, Shape } from "../performance/network.ts";
import { elementCount } from "../performance/shape.ts";
import { sameShape, shapeText } from "./layer-shape.ts";
import type { LayerTableRow } from "./layer-table-rows.ts";
import { convSolutions, fcBias, recurrentSolutions, windowThatFits } from "./solve-parameters.ts";

/** A tensor that a layer may read. */
export interface TableTensor {
  readonly name: string;
  readonly shape: Shape;
}

/** A row as a layer, or why it cannot be one. */
export type RowResult =
  | { readonly kind: "layer"; readonly layer: Layer; readonly note?: string }
  | { readonly kind: "refused"; readonly message: string; readonly fix: string };

/** What a row is read with. */
export interface RowReading {
  readonly row: LayerTableRow;
  readonly name: string;
  readonly from: TableTensor;
  /** Shape written, as layers have it. */
  readonly output: Shape;
}

const ACTIVATIONS: ReadonlyMap<string, ActivationFunction> = new Map<string, ActivationFunction>([
  ["sigmoid", "sigmoid"],
  ["tanh", "tanh"],
  ["gelu", "gelu"],
  ["relu6", "hardtanh"],
  ["hardtanh", "hardtanh"],
  ["softmax", "softmax"],
  ["logsoftmax", "softmax"],
  ["leakyrelu", "leaky-relu"],
  ["prelu", "prelu"],
  ["elu", "elu"],
  ["selu", "elu"],
  ["softplus", "softplus"],
  ["hardsigmoid", "hardsigmoid"],
  ["hardswish", "hardswish"],
  ["silu", "silu"],
  ["swish", "silu"],
  ["mish", "mish"],
]);
const NORMS: ReadonlyMap<string, NormVariant> = new Map<string, NormVariant>([
  ["batchnorm", "batch"],
  ["batchnormalization", "batch"],
  ["layernorm", "layer"],
  ["layernormalization", "layer"],
  ["instancenorm", "instance"],
  ["groupnorm", "group"],
  ["groupnormalization", "group"],
  ["rmsnorm", "rms"],
]);

/** The layer of a row. Types that are not known here become unknown layers, which answers list. */
export function layerOfRow(reading: RowReading): RowResult {
  const { row, name, from, output } = reading;
  const base = { name, inputs: [from.name], input: from.shape, output };
  const type = row.type.toLowerCase().replace(/[123]d$/, "");
  const alike = { ...base, output: from.shape };
  const activation = ACTIVATIONS.get(type);
  if (activation !== undefined) {
    const weights = activation === "prelu" ? { weightCount: row.parameters } : {};
    return layer({ kind: "activation", ...alike, function: activation, ...weights });
  }
  const norm = NORMS.get(type);
  if (norm !== undefined) return layer({ kind: "norm", ...alike, variant: norm, window: 1 });
  switch (type) {
    case "conv":
    case "depthwiseconv":
      return conv(reading);
    case "linear":
    case "dense":
    case "nondynamicallyquantizablelinear":
      return fc(reading);
    case "maxpool":
    case "maxpooling":
    case "avgpool":
    case "averagepooling":
    case "adaptiveavgpool":
    case "adaptivemaxpool":
    case "globalaveragepooling":
    case "globalmaxpooling":
      return pool(reading, type.includes("max") ? "max" : "average");
    case "relu":
      return layer({ kind: "relu", ...alike });
    case "activation":
      return layer(
        { kind: "relu", ...alike },
        `line ${row.line}: the function of "${row.type}" is not printed and is taken for relu`,
      );
    case "dropout":
    case "spatialdropout":
      return layer({ kind: "dropout", ...alike });
    case "embedding":
      return row.parameters % (output.at(-1) ?? 1) === 0
        ? layer({
            kind: "embedding",
            ...base,
            input: [elementCount(from.shape)],
            vocabulary: row.parameters / (output.at(-1) ?? 1),
          })
        : refused(row, "its parameters are no multiple of its width");
    case "lstm":
      return recurrent(reading, "lstm");
    case "gru":
      return recurrent(reading, "gru");
    case "rnn":
    case "simplernn":
      return recurrent(reading, "rnn");
    case "flatten":
    case "reshape":
    case "identity":
      return elementCount(from.shape) === elementCount(output)
        ? layer({ kind: "reshape", ...base })
        : refused(row, `it cannot turn ${shapeText(from.shape)} into ${shapeText(output)}`);
    case "zeropadding":
    case "upsampling":
    case "upsample":
    case "cropping":
      return layer({ kind: "copy", ...base, operator: type });
    default:
      return layer({ kind: "unknown", ...base, operator: row.type, weightCount: row.parameters });
  }
}

function conv({ row, name, from, output }: RowReading): RowResult {
  const [input, written] = [asImage(from.shape), asImage(output)];
  if (input === undefined || written === undefined) {
    return refused(row, `${shapeText(from.shape)} to ${shapeText(output)} is no convolution of an image`);
  }
  const [inputs, height, width] = input;
  const [outputs, writtenHeight, writtenWidth] = written;
  const isLine = height === 1 && from.shape.length === 2;
  const printed = row.kernel?.slice(-2);
  const solutions =
    printed !== undefined && printed.length === 2
      ? printedKernel(row, inputs, outputs, printed)
      : isLine
        ? []
        : convSolutions({
            inputs,
            outputs,
            parameters: row.parameters,
            largestKernel: 2 * Math.max(height, width),
          }).map(({ kernel, groups, bias }) => ({ kernel: [kernel, kernel] as const, groups, bias }));
  const fitting = solutions.flatMap((solution) => {
    const vertical = windowThatFits(height, writtenHeight, solution.kernel[0]);
    const horizontal = windowThatFits(width, writtenWidth, solution.kernel[1]);
    return vertical === undefined || horizontal === undefined ? [] : [{ ...solution, vertical, horizontal }];
  });
  const [only, another] = fitting;
  if (only === undefined || another !== undefined) {
    const found = fitting.map(
      ({ kernel, groups, bias }) => `${kernel.join(" × ")} in ${groups} groups${bias ? " with bias" : ""}`,
    );
    return refused(
      row,
      `${row.parameters} parameters from ${shapeText(from.shape)} to ${shapeText(output)} ${found.length === 0 ? "fit no square kernel" : `fit ${found.join(" and ")}`}`,
    );
  }
  const { kernel, groups, bias, vertical, horizontal } = only;
  return layer({
    kind: "conv",
    name,
    inputs: [from.name],
    input,
    output: written,
    kernel,
    stride: [vertical.stride, horizontal.stride],
    padding: [vertical.before, horizontal.before, vertical.after, horizontal.after],
    groups,
    bias,
  });
}

/** Groups and bias where the kernel is printed. */
function printedKernel(row: LayerTableRow, inputs: number, outputs: number, kernel: readonly number[]) {
  const [height = 1, width = 1] = kernel;
  return [false, true].flatMap((bias) => {
    const perOutput = (row.parameters - (bias ? outputs : 0)) / outputs / (height * width);
    const groups = inputs / perOutput;
    const fits =
      Number.isInteger(perOutput) && Number.isInteger(groups) && groups >= 1 && outputs % groups === 0;
    return fits ? [{ kernel: [height, width] as const, groups, bias }] : [];
  });
}

function fc({ row, name, from, output }: RowReading): RowResult {
  const outputs = output.at(-1) ?? 1;
  const steps = output.length === 2 ? output.slice(0, 1) : [];
  const inputs = elementCount(from.shape) / elementCount(steps);
  const bias = fcBias(inputs, outputs, row.parameters);
  if (bias === undefined) {
    return refused(row, `${row.parameters} parameters do not fit ${inputs} inputs and ${outputs} outputs`);
  }
  return layer({
    kind: "fc",
    name,
    inputs: [from.name],
    input: [...steps, inputs],
    output: [...steps, outputs],
    bias,
  });
}

/** A pooling's kernel has no parameters to tell it by: the smallest that covers the image is taken, and said so. */
function pool({ row, name, from, output }: RowReading, mode: "max" | "average"): RowResult {
  const [input, written] = [asImage(from.shape), asImage(output.length === 1 ? [...output, 1, 1] : output)];
  if (input === undefined || written === undefined || input[0] !== written[0]) {
    return refused(row, `${shapeText(from.shape)} to ${shapeText(output)} is no pooling of an image`);
  }
  const printed = row.kernel?.slice(-2) ?? [];
  const kernel: [number, number] = [
    printed[0] ?? Math.ceil(input[1] / written[1]),
    printed[1] ?? printed[0] ?? Math.ceil(input[2] / written[2]),
  ];
  const vertical = windowThatFits(input[1], written[1], kernel[0]);
  const horizontal = windowThatFits(input[2], written[2], kernel[1]);
  if (vertical === undefined || horizontal === undefined) {
    return refused(
      row,
      `no window of ${kernel.join(" × ")} turns ${shapeText(from.shape)} into ${shapeText(output)}`,
    );
  }
  const global = written[1] === 1 && written[2] === 1;
  return layer(
    {
      kind: "pool",
      name,
      inputs: [from.name],
      input,
      output: written,
      mode,
      kernel,
      stride: [vertical.stride, horizontal.stride],
      padding: [vertical.before, horizontal.before, vertical.after, horizontal.after],
    },
    printed.length > 0 || global
      ? undefined
      : `line ${row.line}: the pooling's kernel is not printed; the smallest that covers the image is taken, ${kernel.join(" × ")}`,
  );
}

function recurrent({ row, name, from, output }: RowReading, cell: "lstm" | "gru" | "rnn"): RowResult {
  const gates = { rnn: 1, gru: 3, lstm: 4 }[cell];
  const [steps = 1, inputs = 1] = from.shape;
  const outputs = output.at(-1) ?? 1;
  const [only, another] = recurrentSolutions({ inputs, outputs, parameters: row.parameters, gates });
  if (from.shape.length !== 2 || only === undefined || another !== undefined) {
    return refused(
      row,
      `${row.parameters} parameters from ${shapeText(from.shape)} to ${outputs} outputs fit no single ${cell} layer`,
    );
  }
  return layer({
    kind: "recurrent",
    name,
    inputs: [from.name],
    input: from.shape,
    output: [steps, outputs],
    cell,
    hidden: outputs / only.directions,
    directions: only.directions,
    bias: only.biases > 0,
  });
}

function asImage(shape: Shape): readonly [number, number, number] | undefined {
  const [channels = 1, first = 1, second] = shape;
  if (shape.length === 2) return [channels, 1, first];
  return shape.length === 3 && second !== undefined ? [channels, first, second] : undefined;
}

function layer(made: Layer, note?: string): RowResult {
  // A shape that the table prints otherwise than the layer has it is only another view of the same numbers.
  return sameShape(made.input, [0]) || note === undefined
    ? { kind: "layer", layer: made }
    : { kind: "layer", layer: made, note };
}

function refused({ type }: LayerTableRow, reason: string): RowResult {
  return {
    kind: "refused",
    message: `the ${type} cannot be derived: ${reason}`,
    fix: "Print the table with input and kernel shapes (torchinfo: col_names=('input_size', 'output_size', 'kernel_size', 'num_params')), or export the network as ONNX.",
  };
}
