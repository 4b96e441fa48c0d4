/** The state of one import: values by name, and the layers written so far. */
import type { Layer, Shape } from "../../performance/network.ts";
import { elementCount } from "../../performance/shape.ts";
import { sameShape } from "../layer-shape.ts";
import type { OnnxModel, OnnxNode } from "./onnx-model.ts";
import { type Dims, ImportProblem, sampleShape } from "./tensor-dims.ts";

/** Output of a layer, or the network's input. */
export interface Tensor {
  readonly name: string;
  readonly shape: Shape;
}

/** What a name of the graph holds: a constant, or the output of a layer, whose shape is that of one sample of `dims`. */
export type Value =
  | {
      readonly kind: "constant";
      readonly dims: Dims;
      /** Its numbers where they are known: shapes, axes, scales. */
      readonly data: readonly number[] | undefined;
      /** Whether the numbers are whole, so that a division is too. */
      readonly integral: boolean;
      /** Names of the learned tensors that it was made from. */
      readonly learned: readonly string[];
    }
  | { readonly kind: "computed"; readonly dims: Dims; readonly tensor: Tensor };
export type Constant = Extract<Value, { kind: "constant" }>;
export type Computed = Extract<Value, { kind: "computed" }>;

/** A layer as operators write it; name and inputs are filled in. */
type Fields<L> = L extends Layer ? Omit<L, "name" | "inputs" | "input"> : never;
export type LayerFields = Fields<Layer>;

/** Reads values and writes layers, for the operators. */
export interface Importing {
  readonly model: OnnxModel;
  /** Batch that the file fixes in its constants; undefined of a symbolic one. */
  readonly batchOfFile: number | undefined;
  /** The value of an input; throws when it is left out or unknown. */
  readonly input: (node: OnnxNode, index: number) => Value;
  readonly optionalInput: (node: OnnxNode, index: number) => Value | undefined;
  /** The tensor of a value; a constant becomes a source layer, which counts its learned numbers once. */
  readonly tensor: (value: Value, node: OnnxNode) => Tensor;
  /** The same elements in another shape; a reshape layer where it differs. */
  readonly shaped: (tensor: Tensor, shape: Shape) => Tensor;
  /** Writes a layer for a node that reads the tensors, the first of which gives its input shape. */
  readonly layer: (node: OnnxNode, from: readonly Tensor[], fields: LayerFields) => Tensor;
  readonly setComputed: (node: OnnxNode, index: number, dims: Dims, tensor: Tensor) => void;
  readonly setConstant: (node: OnnxNode, index: number, constant: Omit<Constant, "kind">) => void;
  /** Layer that wrote a tensor, seen through reshapes; undefined of the network's input. */
  readonly producer: (tensor: Tensor) => Layer | undefined;
  readonly replace: (layer: Layer) => void;
  /** How often a name of the graph is read. */
  readonly readers: (name: string) => number;
  /** Numbers learned by the named tensors, counted once over the whole import. */
  readonly countLearned: (names: readonly string[]) => number;
  readonly note: (text: string) => void;
}

/** What the import works on, and what it has found at the end. */
export interface ImportState extends Importing {
  readonly define: (name: string, value: Value) => void;
  readonly value: (name: string) => Value | undefined;
  /** A tensor without a producer: a further input of the network. */
  readonly source: (name: string, shape: Shape) => Tensor;
  /** The layers, without reshapes and sources that nothing reads. */
  readonly layers: () => readonly Layer[];
  readonly notes: () => readonly string[];
}

const NETWORK_INPUT = "input";
const MAX_NAME_CHARACTERS = 160;

