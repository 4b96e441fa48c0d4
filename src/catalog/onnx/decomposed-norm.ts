/** Finds layer and root-mean-square normalisation written out in elementary operators; the search starts at their square root. */
import type { Fusion } from "./fuse-patterns.ts";
import { isClosed } from "./gated-activation.ts";
import type { NodeGraph } from "./node-graph.ts";
import type { OnnxNode } from "./onnx-model.ts";

/** The normalisation whose square root this is, if it is one. */
export function decomposedNorm(node: OnnxNode, graph: NodeGraph): Fusion | undefined {
  if (node.operator !== "Sqrt") return undefined;
  const parts = new Set<OnnxNode>([node]);
  const mean = through(node.inputs[0], "Add", { graph, parts });
  const square = mean === undefined ? undefined : writer(mean, "ReduceMean", { graph, parts });
  if (square === undefined) return undefined;
  const squared = squareOf(square.inputs[0] ?? "", { graph, parts });
  if (squared === undefined) return undefined;
  const { x, centred } = centre(squared, { graph, parts });
  const quotient = quotientBy(node.outputs[0] ?? "", { graph, parts });
  if (quotient === undefined) return undefined;
  const axes = graph.writer(mean ?? "")?.attributes.get("axes")?.integers;
  if (axes !== undefined && axes.length !== 1) return undefined;
  return scaled(quotient, { x, centred, graph, parts });
}

/** A pattern being looked for. */
export interface Search {
  readonly graph: NodeGraph;
  /** Nodes of the pattern, added as they are met. */
  readonly parts: Set<OnnxNode>;
}

/** The node that writes a tensor, if it is of that operator; Casts on the way belong to the pattern. */
function writer(name: string, operator: string, { graph, parts }: Search): OnnxNode | undefined {
  const node = graph.writer(name);
  if (node?.operator === "Cast") {
    parts.add(node);
    return writer(node.inputs[0] ?? "", operator, { graph, parts });
  }
  if (node?.operator !== operator) return undefined;
  parts.add(node);
  return node;
}

/** The computed operand of an operator whose other one is constant. */
function through(name: string | undefined, operator: string, search: Search): string | undefined {
  const node = writer(name ?? "", operator, search);
  return node?.inputs.find((input) => !search.graph.isConstant(input));
}

/** What is squared: the base of Pow, or the factor of a product with itself. */
function squareOf(name: string, search: Search): string | undefined {
  const power = writer(name, "Pow", search);
  if (power !== undefined) return power.inputs[0];
  const product = writer(name, "Mul", search);
  return product !== undefined && product.inputs[0] === product.inputs[1] ? product.inputs[0] : undefined;
}

/** x of x − mean(x); without a mean, what was squared is x itself. */
function centre(name: string, { graph, parts }: Search): { readonly x: string; readonly centred: boolean } {
  const through = new Set<OnnxNode>();
  const difference = writer(name, "Sub", { graph, parts: through });
  const [x = "", mean = ""] = difference?.inputs ?? [];
  const average =
    difference === undefined ? undefined : writer(mean, "ReduceMean", { graph, parts: through });
  if (average === undefined || average.inputs[0] !== x) return { x: name, centred: false };
  for (const part of through) parts.add(part);
  // Some exporters write the same difference twice.
  for (const reader of graph.readers(mean)) if (reader.operator === "Sub") parts.add(reader);
  return { x, centred: true };
}

/** The division by the square root, or the product with its reciprocal. */
function quotientBy(root: string, { graph, parts }: Search): OnnxNode | undefined {
  for (const reader of graph.readers(root)) {
    if (reader.operator === "Div" && reader.inputs[1] === root) {
      parts.add(reader);
      const [one = ""] = reader.inputs;
      // 1 / root, multiplied afterwards.
      return graph.isConstant(one) ? productWith(reader.outputs[0] ?? "", { graph, parts }) : reader;
    }
    if (reader.operator === "Reciprocal" || reader.operator === "Cast") {
      parts.add(reader);
      const [output = ""] = reader.outputs;
      return reader.operator === "Cast"
        ? quotientBy(output, { graph, parts })
        : productWith(output, { graph, parts });
    }
  }
  return undefined;
}

function productWith(name: string, { graph, parts }: Search): OnnxNode | undefined {
  const [reader] = graph.readers(name).filter(({ operator }) => operator === "Mul");
  if (reader !== undefined) parts.add(reader);
  return reader;
}

interface Found extends Search {
  readonly x: string;
  readonly centred: boolean;
}

interface Scaled {
  readonly last: OnnxNode;
  /** Names of γ and β, as far as they are there. */
  readonly weights: readonly string[];
}

/** Closes the pattern with its scale and shift. */
function scaled(quotient: OnnxNode, { x, centred, graph, parts }: Found): Fusion | undefined {
  const { last, weights } = withScaleAndShift(quotient, { graph, parts });
  const [output = ""] = last.outputs;
  if (!isClosed(parts, { output, graph })) return undefined;
  const operator = centred ? "LayerNormalization" : "RMSNormalization";
  return {
    replaced: parts,
    last,
    node: { ...last, operator, domain: "", inputs: [x, ...weights], attributes: new Map() },
  };
}

/** Takes in the product with γ and the sum with β that alone read a normalisation. */
export function withScaleAndShift(node: OnnxNode, { graph, parts }: Search): Scaled {
  let last = node;
  const weights: string[] = [];
  for (const operator of ["Mul", "Add"]) {
    const next = onlyReader(last, graph);
    const reader = next?.operator === "Cast" ? onlyReader(next, graph) : next;
    if (reader?.operator !== operator) continue;
    const weight = reader.inputs.find((input) => graph.isConstant(input) && !graph.isSingle(input));
    if (weight === undefined) continue;
    if (next !== undefined) parts.add(next);
    parts.add(reader);
    weights.push(weight);
    last = reader;
  }
  return { last, weights };
}

/** The node that alone reads a node's result. */
export function onlyReader(node: OnnxNode, graph: NodeGraph): OnnxNode | undefined {
  const [output = ""] = node.outputs;
  const [reader, another] = graph.readers(output);
  return another === undefined && !graph.isOutput(output) ? reader : undefined;
}
