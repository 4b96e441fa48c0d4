/** Gemm, MatMul and Einsum: matrix products with learned weights (fc) or of two computed tensors (matmul). */
import { integerAttribute, textAttribute } from "./attributes.ts";
import type { Constant, Importing, Tensor, Value } from "./importing.ts";
import type { OnnxNode } from "./onnx-model.ts";
import {
  BATCH,
  batchAxis,
  broadcastDims,
  type Dims,
  holdsBatch,
  ImportProblem,
  perSample,
  product,
  sampleDims,
} from "./tensor-dims.ts";
import { unknownOperator } from "./unknown-operator.ts";

/** alpha · A · B + beta · C, of two matrices. */
export function gemm(importing: Importing, node: OnnxNode): void {
  const a = importing.input(node, 0);
  const b = importing.input(node, 1);
  const [rows = 1, inner = 1] = batchOnRows(
    integerAttribute(node, "transA", 0) === 1 ? a.dims.toReversed() : a.dims,
  );
  const columns = (integerAttribute(node, "transB", 0) === 1 ? b.dims[0] : b.dims[1]) ?? 1;
  const bias = importing.optionalInput(node, 2);
  const dims = [rows, columns];
  if (b.kind === "constant" && a.kind === "computed") {
    if (bias?.kind === "constant") importing.countLearned(bias.learned);
    const tensor = fc(importing, node, {
      from: a.tensor,
      weights: b,
      inner,
      columns,
      bias: bias !== undefined,
    });
    importing.setComputed(node, 0, dims, tensor);
    return;
  }
  const tensor = matmulLayer(importing, node, {
    left: a,
    right: b,
    sizes: { batches: 1, rows, inner, columns },
    dims,
  });
  importing.setComputed(node, 0, dims, tensor);
}

/**
 * In a file with a fixed batch of 1 a reshape to [steps, width] may have put the batch beside the width, where it has the same
 * place in memory; a product says that it belongs to the rows.
 */
function batchOnRows(dims: Dims): Dims {
  const [rows, inner] = [dims.at(-2), dims.at(-1)];
  if (rows === undefined || inner === undefined || !holdsBatch(inner)) return dims;
  return [...dims.slice(0, -2), rows * BATCH, perSample(inner)];
}

/** Product over the last two axes, the others broadcast. */
export function matmul(importing: Importing, node: OnnxNode): void {
  const [a, b] = [importing.input(node, 0), importing.input(node, 1)];
  const left = batchOnRows(a.dims.length === 1 ? [1, ...a.dims] : a.dims);
  const right = b.dims.length === 1 ? [...b.dims, 1] : b.dims;
  const [rows, inner] = [left.at(-2) ?? 1, left.at(-1) ?? 1];
  const columns = right.at(-1) ?? 1;
  const batchDims = broadcastDims(left.slice(0, -2), right.slice(0, -2), importing.batchOfFile);
  const dims = [
    ...batchDims,
    ...(a.dims.length === 1 ? [] : [rows]),
    ...(b.dims.length === 1 ? [] : [columns]),
  ];
  if (right.at(-2) !== inner) {
    throw new ImportProblem(
      `its factors have ${perSample(inner)} columns and ${perSample(right.at(-2) ?? 1)} rows, which differ`,
      "Check the file, for example with onnx.checker; a size given with --dim may be wrong.",
    );
  }
  if (b.kind === "constant" && a.kind === "computed" && product(right.slice(0, -2)) === 1) {
    importing.setComputed(
      node,
      0,
      dims,
      fc(importing, node, { from: a.tensor, weights: b, inner, columns, bias: false }),
    );
    return;
  }
  if (a.kind === "constant" && b.kind === "computed" && product(left.slice(0, -2)) === 1) {
    // W · x is (xᵀ · Wᵀ)ᵀ: the same product; the transpositions are left to the matrix kernel.
    importing.setComputed(
      node,
      0,
      dims,
      fc(importing, node, { from: b.tensor, weights: a, inner, columns: rows, bias: false }),
    );
    return;
  }
  const sizes = { batches: product(batchDims), rows, inner, columns };
  importing.setComputed(node, 0, dims, matmulLayer(importing, node, { left: a, right: b, sizes, dims }));
}

