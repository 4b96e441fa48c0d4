/** Writes small ONNX files for tests, with the protobuf type that the import reads them with. */
import { importOnnx, type OnnxImport } from "../../../src/catalog/onnx/import-onnx.ts";
import { onnxModelType } from "../../../src/catalog/onnx/onnx-model.ts";

/** A size, or the symbol of one. */
type Size = number | string;

/** An attribute by its kind: whole numbers, "floats" as {floats}, text, or a tensor. */
export type Attribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly tensor: TensorText };

export interface TensorText {
  readonly dims: readonly number[];
  readonly type: "float" | "int64";
  /** Left out of weights: their numbers are never read. */
  readonly numbers?: readonly number[];
}

export interface NodeText {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly domain?: string;
  readonly name?: string;
}

export interface FileText {
  readonly opset?: number;
  readonly inputs: Readonly<Record<string, readonly Size[]>>;
  readonly weights?: Readonly<Record<string, readonly number[]>>;
  /** Whole numbers kept as initializers: shapes, axes, sizes. */
  readonly integers?: Readonly<Record<string, readonly number[]>>;
  readonly floats?: Readonly<Record<string, readonly number[]>>;
  readonly nodes: readonly NodeText[];
  readonly outputs: readonly string[];
  readonly valueInfo?: Readonly<Record<string, readonly Size[]>>;
}

const TYPES = { float: 1, int64: 7 } as const;

/** The bytes of a file. */
export function onnxFile(file: FileText): Uint8Array {
  const type = onnxModelType();
  const message = type.fromObject({
    ir_version: 8,
    producer_name: "test",
    opset_import: [{ domain: "", version: file.opset ?? 17 }],
    graph: {
      name: "graph",
      node: file.nodes.map(nodeObject),
      initializer: [
        ...Object.entries(file.weights ?? {}).map(([name, dims]) =>
          tensorObject(name, { dims, type: "float" }),
        ),
        ...Object.entries(file.integers ?? {}).map(([name, numbers]) =>
          tensorObject(name, { dims: [numbers.length], type: "int64", numbers }),
        ),
        ...Object.entries(file.floats ?? {}).map(([name, numbers]) =>
          tensorObject(name, { dims: numbers.length === 1 ? [] : [numbers.length], type: "float", numbers }),
        ),
      ],
      input: infos(file.inputs),
      output: file.outputs.map((name) => ({ name })),
      value_info: infos(file.valueInfo ?? {}),
    },
  });
  return type.encode(message).finish();
}

/** Imports a file written here. */
export function imported(file: FileText, dimensions: Readonly<Record<string, number>> = {}): OnnxImport {
  return importOnnx(onnxFile(file), "net.onnx", { dimensions: new Map(Object.entries(dimensions)) });
}

function infos(sizes: Readonly<Record<string, readonly Size[]>>) {
  return Object.entries(sizes).map(([name, dims]) => ({
    name,
    type: {
      tensor_type: {
        elem_type: 1,
        shape: {
          dim: dims.map((size) => (typeof size === "number" ? { dim_value: size } : { dim_param: size })),
        },
      },
    },
  }));
}

function nodeObject({ operator, inputs, outputs, attributes = {}, domain, name }: NodeText) {
  return {
    op_type: operator,
    input: [...inputs],
    output: [...outputs],
    ...(domain === undefined ? {} : { domain }),
    ...(name === undefined ? {} : { name }),
    attribute: Object.entries(attributes).map(([key, value]) => ({ name: key, ...attributeObject(value) })),
  };
}

function attributeObject(value: Attribute) {
  if (typeof value === "number") return { i: value, type: 2 };
  if (typeof value === "string") return { s: new TextEncoder().encode(value), type: 3 };
  if ("float" in value) return { f: value.float, type: 1 };
  if ("floats" in value) return { floats: [...value.floats], type: 6 };
  if ("tensor" in value) return { t: tensorObject("", value.tensor), type: 4 };
  return { ints: [...value], type: 7 };
}

function tensorObject(name: string, { dims, type, numbers }: TensorText) {
  return {
    name,
    dims: [...dims],
    data_type: TYPES[type],
    ...(numbers === undefined ? {} : { raw_data: rawData(type, numbers) }),
  };
}

function rawData(type: TensorText["type"], numbers: readonly number[]): Uint8Array {
  const width = type === "int64" ? 8 : 4;
  const view = new DataView(new ArrayBuffer(width * numbers.length));
  numbers.forEach((number, index) => {
    if (type === "int64") view.setBigInt64(index * width, BigInt(number), true);
    else view.setFloat32(index * width, number, true);
  });
  return new Uint8Array(view.buffer);
}
