/** Checks of one layer by itself: whether its output follows from its input and its own fields. */
import { assertNever } from "../domain/assert-never.ts";
import type { ConvLayer, Layer, MatmulLayer, Pair, PoolLayer, Shape } from "../performance/network.ts";
import { channelCount, elementCount } from "../performance/shape.ts";
import { windowPositions } from "../performance/window-positions.ts";

/** One thing wrong with a network: where (keys below the network), why, and how to mend it. */
export interface NetworkProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly fix: string;
}

/** A tensor of one sample beyond this is no network that any GPU could train (40 GB in float32). */
const MAX_TENSOR_ELEMENTS = 1e10;

/** What is wrong with a layer's own shapes; paths are relative to the layer, and the list is empty when all is well. */
export function layerShapeProblems(layer: Layer): readonly NetworkProblem[] {
  const { input, output } = layer;
  const tooBig = [...tooBigProblems("input", input), ...tooBigProblems("output", output)];
  if (tooBig.length > 0) return tooBig;
  switch (layer.kind) {
    case "conv":
      return convProblems(layer);
    case "pool":
      return poolProblems(layer);
    case "fc":
      return outputProblems(layer, [...(input.length === 2 ? input.slice(0, 1) : []), channelCount(output)]);
    case "relu":
    case "activation":
    case "dropout":
    case "add":
    case "concat":
      return outputProblems(layer, input);
    case "norm":
      return [
        ...outputProblems(layer, input),
        ...(layer.variant !== "local-response" && layer.window !== 1
          ? [problem(["window"], `a ${layer.variant} normalisation has no window`, "Give window 1.")]
          : []),
      ];
    case "loss":
      return outputProblems(layer, [1]);
    case "reshape":
      return reshapeProblems(input, output);
    case "embedding":
      return input.length === 1
        ? outputProblems(layer, [...input, channelCount(output)])
        : [problem(["input"], "an embedding reads token numbers", "Give input as [steps].")];
    case "recurrent": {
      const joined = layer.directions * layer.hidden;
      // The outputs of two directions are joined, or summed into the width of one.
      const width = channelCount(output) === layer.hidden ? layer.hidden : joined;
      return sequenceProblems(input) ?? outputProblems(layer, [...input.slice(0, 1), width]);
    }
    case "attention": {
      const width = channelCount(input);
      return (
        sequenceProblems(input) ?? [
          ...outputProblems(layer, input),
          ...divisionProblems(["heads"], layer.heads, { what: "features of the input", count: width }),
        ]
      );
    }
    case "matmul":
      return matmulProblems(layer);
    case "elementwise":
    case "copy":
    case "reduce":
    case "source":
    case "unknown":
      return [];
    default:
      return assertNever(layer);
  }
}

