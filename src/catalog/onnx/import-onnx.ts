/** Reads an ONNX file as a network: shape inference over its graph, one layer for each operator that does work. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Layer, Network, UnknownLayer } from "../../performance/network.ts";
import { InvalidInput } from "../input-problem.ts";
import { networkProblems } from "../network-graph.ts";
import { networkName } from "../network-name.ts";
import { constantOfShape, isLearned } from "./constant-operators.ts";
import { fusePatterns } from "./fuse-patterns.ts";
import { graphInputs } from "./graph-inputs.ts";
import { type ImportState, nodeName, startImport } from "./importing.ts";
import { decodeOnnx, type OnnxModel, type OnnxNode } from "./onnx-model.ts";
import { OPERATORS } from "./operator-table.ts";
import { ImportProblem, product, sampleShape } from "./tensor-dims.ts";
import { unknownOperator } from "./unknown-operator.ts";

/** Domains whose operators mean what ONNX's of the same name do. */
const SAME_MEANING: ReadonlySet<string> = new Set([
  "com.microsoft Gelu",
  "com.microsoft FastGelu",
  "com.microsoft QuickGelu",
  "com.microsoft SimplifiedLayerNormalization",
]);
/** Operator sets that the importers were written for. */
const OLDEST_OPSET = 7;
const NEWEST_OPSET = 21;

/** A network out of an ONNX file. */
export interface OnnxImport {
  readonly network: Network;
  /** Layers of kind "unknown": operators without a model. */
  readonly unknown: readonly UnknownLayer[];
  /** What was assumed, each a sentence. */
  readonly notes: readonly string[];
}

/** Sizes of symbolic axes besides the batch, by symbol. */
export interface OnnxOptions {
  readonly dimensions: ReadonlyMap<string, number>;
}

/** Imports a file; throws InvalidInput naming the file, the node and what to do. */
export function importOnnxFile(path: string, options: OnnxOptions): OnnxImport {
  let content: Uint8Array;
  try {
    content = readFileSync(path);
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
  return importOnnx(content, path, options);
}

/** Imports the bytes of a file; `source` names it in errors. */
export function importOnnx(content: Uint8Array, source: string, options: OnnxOptions): OnnxImport {
  const model = fusePatterns(decodeOnnx(content, source));
  let at = "/graph/input";
  try {
    const { inputs, batchOfFile } = graphInputs(model, options.dimensions);
    const [first, ...others] = inputs;
    const learnedCounts = new Map<string, number>();
    const state = startImport(model, batchOfFile, learnedCounts);
    for (const tensor of model.initializers) {
      const learned = isLearned(tensor);
      if (learned) learnedCounts.set(tensor.name, product(tensor.dims));
      state.define(tensor.name, {
        kind: "constant",
        dims: tensor.dims,
        data: tensor.numbers,
        integral: tensor.dataType !== 1 && tensor.dataType !== 10 && tensor.dataType !== 11,
        learned: learned ? [tensor.name] : [],
      });
    }
    const input = sampleShape(first?.dims ?? []);
    state.define(first?.name ?? "", {
      kind: "computed",
      dims: first?.dims ?? [],
      tensor: { name: "input", shape: input },
    });
    for (const { name, dims } of others) {
      state.define(name, { kind: "computed", dims, tensor: state.source(name, sampleShape(dims)) });
    }
    for (const [index, node] of model.nodes.entries()) {
      at = `/graph/node/${index} (${node.operator} "${nodeName(node)}")`;
      importNode(state, node, learnedCounts);
    }
    at = "";
    return finished(model, { state, source, input });
  } catch (error) {
    if (!(error instanceof ImportProblem)) throw error;
    throw new InvalidInput(source, [
      { path: at, value: at.split("(")[1]?.slice(0, -1), message: error.message, fix: error.fix },
    ]);
  }
}

function importNode(state: ImportState, node: OnnxNode, learnedCounts: Map<string, number>): void {
  if (node.operator === "ConstantOfShape" && node.domain === "") {
    constantOfShape(state, node, learnedCounts);
    return;
  }
  const known = node.domain === "" || SAME_MEANING.has(`${node.domain} ${node.operator}`);
  const importer = known ? OPERATORS.get(node.operator) : undefined;
  (importer ?? unknownOperator)(state, node);
}

interface Finishing {
  readonly state: ImportState;
  readonly source: string;
  readonly input: readonly number[];
}

function finished(model: OnnxModel, { state, source, input }: Finishing): OnnxImport {
  const lossNote = addLoss(model, state);
  const layers = state.layers();
  const name = networkName(source);
  const network: Network = {
    name,
    title: name,
    source: `ONNX file ${basename(source)}, operator set ${model.opset}${model.producer === "" ? "" : `, written by ${model.producer}`}`,
    input,
    layers,
  };
  const [problem] = networkProblems(network);
  if (problem !== undefined) {
    throw new ImportProblem(
      `the layers do not fit together at ${problem.path.join("/")}: ${problem.message}`,
      problem.fix,
    );
  }
  const unknown = layers.filter((layer: Layer) => layer.kind === "unknown");
  return {
    network,
    unknown,
    notes: [...opsetNotes(model), ...state.notes(), ...lossNote, ...foldingNotes(layers)],
  };
}

/** A training iteration ends in a loss; where no softmax of the graph has become one, the first output gets it. */
function addLoss(model: OnnxModel, state: ImportState): readonly string[] {
  const layers = state.layers();
  if (layers.some(({ kind }) => kind === "loss"))
    return ["The softmax at the end is taken for the loss (softmax with cross entropy)."];
  const value = model.outputs
    .map(({ name }) => state.value(name))
    .find((found) => found?.kind === "computed");
  if (value?.kind !== "computed") return [];
  const node: OnnxNode = {
    name: "loss",
    operator: "loss",
    domain: "",
    inputs: [],
    outputs: [],
    attributes: new Map(),
  };
  state.layer(node, [value.tensor], { kind: "loss", output: [1] });
  return ["A loss on the first output was added, as training has one."];
}

/** Exporters fold batch normalisation into the convolution before it, unless they are told to export for training. */
function foldingNotes(layers: readonly Layer[]): readonly string[] {
  const has = (kind: Layer["kind"]): boolean => layers.some((layer) => layer.kind === kind);
  if (!has("conv") || has("norm")) return [];
  return [
    "The file has convolutions and no normalisation: if the network has batch normalisation, the export folded it away; export for training (docs/bring-your-network.md).",
  ];
}

function opsetNotes({ opset }: OnnxModel): readonly string[] {
  if (opset >= OLDEST_OPSET && opset <= NEWEST_OPSET) return [];
  return [
    `Operator set ${opset} is outside ${OLDEST_OPSET} to ${NEWEST_OPSET}, for which the import was written.`,
  ];
}
