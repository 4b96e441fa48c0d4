/** Finds group normalisation as PyTorch exports it: the groups are reshaped to channels, instance-normalised, and reshaped back. */
import { onlyReader, withScaleAndShift } from "./decomposed-norm.ts";
import type { Fusion } from "./fuse-patterns.ts";
import { isClosed } from "./gated-activation.ts";
import type { NodeGraph } from "./node-graph.ts";
import type { OnnxNode } from "./onnx-model.ts";

/** The group normalisation in the middle of which this instance normalisation stands, if it is one. */
export function groupNorm(node: OnnxNode, graph: NodeGraph): Fusion | undefined {
  if (node.operator !== "InstanceNormalization") return undefined;
  const before = graph.writer(node.inputs[0] ?? "");
  const after = onlyReader(node, graph);
  if (before?.operator !== "Reshape" || after?.operator !== "Reshape") return undefined;
  const parts = new Set<OnnxNode>([before, node, after]);
  const { last, weights } = withScaleAndShift(after, { graph, parts });
  const [output = ""] = last.outputs;
  if (weights.length === 0 || !isClosed(parts, { output, graph })) return undefined;
  const inputs = [before.inputs[0] ?? "", ...weights];
  return {
    replaced: parts,
    last,
    node: { ...last, operator: "GroupNormalization", domain: "", inputs, attributes: new Map() },
  };
}
