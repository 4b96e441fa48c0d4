/** Arithmetic on small known tensors, as exporters use it to compute shapes. */
import { type Dims, product } from "./tensor-dims.ts";

/** More results than this are no shape; only their sizes are kept. */
const MAX_RESULTS = 65_536;

/** Elements of a result picked from a tensor's numbers by place; undefined when they are not known. */
export function pickData(
  data: readonly number[] | undefined,
  dims: Dims,
  placeOf: (index: readonly number[]) => number,
): readonly number[] | undefined {
  const count = product(dims);
  if (data === undefined || count > MAX_RESULTS) return undefined;
  return Array.from({ length: count }, (_, flat) => data[placeOf(unravelled(flat, dims))] ?? Number.NaN);
}

/** A function of two broadcast tensors' numbers, element by element. */
export function combineData(
  operands: readonly { readonly data: readonly number[] | undefined; readonly dims: Dims }[],
  dims: Dims,
  compute: (...numbers: number[]) => number,
): readonly number[] | undefined {
  const picked = operands.map((operand) =>
    pickData(operand.data, dims, (index) => broadcastPlace(index, operand.dims)),
  );
  const known = picked.flatMap((data) => (data === undefined ? [] : [data]));
  if (known.length < operands.length || product(dims) > MAX_RESULTS) return undefined;
  return Array.from({ length: product(dims) }, (_, flat) =>
    compute(...known.map((data) => data[flat] ?? Number.NaN)),
  );
}

/** Index along each axis of a flat, row-major place. */
function unravelled(flat: number, dims: Dims): readonly number[] {
  const index: number[] = [];
  let rest = flat;
  for (const size of dims.toReversed()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return index;
}

/** Flat, row-major place of an index. */
export function flatPlace(index: readonly number[], dims: Dims): number {
  return index.reduce((place, at, axis) => place * (dims[axis] ?? 1) + at, 0);
}

function broadcastPlace(index: readonly number[], dims: Dims): number {
  const own = dims.length === 0 ? [] : index.slice(-dims.length);
  return flatPlace(
    own.map((at, axis) => (dims[axis] === 1 ? 0 : at)),
    dims,
  );
}
