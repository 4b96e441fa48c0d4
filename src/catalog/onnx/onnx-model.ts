/** An ONNX file as plain data: nodes, initializers, inputs and outputs. Fields are those of the public specification (onnx.proto). */
import { readFileSync } from "node:fs";
import protobuf from "protobufjs";
import { z } from "zod";
import { InvalidInput } from "../input-problem.ts";
import { tensorNumbers } from "./tensor-numbers.ts";

/** A tensor in the file: its shape, and its numbers where there are few. */
export interface OnnxTensor {
  readonly name: string;
  readonly dims: readonly number[];
  /** TensorProto.DataType: 1 float, 6 int32, 7 int64, 9 bool, 10 float16, 11 double. */
  readonly dataType: number;
  /** undefined of large tensors and of those kept in another file. */
  readonly numbers: readonly number[] | undefined;
}

/** One attribute of a node; the field that its operator's definition names holds the value. */
export interface OnnxAttribute {
  readonly integer: number;
  readonly real: number;
  readonly text: string;
  readonly integers: readonly number[];
  readonly reals: readonly number[];
  readonly tensor: OnnxTensor | undefined;
}

/** One operation. An empty input name is an optional input that is left out. */
export interface OnnxNode {
  readonly name: string;
  readonly operator: string;
  /** "" is ONNX's own set of operators. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
}

/** A named tensor of the graph; a dimension is a number, a symbol, or not given. */
export interface OnnxValueInfo {
  readonly name: string;
  readonly dims: readonly (number | string | undefined)[] | undefined;
}

/** What an ONNX file says. */
export interface OnnxModel {
  readonly producer: string;
  /** Version of ONNX's own operators. */
  readonly opset: number;
  /** In topological order. */
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  /** Shapes that the exporter noted within the graph. */
  readonly valueInfos: readonly OnnxValueInfo[];
}

const bytes = z.instanceof(Uint8Array);
const integers = z.array(z.number()).default([]);
const tensorSchema = z
  .object({
    name: z.string().default(""),
    dims: integers,
    data_type: z.number().default(1),
    float_data: bytes.optional(),
    int32_data: integers,
    int64_data: integers,
    raw_data: bytes.optional(),
    double_data: bytes.optional(),
    data_location: z.number().default(0),
  })
  .transform((tensor): OnnxTensor => ({
    name: tensor.name,
    dims: tensor.dims,
    dataType: tensor.data_type,
    numbers: tensorNumbers(tensor),
  }));

const decodeText = (value: Uint8Array): string => new TextDecoder().decode(value);
const attributeSchema = z
  .object({
    name: z.string().default(""),
    f: z.number().default(0),
    i: z.number().default(0),
    s: bytes.optional(),
    t: tensorSchema.optional(),
    floats: z.array(z.number()).default([]),
    ints: integers,
  })
  .transform(({ name, f, i, s, t, floats, ints }): readonly [string, OnnxAttribute] => [
    name,
    {
      integer: i,
      real: f,
      text: s === undefined ? "" : decodeText(s),
      integers: ints,
      reals: floats,
      tensor: t,
    },
  ]);

const nodeSchema = z
  .object({
    name: z.string().default(""),
    op_type: z.string().default(""),
    domain: z.string().default(""),
    input: z.array(z.string()).default([]),
    output: z.array(z.string()).default([]),
    attribute: z.array(attributeSchema).default([]),
  })
  .transform(({ name, op_type, domain, input, output, attribute }): OnnxNode => ({
    name,
    operator: op_type,
    domain: domain === "ai.onnx" ? "" : domain,
    inputs: input,
    outputs: output,
    attributes: new Map(attribute),
  }));

const dimensionSchema = z
  .object({ dim_value: z.number().optional(), dim_param: z.string().optional() })
  .transform(({ dim_value, dim_param }) =>
    // Exporters write 0 or −1 for a size that they do not know.
    dim_value !== undefined && dim_value > 0 ? dim_value : dim_param === "" ? undefined : dim_param,
  );
const valueInfoSchema = z
  .object({
    name: z.string().default(""),
    type: z
      .object({
        tensor_type: z
          .object({ shape: z.object({ dim: z.array(dimensionSchema).default([]) }).optional() })
          .optional(),
      })
      .optional(),
  })
  .transform(({ name, type }): OnnxValueInfo => ({ name, dims: type?.tensor_type?.shape?.dim }));

const modelSchema = z.object({
  producer_name: z.string().default(""),
  opset_import: z
    .array(z.object({ domain: z.string().default(""), version: z.number().default(1) }))
    .default([]),
  graph: z.object({
    node: z.array(nodeSchema).min(1),
    initializer: z.array(tensorSchema).default([]),
    input: z.array(valueInfoSchema).default([]),
    output: z.array(valueInfoSchema).default([]),
    value_info: z.array(valueInfoSchema).default([]),
  }),
});

/** The protobuf type of a whole file; tests write files with it. */
export function onnxModelType(): protobuf.Type {
  const text = readFileSync(new URL("onnx.proto", import.meta.url), "utf8");
  return protobuf.parse(text, { keepCase: true }).root.lookupType("onnx.ModelProto");
}

/** Decodes an ONNX file; throws InvalidInput naming the source when the bytes are none. */
export function decodeOnnx(content: Uint8Array, source: string): OnnxModel {
  const type = onnxModelType();
  let decoded: unknown;
  try {
    decoded = type.toObject(type.decode(content), { longs: Number });
  } catch (error) {
    throw notOnnx(source, content, error instanceof Error ? error.message : String(error));
  }
  const result = modelSchema.safeParse(decoded);
  if (!result.success) throw notOnnx(source, content, "it has no graph with operators");
  const { graph, opset_import: opsets, producer_name: producer } = result.data;
  return {
    producer,
    opset: opsets.find(({ domain }) => domain === "" || domain === "ai.onnx")?.version ?? 1,
    nodes: graph.node,
    initializers: graph.initializer,
    inputs: graph.input,
    outputs: graph.output,
    valueInfos: graph.value_info,
  };
}

function notOnnx(source: string, content: Uint8Array, reason: string): InvalidInput {
  return new InvalidInput(source, [
    {
      path: "",
      value: `${content.length} bytes`,
      message: `it is not a complete ONNX file (${reason})`,
      fix: "Export the network again, for example with torch.onnx.export, and copy the file whole.",
    },
  ]);
}
