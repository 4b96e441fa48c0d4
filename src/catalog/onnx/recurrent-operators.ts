/** LSTM, GRU and RNN. */
import type { RecurrentLayer } from "../../performance/network.ts";
import { integerAttribute, textAttribute } from "./attributes.ts";
import type { Importing } from "./importing.ts";
import type { OnnxNode } from "./onnx-model.ts";
import { sampleDims } from "./tensor-dims.ts";

/** A recurrent layer over [steps, batch, features], or [batch, steps, features] with layout 1. */
export function recurrent(importing: Importing, node: OnnxNode, cell: RecurrentLayer["cell"]): void {
  const from = importing.input(node, 0);
  const weights = importing.input(node, 1);
  const gates = { rnn: 1, gru: 3, lstm: 4 }[cell];
  const hidden = integerAttribute(node, "hidden_size", (weights.dims[1] ?? gates) / gates);
  const directions = textAttribute(node, "direction") === "bidirectional" ? 2 : 1;
  const [steps = 1, features = 1] = sampleDims(from.dims);
  for (const index of [1, 2, 3]) {
    const value = importing.optionalInput(node, index);
    if (value?.kind === "constant") importing.countLearned(value.learned);
  }
  const sequence = importing.shaped(importing.tensor(from, node), [steps, features]);
  const layer = importing.layer(node, [sequence], {
    kind: "recurrent",
    output: [steps, directions * hidden],
    cell,
    hidden,
    directions,
    bias: importing.optionalInput(node, 3) !== undefined,
  });
  const batchFirst = integerAttribute(node, "layout", 0) === 1;
  const [first = 1, second = 1] = from.dims;
  const all = batchFirst ? [first, second, directions, hidden] : [first, directions, second, hidden];
  const last = batchFirst ? [first, directions, hidden] : [directions, second, hidden];
  importing.setComputed(node, 0, all, layer);
  for (const index of [1, 2]) {
    if ((node.outputs[index] ?? "") === "") continue;
    const kept = importing.layer(node, [layer], {
      kind: "copy",
      output: [directions, hidden],
      operator: "last-step",
    });
    importing.setComputed(node, index, last, kept);
  }
}
