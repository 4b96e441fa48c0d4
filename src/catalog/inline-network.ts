/** Networks that jobs bring along: their layers are kept apart from the jobs, once under the hash of their content, whoever brings them. */
import { createHash } from "node:crypto";
import type { z } from "zod";
import type { NetworkId } from "../domain/ids.ts";
import { networkId } from "../domain/ids.ts";
import type { Network } from "../performance/network.ts";
import type { JobSpec } from "./job-spec.ts";
import { inlineNetworkSchema } from "./network-schema.ts";

/** Layers given inline, checked. */
export type InlineNetwork = z.output<typeof inlineNetworkSchema>;
/** Layers by the hash of their content. */
export type InlineNetworks = ReadonlyMap<NetworkId, InlineNetwork>;

const ID_CHARACTERS = 32;
const ids = new WeakMap<InlineNetwork, NetworkId>();

/** Says by what layers are kept. Checked layers have their fields in the schema's order, so that it does not matter in which they were written. */
export function inlineNetworkId(network: InlineNetwork): NetworkId {
  const known = ids.get(network);
  if (known !== undefined) return known;
  const digest = createHash("sha256").update(JSON.stringify(network)).digest("hex");
  const id = networkId(digest.slice(0, ID_CHARACTERS));
  ids.set(network, id);
  return id;
}

/** The layers that jobs bring along, each network once. */
export function inlineNetworksOf(specs: readonly Pick<JobSpec, "network">[]): InlineNetworks {
  return new Map(
    specs.flatMap(({ network }): readonly [NetworkId, InlineNetwork][] =>
      network === undefined || typeof network === "string" ? [] : [[inlineNetworkId(network), network]],
    ),
  );
}

/** Layers that were kept; those that this version cannot read any more are not there. */
export function readInlineNetworks(kept: ReadonlyMap<NetworkId, unknown>): InlineNetworks {
  return new Map(
    [...kept].flatMap(([id, layers]): readonly [NetworkId, InlineNetwork][] => {
      const read = inlineNetworkSchema.safeParse(layers);
      return read.success ? [[id, read.data]] : [];
    }),
  );
}

/** The network to predict with. */
export const networkOfLayers = (network: InlineNetwork): Network => ({
  title: "",
  source: "",
  ...network,
  name: network.name ?? "inline",
});
