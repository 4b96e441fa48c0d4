/** Normalisations. Each is given the shape on which its weights are counted: channels of an image, or features of a sequence. */
import type { NormVariant } from "../../performance/network.ts";
import { integerAttribute } from "./attributes.ts";
import type { Importing } from "./importing.ts";
import type { OnnxNode } from "./onnx-model.ts";
import { axisOf, type Dims, product, sampleDims } from "./tensor-dims.ts";

/** BatchNormalization, InstanceNormalization and GroupNormalization: scale and shift for each channel. */
export function channelNorm(importing: Importing, node: OnnxNode, variant: NormVariant): void {
  const { dims } = importing.input(node, 0);
  const [channels = 1, ...sizes] = sampleDims(dims);
  const shape = sizes.length === 0 ? [channels] : [channels, product(sizes.slice(0, -1)), sizes.at(-1) ?? 1];
  norm(importing, node, { shape, variant, window: 1 });
}

/** LayerNormalization and RMSNormalization, over all axes from `axis` on. */
export function lastAxesNorm(importing: Importing, node: OnnxNode, variant: NormVariant): void {
  const { dims } = importing.input(node, 0);
  const axis = axisOf(integerAttribute(node, "axis", -1), dims.length);
  const features = product(dims.slice(axis));
  const rows = product(sampleDims(dims)) / features;
  norm(importing, node, { shape: rows === 1 ? [features] : [rows, features], variant, window: 1 });
}

/** LRN: each output reads `size` channels. */
export function localResponseNorm(importing: Importing, node: OnnxNode): void {
  const { dims } = importing.input(node, 0);
  const [channels = 1, ...sizes] = sampleDims(dims);
  const shape = [channels, product(sizes.slice(0, -1)), sizes.at(-1) ?? 1];
  norm(importing, node, { shape, variant: "local-response", window: integerAttribute(node, "size", 1) });
}

interface Norm {
  readonly shape: Dims;
  readonly variant: NormVariant;
  readonly window: number;
}

function norm(importing: Importing, node: OnnxNode, { shape, variant, window }: Norm): void {
  const from = importing.input(node, 0);
  for (const index of node.inputs.keys()) {
    const value = importing.optionalInput(node, index);
    if (index > 0 && value?.kind === "constant") importing.countLearned(value.learned);
  }
  const tensor = importing.layer(node, [importing.shaped(importing.tensor(from, node), shape)], {
    kind: "norm",
    output: shape,
    variant,
    window,
  });
  importing.setComputed(node, 0, from.dims, tensor);
  // Running or saved statistics, written in training mode only.
  for (const index of node.outputs.keys()) {
    if (index > 0)
      importing.setConstant(node, index, {
        dims: shape.slice(0, 1),
        data: undefined,
        integral: false,
        learned: [],
      });
  }
}
