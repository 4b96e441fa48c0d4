import { describe, expect, it } from "vitest";
import { loadNetworks } from "../../src/catalog/load-networks.ts";
import { chooseFit } from "../../src/performance/choose-fit.ts";
import { networkDuration, type NetworkDuration } from "../../src/performance/network-duration.ts";
import type { Layer } from "../../src/performance/network.ts";
import { handFit, shippedFits, shippedGpus } from "./fit-fixture.ts";

const networks = loadNetworks();

function predict(gpuType: string, networkName: string, batchSize: number): NetworkDuration {
  const network = networks.get(networkName);
  const choice = chooseFit({
    gpuType,
    gpuShare: 1,
    framework: "tensorflow",
    durationFits: shippedFits.durationFits,
    gpus: shippedGpus,
  });
  if (network === undefined || choice.kind === "missing")
    throw new Error(`${networkName} or ${gpuType} is missing.`);
  return networkDuration({ network, batchSize, fit: choice.fit, widening: choice.widening });
}

const fc: Layer = { kind: "fc", name: "fc", inputs: ["input"], input: [10], output: [5], bias: false };
const relu: Layer = { kind: "relu", name: "relu", inputs: ["fc"], input: [5], output: [5] };

describe("networkDuration", () => {
  it("with operations and launches only is the slides' t = Σ (β0 + β1·c)", () => {
    const fit = handFit([
      {
        model: "complexity",
        workKind: "fc",
        direction: "forward",
        coefficients: { launches: 1, operations: 0.1 },
      },
      {
        model: "complexity",
        workKind: "fc",
        direction: "backward",
        coefficients: { launches: 2, operations: 0.1 },
      },
      { model: "complexity", workKind: "fc", direction: "update", coefficients: {} },
    ]);
    const duration = networkDuration({
      network: { name: "one", layers: [fc] },
      batchSize: 2,
      fit,
      widening: 1,
      model: "complexity",
    });
    expect(duration.forwardSeconds).toBeCloseTo(1 + 0.1 * 2 * 50, 10);
    expect(duration.backwardSeconds).toBeCloseTo(2 + 0.1 * 2 * 100, 10);
    expect(duration.total.seconds).toBeCloseTo(11 + 22, 10);
  });

  it("lists a layer without a model, with its share of the operations, and warns", () => {
    const fit = handFit([
      { workKind: "fc", direction: "forward", coefficients: { operations: 1 } },
      { workKind: "fc", direction: "backward", coefficients: { operations: 1 } },
      { workKind: "fc", direction: "update", coefficients: {} },
    ]);
    const duration = networkDuration({
      network: { name: "two", layers: [fc, relu] },
      batchSize: 1,
      fit,
      widening: 1,
    });
    expect(duration.unknown).toEqual([
      {
        name: "relu",
        kind: "relu",
        forwardOperations: 15,
        missing: ["elementwise"],
        operationsShare: 15 / 65,
      },
    ]);
    expect(duration.warnings).toEqual([
      "no model for 1 layers (relu), 23 % of the operations; their time is missing",
    ]);
    expect(duration.layers).toHaveLength(1);
  });

  it("says once per kind and feature what lies outside the measured range", () => {
    const fit = handFit([
      {
        workKind: "fc",
        direction: "forward",
        coefficients: { operations: 1 },
        measuredRange: { operations: { min: 1, max: 10 } },
      },
      { workKind: "fc", direction: "backward", coefficients: { operations: 1 } },
      { workKind: "fc", direction: "update", coefficients: {} },
    ]);
    const layers = [fc, { ...fc, name: "fc2" }];
    const { warnings } = networkDuration({
      network: { name: "two", layers },
      batchSize: 1,
      fit,
      widening: 1,
    });
    expect(warnings).toEqual(["fc: operations above the measured range (100 % of the time)"]);
  });

  it("knows every layer of every network shipped, on every GPU shipped, in positive time", () => {
    for (const name of networks.keys()) {
      for (const gpu of shippedGpus) {
        const duration = predict(gpu.name, name, 4);
        expect(duration.unknown).toEqual([]);
        expect(duration.total.seconds).toBeGreaterThan(0);
        expect(duration.total.lowerSeconds).toBeLessThan(duration.total.seconds);
        expect(duration.total.upperSeconds).toBeGreaterThan(duration.total.seconds);
      }
    }
  });

  it("totals what its layers take, in every direction and bound", () => {
    for (const name of networks.keys()) {
      const { layers, total, ...sums } = predict("T4", name, 8);
      const sumOf = (of: (layer: (typeof layers)[number]) => number): number =>
        layers.reduce((sum, layer) => sum + of(layer), 0);
      expect(sums.forwardSeconds / sumOf((layer) => layer.forwardSeconds)).toBeCloseTo(1, 9);
      expect(sums.backwardSeconds / sumOf((layer) => layer.backwardSeconds)).toBeCloseTo(1, 9);
      expect(sums.updateSeconds / sumOf((layer) => layer.updateSeconds)).toBeCloseTo(1, 9);
      expect(total.seconds / sumOf((layer) => layer.total.seconds)).toBeCloseTo(1, 9);
      const stretch = total.lowerSeconds / sumOf((layer) => layer.total.lowerSeconds);
      expect(1 / stretch).toBeCloseTo(total.upperSeconds / sumOf((layer) => layer.total.upperSeconds), 9);
    }
  });

  it("takes longer for a larger batch", () => {
    for (const name of networks.keys()) {
      const seconds = [1, 2, 8, 32, 33].map((batchSize) => predict("P100", name, batchSize).total.seconds);
      expect([...seconds].sort((a, b) => a - b)).toEqual(seconds);
    }
  });

  it("orders GPUs as their generations do", () => {
    for (const name of ["resnet50", "vgg19", "alexnet"]) {
      const seconds = ["P600", "K80", "GTX1080Ti", "V100", "A100-40GB"].map(
        (gpu) => predict(gpu, name, 32).total.seconds,
      );
      expect([...seconds].sort((a, b) => b - a)).toEqual(seconds);
    }
  });

  it("stretches the interval of a scaled fit beyond that of its source", () => {
    const relativeWidth = ({ total }: NetworkDuration): number => total.upperSeconds / total.lowerSeconds;
    expect(relativeWidth(predict("V100-32GB", "resnet50", 32))).toBeGreaterThan(
      2 * relativeWidth(predict("V100", "resnet50", 32)),
    );
  });

  it("refuses a batch below one sample", () => {
    expect(() => predict("K80", "alexnet", 0)).toThrow(/batch of 0/);
  });
});
