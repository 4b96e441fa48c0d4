import { describe, expect, it } from "vitest";
import type { Layer } from "../../../src/performance/network.ts";
import { networkComplexity } from "../../../src/performance/network-complexity.ts";
import { type FileText, imported, type NodeText } from "./onnx-file.ts";

const WIDTH = 32;
const STEPS = 10;
const HEADS = 4;

const node = (
  operator: string,
  inputs: readonly string[],
  output: string,
  attributes: NodeText["attributes"] = {},
): NodeText => ({ operator, inputs, outputs: [output], attributes });

/** Layer normalisation as exporters wrote it before operator set 17. */
const decomposedNorm = (from: string, to: string): readonly NodeText[] => [
  node("ReduceMean", [from], `${to}.mean`, { axes: [-1] }),
  node("Sub", [from, `${to}.mean`], `${to}.centred`),
  node("Pow", [`${to}.centred`, "two"], `${to}.square`),
  node("ReduceMean", [`${to}.square`], `${to}.variance`, { axes: [-1] }),
  node("Add", [`${to}.variance`, "epsilon"], `${to}.stable`),
  node("Sqrt", [`${to}.stable`], `${to}.deviation`),
  node("Div", [`${to}.centred`, `${to}.deviation`], `${to}.normal`),
  node("Mul", [`${to}.normal`, "gamma"], `${to}.scaled`),
  node("Add", [`${to}.scaled`, "beta"], to),
];

/** GELU with the error function, x · (erf(x / √2) + 1) · ½. */
const erfGelu = (from: string, to: string): readonly NodeText[] => [
  node("Div", [from, "root2"], `${to}.a`),
  node("Erf", [`${to}.a`], `${to}.b`),
  node("Add", [`${to}.b`, "one"], `${to}.c`),
  node("Mul", [from, `${to}.c`], `${to}.d`),
  node("Mul", [`${to}.d`, "half"], to),
];

const FLOATS = {
  two: [2],
  epsilon: [1e-5],
  root2: [1.414],
  one: [1],
  half: [0.5],
  three: [3],
  c: [0.0447],
  s: [0.798],
};
const WEIGHTS = { gamma: [WIDTH], beta: [WIDTH] };

/** A transformer block with the heads of queries, keys and values split by Reshape and Transpose. */
function transformerBlock(): FileText {
  const heads = (name: string, perm: readonly number[]): readonly NodeText[] => [
    node("MatMul", ["n1", `w${name}`], `${name}.product`),
    node("Add", [`b${name}`, `${name}.product`], `${name}.biased`),
    node("Reshape", [`${name}.biased`, "split"], `${name}.split`),
    node("Transpose", [`${name}.split`], name, { perm }),
  ];
  const nodes = [
    node("Gather", ["table", "x"], "words"),
    node("Add", ["words", "positions"], "embedded"),
    ...decomposedNorm("embedded", "n1"),
    ...heads("q", [0, 2, 1, 3]),
    ...heads("k", [0, 2, 3, 1]),
    ...heads("v", [0, 2, 1, 3]),
    node("MatMul", ["q", "k"], "scores"),
    node("Div", ["scores", "root"], "scaled"),
    node("Softmax", ["scaled"], "weights", { axis: -1 }),
    node("MatMul", ["weights", "v"], "mixed"),
    node("Transpose", ["mixed"], "gathered", { perm: [0, 2, 1, 3] }),
    node("Reshape", ["gathered", "join"], "joined"),
    node("MatMul", ["joined", "wo"], "out.product"),
    node("Add", ["out.product", "bo"], "out"),
    node("Add", ["embedded", "out"], "residual"),
    node("MatMul", ["residual", "w1"], "wide.product"),
    node("Add", ["wide.product", "b1"], "wide"),
    ...erfGelu("wide", "active"),
    node("MatMul", ["active", "w2"], "narrow.product"),
    node("Add", ["narrow.product", "b2"], "narrow"),
    node("Add", ["residual", "narrow"], "y"),
  ];
  const square = [WIDTH, WIDTH];
  return {
    opset: 13,
    inputs: { x: ["batch", "sequence"] },
    weights: {
      ...WEIGHTS,
      table: [100, WIDTH],
      positions: [1, STEPS, WIDTH],
      ...{
        wq: square,
        wk: square,
        wv: square,
        wo: square,
        bq: [WIDTH],
        bk: [WIDTH],
        bv: [WIDTH],
        bo: [WIDTH],
      },
      ...{ w1: [WIDTH, 64], b1: [64], w2: [64, WIDTH], b2: [WIDTH] },
    },
    floats: { ...FLOATS, root: [2.83] },
    integers: { split: [0, 0, HEADS, WIDTH / HEADS], join: [0, 0, WIDTH] },
    nodes,
    outputs: ["y"],
  };
}

const kindsOf = (layers: readonly Layer[]): readonly string[] =>
  layers.filter(({ kind }) => kind !== "reshape" && kind !== "source").map(({ kind }) => kind);

