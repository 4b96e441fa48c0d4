/** Operators that pick, join or repeat elements: Concat, Split, Slice, Gather, Pad, Resize. */
import {
  constantInput,
  integerAttribute,
  integersAttribute,
  integersOf,
  optionalInteger,
} from "./attributes.ts";
import { flatPlace, pickData } from "./constant-data.ts";
import type { Importing, Value } from "./importing.ts";
import type { OnnxNode } from "./onnx-model.ts";
import {
  axisOf,
  BATCH,
  type Dims,
  holdsBatch,
  ImportProblem,
  product,
  sampleDims,
  sampleShape,
} from "./tensor-dims.ts";

/** Concat along one axis. */
export function concat(importing: Importing, node: OnnxNode): void {
  const all = node.inputs.map((_, index) => importing.input(node, index));
  const values = all.filter((value) => product(value.dims) > 0);
  const widest = values.find((value) => value.dims.some(holdsBatch)) ?? values[0];
  if (widest === undefined) throw new ImportProblem("it has no inputs", "Check the file with onnx.checker.");
  const axis = axisOf(integerAttribute(node, "axis", 1), widest.dims.length);
  const joined = values.reduce((total, { dims }) => total + (dims[axis] ?? 1), 0);
  const dims = widest.dims.map((size, place) => (place === axis ? joined : size));
  if (values.every((value) => value.kind === "constant")) {
    const known = values.flatMap((value) => (value.data === undefined ? [] : [value.data]));
    importing.setConstant(node, 0, {
      dims,
      data: dims.length === 1 && known.length === values.length ? known.flat() : undefined,
      integral: values.every((value) => value.integral),
      learned: [...new Set(values.flatMap((value) => value.learned))],
    });
    return;
  }
  const tensors = values.map((value) => importing.tensor(value, node));
  const [only] = tensors;
  if (tensors.length === 1 && only !== undefined) {
    importing.setComputed(node, 0, dims, only);
    return;
  }
  // An image joined along its channels keeps its shape; all else is rows that are joined end to end.
  const outer = product(sampleDims(dims.slice(0, axis)));
  const isImage = dims.length === 4 && axis === 1 && holdsBatch(dims[0] ?? 1);
  const parts = isImage
    ? tensors
    : tensors.map((tensor) => importing.shaped(tensor, [outer, product(tensor.shape) / outer]));
  const output = isImage ? sampleShape(dims) : [outer, product(sampleShape(dims)) / outer];
  const layer = importing.layer(node, parts, { kind: "concat", output });
  importing.setComputed(node, 0, dims, layer);
}

/** Split into parts of given sizes, or of equal ones. */
export function split(importing: Importing, node: OnnxNode): void {
  const from = importing.input(node, 0);
  const axis = axisOf(integerAttribute(node, "axis", 0), from.dims.length);
  const size = from.dims[axis] ?? 1;
  const parts = optionalInteger(node, "num_outputs") ?? node.outputs.length;
  const equal = Math.ceil(size / parts);
  const sizes =
    integersOf(importing, node, { attribute: "split", input: 1 }) ??
    Array.from({ length: parts }, (_, index) => Math.min(equal, size - index * equal));
  let start = 0;
  for (const [index, part] of sizes.entries()) {
    const dims = from.dims.map((own, place) => (place === axis ? part : own));
    select(importing, node, {
      index,
      from,
      dims,
      operator: "split",
      start: from.dims.map((_, place) => (place === axis ? start : 0)),
    });
    start += part;
  }
}

/** Slice: attributes before operator set 10, inputs since. */
export function slice(importing: Importing, node: OnnxNode): void {
  const from = importing.input(node, 0);
  const starts = integersOf(importing, node, { attribute: "starts", input: 1 }) ?? [];
  const ends = integersOf(importing, node, { attribute: "ends", input: 2 }) ?? [];
  const axes = integersOf(importing, node, { attribute: "axes", input: 3 }) ?? [...starts.keys()];
  const steps = constantInput(importing, node, 4) ?? starts.map(() => 1);
  const dims = [...from.dims];
  const first = from.dims.map(() => 0);
  const stride = from.dims.map(() => 1);
  axes.forEach((given, place) => {
    const axis = axisOf(given, from.dims.length);
    const size = from.dims[axis] ?? 1;
    const step = steps[place] ?? 1;
    const clamp = (at: number, least: number, most: number): number =>
      Math.min(Math.max(at < 0 ? at + size : at, least), most);
    const [start, end] =
      step > 0
        ? [clamp(starts[place] ?? 0, 0, size), clamp(ends[place] ?? size, 0, size)]
        : [clamp(starts[place] ?? size, 0, size - 1), clamp(ends[place] ?? -1, -1, size - 1)];
    dims[axis] = Math.max(0, Math.ceil((end - start) / step));
    first[axis] = start;
    stride[axis] = step;
  });
  select(importing, node, { index: 0, from, dims, operator: "slice", start: first, stride });
}

interface Selection {
  readonly index: number;
  readonly from: Value;
  readonly dims: Dims;
  readonly operator: string;
  readonly start: Dims;
  readonly stride?: Dims;
}

function select(
  importing: Importing,
  node: OnnxNode,
  { index, from, dims, operator, start, stride }: Selection,
): void {
  if (from.kind === "constant") {
    const data = pickData(from.data, dims, (at) =>
      flatPlace(
        at.map((place, axis) => (start[axis] ?? 0) + place * (stride?.[axis] ?? 1)),
        from.dims,
      ),
    );
    importing.setConstant(node, index, { ...from, dims, data });
    return;
  }
  if (product(dims) === 0) {
    importing.setConstant(node, index, { dims, data: [], integral: false, learned: [] });
    return;
  }
  const shape = sampleShape(dims);
  const whole = product(shape) === product(from.tensor.shape);
  const tensor = whole
    ? importing.shaped(from.tensor, shape)
    : importing.layer(node, [from.tensor], { kind: "copy", output: shape, operator });
  importing.setComputed(node, index, dims, tensor);
}

