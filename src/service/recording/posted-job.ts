/** What was posted for a job, as it is kept and as it can be posted again: layers that came with it are kept apart, and their id stands in their place. */
import { z } from "zod";
import type { InlineNetworks } from "../../catalog/inline-network.ts";
import { inlineNetworkId, readInlineNetworks } from "../../catalog/inline-network.ts";
import type { JobSpec } from "../../catalog/job-spec.ts";
import { jobSpecSchema } from "../../catalog/job-spec.ts";
import { isoTime } from "../../catalog/time.ts";
import type { NetworkId } from "../../domain/ids.ts";
import { networkId } from "../../domain/ids.ts";
import type { StoreParts } from "../../store/store.ts";

const referringSchema = z.looseObject({
  network: z.strictObject({ networkId: z.string().transform(networkId) }),
});

/** For keeping; `inlineNetworksOf` gives the layers that must be kept with it. */
export const keptRequest = (spec: JobSpec): object => ({
  ...spec,
  ...(typeof spec.network === "object" ? { network: { networkId: inlineNetworkId(spec.network) } } : {}),
  dueAt: isoTime(spec.dueAt),
});

/** The layers that kept requests refer to. */
export async function networksOfRequests(
  { networks }: Pick<StoreParts, "networks">,
  requests: readonly object[],
): Promise<InlineNetworks> {
  const ids = requests.flatMap((request) => referredNetwork(request) ?? []);
  return readInlineNetworks(await networks.load(ids));
}

/** The job as it was posted; undefined where this version cannot read it any more. Requests from before layers were kept apart hold them themselves. */
export function postedAgain(request: object, networks: InlineNetworks): JobSpec | undefined {
  const id = referredNetwork(request);
  const network = id === undefined ? undefined : networks.get(id);
  if (id !== undefined && network === undefined) return undefined;
  // Layers were read once for all jobs that have them; the rest of the request is read with their id as a name in their place.
  const spec = jobSpecSchema.safeParse(id === undefined ? request : { ...request, network: id });
  if (!spec.success) return undefined;
  return network === undefined ? spec.data : { ...spec.data, network };
}

function referredNetwork(request: object): NetworkId | undefined {
  const referring = referringSchema.safeParse(request);
  return referring.success ? referring.data.network.networkId : undefined;
}
