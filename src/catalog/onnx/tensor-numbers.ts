/** Numbers of a small ONNX tensor: shapes, axes, scales. Weights are never needed and stay bytes. */

/** More numbers than this are weights, of which only the shape matters. */
const MAX_NUMBERS = 65_536;

/** Fields of TensorProto that may hold the numbers. */
export interface TensorFields {
  readonly dims: readonly number[];
  readonly data_type: number;
  readonly float_data?: Uint8Array | undefined;
  readonly int32_data: readonly number[];
  readonly int64_data: readonly number[];
  readonly raw_data?: Uint8Array | undefined;
  readonly double_data?: Uint8Array | undefined;
  readonly data_location: number;
}

type Reader = (view: DataView, offset: number) => number;

/** Width in bytes and reader of each TensorProto.DataType in little-endian raw data. */
const RAW_TYPES: ReadonlyMap<number, readonly [width: number, read: Reader]> = new Map<
  number,
  readonly [number, Reader]
>([
  [1, [4, (view, at) => view.getFloat32(at, true)]],
  [2, [1, (view, at) => view.getUint8(at)]],
  [3, [1, (view, at) => view.getInt8(at)]],
  [4, [2, (view, at) => view.getUint16(at, true)]],
  [5, [2, (view, at) => view.getInt16(at, true)]],
  [6, [4, (view, at) => view.getInt32(at, true)]],
  [7, [8, (view, at) => Number(view.getBigInt64(at, true))]],
  [9, [1, (view, at) => view.getUint8(at)]],
  [11, [8, (view, at) => view.getFloat64(at, true)]],
  [12, [4, (view, at) => view.getUint32(at, true)]],
  [13, [8, (view, at) => Number(view.getBigUint64(at, true))]],
]);

/** The tensor's numbers, or undefined when it is large, of another type, or kept outside the file. */
export function tensorNumbers(tensor: TensorFields): readonly number[] | undefined {
  const count = tensor.dims.reduce((product, size) => product * size, 1);
  if (count > MAX_NUMBERS || tensor.data_location === 1) return undefined;
  const [packed, type] = packedBytes(tensor);
  if (packed !== undefined) return numbersOf(packed, type, count);
  const listed = tensor.int64_data.length > 0 ? tensor.int64_data : tensor.int32_data;
  return listed.length === count ? listed : undefined;
}

function packedBytes(tensor: TensorFields): readonly [Uint8Array | undefined, number] {
  if (tensor.raw_data !== undefined && tensor.raw_data.length > 0) {
    return [tensor.raw_data, tensor.data_type];
  }
  if (tensor.float_data !== undefined && tensor.float_data.length > 0) return [tensor.float_data, 1];
  return [tensor.double_data, 11];
}

function numbersOf(content: Uint8Array, type: number, count: number): readonly number[] | undefined {
  const raw = RAW_TYPES.get(type);
  if (raw === undefined) return undefined;
  const [width, read] = raw;
  if (content.length !== width * count) return undefined;
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  return Array.from({ length: count }, (_, index) => read(view, index * width));
}
