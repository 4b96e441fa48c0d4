/**
 * Reads a layer table as torchsummary, torchinfo and Keras print it. Such a text names neither kernels nor what a layer reads:
 * they are derived from parameters and shapes where these leave one possibility, and refused by line otherwise. Strides and
 * paddings are any that fit, since no operation or traffic count depends on them. What is no module (additions of a residual
 * network, functional calls) is not in such a text, and not in the network.
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Layer, Network, Shape } from "../performance/network.ts";
import { elementCount } from "../performance/shape.ts";
import { type InputProblem, InvalidInput } from "./input-problem.ts";
import { layerOfRow, type RowResult, type TableTensor } from "./layer-table-layers.ts";
import { type LayerTable, type LayerTableRow, layerTableRows } from "./layer-table-rows.ts";
import { networkName } from "./network-name.ts";
import { networkProblems } from "./network-graph.ts";
import { sameShape } from "./layer-shape.ts";

/** A network with what was assumed. */
export interface LayerTableImport {
  readonly network: Network;
  readonly notes: readonly string[];
}

/** Reads a file; `input` is the shape of one sample where the table does not print it. */
export function loadLayerTable(path: string, input: Shape | undefined): LayerTableImport {
  return layerTableNetwork(readText(path), path, input);
}

/** Reads a text; throws InvalidInput naming every line that cannot be a layer. */
export function layerTableNetwork(text: string, source: string, input: Shape | undefined): LayerTableImport {
  const table = layerTableRows(text);
  const [first] = table.rows;
  if (first === undefined) throw noTable(source);
  const inputShape = input ?? inputOfTable(table, first);
  if (inputShape === undefined) throw noInput(source, first);
  const state = start(inputShape);
  const problems: InputProblem[] = [];
  for (const row of table.rows) {
    const result = addRow(state, row, table.style);
    if (result?.kind === "refused") {
      problems.push({ path: `line ${row.line}`, value: row.type, message: result.message, fix: result.fix });
    }
  }
  if (problems.length > 0) throw new InvalidInput(source, problems.slice(0, MAX_PROBLEMS));
  const last = state.tensors.at(-1);
  if (last !== undefined)
    state.layers.push({ kind: "loss", name: "loss", inputs: [last.name], input: last.shape, output: [1] });
  const name = networkName(source);
  const network: Network = {
    name,
    title: name,
    source: `layer table ${basename(source)}`,
    input: inputShape,
    layers: state.layers,
  };
  checkGraph(network, source);
  return { network, notes: [...state.notes, NOTE] };
}

const MAX_PROBLEMS = 20;
const NOTE =
  "A layer table does not list what is no module (residual additions, functional calls); a loss on the last layer was added.";

interface State {
  /** Outputs so far, the network's input first. */
  readonly tensors: TableTensor[];
  readonly layers: Layer[];
  readonly names: Set<string>;
  readonly notes: Set<string>;
}

function start(input: Shape): State {
  return {
    tensors: [{ name: "input", shape: input }],
    layers: [],
    names: new Set(["input", "loss"]),
    notes: new Set(),
  };
}

/** Adds a row's layers; the input's own row adds none. */
function addRow(state: State, row: LayerTableRow, style: LayerTable["style"]): RowResult | undefined {
  if (row.type === "InputLayer") return undefined;
  const output = row.output === undefined ? undefined : shapeOf(row.output, style);
  const sources = candidates(state, row, style);
  const joined = joinedLayer(state, row, { sources, output });
  if (joined !== undefined) {
    write(state, joined);
    return { kind: "layer", layer: joined };
  }
  let refusal: RowResult | undefined;
  for (const [index, from] of sources.entries()) {
    const name = freeName(state, row.name);
    const result = layerOfRow({ row, name, from, output: output ?? from.shape });
    if (result.kind === "refused") {
      refusal ??= result;
      continue;
    }
    if (index > 0)
      state.notes.add(`line ${row.line}: read from "${from.name}", the last output that its parameters fit`);
    if (result.note !== undefined) state.notes.add(result.note);
    write(state, viewed(state, result.layer, from), output);
    return result;
  }
  return refusal;
}

