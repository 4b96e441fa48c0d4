/** A network as JSON: its name, where its shapes come from, and its totals; not its layers. */
import { z } from "zod";
import type { Network } from "../performance/network.ts";
import { networkComplexity } from "../performance/network-complexity.ts";

const count = z.number().min(0);

/** JSON form of a network. */
export const networkViewSchema = z
  .strictObject({
    name: z.string().meta({ example: "resnet50" }),
    title: z.string(),
    source: z.string().meta({ description: "Paper or reference implementation that the shapes come from." }),
    layerCount: z.int().min(1),
    forwardOperations: count.meta({ description: "Operations of the forward pass of one sample." }),
    backwardOperations: count.meta({ description: "Operations of the backward pass of one sample." }),
    multiplyAccumulates: count.meta({ description: "What papers print as (G)MAC of one sample." }),
    weightCount: count.meta({ description: "Learned numbers." }),
    activationElements: count.meta({
      description: "Numbers kept from the forward pass of one sample for the backward pass.",
    }),
  })
  .meta({
    id: "NetworkSummary",
    description: "A neural network that jobs may name, with its totals for one sample.",
  });

export type NetworkView = z.output<typeof networkViewSchema>;

/** A network as JSON. */
export function networkView(network: Network): NetworkView {
  const { name, title, source, layers } = network;
  return { name, title, source, layerCount: layers.length, ...networkComplexity(network) };
}
