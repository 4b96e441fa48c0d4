/** Operators that make constants. */
import { constantInput } from "./attributes.ts";
import type { Importing } from "./importing.ts";
import type { OnnxNode, OnnxTensor } from "./onnx-model.ts";
import { holdsBatch, product } from "./tensor-dims.ts";

const FLOAT_TYPES: ReadonlySet<number> = new Set([1, 10, 11, 16]);
const MAX_NUMBERS = 65_536;

/** Whether a tensor of the file is learned: real numbers, more than one. */
export const isLearned = (tensor: OnnxTensor): boolean =>
  FLOAT_TYPES.has(tensor.dataType) && product(tensor.dims) > 1;

/** Constant: a tensor or numbers written into the node. Exporters put folded masks and scales there, not weights. */
export function constant(importing: Importing, node: OnnxNode): void {
  const [name, attribute] = [...node.attributes][0] ?? [];
  if (attribute === undefined || name === undefined) {
    importing.setConstant(node, 0, { dims: [], data: undefined, integral: false, learned: [] });
    return;
  }
  const { tensor } = attribute;
  if (tensor !== undefined) {
    importing.setConstant(node, 0, {
      dims: tensor.dims,
      data: tensor.numbers,
      integral: !FLOAT_TYPES.has(tensor.dataType),
      learned: [],
    });
    return;
  }
  const integral = name.startsWith("value_int");
  const list = integral ? attribute.integers : attribute.reals;
  const isList = name.endsWith("s");
  const data = isList ? list : [integral ? attribute.integer : attribute.real];
  importing.setConstant(node, 0, { dims: isList ? [data.length] : [], data, integral, learned: [] });
}

/**
 * ConstantOfShape: one number repeated. Files without weights ("light" models) make their weights so; a repeated 0 or 1 is
 * a mask or an initial state.
 */
export function constantOfShape(
  importing: Importing,
  node: OnnxNode,
  learnedCounts: Map<string, number>,
): void {
  const dims = constantInput(importing, node, 0) ?? [];
  const tensor = node.attributes.get("value")?.tensor;
  const value = tensor?.numbers?.[0] ?? 0;
  const integral = tensor !== undefined && !FLOAT_TYPES.has(tensor.dataType);
  const count = product(dims);
  const name = node.outputs[0] ?? "";
  const learned = !integral && value !== 0 && value !== 1 && count > 1 && !dims.some(holdsBatch);
  if (learned) learnedCounts.set(name, count);
  const data = count <= MAX_NUMBERS ? Array.from({ length: count }, () => value) : undefined;
  importing.setConstant(node, 0, { dims, data, integral, learned: learned ? [name] : [] });
}

/** Range: start, limit, step. */
export function range(importing: Importing, node: OnnxNode): void {
  const [start = 0] = constantInput(importing, node, 0) ?? [];
  const [limit = 0] = constantInput(importing, node, 1) ?? [];
  const [step = 1] = constantInput(importing, node, 2) ?? [];
  const count = Math.max(0, Math.ceil((limit - start) / step));
  const data =
    count <= MAX_NUMBERS ? Array.from({ length: count }, (_, index) => start + index * step) : undefined;
  importing.setConstant(node, 0, {
    dims: [count],
    data,
    integral: Number.isInteger(start) && Number.isInteger(step),
    learned: [],
  });
}
