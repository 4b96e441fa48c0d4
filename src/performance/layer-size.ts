import { assertNever } from "../domain/assert-never.ts";
import { gateCount } from "./multiply-accumulates.ts";
import type { Layer, NormVariant } from "./network.ts";
import { channelCount, elementCount, fcApplications } from "./shape.ts";

/** Numbers that a layer reads, writes and learns; elements are per sample. */
export interface LayerSize {
  /** Of all inputs together: an addition of k tensors reads k times its shape. */
  readonly inputElements: number;
  readonly outputElements: number;
  /** Learned numbers, biases and the scale and shift of a normalisation included; running statistics are not learned. */
  readonly weightCount: number;
}

/** Elements read and written by a layer for one sample, and its learned weights. */
export function layerSize(layer: Layer): LayerSize {
  return {
    inputElements: inputElements(layer),
    outputElements: elementCount(layer.output),
    weightCount: weightCount(layer),
  };
}

/** Bytes of `weightCount` learned numbers at `bytesPerNumber` bytes each (4 for float32, 2 for float16). */
export function weightBytes(weightCount: number, bytesPerNumber: number): number {
  return weightCount * bytesPerNumber;
}

function inputElements(layer: Layer): number {
  if (layer.kind === "matmul") return layer.batches * layer.inner * (layer.rows + layer.columns);
  // Broadcast inputs stay in the cache.
  if (layer.kind === "elementwise") return layer.fullInputs * elementCount(layer.output);
  if (layer.kind === "source") return 0;
  const tensors = layer.kind === "add" || layer.kind === "attention" ? layer.inputs.length : 1;
  return tensors * elementCount(layer.input);
}

/**
 * Learned numbers of a layer:
 *
 *   conv       H_f W_f (C_in / groups) C_out + C_out if biased
 *   fc         C_in C_out + C_out if biased            (shared by the steps of a sequence)
 *   norm       2 C (scale and shift); C for rms; 0 for local response
 *   embedding  vocabulary · width
 *   recurrent  directions · gates · hidden · (C_in + hidden + 2 if biased)
 *
 * A recurrent cell has two biases per gate, one beside each product, as in cuDNN, PyTorch and Keras' GRU (reset_after).
 */
function weightCount(layer: Layer): number {
  const { input, output } = layer;
  switch (layer.kind) {
    case "conv": {
      const [filterHeight, filterWidth] = layer.kernel;
      const filter = filterHeight * filterWidth * (channelCount(input) / layer.groups);
      return channelCount(output) * (filter + (layer.bias ? 1 : 0));
    }
    case "fc": {
      const applications = fcApplications(input);
      const outputs = elementCount(output) / applications;
      return outputs * (elementCount(input) / applications + (layer.bias ? 1 : 0));
    }
    case "norm":
      return normWeights(layer.variant) * channelCount(output);
    case "embedding":
      return layer.vocabulary * channelCount(output);
    case "recurrent": {
      const columns = channelCount(input) + layer.hidden + (layer.bias ? 2 : 0);
      return layer.directions * gateCount(layer.cell) * layer.hidden * columns;
    }
    case "activation":
      return layer.weightCount ?? 0;
    case "source":
    case "unknown":
      return layer.weightCount;
    case "pool":
    case "relu":
    case "loss":
    case "add":
    case "concat":
    case "dropout":
    case "reshape":
    case "attention":
    case "matmul":
    case "elementwise":
    case "copy":
    case "reduce":
      return 0;
    default:
      return assertNever(layer);
  }
}

function normWeights(variant: NormVariant): 0 | 1 | 2 {
  switch (variant) {
    case "local-response":
      return 0;
    case "rms":
      return 1;
    case "batch":
    case "layer":
    case "instance":
    case "group":
      return 2;
  }
}
