/** Layer kinds that imported networks need: products of computed tensors, elementwise work, copies, reductions, sources, unknown operators. */
import { describe, expect, it } from "vitest";
import { layerShapeProblems } from "../../src/catalog/layer-shape.ts";
import { activationElements } from "../../src/performance/activation-elements.ts";
import { layerComplexity } from "../../src/performance/layer-complexity.ts";
import { layerSize } from "../../src/performance/layer-size.ts";
import { multiplyAccumulates } from "../../src/performance/multiply-accumulates.ts";
import type { Layer } from "../../src/performance/network.ts";
import { networkDuration } from "../../src/performance/network-duration.ts";
import { loadFits } from "../../src/catalog/load-fits.ts";
import { fileURLToPath } from "node:url";

const base = { name: "only", inputs: ["input"], input: [4, 6], output: [4, 6] };
const matmul = {
  ...base,
  kind: "matmul",
  inputs: ["a", "b"],
  input: [3, 4, 5],
  output: [3, 4, 7],
  batches: 3,
  rows: 4,
  inner: 5,
  columns: 7,
} as const;
const unknown = { ...base, kind: "unknown", operator: "Odd", weightCount: 9 } as const;

describe("kinds of imported networks", () => {
  it.each<readonly [Layer, number, number]>([
    [matmul, 420, 840],
    [{ ...base, kind: "elementwise", operator: "mul", fullInputs: 2 }, 24, 48],
    [{ ...base, kind: "copy", operator: "slice", output: [4, 3] }, 12, 12],
    [{ ...base, kind: "reduce", operator: "mean", output: [4, 1] }, 24, 24],
    [{ ...base, kind: "source", inputs: [], weightCount: 24 }, 0, 0],
    [unknown, 24, 24],
  ])("counts the operations of $kind", (layer, forwardOperations, backwardOperations) => {
    expect(layerComplexity(layer)).toEqual({ forwardOperations, backwardOperations });
  });

  it("counts what a matmul reads of both factors", () => {
    expect(layerSize(matmul)).toEqual({ inputElements: 3 * 5 * (4 + 7), outputElements: 84, weightCount: 0 });
  });

  it("counts learned numbers of sources and unknown operators, and keeps nothing of a source", () => {
    const source: Layer = { ...base, kind: "source", inputs: [], weightCount: 24 };
    expect([layerSize(source).weightCount, layerSize(unknown).weightCount]).toEqual([24, 9]);
    expect(activationElements(source)).toBe(0);
  });

  it("counts a transposed convolution by what it reads, and checks its output", () => {
    const layer: Layer = {
      ...base,
      kind: "conv",
      input: [8, 5, 5],
      output: [4, 10, 10],
      kernel: [4, 4],
      stride: [2, 2],
      padding: [1, 1, 1, 1],
      groups: 2,
      bias: false,
      transposed: true,
    };
    expect(multiplyAccumulates(layer)).toBe(8 * 25 * 16 * 2);
    expect(layerSize(layer).weightCount).toBe(16 * 4 * 4);
    expect(layerShapeProblems(layer)).toEqual([]);
    expect(layerShapeProblems({ ...layer, output: [4, 12, 10] })).toHaveLength(1);
  });

  it("checks a dilated window by its extent, and a matmul by its elements", () => {
    const dilated: Layer = {
      ...base,
      kind: "conv",
      input: [3, 9, 9],
      output: [2, 5, 5],
      kernel: [3, 3],
      stride: [1, 1],
      padding: [0, 0, 0, 0],
      groups: 1,
      bias: true,
      dilation: [2, 2],
    };
    expect(layerShapeProblems(dilated)).toEqual([]);
    expect(layerShapeProblems({ ...dilated, dilation: [1, 1] })).toHaveLength(2);
    expect(layerShapeProblems(matmul)).toEqual([]);
    expect(layerShapeProblems({ ...matmul, inner: 6 })).toHaveLength(1);
  });

  it("lists an unknown operator with its share and leaves its time out of the total", () => {
    const [fit] = loadFits(fileURLToPath(new URL("../../models/fits", import.meta.url))).durationFits;
    if (fit === undefined) throw new Error("no fit is shipped");
    const relu: Layer = { ...base, name: "relu", kind: "relu" };
    const duration = (layers: readonly Layer[]) =>
      networkDuration({ network: { name: "tiny", layers }, batchSize: 4, fit, widening: 1 });
    const both = duration([relu, unknown]);
    expect(both.unknown).toMatchObject([{ name: "only", kind: "unknown", operationsShare: 0.25 }]);
    expect(both.total.seconds).toBe(duration([relu]).total.seconds);
  });
});
