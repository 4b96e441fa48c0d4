import { assertNever } from "../domain/assert-never.ts";
import type { Layer, RecurrentLayer } from "./network.ts";
import { channelCount, elementCount, fcApplications, positionCount } from "./shape.ts";

/** Blocks of `hidden` rows in a recurrent cell's weight matrices. */
export function gateCount(cell: RecurrentLayer["cell"]): 1 | 3 | 4 {
  switch (cell) {
    case "rnn":
      return 1;
    case "gru":
      return 3;
    case "lstm":
      return 4;
  }
}

/**
 * Multiply-accumulates of one forward pass of one sample, in the layers that are matrix products
 * (conv, fc, recurrent, attention, matmul); 0 for every other kind, as the published totals of networks count.
 *
 *   conv       H_out W_out · H_f W_f (C_in / groups) C_out
 *   transposed H_in W_in · H_f W_f C_in (C_out / groups)     (conv: each input element is spread over a window)
 *   fc         steps · C_in C_out                            (an image is flattened: C_in = channels·height·width)
 *   recurrent  steps · directions · gates · hidden (C_in + hidden)
 *   attention  2 · steps² · width                            (QKᵀ and ·V; the keys have as many steps as the queries)
 *   matmul     batches · rows · inner · columns
 */
export function multiplyAccumulates(layer: Layer): number {
  const { input, output } = layer;
  switch (layer.kind) {
    case "conv": {
      const [filterHeight, filterWidth] = layer.kernel;
      if (layer.transposed === true) {
        return elementCount(input) * filterHeight * filterWidth * (channelCount(output) / layer.groups);
      }
      return elementCount(output) * filterHeight * filterWidth * (channelCount(input) / layer.groups);
    }
    case "fc":
      // elementCount(input) = applications · C_in and elementCount(output) = applications · C_out.
      return (elementCount(input) * elementCount(output)) / fcApplications(input);
    case "recurrent":
      return (
        positionCount(input) *
        layer.directions *
        gateCount(layer.cell) *
        layer.hidden *
        (channelCount(input) + layer.hidden)
      );
    case "attention":
      return 2 * positionCount(input) * elementCount(input);
    case "matmul":
      return layer.batches * layer.rows * layer.inner * layer.columns;
    case "pool":
    case "relu":
    case "activation":
    case "norm":
    case "loss":
    case "add":
    case "concat":
    case "dropout":
    case "reshape":
    case "embedding":
    case "elementwise":
    case "copy":
    case "reduce":
    case "source":
    case "unknown":
      return 0;
    default:
      return assertNever(layer);
  }
}
