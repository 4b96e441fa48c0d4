import { describe, expect, it } from "vitest";
import { InvalidInput } from "../../../src/catalog/input-problem.ts";
import type { Layer } from "../../../src/performance/network.ts";
import { layerSize } from "../../../src/performance/layer-size.ts";
import { multiplyAccumulates } from "../../../src/performance/multiply-accumulates.ts";
import { type FileText, imported, type NodeText } from "./onnx-file.ts";

const IMAGE = { x: ["batch", 8, 12, 10] };

/** Layers of a file with one node that reads x and writes y, without the loss that the import adds. */
function layersOf(
  node: Omit<NodeText, "outputs"> & { readonly outputs?: readonly string[] },
  file: Partial<FileText> = {},
): readonly Layer[] {
  const nodes = [{ outputs: ["y"], ...node }];
  return imported({ inputs: IMAGE, outputs: ["y"], ...file, nodes }).network.layers.filter(
    ({ kind }) => kind !== "loss",
  );
}

function only(node: Omit<NodeText, "outputs">, file: Partial<FileText> = {}): Layer {
  const layers = layersOf(node, file).filter(({ kind }) => kind !== "reshape" && kind !== "source");
  expect(layers).toHaveLength(1);
  const [layer] = layers;
  if (layer === undefined) throw new Error("no layer");
  return layer;
}

describe("windows", () => {
  it("imports a grouped convolution with asymmetric padding and stride", () => {
    const layer = only(
      {
        operator: "Conv",
        inputs: ["x", "w", "b"],
        attributes: { group: 2, kernel_shape: [3, 3], strides: [2, 1], pads: [1, 0, 0, 2] },
      },
      { weights: { w: [16, 4, 3, 3], b: [16] } },
    );
    expect(layer).toMatchObject({
      kind: "conv",
      input: [8, 12, 10],
      output: [16, 6, 10],
      groups: 2,
      bias: true,
      padding: [1, 0, 0, 2],
    });
    expect(layerSize(layer).weightCount).toBe(16 * 4 * 9 + 16);
    expect(multiplyAccumulates(layer)).toBe(16 * 6 * 10 * 9 * 4);
  });

  it("imports depthwise and dilated convolutions", () => {
    const depthwise = only(
      { operator: "Conv", inputs: ["x", "w"], attributes: { group: 8, pads: [1, 1, 1, 1] } },
      { weights: { w: [8, 1, 3, 3] } },
    );
    expect(multiplyAccumulates(depthwise)).toBe(8 * 120 * 9);
    const dilated = only(
      { operator: "Conv", inputs: ["x", "w"], attributes: { dilations: [2, 2] } },
      { weights: { w: [4, 8, 3, 3] } },
    );
    expect(dilated).toMatchObject({ dilation: [2, 2], output: [4, 8, 6] });
  });

  it("pads as auto_pad says", () => {
    const same = only(
      { operator: "Conv", inputs: ["x", "w"], attributes: { auto_pad: "SAME_UPPER", strides: [2, 2] } },
      { weights: { w: [4, 8, 3, 3] } },
    );
    expect(same).toMatchObject({ output: [4, 6, 5], padding: [0, 0, 1, 1] });
    const lower = only(
      { operator: "Conv", inputs: ["x", "w"], attributes: { auto_pad: "SAME_LOWER", strides: [2, 2] } },
      { weights: { w: [4, 8, 3, 3] } },
    );
    expect(lower).toMatchObject({ output: [4, 6, 5], padding: [1, 1, 0, 0] });
  });

  it("imports a one-dimensional convolution as an image of height 1", () => {
    const layer = only(
      { operator: "Conv", inputs: ["x", "w"], attributes: { strides: [2], pads: [1, 1] } },
      { inputs: { x: ["N", 8, 20] }, weights: { w: [6, 8, 3] } },
    );
    expect(layer).toMatchObject({ input: [8, 1, 20], output: [6, 1, 10], kernel: [1, 3] });
  });

  it("imports a transposed convolution", () => {
    const layer = only(
      {
        operator: "ConvTranspose",
        inputs: ["x", "w"],
        attributes: { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] },
      },
      { weights: { w: [8, 4, 3, 3] } },
    );
    expect(layer).toMatchObject({ kind: "conv", transposed: true, output: [4, 24, 20] });
    expect(multiplyAccumulates(layer)).toBe(8 * 12 * 10 * 9 * 4);
    expect(layerSize(layer).weightCount).toBe(8 * 4 * 9);
  });

  it("imports pooling with both roundings, and over the whole image", () => {
    const attributes = { kernel_shape: [3, 3], strides: [2, 2] };
    expect(only({ operator: "MaxPool", inputs: ["x"], attributes })).toMatchObject({
      mode: "max",
      output: [8, 5, 4],
    });
    expect(
      only({ operator: "AveragePool", inputs: ["x"], attributes: { ...attributes, ceil_mode: 1 } }),
    ).toMatchObject({ mode: "average", output: [8, 6, 5] });
    for (const operator of ["GlobalAveragePool", "GlobalMaxPool"]) {
      expect(only({ operator, inputs: ["x"] })).toMatchObject({
        kind: "pool",
        kernel: [12, 10],
        output: [8, 1, 1],
      });
    }
    expect(
      only({ operator: "ReduceMean", inputs: ["x"], attributes: { axes: [2, 3], keepdims: 0 } }),
    ).toMatchObject({ kind: "pool", kernel: [12, 10] });
  });

  it("lists a three-dimensional convolution as unknown, with its weights", () => {
    const file = {
      inputs: { x: ["N", 2, 4, 6, 6] },
      weights: { w: [3, 2, 3, 3, 3] },
      valueInfo: { y: ["N", 3, 2, 4, 4] },
    };
    expect(only({ operator: "Conv", inputs: ["x", "w"] }, file)).toMatchObject({
      kind: "unknown",
      operator: "Conv",
      weightCount: 162,
      output: [6, 4, 4],
    });
  });
});

