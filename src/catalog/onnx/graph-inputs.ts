/** Sizes of a graph's inputs: which axis is the batch, and what the file leaves open. */
import type { OnnxModel, OnnxValueInfo } from "./onnx-model.ts";
import { BATCH, type Dims, ImportProblem } from "./tensor-dims.ts";

/** An input that is no initializer, with the batch in its place. */
export interface GraphInput {
  readonly name: string;
  readonly dims: Dims;
}

/** The inputs, and the batch that a file without a symbolic one fixes. */
export interface GraphInputs {
  readonly inputs: readonly GraphInput[];
  readonly batchOfFile: number | undefined;
}

const BATCH_SYMBOL = /^(n|b|bs|batch.*|.*batch(_size)?)$/i;

/**
 * Sizes of all inputs. The batch is the axis with a symbol named like it, else the first axis. Other symbols take their size
 * from `dimensions`, by symbol or as "input.axis"; throws where one is missing.
 */
export function graphInputs(model: OnnxModel, dimensions: ReadonlyMap<string, number>): GraphInputs {
  const initializers = new Set(model.initializers.map(({ name }) => name));
  const open = model.inputs.filter(({ name }) => !initializers.has(name));
  const [first] = open;
  if (first === undefined) {
    throw new ImportProblem(
      "the graph has no input besides its weights",
      "Export the network with its input.",
    );
  }
  const firstBatch = first.dims?.[batchAxisOf(first, undefined)];
  const batchOfFile = typeof firstBatch === "number" ? firstBatch : undefined;
  return { batchOfFile, inputs: open.map((info) => inputOf(info, { batchOfFile, dimensions })) };
}

/** Axis of the batch; −1 where there is none. */
function batchAxisOf({ dims = [] }: OnnxValueInfo, batchOfFile: number | undefined): number {
  const named = dims.findIndex((size) => typeof size === "string" && BATCH_SYMBOL.test(size));
  if (named !== -1) return named;
  if (batchOfFile === undefined) return dims.length === 0 ? -1 : 0;
  return dims[0] === undefined || typeof dims[0] === "string" ? 0 : dims.indexOf(batchOfFile);
}

interface Sizes {
  readonly batchOfFile: number | undefined;
  readonly dimensions: ReadonlyMap<string, number>;
}

function inputOf(info: OnnxValueInfo, { batchOfFile, dimensions }: Sizes): GraphInput {
  if (info.dims === undefined) {
    throw new ImportProblem(
      `the file gives no shape for input "${info.name}"`,
      "Export with the shapes of the inputs.",
    );
  }
  const batch = batchAxisOf(info, batchOfFile);
  const dims = info.dims.map((size, axis) => {
    if (axis === batch) return BATCH;
    if (typeof size === "number") return size;
    const place = `${info.name}.${axis}`;
    const given = dimensions.get(place) ?? (size === undefined ? undefined : dimensions.get(size));
    if (given !== undefined) return given;
    const name = size ?? place;
    throw new ImportProblem(
      `axis ${axis} of input "${info.name}" has no fixed size${size === undefined ? "" : ` but the symbol "${size}"`}`,
      `Give it with --dim ${name}=SIZE, for example --dim ${name}=128.`,
    );
  });
  return { name: info.name, dims };
}
