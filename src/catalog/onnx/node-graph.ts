/** Who writes and who reads each tensor of a graph, for finding patterns of nodes. */
import type { OnnxModel, OnnxNode } from "./onnx-model.ts";
import { product } from "./tensor-dims.ts";

/** Look-ups over the nodes of a graph. */
export interface NodeGraph {
  /** The node that writes a tensor; undefined of inputs and initializers. */
  readonly writer: (name: string) => OnnxNode | undefined;
  readonly readers: (name: string) => readonly OnnxNode[];
  /** Whether a tensor is the same for all data: an initializer or a Constant, also through Identity or Cast. */
  readonly isConstant: (name: string) => boolean;
  /** Whether a constant is a single number. */
  readonly isSingle: (name: string) => boolean;
  readonly isOutput: (name: string) => boolean;
}

/** Indexes a graph once. */
export function nodeGraph({ nodes, initializers, outputs }: OnnxModel): NodeGraph {
  const writers = new Map<string, OnnxNode>();
  const readers = new Map<string, OnnxNode[]>();
  for (const node of nodes) {
    for (const output of node.outputs) writers.set(output, node);
    for (const input of new Set(node.inputs)) {
      const known = readers.get(input);
      if (known === undefined) readers.set(input, [node]);
      else known.push(node);
    }
  }
  const constants = new Set(initializers.map(({ name }) => name));
  const outputNames = new Set(outputs.map(({ name }) => name));
  const isConstant = (name: string): boolean => {
    if (constants.has(name)) return true;
    const node = writers.get(name);
    if (node === undefined) return false;
    if (node.operator === "Constant") return true;
    const [input = ""] = node.inputs;
    return (node.operator === "Identity" || node.operator === "Cast") && isConstant(input);
  };
  const sizes = new Map(initializers.map(({ name, dims }) => [name, product(dims)]));
  const isSingle = (name: string): boolean => {
    const size = sizes.get(name);
    if (size !== undefined) return size === 1;
    const node = writers.get(name);
    if (node?.operator !== "Constant") return node !== undefined && isSingle(node.inputs[0] ?? "");
    const attribute = [...node.attributes.values()][0];
    return attribute?.tensor === undefined || product(attribute.tensor.dims) === 1;
  };
  return {
    writer: (name) => writers.get(name),
    readers: (name) => readers.get(name) ?? [],
    isConstant,
    isSingle,
    isOutput: (name) => outputNames.has(name),
  };
}
