/** Checks across the layers of a network: names, what each layer reads, and that shapes agree where layers meet. */
import type { Layer, Network, Shape } from "../performance/network.ts";
import { channelCount } from "../performance/shape.ts";
import { layerShapeProblems, type NetworkProblem, sameShape, shapeText } from "./layer-shape.ts";

/** The name under which layers read the network's input. */
const NETWORK_INPUT = "input";
/** More problems than this help nobody, and would let a hostile network make a long answer. */
const MAX_PROBLEMS = 20;

/** What is wrong with a network's graph and shapes, at most 20 problems; empty when all is well. */
export function networkProblems({
  input,
  layers,
}: Pick<Network, "input" | "layers">): readonly NetworkProblem[] {
  const outputs = new Map<string, Shape>([[NETWORK_INPUT, input]]);
  const problems: NetworkProblem[] = [];
  for (const [index, layer] of layers.entries()) {
    const found = [
      ...nameProblems(layer, outputs),
      ...inputProblems(layer, outputs),
      ...layerShapeProblems(layer),
    ];
    problems.push(...found.map((problem) => ({ ...problem, path: ["layers", index, ...problem.path] })));
    if (problems.length >= MAX_PROBLEMS) return problems.slice(0, MAX_PROBLEMS);
    outputs.set(layer.name, layer.output);
  }
  return problems;
}

function nameProblems({ name }: Layer, outputs: ReadonlyMap<string, Shape>): readonly NetworkProblem[] {
  if (!outputs.has(name)) return [];
  const message =
    name === NETWORK_INPUT ? `"${name}" names the network's input` : `two layers have the name "${name}"`;
  return [{ path: ["name"], message, fix: "Give every layer a name of its own." }];
}

function inputProblems(layer: Layer, outputs: ReadonlyMap<string, Shape>): readonly NetworkProblem[] {
  const unknown = layer.inputs.flatMap((name, position) =>
    outputs.has(name)
      ? []
      : [
          {
            path: ["inputs", position],
            message: `no earlier layer has the name "${name}"`,
            fix: `Name a layer that stands before this one, or "${NETWORK_INPUT}" for the network's input.`,
          },
        ],
  );
  if (unknown.length > 0) return unknown;
  const shapes = layer.inputs.map((name) => outputs.get(name) ?? []);
  return inputCountProblems(layer) ?? meetingProblems(layer, shapes);
}

function inputCountProblems({ kind, inputs }: Layer): readonly NetworkProblem[] | undefined {
  const [fits, wanted] = inputCountRule(kind, inputs.length);
  if (fits) return undefined;
  const message = `this ${kind} layer reads ${wanted}, not ${inputs.length}`;
  return [{ path: ["inputs"], message, fix: `Name ${wanted}.` }];
}

function inputCountRule(kind: Layer["kind"], count: number): readonly [fits: boolean, wanted: string] {
  if (kind === "add" || kind === "concat") return [count >= 2, "two or more inputs"];
  if (kind === "elementwise" || kind === "unknown") return [true, "any inputs"];
  if (kind === "source") return [count === 0, "no inputs"];
  if (kind === "matmul") return [count === 2, "two inputs (the factors)"];
  if (kind === "attention") return [count === 3, "three inputs (queries, keys, values)"];
  return [count === 1, "one input"];
}

function meetingProblems(layer: Layer, shapes: readonly Shape[]): readonly NetworkProblem[] {
  if (layer.kind === "concat") return concatProblems(layer, shapes);
  // The factors of a product, and inputs that are broadcast, have shapes of their own.
  const sameShaped = layer.kind !== "matmul" && layer.kind !== "elementwise" && layer.kind !== "unknown";
  return (sameShaped ? shapes : shapes.slice(0, 1)).flatMap((shape, position) => {
    if (sameShape(shape, layer.input)) return [];
    const producer = layer.inputs[position] ?? "";
    return [
      {
        path: ["input"],
        message: `${shapeText(layer.input)} is not what "${producer}" writes, ${shapeText(shape)}`,
        fix: `Give input ${shapeText(shape)}, or correct the output of "${producer}".`,
      },
    ];
  });
}

/** Images are joined along the channels, sequences and vectors along the features; the other sizes must be equal. */
function concatProblems(layer: Layer, shapes: readonly Shape[]): readonly NetworkProblem[] {
  const joined = shapes.reduce((total, shape) => total + channelCount(shape), 0);
  const others = shapes.map(otherSizes);
  const differing = others.findIndex((sizes) => !sameShape(sizes, others[0] ?? []));
  if (differing !== -1) {
    const [one, other] = [layer.inputs[0] ?? "", layer.inputs[differing] ?? ""];
    const message = `"${one}" writes ${shapeText(shapes[0] ?? [])} and "${other}" writes ${shapeText(shapes[differing] ?? [])}, which cannot be joined`;
    return [
      { path: ["inputs", differing], message, fix: "Join outputs that differ in channels or features only." },
    ];
  }
  const rest = others[0] ?? [];
  const expected = rest.length === 2 ? [joined, ...rest] : [...rest, joined];
  if (sameShape(layer.input, expected)) return [];
  const message = `the inputs joined are ${shapeText(expected)}, not ${shapeText(layer.input)}`;
  return [{ path: ["input"], message, fix: `Give input and output ${shapeText(expected)}.` }];
}

function otherSizes(shape: Shape): Shape {
  return shape.length === 3 ? shape.slice(1) : shape.slice(0, -1);
}
