import { gateCount } from "./multiply-accumulates.ts";
import type { Layer } from "./network.ts";
import { elementCount, positionCount } from "./shape.ts";

/**
 * Numbers that a layer writes in the forward pass of one sample and that stay for the backward pass:
 *
 *   most kinds  output
 *   reshape     0                                             (a view of its input)
 *   source      0                                             (an input or a weight, not computed)
 *   attention   output + heads · steps²                       (the softmax's result)
 *   recurrent   output + steps · directions · hidden · (gates + 1 for the cell state of an lstm)
 *
 * An upper estimate: a framework may recompute some, or write relu and dropout over their input.
 */
export function activationElements(layer: Layer): number {
  const outputElements = elementCount(layer.output);
  if (layer.kind === "reshape" || layer.kind === "source") return 0;
  if (layer.kind === "attention") return outputElements + layer.heads * positionCount(layer.input) ** 2;
  if (layer.kind !== "recurrent") return outputElements;
  const keptPerUnit = gateCount(layer.cell) + (layer.cell === "lstm" ? 1 : 0);
  return outputElements + positionCount(layer.input) * layer.directions * layer.hidden * keptPerUnit;
}