/** A shape as the JSON shows it. */
export function shapeText(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** Whether two shapes have the same sizes in the same order. */
export function sameShape(one: Shape, other: Shape): boolean {
  return one.length === other.length && one.every((size, axis) => size === other[axis]);
}

function problem(path: NetworkProblem["path"], message: string, fix: string): NetworkProblem {
  return { path, message, fix };
}

function tooBigProblems(field: "input" | "output", shape: Shape): readonly NetworkProblem[] {
  if (elementCount(shape) <= MAX_TENSOR_ELEMENTS) return [];
  const message = `${shapeText(shape)} has more than ${MAX_TENSOR_ELEMENTS} elements`;
  return [problem([field], message, "Give the shape of one sample; the batch is left out.")];
}

function outputProblems({ kind, output }: Layer, expected: Shape): readonly NetworkProblem[] {
  if (sameShape(output, expected)) return [];
  const message = `this ${kind} layer writes ${shapeText(expected)}, not ${shapeText(output)}`;
  return [
    problem(["output"], message, `Give output ${shapeText(expected)}, or correct the layer's other fields.`),
  ];
}

function reshapeProblems(input: Shape, output: Shape): readonly NetworkProblem[] {
  if (elementCount(input) === elementCount(output)) return [];
  const keepsOneStep = input.length === 2 && sameShape(output, input.slice(1));
  if (keepsOneStep) return [];
  const message = `a reshape keeps the ${elementCount(input)} elements of its input, but this one writes ${elementCount(output)}`;
  return [
    problem(["output"], message, "Give a shape of as many elements, or one step [features] of a sequence."),
  ];
}

function sequenceProblems(input: Shape): readonly NetworkProblem[] | undefined {
  if (input.length === 2) return undefined;
  return [problem(["input"], `${shapeText(input)} is not a sequence`, "Give input as [steps, features].")];
}

function convProblems(layer: ConvLayer): readonly NetworkProblem[] {
  const { input, output, groups } = layer;
  return (
    imageProblems(layer) ?? [
      ...divisionProblems(["groups"], groups, { what: "channels of the input", count: channelCount(input) }),
      ...divisionProblems(["groups"], groups, {
        what: "channels of the output",
        count: channelCount(output),
      }),
      ...windowProblems(layer),
    ]
  );
}

/** The first factor may be broadcast over the batch of products. */
function matmulProblems(layer: MatmulLayer): readonly NetworkProblem[] {
  const { batches, rows, inner, columns } = layer;
  const wanted = batches * rows * columns;
  const read = elementCount(layer.input);
  return [
    ...(elementCount(layer.output) === wanted
      ? []
      : [
          problem(
            ["output"],
            `batches · rows · columns is ${wanted}, but ${shapeText(layer.output)} has ${elementCount(layer.output)} elements`,
            `Give a shape of ${wanted} elements.`,
          ),
        ]),
    ...(read % (rows * inner) === 0 && batches % (read / (rows * inner)) === 0
      ? []
      : [
          problem(
            ["input"],
            `${shapeText(layer.input)} is no batch of ${rows} × ${inner} matrices`,
            `Give a shape of ${batches * rows * inner} elements.`,
          ),
        ]),
  ];
}

function poolProblems(layer: PoolLayer): readonly NetworkProblem[] {
  const [channels, writtenChannels] = [channelCount(layer.input), channelCount(layer.output)];
  const channelProblems =
    channels === writtenChannels
      ? []
      : [
          problem(
            ["output", 0],
            `pooling keeps the ${channels} channels of its input, but this one writes ${writtenChannels}`,
            `Give ${channels}.`,
          ),
        ];
  return imageProblems(layer) ?? [...channelProblems, ...windowProblems(layer)];
}

function imageProblems({ input, output }: Layer): readonly NetworkProblem[] | undefined {
  const problems = Object.entries({ input, output })
    .filter(([, shape]) => shape.length !== 3)
    .map(([field, shape]) =>
      problem([field], `${shapeText(shape)} is not an image`, `Give ${field} as [channels, height, width].`),
    );
  return problems.length > 0 ? problems : undefined;
}

function divisionProblems(
  path: NetworkProblem["path"],
  parts: number,
  { what, count }: { readonly what: string; readonly count: number },
): readonly NetworkProblem[] {
  if (count % parts === 0) return [];
  return [problem(path, `${parts} does not divide the ${count} ${what}`, `Give a divisor of ${count}.`)];
}

function windowProblems(layer: ConvLayer | PoolLayer): readonly NetworkProblem[] {
  const { input, output, stride, padding } = layer;
  const kernel = windowExtent(layer);
  if (layer.kind === "conv" && layer.transposed === true) return transposedProblems(layer, kernel);
  const [, height = 0, width = 0] = input;
  const [top, left, bottom, right] = padding;
  const [, writtenHeight = 0, writtenWidth = 0] = output;
  const axes = [
    { size: height, kernel: kernel[0], stride: stride[0], paddingBefore: top, paddingAfter: bottom },
    { size: width, kernel: kernel[1], stride: stride[1], paddingBefore: left, paddingAfter: right },
  ];
  const written = [writtenHeight, writtenWidth];
  return axes.flatMap((axis, index) => {
    const positions = [windowPositions(axis, "floor"), windowPositions(axis, "ceil")].filter(
      (count) => count >= 1,
    );
    const found = written[index] ?? 0;
    if (positions.includes(found)) return [];
    const padded = axis.size + axis.paddingBefore + axis.paddingAfter;
    if (positions.length === 0) {
      const message = `a window of ${axis.kernel} does not fit into ${padded} padded elements`;
      return [
        problem(["kernel", index], message, "Make the kernel smaller, or correct the input and padding."),
      ];
    }
    const allowed = [...new Set(positions)].join(" or ");
    const message = `a window of ${axis.kernel} with stride ${axis.stride} has ${allowed} places on ${padded} padded elements, not ${found}`;
    return [
      problem(["output", index + 1], message, `Give ${allowed}, or correct kernel, stride and padding.`),
    ];
  });
}

/** Elements from the first to the last that a window reads: dilation · (kernel − 1) + 1. */
function windowExtent({ kernel, dilation = [1, 1] }: ConvLayer | PoolLayer): Pair {
  return [dilation[0] * (kernel[0] - 1) + 1, dilation[1] * (kernel[1] - 1) + 1];
}

/** A transposed convolution writes stride · (size − 1) + extent − padding, and up to a stride more (output padding). */
function transposedProblems(layer: ConvLayer, extent: Pair): readonly NetworkProblem[] {
  const [top, left, bottom, right] = layer.padding;
  const axes = [
    { read: layer.input[1] ?? 0, written: layer.output[1] ?? 0, padding: top + bottom },
    { read: layer.input[2] ?? 0, written: layer.output[2] ?? 0, padding: left + right },
  ];
  return axes.flatMap(({ read, written, padding }, index) => {
    const stride = layer.stride[index] ?? 1;
    const least = stride * (read - 1) + (extent[index] ?? 1) - padding;
    const most = least + Math.max(stride, layer.dilation?.[index] ?? 1) - 1;
    if (written >= least && written <= most) return [];
    const message = `a transposed window with stride ${stride} writes ${least} to ${most} elements, not ${written}`;
    return [
      problem(["output", index + 1], message, "Correct the output, or kernel, stride, padding and dilation."),
    ];
  });
}
