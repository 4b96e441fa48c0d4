/** Operators without a model: carried as layers of kind "unknown", so that an answer can list them. */
import type { Importing, Value } from "./importing.ts";
import { nodeName } from "./importing.ts";
import type { OnnxNode } from "./onnx-model.ts";
import { BATCH, type Dims, ImportProblem, product, sampleShape } from "./tensor-dims.ts";

/** Writes an unknown layer. Its shapes are those noted in the file; failing that, its first input's. */
export function unknownOperator(importing: Importing, node: OnnxNode): void {
  const values = node.inputs.flatMap((name, index) => (name === "" ? [] : [importing.input(node, index)]));
  const learned = values.flatMap((value) => (value.kind === "constant" ? value.learned : []));
  const from = values
    .filter((value) => value.kind === "computed")
    .map((value) => importing.tensor(value, node));
  const operator = node.domain === "" ? node.operator : `${node.domain}.${node.operator}`;
  const weightCount = importing.countLearned(learned);
  for (const [index, output] of node.outputs.entries()) {
    if (output === "") continue;
    const dims = notedDims(importing, output) ?? assumedDims(importing, node, values);
    const tensor = importing.layer(node, from, {
      kind: "unknown",
      output: sampleShape(dims),
      operator,
      weightCount: index === 0 ? weightCount : 0,
    });
    importing.setComputed(node, index, dims, tensor);
  }
}

/** Shape that the exporter noted for a tensor, where it is complete besides the batch. */
function notedDims({ model, batchOfFile }: Importing, name: string): Dims | undefined {
  const noted = [...model.valueInfos, ...model.outputs].find((info) => info.name === name)?.dims;
  if (noted === undefined) return undefined;
  const dims = noted.map((size, axis) => {
    const isBatch = axis === 0 && (typeof size !== "number" || size === batchOfFile);
    return isBatch ? BATCH : size;
  });
  const known = dims.filter((size) => typeof size === "number");
  return known.length === dims.length ? known : undefined;
}

function assumedDims(importing: Importing, node: OnnxNode, values: readonly Value[]): Dims {
  const widest = values
    .filter((value) => value.kind === "computed")
    .reduce<Dims | undefined>(
      (most, { dims }) => (most === undefined || product(dims) > product(most) ? dims : most),
      undefined,
    );
  if (widest === undefined) {
    throw new ImportProblem(
      "the operator is not known, and the file does not note the shape that it writes",
      "Run onnx.shape_inference on the file first, or replace the operator.",
    );
  }
  importing.note(
    `${nodeName(node)}: the shape that ${node.operator} writes is not in the file and is taken for that of its input`,
  );
  return widest;
}