/** Tensors that a row may read: those that it names, or all outputs, the latest first, where the row's parameters can tell. */
function candidates(state: State, row: LayerTableRow, style: LayerTable["style"]): readonly TableTensor[] {
  const named = row.connectedTo.flatMap((name) => state.tensors.filter((tensor) => tensor.name === name));
  if (named.length > 0) return named;
  const latest = state.tensors.toReversed();
  if (row.input !== undefined) {
    const shape = shapeOf(row.input, style);
    const same = latest.find((tensor) => elementCount(tensor.shape) === elementCount(shape));
    return same === undefined ? latest.slice(0, 1) : [same];
  }
  return row.parameters > 0 ? latest : latest.slice(0, 1);
}

interface Joining {
  readonly sources: readonly TableTensor[];
  readonly output: Shape | undefined;
}

/** Additions and concatenations, where Keras says what they read. */
function joinedLayer(state: State, row: LayerTableRow, { sources, output }: Joining): Layer | undefined {
  const type = row.type.toLowerCase();
  if (sources.length < 2 || row.connectedTo.length < 2 || output === undefined) return undefined;
  const name = freeName(state, row.name);
  const inputs = sources.map((tensor) => tensor.name);
  if (type === "add") return { kind: "add", name, inputs, input: output, output };
  if (type === "concatenate") return { kind: "concat", name, inputs, input: output, output };
  return {
    kind: "elementwise",
    name,
    inputs,
    input: sources[0]?.shape ?? output,
    output,
    operator: type,
    fullInputs: inputs.length,
  };
}

/** A layer that reads another view of its input, with the reshape that makes it. */
function viewed(state: State, layer: Layer, from: TableTensor): Layer {
  if (sameShape(layer.input, from.shape)) return layer;
  const name = freeName(state, `${layer.name}.reshape`);
  state.layers.push({ kind: "reshape", name, inputs: [from.name], input: from.shape, output: layer.input });
  state.names.add(name);
  return { ...layer, inputs: [name] };
}

function write(state: State, layer: Layer, printed?: Shape): void {
  state.layers.push(layer);
  state.names.add(layer.name);
  const isView =
    printed !== undefined &&
    elementCount(printed) === elementCount(layer.output) &&
    !sameShape(printed, layer.output);
  if (!isView) {
    state.tensors.push({ name: layer.name, shape: layer.output });
    return;
  }
  const name = freeName(state, `${layer.name}.output`);
  state.layers.push({ kind: "reshape", name, inputs: [layer.name], input: layer.output, output: printed });
  state.names.add(name);
  state.tensors.push({ name, shape: printed });
}

function freeName(state: State, wanted: string): string {
  let name = wanted;
  for (let number = 2; state.names.has(name); number++) name = `${wanted}#${number}`;
  return name;
}

/** A printed shape with channels first; more than three axes are merged from the front. */
function shapeOf(sizes: readonly number[], style: LayerTable["style"]): Shape {
  const [height = 1, width = 1, channels = 1] = sizes;
  const ordered = style === "keras" && sizes.length === 3 ? [channels, height, width] : sizes;
  if (ordered.length === 0) return [1];
  return ordered.length <= 3 ? ordered : [elementCount(ordered.slice(0, -2)), ...ordered.slice(-2)];
}

function inputOfTable({ style }: LayerTable, first: LayerTableRow): Shape | undefined {
  const printed = first.type === "InputLayer" ? first.output : first.input;
  return printed === undefined ? undefined : shapeOf(printed, style);
}

function checkGraph(network: Network, source: string): void {
  const problems = networkProblems(network).map(({ path, message, fix }) => ({
    path: `layer "${network.layers[Number(path[1])]?.name ?? ""}"`,
    value: undefined,
    message,
    fix: `${fix} The table's order may not be that of the data: export the network as ONNX.`,
  }));
  if (problems.length > 0) throw new InvalidInput(source, problems);
}

function noTable(source: string): InvalidInput {
  return new InvalidInput(source, [
    {
      path: "",
      value: basename(source),
      message: "it has no line that a summary tool prints for a layer",
      fix: "Give the text of torchinfo, torchsummary or Keras' model.summary(), or a .json, .onnx or .csv file.",
    },
  ]);
}

function noInput(source: string, { line, type }: LayerTableRow): InvalidInput {
  return new InvalidInput(source, [
    {
      path: `line ${line}`,
      value: type,
      message: "the table does not print the shape of the network's input",
      fix: "Give it with --input, for example --input 3x224x224.",
    },
  ]);
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new InvalidInput(path, [
      {
        path: "",
        value: path,
        message: `the file cannot be read (${error instanceof Error ? error.message : String(error)})`,
        fix: "Check its name and your permission to read it.",
      },
    ]);
  }
}
