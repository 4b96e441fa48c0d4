/**
 * Replaces groups of nodes into which exporters break up one operation by a node of that operation, as a framework would run it:
 *
 *   Gelu                  x · ½(1 + erf(x / √2)), and with tanh(√(2/π)(x + 0.044715 x³))
 *   Swish, Mish,          x · sigmoid(x), x · tanh(softplus(x)), x · clip(x + 3, 0, 6) / 6
 *   HardSwish
 *   LayerNormalization    (x − mean(x)) / √(mean((x − mean(x))²) + ε) · γ + β
 *   RMSNormalization      x / √(mean(x²) + ε) · γ
 *   GroupNormalization    an instance normalisation of the groups between two reshapes, · γ + β
 *
 * A group is replaced only if nothing outside it reads what is between.
 */
import { gatedActivation } from "./gated-activation.ts";
import { decomposedNorm } from "./decomposed-norm.ts";
import { groupNorm } from "./group-norm.ts";
import type { OnnxModel, OnnxNode } from "./onnx-model.ts";
import { nodeGraph } from "./node-graph.ts";

/** Nodes that one node can stand for. */
export interface Fusion {
  readonly replaced: ReadonlySet<OnnxNode>;
  /** Takes the place of the last of them. */
  readonly node: OnnxNode;
  readonly last: OnnxNode;
}

/** The model with the patterns of the header replaced. */
export function fusePatterns(model: OnnxModel): OnnxModel {
  const graph = nodeGraph(model);
  const gone = new Set<OnnxNode>();
  const inPlaceOf = new Map<OnnxNode, OnnxNode>();
  for (const node of model.nodes) {
    const fusion = decomposedNorm(node, graph) ?? groupNorm(node, graph) ?? gatedActivation(node, graph);
    if (fusion === undefined || [...fusion.replaced].some((part) => gone.has(part))) continue;
    for (const part of fusion.replaced) gone.add(part);
    inPlaceOf.set(fusion.last, fusion.node);
  }
  const nodes = model.nodes.flatMap((node) => {
    const fused = inPlaceOf.get(node);
    if (fused !== undefined) return [fused];
    return gone.has(node) ? [] : [node];
  });
  return { ...model, nodes };
}
