/**
 * Sizes of an ONNX tensor with the batch among them.
 *
 * The batch is carried through the graph as one large prime: whatever an exporter does with it (reads it with Shape, multiplies
 * it by the heads, moves it to another axis), the axis whose size the prime divides holds it, and the quotient belongs to one
 * sample. No size of a real network is a multiple of it.
 */
import type { Shape } from "../../performance/network.ts";

/** Stands for the batch; a prime above any size of a tensor. */
export const BATCH = 1_000_003;

export type Dims = readonly number[];

/** A file, or an operator in it, that cannot be imported; import-onnx.ts turns it into an InvalidInput with the node's name. */
export class ImportProblem extends Error {
  override readonly name = "ImportProblem";
  readonly fix: string;

  constructor(message: string, fix: string) {
    super(message);
    this.fix = fix;
  }
}

/** Number of elements, the batch included. */
export function product(dims: Dims): number {
  return dims.reduce((total, size) => total * size, 1);
}

/** Whether a size holds the batch. */
export const holdsBatch = (size: number): boolean => size >= BATCH && size % BATCH === 0;

/** A size without the batch. */
export const perSample = (size: number): number => (holdsBatch(size) ? size / BATCH : size);

/** Axis that holds the batch; −1 of a tensor that is the same for all samples. Throws when two axes hold it. */
export function batchAxis(dims: Dims): number {
  const axis = dims.findIndex(holdsBatch);
  if (dims.filter(holdsBatch).length > 1) {
    throw new ImportProblem(
      "a tensor relates the samples of a batch to each other, which has no size per sample",
      "Export the network without that part, for example without its loss.",
    );
  }
  return axis;
}

/** Sizes of one sample: the batch's axis is left out, or divided by the batch where it was merged with another. */
export function sampleDims(dims: Dims): Dims {
  const axis = batchAxis(dims);
  return dims.flatMap((size, index) =>
    index !== axis ? [size] : perSample(size) === 1 ? [] : [perSample(size)],
  );
}

/** Shape of one sample as layers have it: at most three axes (leading ones are merged), at least one. */
export function sampleShape(dims: Dims): Shape {
  const sizes = sampleDims(dims).map((size) => Math.max(1, size));
  if (sizes.length === 0) return [1];
  if (sizes.length <= 3) return sizes;
  return [product(sizes.slice(0, -2)), ...sizes.slice(-2)];
}

/** An axis counted from the end when negative. */
export const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/**
 * Sizes of two tensors broadcast against each other, as numpy does. `batchOfFile` is the batch that a file with a fixed one
 * writes into its constants: that size meets the batch.
 */
export function broadcastDims(one: Dims, other: Dims, batchOfFile: number | undefined): Dims {
  const rank = Math.max(one.length, other.length);
  return Array.from({ length: rank }, (_, index) => {
    const [left, right] = [one.at(index - rank + one.length), other.at(index - rank + other.length)];
    const a = index < rank - one.length ? 1 : (left ?? 1);
    const b = index < rank - other.length ? 1 : (right ?? 1);
    if (a === b || b === 1) return a;
    if (a === 1) return b;
    const fixed = batchOfFile ?? Number.NaN;
    if (holdsBatch(a) && b === perSample(a) * fixed) return a;
    if (holdsBatch(b) && a === perSample(b) * fixed) return b;
    throw new ImportProblem(
      `tensors [${shown(one)}] and [${shown(other)}] cannot be broadcast`,
      "Check the file, for example with onnx.checker; a size given with --dim may be wrong.",
    );
  });
}

/** Sizes as text, with the batch as N. */
export function shown(dims: Dims): string {
  return dims
    .map((size) => (holdsBatch(size) ? (size === BATCH ? "N" : `${perSample(size)}N`) : String(size)))
    .join(", ");
}

/** What Reshape is asked for. */
export interface ReshapeRequest {
  readonly dims: Dims;
  /** 0 keeps the input's size, −1 takes what is left. */
  readonly target: readonly number[];
  readonly allowZero: boolean;
  readonly batchOfFile: number | undefined;
}

/** Sizes after a Reshape. In a file with a fixed batch a constant target names that batch, and its place is found in the result. */
export function reshapedDims({ dims, target, allowZero, batchOfFile }: ReshapeRequest): Dims {
  const axis = batchAxis(dims);
  const fixed = batchOfFile !== undefined && axis !== -1 && !target.some(holdsBatch);
  if (!fixed) return resolved(dims, target, allowZero);
  const inFile = dims.map((size, index) => (index === axis ? perSample(size) * batchOfFile : size));
  const result = resolved(inFile, target, allowZero);
  return withBatchAt(result, {
    elementsBefore: product(inFile.slice(0, axis)),
    elementsWithin: perSample(dims[axis] ?? 1),
    after: dims.slice(axis + 1),
    batchOfFile,
  });
}

function resolved(dims: Dims, target: readonly number[], allowZero: boolean): Dims {
  const kept = target.map((size, index) => (size === 0 && !allowZero ? (dims[index] ?? 1) : size));
  const rest = product(kept.filter((size) => size !== -1));
  const filled = kept.map((size) => (size === -1 ? product(dims) / rest : size));
  if (product(filled) === product(dims) && filled.every(Number.isInteger)) return filled;
  throw new ImportProblem(
    `[${shown(dims)}] cannot be reshaped to [${shown(target)}]`,
    "Check the file, for example with onnx.checker; a size given with --dim may be wrong.",
  );
}

/** Where the batch stood before a reshape. */
interface BatchPlace {
  readonly elementsBefore: number;
  /** Of one sample on the axis that held the batch; they stand before or after the batch in memory. */
  readonly elementsWithin: number;
  /** Sizes after it. */
  readonly after: Dims;
  readonly batchOfFile: number;
}

/**
 * Puts the batch back: on the axis that is just the batch, else on one that ends with it and leaves the axes after it as they
 * were ([steps, N, width] to [steps · N, width]), else on one that begins with it ([steps, N, width] to [steps, N · heads, …]).
 */
function withBatchAt(dims: Dims, { elementsBefore, elementsWithin, after, batchOfFile }: BatchPlace): Dims {
  const starts = dims.map((_, index) => product(dims.slice(0, index)));
  const begins = (index: number): boolean => starts[index] === elementsBefore;
  const isBatchAlone = (index: number, before: number): boolean =>
    starts[index] === before && dims[index] === batchOfFile;
  const ends = (index: number): boolean =>
    (starts[index] ?? 0) * (dims[index] ?? 0) === elementsBefore * batchOfFile;
  const sameAfter = (index: number): boolean => dims.slice(index + 1).join() === after.join();
  const find = (rule: (index: number) => boolean): number =>
    dims.findIndex((size, index) => size % batchOfFile === 0 && rule(index));
  const place = [
    find((index) => isBatchAlone(index, elementsBefore)),
    find((index) => isBatchAlone(index, elementsBefore * elementsWithin)),
    find((index) => ends(index) && sameAfter(index)),
    find(begins),
    find(ends),
  ].find((index) => index !== -1);
  if (place !== undefined) {
    return dims.map((size, index) => (index === place ? (size / batchOfFile) * BATCH : size));
  }
  throw new ImportProblem(
    `a reshape to [${shown(dims)}] mixes the batch with other axes`,
    "Export the network with a symbolic batch (dynamic_axes of torch.onnx.export).",
  );
}
