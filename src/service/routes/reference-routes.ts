import type { Network } from "../../performance/network.ts";
import { predictDurations } from "../../performance/duration-table.ts";
import { estimateView } from "../../report/estimate-view.ts";
import { networkView } from "../../report/network-view.ts";
import { vmTypeView } from "../../report/vm-type-view.ts";
import { getCatalog, getNetworks, postEstimates } from "../endpoints/reference.ts";
import { RequestProblem } from "../problem-details.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import type { ServiceContext } from "./service-context.ts";
import { knownCluster } from "./service-context.ts";

/** Answers estimates, the catalogue and the networks. */
export function referenceRoutes({ store, reference }: ServiceContext): readonly Route[] {
  const networks = [...reference.networks.values()].map(networkView);
  return [
    route(postEstimates, async ({ body, clusterId }) => {
      const { network: given, ...rest } = body;
      const network =
        typeof given === "string"
          ? namedNetwork(reference.networks, given)
          : { title: "", source: "", ...given, name: given.name ?? "inline" };
      const { vmTypes } = (await knownCluster(store, clusterId)).settings;
      const workload = { networkName: network.name, ...rest };
      return estimateView(workload, predictDurations({ ...reference, network, workload, vmTypes }), vmTypes);
    }),
    route(getCatalog, async ({ clusterId }) => {
      const { settings } = await knownCluster(store, clusterId);
      const { vmTypes, maxNodes, replanIntervalSeconds } = settings;
      return { vmTypes: vmTypes.map(vmTypeView), maxNodes, replanIntervalSeconds };
    }),
    route(getNetworks, () => ({ networks })),
  ];
}

function namedNetwork(networks: ReadonlyMap<string, Network>, name: string): Network {
  const found = networks.get(name);
  if (found !== undefined) return found;
  const problem = {
    path: "/network",
    value: name,
    message: "no network has this name",
    fix: `Use one of: ${[...networks.keys()].join(", ")}; or give input and layers.`,
  };
  throw new RequestProblem("unusable-input", "The network is unknown.", { problems: [problem] });
}
