import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Network } from "../performance/network.ts";
import { InvalidInput } from "./input-problem.ts";
import { networkSchema } from "./network-schema.ts";
import { parseJsonFile } from "./parse-json-file.ts";

const SUFFIX = ".json";
const shippedDirectory = fileURLToPath(new URL("../../models/networks/", import.meta.url));

/**
 * The networks of a directory (by default those that Berth ships) by name, sorted by name.
 * Throws InvalidInput, naming the file and JSON path, when one cannot be used.
 */
export function loadNetworks(directory = shippedDirectory): ReadonlyMap<string, Network> {
  const names = readdirSync(directory)
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => basename(file, SUFFIX))
    .sort();
  const networks = names.map((name) => loadNetwork(join(directory, `${name}${SUFFIX}`)));
  return new Map(networks.map((network) => [network.name, network]));
}

/** One network from a JSON file, whose name without ".json" must be the network's. */
export function loadNetwork(path: string): Network {
  // This assignment is the compile-time check that the schema and Network agree.
  const network: Network = parseJsonFile(networkSchema, path);
  const expected = basename(path, SUFFIX);
  if (network.name === expected) return network;
  throw new InvalidInput(path, [
    {
      path: "/name",
      value: network.name,
      message: "the network's name is not the file's",
      fix: `Give name "${expected}", or rename the file to ${network.name}${SUFFIX}.`,
    },
  ]);
}
