/** Work of layers that are matrix products: convolutions, fully connected, recurrent and attention layers. */
import { correctionInputs } from "./log-correction.ts";
import { layerComplexity } from "./layer-complexity.ts";
import { layerSize } from "./layer-size.ts";
import { gateCount, multiplyAccumulates } from "./multiply-accumulates.ts";
import type { ConvLayer, Layer } from "./network.ts";
import { channelCount, elementCount, positionCount } from "./shape.ts";
import type { FeatureCounts, LayerPart } from "./work-counts.ts";

function unfoldedElements(layer: ConvLayer): number {
  const [height, width] = layer.kernel;
  // A transposed convolution is the backward pass of one from its output to its input.
  if (layer.transposed === true) return positionCount(layer.input) * height * width * (layer.output[0] ?? 1);
  const channels = layer.input[0] ?? 1;
  return positionCount(layer.output) * height * width * channels;
}

/** NVIDIA's convolution kernels work on tiles of output channels: a layer of 33 channels takes as long as one of 64. */
const FORWARD_TILE = 32;
const GRADIENT_TILE = 64;
/** A grouped convolution of so few channels per group has kernels of its own, without such tiles. */
const LEAST_TILED_GROUP = 8;
/** Operations of such kernels count this often: they reach a small share of the peak. Supplied. */
const UNTILED_FACTOR = 8;

/** The part of a convolution that its coefficients price; the header of layer-work.ts says what each count is. */
export function convPart(layer: ConvLayer, batchSize: number): LayerPart {
  const part = productPart(layer, batchSize, { unfoldedElements: unfoldedElements(layer) * batchSize });
  const tiled = tiledOperations(layer, batchSize);
  if (!readsNetworkInput(layer)) {
    const { forward, backward } = part;
    return {
      ...part,
      forward: { ...forward, tiledOperations: tiled.forward },
      backward: { ...backward, tiledOperations: tiled.inputGradient + tiled.weightGradient },
    };
  }
  return {
    ...part,
    forward: { ...part.forward, tiledOperations: tiled.forward },
    backward: {
      ...part.backward,
      inputElements: 0,
      tiledOperations: tiled.weightGradient,
      stemElements: part.backward.unfoldedElements ?? 0,
    },
  };
}

/** The part of a fully connected layer that its coefficients price. */
export function fcPart(layer: Extract<Layer, { kind: "fc" }>, batchSize: number): LayerPart {
  return productPart(layer, batchSize, {});
}

/** Nothing needs the gradient of the network's input. */
const readsNetworkInput = ({ inputs }: ConvLayer): boolean => inputs.every((name) => name === "input");

/**
 * Multiply-accumulates of the three products of a convolution, per batch, with the channels of each product's output rounded up
 * to whole tiles: output = filter · unfolded; input gradient = filterᵀ · output gradient; filter gradient = output gradient · unfoldedᵀ.
 */
function tiledOperations(
  layer: ConvLayer,
  batchSize: number,
): { readonly forward: number; readonly inputGradient: number; readonly weightGradient: number } {
  const { groups } = layer;
  const inputChannels = channelCount(layer.input) / groups;
  const outputChannels = channelCount(layer.output) / groups;
  const products = multiplyAccumulates(layer) * batchSize;
  if (groups > 1 && Math.min(inputChannels, outputChannels) < LEAST_TILED_GROUP) {
    const operations = UNTILED_FACTOR * products;
    return { forward: operations, inputGradient: operations, weightGradient: operations };
  }
  const reduction = inputChannels * layer.kernel[0] * layer.kernel[1];
  return {
    forward: products * padding(outputChannels, FORWARD_TILE),
    inputGradient: products * padding(inputChannels, GRADIENT_TILE),
    weightGradient: products * padding(outputChannels, GRADIENT_TILE) * padding(reduction, GRADIENT_TILE),
  };
}

/** Factor by which rounding up to whole tiles enlarges a count. */
function padding(count: number, tile: number): number {
  return (Math.ceil(count / tile) * tile) / count;
}

