import { describe, expect, it } from "vitest";
import { loadNetworks } from "../../src/catalog/load-networks.ts";
import { layerComplexity } from "../../src/performance/layer-complexity.ts";
import { networkComplexity } from "../../src/performance/network-complexity.ts";
import type { Layer, Network } from "../../src/performance/network.ts";
import { deepSpeech2 } from "../../tools/networks/deepspeech2.ts";

const networks = loadNetworks();

function network(name: string): Network {
  const found = networks.get(name);
  if (found === undefined) throw new Error(`models/networks has no ${name}`);
  return found;
}

function without({ layers }: Network, prefixes: readonly string[]): { readonly layers: readonly Layer[] } {
  return { layers: layers.filter(({ name }) => !prefixes.some((prefix) => name.startsWith(prefix))) };
}

describe("networkComplexity", () => {
  /**
   * Weights and GMAC that torchvision publishes with its models ("num_params" and "GFLOPS"); for the grouped AlexNet the
   * weights of Caffe's bvlc_alexnet and the 724.4 M operations of the SBAC-PAD slides.
   */
  it.each([
    ["alexnet", 60_965_224, 0.724],
    ["alexnet-ungrouped", 61_100_840, 0.714],
    ["vgg11", 132_863_336, 7.609],
    ["vgg16", 138_357_544, 15.47],
    ["vgg19", 143_667_240, 19.632],
    ["resnet18", 11_689_512, 1.814],
    ["resnet50", 25_557_032, 4.089],
    ["resnet152", 60_192_808, 11.514],
    ["densenet121", 7_978_856, 2.834],
  ])("gives the published totals of %s", (name, weightCount, gigaMultiplyAccumulates) => {
    const totals = networkComplexity(network(name));
    expect(totals.weightCount).toBe(weightCount);
    expect(totals.multiplyAccumulates / 1e9).toBeCloseTo(gigaMultiplyAccumulates, 3);
  });

  it("gives the published totals of Inception-v3 and GoogLeNet once their auxiliary classifiers are left out", () => {
    const inception = networkComplexity(without(network("inception-v3"), ["aux/"]));
    expect(inception.weightCount).toBe(23_834_568);
    expect(inception.multiplyAccumulates / 1e9).toBeCloseTo(5.713, 3);
    // torchvision counts the operations of the network as deployed, and the weights with the auxiliary classifier.
    expect(networkComplexity(network("inception-v3")).weightCount).toBe(27_161_264);
    const googlenet = networkComplexity(without(network("googlenet"), ["loss1/", "loss2/"]));
    expect(googlenet.weightCount).toBe(6_998_552);
    expect(googlenet.multiplyAccumulates / 1e9).toBeCloseTo(1.58, 2);
    expect(networkComplexity(network("googlenet")).weightCount).toBe(13_378_280);
  });

  it("gives AlexNet's 724.4 M forward and 1,449.5 M backward operations per image in its conv and fc layers", () => {
    const products = network("alexnet").layers.filter(({ kind }) => kind === "conv" || kind === "fc");
    const complexities = products.map(layerComplexity);
    const forward = complexities.reduce((total, { forwardOperations }) => total + forwardOperations, 0);
    const backward = complexities.reduce((total, { backwardOperations }) => total + backwardOperations, 0);
    expect(forward / 1e6).toBeCloseTo(724.4, 1);
    expect(backward / 1e6).toBeCloseTo(1449.5, 1);
  });

  it("gives BERT-base's published weights (bert-base-uncased with pooler), and those of the span head", () => {
    expect(networkComplexity(network("bert-base")).weightCount).toBe(109_482_240 + 2 * 768 + 2);
  });

  it("gives BERT-base's products: 12 encoders of 384 tokens, by hand", () => {
    const projections = 4 * 768 * 768;
    const feedForward = 2 * 768 * 3072;
    const attention = 2 * 384 * 768;
    const heads = 768 * 768 + 384 * 768 * 2;
    expect(networkComplexity(network("bert-base")).multiplyAccumulates).toBe(
      12 * 384 * (projections + feedForward + attention) + heads,
    );
  });

  it("gives DeepSpeech2's weights, part by part", () => {
    const convolutions = 41 * 11 * 32 + 32 + 2 * 32 + 21 * 11 * 32 * 32 + 32 + 2 * 32;
    const gru = (features: number): number => 2 * 3 * 800 * (features + 800 + 2);
    const norms = 5 * 2 * 800;
    const totals = networkComplexity(network("deepspeech2"));
    expect(totals.weightCount).toBe(convolutions + gru(32 * 41) + 4 * gru(800) + norms + 800 * 29);
    expect(totals.weightCount).toBe(41_187_968);
  });

  it("gives the 52 M weights that a user of deepspeech.pytorch reports for 7 layers of 768 and 73 labels (its issue 608)", () => {
    const reported = deepSpeech2({ recurrentLayers: 7, hidden: 768, labels: 73 });
    expect(networkComplexity(reported).weightCount / 1e6).toBeCloseTo(52.4, 1);
  });

  it("adds up the activations that stay for the backward pass", () => {
    const relu: Layer = { kind: "relu", name: "relu", inputs: ["input"], input: [2, 3], output: [2, 3] };
    const flat: Layer = { kind: "reshape", name: "flat", inputs: ["relu"], input: [2, 3], output: [6] };
    expect(networkComplexity({ layers: [relu, flat] })).toEqual({
      forwardOperations: 18,
      backwardOperations: 24,
      multiplyAccumulates: 0,
      weightCount: 0,
      activationElements: 6,
    });
  });
});