describe("a transformer block", () => {
  const { network, unknown } = imported(transformerBlock(), { sequence: STEPS });

  it("becomes fully connected layers, products with a softmax, one norm and one gelu", () => {
    expect(unknown).toEqual([]);
    const count = (kind: string): number => network.layers.filter((layer) => layer.kind === kind).length;
    expect([count("fc"), count("matmul"), count("norm"), count("embedding")]).toEqual([6, 2, 1, 1]);
    const functions = network.layers.flatMap((layer) =>
      layer.kind === "activation" ? [layer.function] : [],
    );
    expect(functions).toEqual(["softmax", "gelu"]);
    expect(network.layers.filter((layer) => layer.kind === "fc").every(({ bias }) => bias)).toBe(true);
  });

  it("has the weights and products of its definition", () => {
    const projections = 4 * (WIDTH * WIDTH + WIDTH) + (WIDTH * 64 + 64) + (64 * WIDTH + WIDTH);
    const totals = networkComplexity(network);
    expect(totals.weightCount).toBe(100 * WIDTH + STEPS * WIDTH + 2 * WIDTH + projections);
    expect(totals.multiplyAccumulates).toBe(
      STEPS * (4 * WIDTH * WIDTH + 2 * WIDTH * 64) + 2 * STEPS * STEPS * WIDTH,
    );
  });
});

describe("activations written out", () => {
  it.each([
    ["gelu", erfGelu("x", "y")],
    [
      "gelu",
      [
        node("Pow", ["x", "three"], "a"),
        node("Mul", ["a", "c"], "b"),
        node("Add", ["x", "b"], "d"),
        node("Mul", ["d", "s"], "e"),
        node("Tanh", ["e"], "f"),
        node("Add", ["f", "one"], "g"),
        node("Mul", ["x", "half"], "h"),
        node("Mul", ["h", "g"], "y"),
      ],
    ],
    ["silu", [node("Sigmoid", ["x"], "a"), node("Mul", ["x", "a"], "y")]],
    ["mish", [node("Softplus", ["x"], "a"), node("Tanh", ["a"], "b"), node("Mul", ["x", "b"], "y")]],
    ["hardswish", [node("HardSigmoid", ["x"], "a"), node("Mul", ["a", "x"], "y")]],
    [
      "hardswish",
      [
        node("Add", ["x", "three"], "a"),
        node("Clip", ["a", "", ""], "b"),
        node("Mul", ["x", "b"], "c"),
        node("Div", ["c", "s"], "y"),
      ],
    ],
  ])("become %s", (name, nodes) => {
    const { network } = imported({ inputs: { x: ["N", 4, 6] }, floats: FLOATS, nodes, outputs: ["y"] });
    expect(network.layers[0]).toMatchObject({ kind: "activation", function: name });
    expect(kindsOf(network.layers)).toEqual(["activation", "loss"]);
  });

  it("stay as they are where something else reads a part", () => {
    const nodes = [node("Sigmoid", ["x"], "a"), node("Mul", ["x", "a"], "y"), node("Relu", ["a"], "z")];
    const { network } = imported({ inputs: { x: ["N", 4, 6] }, nodes, outputs: ["y", "z"] });
    expect(kindsOf(network.layers)).toEqual(["activation", "elementwise", "relu", "loss"]);
  });
});

describe("norms written out", () => {
  it("become root-mean-square normalisation where no mean is taken off", () => {
    const nodes = [
      node("Pow", ["x", "two"], "a"),
      node("ReduceMean", ["a"], "b", { axes: [-1] }),
      node("Add", ["b", "epsilon"], "c"),
      node("Sqrt", ["c"], "d"),
      node("Div", ["one", "d"], "e"),
      node("Mul", ["x", "e"], "f"),
      node("Mul", ["gamma", "f"], "y"),
    ];
    const file = { inputs: { x: ["N", 4, WIDTH] }, floats: FLOATS, weights: { gamma: [WIDTH] } };
    const { network } = imported({ ...file, nodes, outputs: ["y"] });
    expect(network.layers[0]).toMatchObject({ kind: "norm", variant: "rms", output: [4, WIDTH] });
    expect(networkComplexity(network).weightCount).toBe(WIDTH);
  });

  it("become group normalisation", () => {
    const nodes = [
      node("Reshape", ["x", "groups"], "a"),
      node("InstanceNormalization", ["a", "ones", "zeros"], "b"),
      node("Reshape", ["b", "back"], "c"),
      node("Mul", ["c", "gamma"], "d"),
      node("Add", ["d", "beta"], "y"),
    ];
    const { network } = imported({
      inputs: { x: [1, 8, 6, 5] },
      weights: { ones: [2], zeros: [2], gamma: [8, 1, 1], beta: [8, 1, 1] },
      integers: { groups: [0, 2, -1], back: [1, 8, 6, 5] },
      nodes,
      outputs: ["y"],
    });
    expect(network.layers[0]).toMatchObject({ kind: "norm", variant: "group", output: [8, 6, 5] });
    expect(networkComplexity(network).weightCount).toBe(16);
  });
});

describe("operator sets", () => {
  const shapesOf = (opset: number): readonly (readonly number[])[] => {
    const axes =
      opset < 13
        ? { attributes: { axes: [1] }, inputs: ["x"] }
        : { attributes: {}, inputs: ["x", "one_axis"] };
    const nodes = [{ operator: "Unsqueeze", outputs: ["a"], ...axes }, node("Relu", ["a"], "y")];
    return imported({
      opset,
      inputs: { x: ["N", 4, 6] },
      integers: { one_axis: [1] },
      nodes,
      outputs: ["y"],
    }).network.layers.map(({ output }) => output);
  };

  it.each([7, 9, 11, 13, 17, 21])("reads set %i", (opset) => {
    expect(shapesOf(opset)).toContainEqual([1, 4, 6]);
  });

  it("notes a set outside those that the import was written for", () => {
    const file = { inputs: { x: ["N", 4] }, nodes: [node("Relu", ["x"], "y")], outputs: ["y"] };
    expect(imported({ ...file, opset: 6 }).notes.join()).toContain("Operator set 6");
    expect(imported({ ...file, opset: 21 }).notes.join()).not.toContain("Operator set");
  });
});