function productPart(
  layer: Extract<Layer, { kind: "conv" | "fc" }>,
  batchSize: number,
  unfolded: Pick<FeatureCounts, "unfoldedElements">,
): LayerPart {
  const size = layerSize(layer);
  const { forwardOperations, backwardOperations } = layerComplexity(layer);
  const shared = {
    launches: 1,
    inputElements: size.inputElements * batchSize,
    outputElements: size.outputElements * batchSize,
    weights: size.weightCount,
    ...unfolded,
  };
  return {
    workKind: layer.kind,
    correctionInputs: correctionInputs(layer, batchSize),
    forward: { ...shared, operations: forwardOperations * batchSize },
    backward: { ...shared, operations: backwardOperations * batchSize },
    byAnalogy: false,
  };
}

/** The bias of a convolution or a fully connected layer, added to its output; none without bias. */
export function biasParts(
  layer: Extract<Layer, { kind: "conv" | "fc" }>,
  batchSize: number,
): readonly LayerPart[] {
  if (!layer.bias) return [];
  const elements = elementCount(layer.output) * batchSize;
  return [
    {
      workKind: "elementwise",
      refinedKind: "bias",
      forward: { bytes: 8 * elements },
      backward: { bytes: 4 * elements },
      byAnalogy: false,
    },
  ];
}

/** A batch of products of two computed tensors, as the product of an fc layer whose "weights" are read like an input. */
export function matmulPart(layer: Extract<Layer, { kind: "matmul" }>, batchSize: number): LayerPart {
  const { inputElements, outputElements } = layerSize(layer);
  const products = multiplyAccumulates(layer) * batchSize;
  const shared = {
    launches: 1,
    inputElements: inputElements * batchSize,
    outputElements: outputElements * batchSize,
  };
  return {
    workKind: "fc",
    forward: { ...shared, operations: products },
    backward: { ...shared, operations: 2 * products },
    byAnalogy: true,
  };
}

/**
 * A recurrent layer as one matrix product over all steps, of [input, hidden] with the gates' weights, and its elementwise
 * gates; the steps depend on each other, so that each is launched by itself.
 */
export function recurrentParts(
  layer: Extract<Layer, { kind: "recurrent" }>,
  batchSize: number,
): readonly LayerPart[] {
  const steps = positionCount(layer.input);
  const features = elementCount(layer.input) / steps;
  const gateElements = steps * layer.directions * layer.hidden * gateCount(layer.cell) * batchSize;
  const products = multiplyAccumulates(layer) * batchSize;
  const { forwardOperations, backwardOperations } = layerComplexity(layer);
  const shared = {
    launches: 1,
    inputElements: steps * layer.directions * (features + layer.hidden) * batchSize,
    outputElements: gateElements,
    weights: layerSize(layer).weightCount,
  };
  const launches = steps * layer.directions;
  return [
    {
      workKind: "fc",
      forward: { ...shared, operations: products },
      backward: { ...shared, operations: 2 * products },
      byAnalogy: true,
    },
    {
      workKind: "elementwise",
      forward: { launches, operations: forwardOperations * batchSize - products, bytes: 8 * gateElements },
      backward: {
        launches,
        operations: backwardOperations * batchSize - 2 * products,
        bytes: 12 * gateElements,
      },
      byAnalogy: true,
    },
  ];
}

/** Attention as the matrix products QKᵀ and ·V, and a softmax over heads · steps² scores that are also scaled once. */
export function attentionParts(
  layer: Extract<Layer, { kind: "attention" }>,
  batchSize: number,
): readonly LayerPart[] {
  const { inputElements, outputElements } = layerSize(layer);
  const products = multiplyAccumulates(layer) * batchSize;
  const scores = layer.heads * positionCount(layer.input) ** 2 * batchSize;
  const { forwardOperations, backwardOperations } = layerComplexity(layer);
  const shared = {
    launches: 1,
    inputElements: inputElements * batchSize,
    outputElements: outputElements * batchSize,
  };
  return [
    {
      workKind: "fc",
      forward: { ...shared, operations: products },
      backward: { ...shared, operations: 2 * products },
      byAnalogy: true,
    },
    {
      workKind: "elementwise",
      forward: {
        launches: 2,
        operations: forwardOperations * batchSize - products,
        bytes: (8 + 12) * scores,
      },
      backward: {
        launches: 2,
        operations: backwardOperations * batchSize - 2 * products,
        bytes: (8 + 16) * scores,
      },
      byAnalogy: true,
    },
  ];
}
