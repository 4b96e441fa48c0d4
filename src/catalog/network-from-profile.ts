/** A network out of a layer profile, whose times may be blank. */
import { basename } from "node:path";
import type { Layer, Network, Shape } from "../performance/network.ts";
import { InvalidInput } from "./input-problem.ts";
import { type LayerProfileRow, loadLayerProfile } from "./layer-profile-csv.ts";
import { networkName } from "./network-name.ts";

/** A network with what was assumed in reading it. */
export interface ProfileNetwork {
  readonly network: Network;
  readonly notes: readonly string[];
}

/** Reads the network of a profile; throws InvalidInput naming the row, or the networks where it holds several and none is named. */
export function loadProfileNetwork(path: string, name: string | undefined): ProfileNetwork {
  const { rows } = loadLayerProfile(path, { times: "optional", unknownKinds: "refuse" });
  const chosen = chosenNetwork(rows, name, path);
  // The layers are the same at every batch; the first batch's rows have them all.
  const own = rows.filter(({ network }) => network === chosen);
  const batchSize = own[0]?.batchSize;
  const layers = named(own.filter((row) => row.batchSize === batchSize).map(({ layer }) => layer));
  return {
    network: {
      name: networkName(`${chosen}.csv`),
      title: chosen,
      source: `layer profile ${basename(path)}`,
      input: inputOf(layers),
      layers,
    },
    notes: [
      "A layer profile does not say what a layer reads besides shapes: biases and functions are those of docs/layer-profile.md.",
    ],
  };
}

function chosenNetwork(rows: readonly LayerProfileRow[], name: string | undefined, path: string): string {
  const networks = [...new Set(rows.map(({ network }) => network))];
  const [only = "", another] = networks;
  if (name === undefined && another === undefined) return only;
  if (name !== undefined && networks.includes(name)) return name;
  throw new InvalidInput(path, [
    {
      path: "column network",
      value: name,
      message:
        name === undefined ? "the file holds several networks" : "the file has no network of this name",
      fix: `Give --network with one of: ${networks.join(", ")}.`,
    },
  ]);
}

/** Layers with names of their own: a module that is called twice has two rows of one name. */
function named(layers: readonly Layer[]): readonly Layer[] {
  const counts = new Map<string, number>();
  return layers.map((layer) => {
    const count = (counts.get(layer.name) ?? 0) + 1;
    counts.set(layer.name, count);
    return count === 1 ? layer : { ...layer, name: `${layer.name}#${count}` };
  });
}

const inputOf = ([first]: readonly Layer[]): Shape => first?.input ?? [1];
