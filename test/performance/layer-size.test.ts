import { describe, expect, it } from "vitest";
import { activationElements } from "../../src/performance/activation-elements.ts";
import { layerSize, weightBytes } from "../../src/performance/layer-size.ts";
import type { Layer, Shape } from "../../src/performance/network.ts";

const named = { name: "layer", inputs: ["input"] };
const same = (shape: Shape) => ({ ...named, input: shape, output: shape });

describe("layerSize", () => {
  it("counts a grouped convolution: 6 filters of 3·3·(4/2), and their biases", () => {
    const conv: Layer = {
      kind: "conv",
      ...named,
      input: [4, 5, 5],
      output: [6, 3, 3],
      kernel: [3, 3],
      stride: [1, 1],
      padding: [0, 0, 0, 0],
      groups: 2,
      bias: true,
    };
    expect(layerSize(conv)).toEqual({ inputElements: 100, outputElements: 54, weightCount: 6 * 18 + 6 });
    expect(layerSize({ ...conv, bias: false }).weightCount).toBe(108);
  });

  it("counts a fully connected layer of an image over all its elements", () => {
    const layer: Layer = { kind: "fc", ...named, input: [2, 3, 3], output: [5], bias: true };
    expect(layerSize(layer)).toEqual({ inputElements: 18, outputElements: 5, weightCount: 18 * 5 + 5 });
  });

  it("shares the weights of a fully connected layer among the steps of a sequence", () => {
    const layer: Layer = { kind: "fc", ...named, input: [4, 3], output: [4, 2], bias: true };
    expect(layerSize(layer)).toEqual({ inputElements: 12, outputElements: 8, weightCount: 3 * 2 + 2 });
  });

  it("learns a scale and a shift per channel in batch and layer normalisation, nothing in local response", () => {
    const batch: Layer = { kind: "norm", ...same([4, 2, 2]), variant: "batch", window: 1 };
    expect(layerSize(batch).weightCount).toBe(8);
    expect(layerSize({ ...batch, ...same([3, 5]), variant: "layer" }).weightCount).toBe(10);
    expect(layerSize({ ...batch, variant: "local-response", window: 5 }).weightCount).toBe(0);
  });

  it("counts an embedding's table", () => {
    const layer: Layer = { kind: "embedding", ...named, input: [3], output: [3, 4], vocabulary: 100 };
    expect(layerSize(layer)).toEqual({ inputElements: 3, outputElements: 12, weightCount: 400 });
  });

  it.each([
    ["rnn", 1],
    ["gru", 3],
    ["lstm", 4],
  ] as const)("counts a %s of %i gates in both directions, with two biases per gate", (cell, gates) => {
    const layer: Layer = {
      kind: "recurrent",
      ...named,
      input: [2, 3],
      output: [2, 10],
      cell,
      hidden: 5,
      directions: 2,
      bias: true,
    };
    expect(layerSize(layer).weightCount).toBe(2 * gates * 5 * (3 + 5 + 2));
    expect(layerSize({ ...layer, bias: false }).weightCount).toBe(2 * gates * 5 * (3 + 5));
  });

  it("reads every input of an addition and of attention", () => {
    expect(layerSize({ kind: "add", ...same([4]), inputs: ["a", "b", "c"] }).inputElements).toBe(12);
    expect(layerSize({ kind: "attention", ...same([3, 4]), inputs: ["q", "k", "v"], heads: 2 })).toEqual({
      inputElements: 36,
      outputElements: 12,
      weightCount: 0,
    });
    // A concatenation's input is already all inputs joined.
    expect(layerSize({ kind: "concat", ...same([4, 2, 2]), inputs: ["a", "b"] }).inputElements).toBe(16);
  });

  it("gives the bytes of weights in the precision asked for", () => {
    expect(weightBytes(1000, 4)).toBe(4000);
    expect(weightBytes(1000, 2)).toBe(2000);
  });
});

describe("activationElements", () => {
  it("keeps the output, and what attention and recurrent layers need besides", () => {
    expect(activationElements({ kind: "relu", ...same([4, 2, 2]) })).toBe(16);
    expect(activationElements({ kind: "reshape", ...named, input: [4], output: [2, 2] })).toBe(0);
    const attention: Layer = { kind: "attention", ...same([3, 4]), inputs: ["q", "k", "v"], heads: 2 };
    expect(activationElements(attention)).toBe(12 + 2 * 3 * 3);
    const gru = {
      kind: "recurrent",
      ...named,
      input: [2, 3],
      output: [2, 5],
      cell: "gru",
      hidden: 5,
      directions: 1,
      bias: true,
    } as const satisfies Layer;
    expect(activationElements(gru)).toBe(10 + 10 * 3);
    expect(activationElements({ ...gru, cell: "lstm" })).toBe(10 + 10 * 5);
  });
});
