/** Operators that change a tensor's axes but not its elements. */
import { integerAttribute, integersAttribute, integersOf, constantInput } from "./attributes.ts";
import { flatPlace, pickData } from "./constant-data.ts";
import type { Importing, Value } from "./importing.ts";
import type { OnnxNode } from "./onnx-model.ts";
import { axisOf, type Dims, ImportProblem, product, reshapedDims, sampleShape } from "./tensor-dims.ts";

/** Reshape, whose target is an attribute before operator set 5. */
export function reshape(importing: Importing, node: OnnxNode): void {
  const from = importing.input(node, 0);
  const target = integersOf(importing, node, { attribute: "shape", input: 1 }) ?? [];
  const allowZero = integerAttribute(node, "allowzero", 0) === 1;
  const dims = reshapedDims({ dims: from.dims, target, allowZero, batchOfFile: importing.batchOfFile });
  relabel(importing, node, { from, dims });
}

/** Flatten to two axes. */
export function flatten(importing: Importing, node: OnnxNode): void {
  const from = importing.input(node, 0);
  const axis = axisOf(integerAttribute(node, "axis", 1), from.dims.length);
  relabel(importing, node, {
    from,
    dims: [product(from.dims.slice(0, axis)), product(from.dims.slice(axis))],
  });
}

/** Squeeze: leaves out axes of size 1, all of them where none are named. */
export function squeeze(importing: Importing, node: OnnxNode): void {
  const from = importing.input(node, 0);
  const given = integersOf(importing, node, { attribute: "axes", input: 1 });
  const named = given?.map((axis) => axisOf(axis, from.dims.length));
  const dims = from.dims.filter((size, axis) => (named === undefined ? size !== 1 : !named.includes(axis)));
  relabel(importing, node, { from, dims });
}

/** Unsqueeze: puts in axes of size 1, counted in the result. */
export function unsqueeze(importing: Importing, node: OnnxNode): void {
  const from = importing.input(node, 0);
  const given = integersOf(importing, node, { attribute: "axes", input: 1 }) ?? [];
  const rank = from.dims.length + given.length;
  const put = new Set(given.map((axis) => axisOf(axis, rank)));
  const rest = [...from.dims];
  const dims = Array.from({ length: rank }, (_, axis) => (put.has(axis) ? 1 : (rest.shift() ?? 1)));
  relabel(importing, node, { from, dims });
}

interface Relabelling {
  readonly from: Value;
  readonly dims: Dims;
}

function relabel(importing: Importing, node: OnnxNode, { from, dims }: Relabelling): void {
  if (product(from.dims) !== product(dims)) {
    throw new ImportProblem(
      "it does not keep the elements of its input",
      "Check the file with onnx.checker.",
    );
  }
  if (from.kind === "constant") importing.setConstant(node, 0, { ...from, dims });
  else importing.setComputed(node, 0, dims, from.tensor);
}

/** Transpose. Moving the batch, or axes of size 1, leaves each sample as it is. */
export function transpose(importing: Importing, node: OnnxNode): void {
  const from = importing.input(node, 0);
  const order = integersAttribute(node, "perm") ?? [...from.dims.keys()].reverse();
  const dims = order.map((axis) => from.dims[axis] ?? 1);
  if (from.kind === "constant") {
    const data = pickData(from.data, dims, (index) => {
      const source = from.dims.map(() => 0);
      order.forEach((axis, place) => {
        source[axis] = index[place] ?? 0;
      });
      return flatPlace(source, from.dims);
    });
    importing.setConstant(node, 0, { ...from, dims, data });
    return;
  }
  const moved = order.filter((axis) => {
    const [size = 1] = sampleShape([from.dims[axis] ?? 1]);
    return size > 1;
  });
  const inOrder = moved.every((axis, place) => place === 0 || axis > (moved[place - 1] ?? 0));
  const tensor = inOrder
    ? importing.shaped(from.tensor, sampleShape(dims))
    : importing.layer(node, [from.tensor], {
        kind: "copy",
        output: sampleShape(dims),
        operator: "transpose",
      });
  importing.setComputed(node, 0, dims, tensor);
}

/** Shape: the sizes of a tensor, as numbers that later operators compute with; `start` and `end` since operator set 15. */
export function shapeOf(importing: Importing, node: OnnxNode): void {
  const { dims } = importing.input(node, 0);
  const sizes = dims.slice(integerAttribute(node, "start", 0), integerAttribute(node, "end", dims.length));
  importing.setConstant(node, 0, { dims: [sizes.length], data: sizes, integral: true, learned: [] });
}

/** Size: the number of elements. */
export function sizeOf(importing: Importing, node: OnnxNode): void {
  const { dims } = importing.input(node, 0);
  importing.setConstant(node, 0, { dims: [], data: [product(dims)], integral: true, learned: [] });
}

/** Expand and Tile: repeats elements. */
export function expand(importing: Importing, node: OnnxNode): void {
  const from = importing.input(node, 0);
  const wanted = constantInput(importing, node, 1) ?? [];
  const rank = Math.max(from.dims.length, wanted.length);
  const own = [...Array.from({ length: rank - from.dims.length }, () => 1), ...from.dims];
  const dims = own.map((size, axis) => {
    const asked = wanted[axis - rank + wanted.length] ?? 1;
    if (node.operator === "Tile") return size * asked;
    return size === 1 ? asked : size;
  });
  if (from.kind === "constant") {
    const data = pickData(from.data, dims, (index) =>
      flatPlace(
        index.map((at, axis) => at % (own[axis] ?? 1)),
        own,
      ),
    );
    importing.setConstant(node, 0, { ...from, dims, data });
    return;
  }
  const shape = sampleShape(dims);
  const tensor =
    product(shape) === product(from.tensor.shape)
      ? importing.shaped(from.tensor, shape)
      : importing.layer(node, [from.tensor], {
          kind: "copy",
          output: shape,
          operator: node.operator.toLowerCase(),
        });
  importing.setComputed(node, 0, dims, tensor);
}