describe("products", () => {
  it("imports Gemm, plain and transposed", () => {
    const file = { inputs: { x: ["N", 20] }, weights: { w: [10, 20], v: [20, 10], b: [10] } };
    expect(
      only({ operator: "Gemm", inputs: ["x", "w", "b"], attributes: { transB: 1 } }, file),
    ).toMatchObject({ kind: "fc", input: [20], output: [10], bias: true });
    expect(only({ operator: "Gemm", inputs: ["x", "v"] }, file)).toMatchObject({
      kind: "fc",
      output: [10],
      bias: false,
    });
  });

  it("imports MatMul on sequences and takes in a bias that is added next", () => {
    const file = {
      inputs: { x: ["N", 7, 20] },
      weights: { w: [20, 10], b: [10] },
      outputs: ["z"],
      nodes: [
        { operator: "MatMul", inputs: ["x", "w"], outputs: ["y"] },
        { operator: "Add", inputs: ["b", "y"], outputs: ["z"] },
      ],
    };
    const { layers } = imported(file).network;
    expect(layers.map(({ kind }) => kind)).toEqual(["fc", "loss"]);
    expect(layers[0]).toMatchObject({ input: [7, 20], output: [7, 10], bias: true });
  });

  it("imports products of computed tensors", () => {
    const file = {
      inputs: { x: ["N", 4, 6, 5], z: ["N", 4, 5, 9] },
    };
    const layer = only({ operator: "MatMul", inputs: ["x", "z"] }, file);
    expect(layer).toMatchObject({
      kind: "matmul",
      batches: 4,
      rows: 6,
      inner: 5,
      columns: 9,
      output: [4, 6, 9],
    });
    expect(multiplyAccumulates(layer)).toBe(4 * 6 * 5 * 9);
    const named = only(
      { operator: "Einsum", inputs: ["x", "z"], attributes: { equation: "bhik,bhkj->bhij" } },
      file,
    );
    expect(named).toMatchObject({ kind: "matmul", batches: 4, rows: 6, inner: 5, columns: 9 });
  });

  it("imports Einsum with learned weights as a fully connected layer", () => {
    const file = { inputs: { x: ["N", 7, 20] }, weights: { w: [20, 10] } };
    expect(
      only({ operator: "Einsum", inputs: ["x", "w"], attributes: { equation: "bsi,io->bso" } }, file),
    ).toMatchObject({ kind: "fc", input: [7, 20], output: [7, 10] });
  });
});

