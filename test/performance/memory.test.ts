import { describe, expect, it } from "vitest";
import { loadNetworks } from "../../src/catalog/load-networks.ts";
import { outOfMemoryReason, trainingMemory } from "../../src/performance/memory.ts";

const networks = loadNetworks();

function totalGib(networkName: string, batchSize: number): number {
  const network = networks.get(networkName);
  if (network === undefined) throw new Error(`${networkName} is missing.`);
  return trainingMemory(network, batchSize).totalGib;
}

describe("trainingMemory", () => {
  it("adds weights, gradients, momentum, activations, workspace and reserve", () => {
    const network = {
      layers: [
        { kind: "fc", name: "fc", inputs: ["input"], input: [1024], output: [1024], bias: false },
        { kind: "relu", name: "relu", inputs: ["fc"], input: [1024], output: [1024] },
      ],
    } as const;
    const memory = trainingMemory(network, 1024);
    const mebi = 1 / 1024;
    expect(memory).toEqual({
      weightsGib: 4 * mebi,
      gradientsGib: 4 * mebi,
      optimizerGib: 4 * mebi,
      activationsGib: 4 * mebi,
      workspaceGib: 8 * mebi,
      reserveGib: 0.5,
      totalGib: 0.5 + 24 * mebi,
    });
  });

  it("keeps nothing for sgd, one number per weight for momentum, two for adam", () => {
    const network = networks.get("vgg19");
    if (network === undefined) throw new Error("vgg19 is missing.");
    const of = (optimizer: "sgd" | "momentum" | "adam"): number =>
      trainingMemory(network, 8, optimizer).optimizerGib;
    expect(of("sgd")).toBe(0);
    expect(of("momentum")).toBeCloseTo((4 * 143.667e6) / 2 ** 30, 3);
    expect(of("adam")).toBeCloseTo(2 * of("momentum"), 12);
    expect(trainingMemory(network, 8).totalGib).toBe(trainingMemory(network, 8, "momentum").totalGib);
  });

  it("says what the memory would be for", () => {
    const network = networks.get("vgg19");
    if (network === undefined) throw new Error("vgg19 is missing.");
    const reason = outOfMemoryReason(trainingMemory(network, 32, "adam"), {
      batchSize: 32,
      optimizer: "adam",
      gpuType: "P600",
      gpuMemoryGib: 2,
    });
    expect(reason).toMatch(/^needs 5\.4 GiB on each GPU for 32 samples, P600 has 2 GiB \(.*adam 1\.1/);
  });

  it("finds no room for VGG-19 on a 2 GiB P600, at 32 samples or at 16 on each of two: the slides' empty cells", () => {
    expect(totalGib("vgg19", 32)).toBeGreaterThan(2);
    expect(totalGib("vgg19", 16)).toBeGreaterThan(2);
  });

  it("finds room for AlexNet and ResNet-50 on a P600 at some batch", () => {
    expect(totalGib("alexnet", 64)).toBeLessThan(2);
    expect(totalGib("resnet50", 8)).toBeLessThan(2);
  });

  it("lets run what ran: TensorFlow's figures on a 12 GiB K80, Gavel's on a 16 GiB P100", () => {
    for (const [name, batchSize] of [
      ["inception-v3", 64],
      ["resnet50", 64],
      ["resnet152", 32],
      ["alexnet-ungrouped", 512],
      ["vgg16", 32],
    ] as const) {
      expect(totalGib(name, batchSize), name).toBeLessThan(12);
    }
    expect(totalGib("resnet50", 128)).toBeLessThan(16);
  });
});
