/** The <network> of a command: a shipped name, or a file that describes a network in one of the formats that Berth reads. */
import { existsSync } from "node:fs";
import { extname } from "node:path";
import { InvalidInput } from "../catalog/input-problem.ts";
import { loadLayerTable } from "../catalog/layer-table-text.ts";
import { loadNetwork } from "../catalog/load-networks.ts";
import { loadProfileNetwork } from "../catalog/network-from-profile.ts";
import { importOnnxFile } from "../catalog/onnx/import-onnx.ts";
import type { ReferenceData } from "../catalog/reference-data.ts";
import type { Network, Shape } from "../performance/network.ts";

/** What a file leaves open. */
export interface NetworkOptions {
  /** Sizes of symbolic axes of an ONNX file. */
  readonly dim: ReadonlyMap<string, number>;
  /** Which network of a CSV that holds several. */
  readonly network?: string;
  /** Shape of one input sample, for a layer table that does not print it. */
  readonly input?: Shape;
}

/** A network with what was assumed in reading it. */
export interface FoundNetwork {
  readonly network: Network;
  readonly notes: readonly string[];
}

/** The argument's description in the help. */
export const NETWORK_ARGUMENT =
  "name of a shipped network, or a file: network .json, .onnx, layer-profile .csv (times may be blank), or a layer table as summary tools print it (.txt)";

/** Finds the network; throws InvalidInput naming the file, the place in it and what to do. */
export function findNetwork(
  name: string,
  options: NetworkOptions,
  { networks }: Pick<ReferenceData, "networks">,
): FoundNetwork {
  const shipped = networks.get(name);
  if (shipped !== undefined) return { network: shipped, notes: [] };
  const extension = extname(name).toLowerCase();
  if (!existsSync(name)) {
    throw new InvalidInput("<network>", [
      {
        path: "",
        value: name,
        message: extension === "" ? "no shipped network has this name" : "there is no such file",
        fix: `Use a .json, .onnx, .csv or .txt file, or one of: ${[...networks.keys()].join(", ")}.`,
      },
    ]);
  }
  switch (extension) {
    case ".json":
      return { network: loadNetwork(name), notes: [] };
    case ".onnx":
      return importOnnxFile(name, { dimensions: options.dim });
    case ".csv":
      return loadProfileNetwork(name, options.network);
    default:
      return loadLayerTable(name, options.input);
  }
}
