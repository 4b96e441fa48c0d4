/** Finds x · f(x) with f written out in elementary operators: GELU, SiLU, Mish, hard swish. */
import type { Fusion } from "./fuse-patterns.ts";
import type { NodeGraph } from "./node-graph.ts";
import type { OnnxNode } from "./onnx-model.ts";

const PARTS: ReadonlySet<string> = new Set([
  "Add",
  "Sub",
  "Mul",
  "Div",
  "Pow",
  "Erf",
  "Tanh",
  "Sigmoid",
  "HardSigmoid",
  "Softplus",
  "Clip",
  "Relu",
  "Cast",
]);
const SCALINGS: ReadonlySet<string> = new Set(["Mul", "Div"]);
const MAX_PARTS = 12;

/** The activation that ends in this product, if it is one. */
export function gatedActivation(node: OnnxNode, graph: NodeGraph): Fusion | undefined {
  if (node.operator !== "Mul" || node.domain !== "") return undefined;
  const [left = "", right = ""] = node.inputs;
  for (const [factor, gate] of [
    [left, right],
    [right, left],
  ] as const) {
    const scaled = scaling(factor, graph);
    const candidates = [{ x: factor, parts: [] }, ...(scaled === undefined ? [] : [scaled])];
    for (const { x, parts } of candidates) {
      const found = new Set<OnnxNode>([node, ...parts]);
      if (!leadsTo(gate, { x, graph, found })) continue;
      const operator = activationOf([...found].map((part) => part.operator));
      if (operator === undefined) continue;
      const last = withScaling(node, graph);
      found.add(last);
      const [output = ""] = last.outputs;
      if (!isClosed(found, { output, graph })) continue;
      return { replaced: found, last, node: { ...last, operator, inputs: [x], attributes: new Map() } };
    }
  }
  return undefined;
}

/** x of x · constant. */
function scaling(
  name: string,
  graph: NodeGraph,
): { readonly x: string; readonly parts: readonly OnnxNode[] } | undefined {
  const node = graph.writer(name);
  if (node === undefined || !SCALINGS.has(node.operator)) return undefined;
  const computed = node.inputs.filter((input) => !graph.isConstant(input));
  const [x] = computed;
  return x === undefined || computed.length !== 1 ? undefined : { x, parts: [node] };
}

interface Search {
  readonly x: string;
  readonly graph: NodeGraph;
  /** Nodes on the way, added as they are met. */
  readonly found: Set<OnnxNode>;
}

/** Whether a tensor is computed from x and constants only, by elementary operators. */
function leadsTo(name: string, search: Search): boolean {
  const { x, graph, found } = search;
  if (name === x || name === "" || graph.isConstant(name)) return true;
  const node = graph.writer(name);
  if (node === undefined || !PARTS.has(node.operator) || found.size > MAX_PARTS) return false;
  found.add(node);
  return node.inputs.every((input) => leadsTo(input, search));
}

function activationOf(operators: readonly string[]): string | undefined {
  const has = (operator: string): boolean => operators.includes(operator);
  if (has("Erf")) return "Gelu";
  if (has("Tanh")) return has("Softplus") ? "Mish" : has("Add") ? "Gelu" : undefined;
  if (has("HardSigmoid") || (has("Clip") && has("Add"))) return "HardSwish";
  return has("Sigmoid") ? "Swish" : undefined;
}

/** A product with, or quotient by, a constant that alone reads the result belongs to the activation. */
function withScaling(node: OnnxNode, graph: NodeGraph): OnnxNode {
  const [output = ""] = node.outputs;
  const [reader, another] = graph.readers(output);
  if (reader === undefined || another !== undefined || graph.isOutput(output)) return node;
  const [first = "", second = ""] = reader.inputs;
  const isScalar =
    SCALINGS.has(reader.operator) && (first === output ? isNumber(second, graph) : isNumber(first, graph));
  return isScalar ? reader : node;
}

const isNumber = (name: string, graph: NodeGraph): boolean => graph.isConstant(name) && graph.isSingle(name);

/** Whether nothing outside the group reads what is between. */
export function isClosed(
  nodes: ReadonlySet<OnnxNode>,
  { output, graph }: { readonly output: string; readonly graph: NodeGraph },
): boolean {
  return [...nodes].every((node) =>
    node.outputs.every(
      (name) =>
        name === output ||
        (!graph.isOutput(name) && graph.readers(name).every((reader) => nodes.has(reader))),
    ),
  );
}