describe("activations and norms", () => {
  it.each([
    ["LeakyRelu", "leaky-relu"],
    ["Elu", "elu"],
    ["Selu", "elu"],
    ["Sigmoid", "sigmoid"],
    ["HardSigmoid", "hardsigmoid"],
    ["HardSwish", "hardswish"],
    ["Tanh", "tanh"],
    ["Softplus", "softplus"],
    ["Gelu", "gelu"],
    ["Clip", "hardtanh"],
    ["Mish", "mish"],
  ])("imports %s", (operator, name) => {
    expect(only({ operator, inputs: ["x"] })).toMatchObject({
      kind: "activation",
      function: name,
      output: [8, 12, 10],
    });
  });

  it("imports Relu, and PRelu with its slopes", () => {
    expect(only({ operator: "Relu", inputs: ["x"] }).kind).toBe("relu");
    const layer = only({ operator: "PRelu", inputs: ["x", "s"] }, { weights: { s: [8, 1, 1] } });
    expect(layer).toMatchObject({ function: "prelu", weightCount: 8 });
  });

  it("imports Softmax over the axis that its operator set means", () => {
    const relu = { operator: "Relu", inputs: ["y"], outputs: ["z"] };
    const softmax = { operator: "Softmax", inputs: ["x"], outputs: ["y"] };
    const shapes = [11, 13].map((opset) => {
      const { layers } = imported({
        opset,
        inputs: { x: ["N", 4, 6] },
        nodes: [softmax, relu],
        outputs: ["z"],
      }).network;
      return layers.find(({ kind }) => kind === "activation")?.output;
    });
    expect(shapes).toEqual([[24], [4, 6]]);
  });

  it("takes a softmax at the end for the loss", () => {
    const { network, notes } = imported({
      inputs: { x: ["N", 10] },
      nodes: [{ operator: "Softmax", inputs: ["x"], outputs: ["y"] }],
      outputs: ["y"],
    });
    expect(network.layers.map(({ kind }) => kind)).toEqual(["loss"]);
    expect(notes[0]).toContain("loss");
  });

  it.each([
    ["BatchNormalization", ["x", "s", "b", "m", "v"], "batch", 16],
    ["InstanceNormalization", ["x", "s", "b"], "instance", 16],
    ["GroupNormalization", ["x", "s", "b"], "group", 16],
  ])("imports %s", (operator, inputs, variant, weights) => {
    const layer = only(
      { operator, inputs, attributes: { num_groups: 2 } },
      { weights: { s: [8], b: [8], m: [8], v: [8] } },
    );
    expect(layer).toMatchObject({ kind: "norm", variant, output: [8, 12, 10] });
    expect(layerSize(layer).weightCount).toBe(weights);
  });

  it("imports layer normalisation over the last axes, and LRN", () => {
    const file = { inputs: { x: ["N", 7, 20] }, weights: { s: [20], b: [20] } };
    const layer = only({ operator: "LayerNormalization", inputs: ["x", "s", "b"] }, file);
    expect(layer).toMatchObject({ kind: "norm", variant: "layer", output: [7, 20] });
    expect(layerSize(layer).weightCount).toBe(40);
    expect(only({ operator: "LRN", inputs: ["x"], attributes: { size: 5 } })).toMatchObject({
      variant: "local-response",
      window: 5,
    });
  });
});

describe("recurrent layers", () => {
  it.each([
    ["LSTM", "lstm", 4],
    ["GRU", "gru", 3],
    ["RNN", "rnn", 1],
  ])("imports %s with steps before the batch", (operator, cell, gates) => {
    const file = {
      inputs: { x: [15, "batch", 20] },
      weights: { w: [2, gates * 6, 20], r: [2, gates * 6, 6], b: [2, gates * 12] },
    };
    const layer = only(
      { operator, inputs: ["x", "w", "r", "b"], attributes: { hidden_size: 6, direction: "bidirectional" } },
      file,
    );
    expect(layer).toMatchObject({
      kind: "recurrent",
      cell,
      hidden: 6,
      directions: 2,
      input: [15, 20],
      output: [15, 12],
    });
    expect(layerSize(layer).weightCount).toBe(2 * gates * 6 * (20 + 6 + 2));
  });
});

