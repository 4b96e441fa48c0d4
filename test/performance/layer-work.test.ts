import { describe, expect, it } from "vitest";
import { layerWork } from "../../src/performance/layer-work.ts";
import type { ConvLayer, Layer } from "../../src/performance/network.ts";

const conv: ConvLayer = {
  kind: "conv",
  name: "conv",
  inputs: ["input"],
  input: [4, 8, 8],
  output: [6, 8, 8],
  kernel: [3, 3],
  stride: [1, 1],
  padding: [1, 1, 1, 1],
  groups: 1,
  bias: false,
};

describe("layerWork", () => {
  it("counts a convolution's operations, traffic and unfolded input per batch", () => {
    const [part] = layerWork(conv, 2).parts;
    expect(part?.forward).toEqual({
      launches: 1,
      operations: 2 * 64 * 9 * 4 * 6,
      inputElements: 2 * 4 * 64,
      outputElements: 2 * 6 * 64,
      weights: 9 * 4 * 6,
      unfoldedElements: 2 * 64 * 9 * 4,
      tiledOperations: 2 * 64 * 9 * 4 * 32,
    });
    expect(part?.backward.operations).toBe(2 * (2 * 64 * 9 * 4 * 6 + 64 * 6));
  });

  it("rounds channels up to whole tiles, and computes no gradient of the network's input", () => {
    const positions = 2 * 64;
    const weightGradient = positions * 64 * 64; // 6 channels and 36 products, each up to 64.
    const inputGradient = positions * 9 * 6 * 64; // 4 channels up to 64.
    const [stem] = layerWork(conv, 2).parts;
    expect(stem?.backward).toMatchObject({
      tiledOperations: weightGradient,
      inputElements: 0,
      stemElements: positions * 36,
    });
    const [inner] = layerWork({ ...conv, inputs: ["pool1"] }, 2).parts;
    expect(inner?.backward).toMatchObject({
      tiledOperations: weightGradient + inputGradient,
      inputElements: 2 * 4 * 64,
    });
    expect(inner?.backward.stemElements).toBeUndefined();
  });

  it("gives a recurrent layer as a whole too, for profiles that time it so", () => {
    const lstm: Layer = {
      kind: "recurrent",
      name: "lstm",
      inputs: ["input"],
      input: [50, 10],
      output: [50, 20],
      cell: "lstm",
      hidden: 20,
      directions: 1,
      bias: false,
    };
    const { whole, parts } = layerWork(lstm, 3);
    expect(whole?.workKind).toBe("recurrent");
    expect(whole?.forward.operations).toBe(parts[0]?.forward.operations);
    expect(whole?.forward.launches).toBe(1 + 50);
  });

  it("moves 20 bytes for each weight in a momentum update", () => {
    expect(layerWork(conv, 2)).toMatchObject({ updateKind: "conv", updateBytes: 20 * 9 * 4 * 6 });
  });

  it("adds the bias as elementwise bytes", () => {
    const parts = layerWork({ ...conv, bias: true }, 2).parts;
    expect(parts.map((part) => part.workKind)).toEqual(["conv", "elementwise"]);
    expect(parts[1]?.forward).toEqual({ bytes: 8 * 2 * 6 * 64 });
  });

  it("gives a reshape nothing to do", () => {
    const reshape: Layer = {
      kind: "reshape",
      name: "flat",
      inputs: ["conv"],
      input: [6, 8, 8],
      output: [384],
    };
    expect(layerWork(reshape, 2)).toEqual({ parts: [], updateKind: "elementwise", updateBytes: 0 });
  });

  it("launches each step of a recurrent layer, in each direction", () => {
    const lstm: Layer = {
      kind: "recurrent",
      name: "lstm",
      inputs: ["input"],
      input: [50, 10],
      output: [50, 40],
      cell: "lstm",
      hidden: 20,
      directions: 2,
      bias: false,
    };
    const parts = layerWork(lstm, 3).parts;
    expect(parts.map((part) => part.workKind)).toEqual(["fc", "elementwise"]);
    expect(parts.every((part) => part.byAnalogy)).toBe(true);
    expect(parts[0]?.forward.operations).toBe(3 * 50 * 2 * 4 * 20 * 30);
    expect(parts[1]?.forward.launches).toBe(100);
  });
});