/** Gather: rows of a learned table are an embedding; of a computed tensor, a copy. */
export function gather(importing: Importing, node: OnnxNode): void {
  const table = importing.input(node, 0);
  const indices = importing.input(node, 1);
  const axis = axisOf(integerAttribute(node, "axis", 0), table.dims.length);
  const dims = [...table.dims.slice(0, axis), ...indices.dims, ...table.dims.slice(axis + 1)];
  if (table.kind === "constant") {
    const isTable = table.learned.length > 0 && table.dims.length === 2 && axis === 0;
    if (isTable && product(indices.dims) > 1) {
      const [vocabulary = 1, width = 1] = table.dims;
      const tokens = importing.tensor(indices, node);
      const steps = product(tokens.shape);
      importing.countLearned(table.learned);
      const layer = importing.layer(node, [importing.shaped(tokens, [steps])], {
        kind: "embedding",
        output: [steps, width],
        vocabulary,
      });
      importing.setComputed(node, 0, dims, layer);
      return;
    }
    if (indices.kind === "constant") {
      const data = pickData(table.data, dims, (at) => {
        const [before, within] = [at.slice(0, axis), at.slice(axis, axis + indices.dims.length)];
        const chosen = indices.data?.[flatPlace(within, indices.dims)] ?? Number.NaN;
        const size = table.dims[axis] ?? 1;
        return flatPlace(
          [...before, chosen < 0 ? chosen + size : chosen, ...at.slice(axis + indices.dims.length)],
          table.dims,
        );
      });
      importing.setConstant(node, 0, { ...table, dims, data: indices.data === undefined ? undefined : data });
      return;
    }
  }
  copyOf(importing, node, { dims, operator: "gather" });
}

/** GatherElements has the shape of its indices; GatherND that of the places its indices name. */
export function gatherPlaces(importing: Importing, node: OnnxNode): void {
  const table = importing.input(node, 0);
  const indices = importing.input(node, 1);
  const dims =
    node.operator === "GatherElements"
      ? indices.dims
      : [
          ...indices.dims.slice(0, -1),
          ...table.dims.slice(integerAttribute(node, "batch_dims", 0) + (indices.dims.at(-1) ?? 1)),
        ];
  copyOf(importing, node, { dims, operator: node.operator.toLowerCase() });
}

/** ScatterElements and ScatterND write into a copy of their first input. */
export function scatter(importing: Importing, node: OnnxNode): void {
  copyOf(importing, node, { dims: importing.input(node, 0).dims, operator: node.operator.toLowerCase() });
}

/** Pad: an attribute before operator set 11, an input since, with the axes that it is for since 18. */
export function pad(importing: Importing, node: OnnxNode): void {
  const { dims } = importing.input(node, 0);
  const pads = integersAttribute(node, "pads") ?? constantInput(importing, node, 1) ?? [];
  const axes = (constantInput(importing, node, 3) ?? [...dims.keys()]).map((axis) =>
    axisOf(axis, dims.length),
  );
  const padded = dims.map((size, axis) => {
    const place = axes.indexOf(axis);
    return place === -1 ? size : size + (pads[place] ?? 0) + (pads[place + axes.length] ?? 0);
  });
  copyOf(importing, node, { dims: padded, operator: "pad" });
}

/** Resize and Upsample: scales as an attribute (7), second (9, 10) or third input; sizes as the fourth (from 11 on). */
export function resize(importing: Importing, node: OnnxNode): void {
  const { dims } = importing.input(node, 0);
  const sizes = constantInput(importing, node, 3);
  const axes = integersAttribute(node, "axes")?.map((axis) => axisOf(axis, dims.length)) ?? [...dims.keys()];
  const scales =
    node.attributes.get("scales")?.reals ?? constantInput(importing, node, node.inputs.length > 2 ? 2 : 1);
  const resized = dims.map((size, axis) => {
    const place = axes.indexOf(axis);
    if (place === -1 || holdsBatch(size)) return size;
    const scale = scales?.[place];
    return sizes?.[place] ?? (scale === undefined ? size : Math.floor(size * scale));
  });
  copyOf(importing, node, { dims: resized, operator: "resize" });
}

/** DepthToSpace and SpaceToDepth: blocks of channels become blocks of positions, and back. */
export function depthSpace(importing: Importing, node: OnnxNode): void {
  const [batch = BATCH, channels = 1, height = 1, width = 1] = importing.input(node, 0).dims;
  const block = integerAttribute(node, "blocksize", 1);
  const dims =
    node.operator === "DepthToSpace"
      ? [batch, channels / block ** 2, height * block, width * block]
      : [batch, channels * block ** 2, height / block, width / block];
  copyOf(importing, node, { dims, operator: node.operator.toLowerCase() });
}

interface Copy {
  readonly dims: Dims;
  readonly operator: string;
}

/** A copy layer of the first input. */
function copyOf(importing: Importing, node: OnnxNode, { dims, operator }: Copy): void {
  const from = importing.tensor(importing.input(node, 0), node);
  const layer = importing.layer(node, [from], { kind: "copy", output: sampleShape(dims), operator });
  importing.setComputed(node, 0, dims, layer);
}