/** Starts an import without values. `learnedCounts` holds the numbers of each learned tensor. */
export function startImport(
  model: OnnxModel,
  batchOfFile: number | undefined,
  learnedCounts: Map<string, number>,
): ImportState {
  const values = new Map<string, Value>();
  const layers = new Map<string, Layer>();
  /** Tensor that a reshape layer views. */
  const viewed = new Map<string, Tensor>();
  const usedNames = new Set([NETWORK_INPUT]);
  const counted = new Set<string>();
  const notes = new Set<string>();
  const readerCounts = new Map<string, number>();
  for (const name of [
    ...model.nodes.flatMap(({ inputs }) => inputs),
    ...model.outputs.map(({ name }) => name),
  ]) {
    readerCounts.set(name, (readerCounts.get(name) ?? 0) + 1);
  }

  const uniqueName = (wanted: string): string => {
    const base = (wanted.replace(/^\/+/, "") || "layer").slice(-MAX_NAME_CHARACTERS);
    let name = base;
    for (let number = 2; usedNames.has(name); number++) name = `${base}#${number}`;
    usedNames.add(name);
    return name;
  };
  const write = (layer: Layer): Tensor => {
    layers.set(layer.name, layer);
    return { name: layer.name, shape: layer.output };
  };
  const optionalInput = (node: OnnxNode, index: number): Value | undefined => {
    const name = node.inputs[index] ?? "";
    if (name === "") return undefined;
    const value = values.get(name);
    if (value !== undefined) return value;
    throw new ImportProblem(
      `it reads "${name}", which nothing before it writes`,
      "Check the file with onnx.checker; nodes stand in topological order.",
    );
  };
  const countLearned = (names: readonly string[]): number => {
    let count = 0;
    for (const name of names) {
      if (counted.has(name)) continue;
      counted.add(name);
      count += learnedCounts.get(name) ?? 0;
    }
    return count;
  };
  const source = (name: string, shape: Shape, weightCount = 0): Tensor =>
    write({ kind: "source", name: uniqueName(name), inputs: [], input: shape, output: shape, weightCount });
  const origin = (tensor: Tensor): Tensor => {
    const view = viewed.get(tensor.name);
    return view === undefined ? tensor : origin(view);
  };
  const shaped = (tensor: Tensor, shape: Shape): Tensor => {
    const from = origin(tensor);
    for (const candidate of [tensor, from]) if (sameShape(candidate.shape, shape)) return candidate;
    if (elementCount(from.shape) !== elementCount(shape)) {
      throw new ImportProblem(
        `[${from.shape.join(", ")}] does not have the elements of [${shape.join(", ")}]`,
        "Check the file, for example with onnx.checker; a size given with --dim may be wrong.",
      );
    }
    const name = uniqueName(`${from.name}.reshape`);
    const view = write({ kind: "reshape", name, inputs: [from.name], input: from.shape, output: shape });
    viewed.set(name, from);
    return view;
  };
  const define = (name: string, value: Value): void => {
    if (name !== "") values.set(name, value);
  };

  return {
    model,
    batchOfFile,
    input: (node, index) => {
      const value = optionalInput(node, index);
      if (value !== undefined) return value;
      throw new ImportProblem(`its input ${index + 1} is missing`, "Check the file with onnx.checker.");
    },
    optionalInput,
    tensor: (value, node) =>
      value.kind === "computed"
        ? value.tensor
        : source(
            value.learned[0] ?? `${nodeName(node)}.constant`,
            sampleShape(value.dims),
            countLearned(value.learned),
          ),
    shaped,
    layer: (node, from, fields) => {
      const name = uniqueName(nodeName(node));
      const [first] = from;
      const input = fields.kind === "concat" ? fields.output : (first?.shape ?? fields.output);
      const base = { name, inputs: from.map((tensor) => tensor.name), input };
      return write({ ...fields, ...base });
    },
    setComputed: (node, index, dims, tensor) => {
      define(node.outputs[index] ?? "", {
        kind: "computed",
        dims,
        tensor: shaped(tensor, sampleShape(dims)),
      });
    },
    setConstant: (node, index, constant) => {
      define(node.outputs[index] ?? "", { kind: "constant", ...constant });
    },
    producer: (tensor) => layers.get(origin(tensor).name),
    replace: (layer) => {
      layers.set(layer.name, layer);
    },
    readers: (name) => readerCounts.get(name) ?? 0,
    countLearned,
    note: (text) => {
      notes.add(text);
    },
    define,
    value: (name) => values.get(name),
    source: (name, shape) => source(name, shape),
    layers: () => readLayers([...layers.values()]),
    notes: () => [...notes],
  };
}

/** A name for a node's layer; many exporters give nodes no names, but outputs always have one. */
export function nodeName(node: OnnxNode): string {
  if (node.name !== "") return node.name;
  const output = node.outputs.find((name) => name !== "");
  return output ?? node.operator;
}

/** Leaves out reshapes and sources without weights that nothing reads. */
function readLayers(layers: readonly Layer[]): readonly Layer[] {
  const read = new Set<string>();
  const kept: Layer[] = [];
  for (const layer of layers.toReversed()) {
    const costless = layer.kind === "reshape" || (layer.kind === "source" && layer.weightCount === 0);
    if (costless && !read.has(layer.name)) continue;
    for (const name of layer.inputs) read.add(name);
    kept.push(layer);
  }
  return kept.reverse();
}