describe("elementwise operators and joins", () => {
  it("adds equal tensors as a residual connection and broadcast ones element by element", () => {
    const inputs = { x: ["N", 8, 12, 10], z: ["N", 8, 12, 10], s: ["N", 8, 1, 1] };
    expect(only({ operator: "Add", inputs: ["x", "z"] }, { inputs })).toMatchObject({ kind: "add" });
    expect(only({ operator: "Sum", inputs: ["x", "z", "x"] }, { inputs })).toMatchObject({
      kind: "add",
      inputs: ["input", "z", "input"],
    });
    expect(only({ operator: "Mul", inputs: ["x", "s"] }, { inputs })).toMatchObject({
      kind: "elementwise",
      operator: "mul",
      fullInputs: 1,
    });
    for (const operator of ["Sub", "Mul", "Div"]) {
      expect(only({ operator, inputs: ["x", "z"] }, { inputs })).toMatchObject({
        kind: "elementwise",
        fullInputs: 2,
      });
    }
  });

  it("counts a learned tensor that is added once", () => {
    const layers = layersOf(
      { operator: "Add", inputs: ["x", "p"] },
      { inputs: { x: ["N", 7, 20] }, weights: { p: [1, 7, 20] } },
    );
    expect(layers.map((layer) => layerSize(layer).weightCount).reduce((sum, count) => sum + count, 0)).toBe(
      140,
    );
  });

  it("imports Concat, Split and Slice", () => {
    const inputs = { x: ["N", 8, 12, 10], z: ["N", 3, 12, 10] };
    expect(
      only({ operator: "Concat", inputs: ["x", "z"], attributes: { axis: 1 } }, { inputs }),
    ).toMatchObject({ kind: "concat", input: [11, 12, 10] });
    const parts = layersOf(
      { operator: "Split", inputs: ["x"], outputs: ["y", "z"], attributes: { axis: 1, split: [3, 5] } },
      { opset: 11 },
    );
    expect(parts.map(({ output }) => output)).toEqual([
      [3, 12, 10],
      [5, 12, 10],
    ]);
    const newer = layersOf(
      { operator: "Split", inputs: ["x", "s"], outputs: ["y", "z"], attributes: { axis: 1 } },
      { integers: { s: [2, 6] } },
    );
    expect(newer.map(({ output }) => output)).toEqual([
      [2, 12, 10],
      [6, 12, 10],
    ]);
    const sliced = only(
      { operator: "Slice", inputs: ["x", "start", "end", "axes", "steps"] },
      { integers: { start: [-5], end: [2 ** 40], axes: [3], steps: [2] } },
    );
    expect(sliced).toMatchObject({ kind: "copy", operator: "slice", output: [8, 12, 3] });
    expect(
      only(
        { operator: "Slice", inputs: ["x"], attributes: { starts: [1], ends: [4], axes: [1] } },
        { opset: 9 },
      ),
    ).toMatchObject({ output: [3, 12, 10] });
  });

  it("imports Gather on a learned table as an embedding", () => {
    const layer = only(
      { operator: "Gather", inputs: ["w", "x"] },
      { inputs: { x: ["N", 7] }, weights: { w: [1000, 20] } },
    );
    expect(layer).toMatchObject({ kind: "embedding", vocabulary: 1000, input: [7], output: [7, 20] });
  });

  it("imports Pad, Resize and Upsample of each operator set", () => {
    const pads = [0, 0, 1, 1, 0, 0, 2, 2];
    expect(only({ operator: "Pad", inputs: ["x"], attributes: { pads } }, { opset: 10 })).toMatchObject({
      kind: "copy",
      output: [8, 15, 13],
    });
    expect(only({ operator: "Pad", inputs: ["x", "p"] }, { integers: { p: pads } })).toMatchObject({
      output: [8, 15, 13],
    });
    const scales = [1, 1, 2, 2];
    expect(
      only({ operator: "Upsample", inputs: ["x"], attributes: { scales: { floats: scales } } }, { opset: 7 }),
    ).toMatchObject({ output: [8, 24, 20] });
    expect(
      only({ operator: "Upsample", inputs: ["x", "s"] }, { opset: 9, floats: { s: scales } }),
    ).toMatchObject({ output: [8, 24, 20] });
    expect(only({ operator: "Resize", inputs: ["x", "", "s"] }, { floats: { s: scales } })).toMatchObject({
      output: [8, 24, 20],
    });
    expect(
      only({ operator: "Resize", inputs: ["x", "", "", "s"] }, { integers: { s: [1, 8, 6, 5] } }),
    ).toMatchObject({ output: [8, 6, 5] });
  });

  it("reduces along an axis", () => {
    expect(only({ operator: "ReduceSum", inputs: ["x", "a"] }, { integers: { a: [-1] } })).toMatchObject({
      kind: "reduce",
      operator: "sum",
      output: [8, 12, 1],
    });
    expect(only({ operator: "ArgMax", inputs: ["x"], attributes: { axis: 1, keepdims: 0 } })).toMatchObject({
      kind: "reduce",
      output: [12, 10],
    });
  });

  it("imports Dropout, and nothing for Identity, Cast and reshapes that keep a sample", () => {
    expect(only({ operator: "Dropout", inputs: ["x"] })).toMatchObject({ kind: "dropout" });
    for (const operator of ["Identity", "Cast"]) expect(layersOf({ operator, inputs: ["x"] })).toEqual([]);
  });
});