/** Sums of products named by an equation such as "bhid,bhjd->bhij", of two operands. */
export function einsum(importing: Importing, node: OnnxNode): void {
  const [operands = "", result] = textAttribute(node, "equation").replaceAll(" ", "").split("->");
  const [first = "", second, third] = operands.split(",");
  if (result === undefined || second === undefined || third !== undefined || operands.includes(".")) {
    unknownOperator(importing, node);
    return;
  }
  const [a, b] = [importing.input(node, 0), importing.input(node, 1)];
  const sizes = new Map<string, number>();
  for (const [labels, value] of [
    [first, a],
    [second, b],
  ] as const) {
    for (const [axis, label] of Array.from(labels).entries()) {
      const size = value.dims[axis] ?? 1;
      if (size !== 1 || !sizes.has(label)) sizes.set(label, size);
    }
  }
  const all = [...sizes.keys()];
  const over = (chosen: (label: string) => boolean): number =>
    product(all.filter(chosen).map((label) => sizes.get(label) ?? 1));
  const has = (labels: string, label: string): boolean => labels.includes(label);
  const batches = over((label) => has(first, label) && has(second, label) && has(result, label));
  const rows = over((label) => has(first, label) && !has(second, label));
  const columns = over((label) => !has(first, label) && has(second, label));
  const inner = over((label) => has(first, label) && has(second, label) && !has(result, label));
  const dims = Array.from(result).map((label) => sizes.get(label) ?? 1);
  if (b.kind === "constant" && a.kind === "computed" && batches === 1) {
    importing.setComputed(
      node,
      0,
      dims,
      fc(importing, node, { from: a.tensor, weights: b, inner, columns, bias: false }),
    );
    return;
  }
  importing.setComputed(
    node,
    0,
    dims,
    matmulLayer(importing, node, { left: a, right: b, sizes: { batches, rows, inner, columns }, dims }),
  );
}

interface Fc {
  readonly from: Tensor;
  readonly weights: Constant;
  readonly inner: number;
  readonly columns: number;
  readonly bias: boolean;
}

/** An fc layer over rows of `inner` numbers: a vector where a sample has one row, else a sequence. */
function fc(importing: Importing, node: OnnxNode, { from, weights, inner, columns, bias }: Fc): Tensor {
  const rows = product(from.shape) / inner;
  if (!Number.isInteger(rows)) {
    throw new ImportProblem(
      `its weights have ${perSample(inner)} rows, which do not divide the ${product(from.shape)} numbers of a sample`,
      "Check the file, for example with onnx.checker; a size given with --dim may be wrong.",
    );
  }
  importing.countLearned(weights.learned);
  const [input, output] =
    rows === 1
      ? [[inner], [columns]]
      : [
          [rows, inner],
          [rows, columns],
        ];
  return importing.layer(node, [importing.shaped(from, input)], { kind: "fc", output, bias });
}

interface Factors {
  readonly left: Value;
  readonly right: Value;
  readonly sizes: {
    readonly batches: number;
    readonly rows: number;
    readonly inner: number;
    readonly columns: number;
  };
  readonly dims: Dims;
}

function matmulLayer(importing: Importing, node: OnnxNode, { left, right, sizes, dims }: Factors): Tensor {
  const { batches, rows, inner, columns } = sizes;
  const holders = [batches, rows, columns].filter(holdsBatch).length;
  if (holdsBatch(inner) || holders > 1) {
    throw new ImportProblem(
      "it multiplies across the samples of a batch",
      "Export the network without that part, for example without its loss.",
    );
  }
  batchAxis(dims);
  const output = sampleDims(dims);
  const shape =
    output.length === 0
      ? [1]
      : output.length <= 3
        ? output
        : [product(output.slice(0, -2)), ...output.slice(-2)];
  return importing.layer(node, [importing.tensor(left, node), importing.tensor(right, node)], {
    kind: "matmul",
    output: shape,
    batches: perSample(batches),
    rows: perSample(rows),
    inner,
    columns: perSample(columns),
  });
}