describe("layouts", () => {
  it("follows computed shapes through Shape, Gather, Concat and Reshape", () => {
    const nodes = [
      { operator: "Shape", inputs: ["x"], outputs: ["shape"] },
      { operator: "Gather", inputs: ["shape", "zero"], outputs: ["n"] },
      { operator: "Unsqueeze", inputs: ["n", "axes"], outputs: ["n1"] },
      { operator: "Concat", inputs: ["n1", "rest"], outputs: ["target"], attributes: { axis: 0 } },
      { operator: "Reshape", inputs: ["x", "target"], outputs: ["flat"] },
      { operator: "Gemm", inputs: ["flat", "w"], outputs: ["y"] },
    ];
    const integers = { axes: [0], rest: [-1] };
    const constant: NodeText = {
      operator: "Constant",
      inputs: [],
      outputs: ["zero"],
      attributes: { value: { tensor: { dims: [], type: "int64", numbers: [0] } } },
    };
    const { network } = imported({
      inputs: IMAGE,
      nodes: [constant, ...nodes],
      outputs: ["y"],
      integers,
      weights: { w: [960, 5] },
    });
    expect(network.layers.map(({ kind }) => kind)).toEqual(["reshape", "fc", "loss"]);
  });

  it("imports Transpose of a sample, but not of the batch, as a copy", () => {
    expect(only({ operator: "Transpose", inputs: ["x"], attributes: { perm: [0, 2, 3, 1] } })).toMatchObject({
      kind: "copy",
      operator: "transpose",
      output: [12, 10, 8],
    });
    expect(layersOf({ operator: "Transpose", inputs: ["x"], attributes: { perm: [1, 0, 2, 3] } })).toEqual(
      [],
    );
  });

  it("keeps the batch apart where a file fixes it and merges it with the heads", () => {
    const nodes = [
      { operator: "Transpose", inputs: ["x"], outputs: ["t"], attributes: { perm: [1, 0, 2] } },
      { operator: "Reshape", inputs: ["t", "heads"], outputs: ["h"] },
      { operator: "Transpose", inputs: ["h"], outputs: ["q"], attributes: { perm: [1, 0, 2] } },
      { operator: "Transpose", inputs: ["h"], outputs: ["k"], attributes: { perm: [1, 2, 0] } },
      { operator: "MatMul", inputs: ["q", "k"], outputs: ["y"] },
    ];
    for (const batch of [1, 4]) {
      const { layers } = imported({
        inputs: { x: [batch, 7, 12] },
        integers: { heads: [7, 3 * batch, 4] },
        nodes,
        outputs: ["y"],
      }).network;
      expect(layers.find(({ kind }) => kind === "matmul")).toMatchObject({
        batches: 3,
        rows: 7,
        inner: 4,
        columns: 7,
      });
    }
  });
});

describe("what cannot be imported", () => {
  it("lists an unknown operator, and assumes its shape where the file does not say", () => {
    const { unknown, notes } = imported({
      inputs: IMAGE,
      nodes: [{ operator: "FancyOp", domain: "acme", inputs: ["x", "w"], outputs: ["y"] }],
      outputs: ["y"],
      weights: { w: [3, 5] },
    });
    expect(unknown).toMatchObject([{ operator: "acme.FancyOp", weightCount: 15, output: [8, 12, 10] }]);
    expect(notes.join()).toContain("FancyOp");
  });

  it("asks for the size of a symbol that is not the batch", () => {
    const file: FileText = {
      inputs: { x: ["batch", "seq"] },
      weights: { w: [10, 4] },
      nodes: [{ operator: "Gather", inputs: ["w", "x"], outputs: ["y"] }],
      outputs: ["y"],
    };
    expect(() => imported(file)).toThrow(/symbol "seq".*--dim seq=SIZE/s);
    expect(imported(file, { seq: 9 }).network.input).toEqual([9]);
  });

  it.each([
    ["nothing", new Uint8Array(0)],
    ["text", new TextEncoder().encode("this is not a model")],
  ])("refuses %s", async (_, content) => {
    const { importOnnx } = await import("../../../src/catalog/onnx/import-onnx.ts");
    expect(() => importOnnx(content, "bad.onnx", { dimensions: new Map() })).toThrow(InvalidInput);
  });

  it("names the node that reads what nothing writes", () => {
    expect(() =>
      imported({
        inputs: IMAGE,
        nodes: [{ operator: "Relu", inputs: ["ghost"], outputs: ["y"] }],
        outputs: ["y"],
      }),
    ).toThrow(/node\/0 \(Relu "y"\).*"ghost"/s);
  });
});
