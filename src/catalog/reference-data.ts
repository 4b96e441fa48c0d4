/** What predictions rest on: the shipped networks, fits and GPU figures, loaded once. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { FitLibrary } from "../performance/fit.ts";
import type { GpuSpec } from "../performance/gpu.ts";
import type { Network } from "../performance/network.ts";
import { loadFits } from "./load-fits.ts";
import { loadGpus } from "./load-gpus.ts";
import { loadNetworks } from "./load-networks.ts";

export interface ReferenceData {
  /** By name. */
  readonly networks: ReadonlyMap<string, Network>;
  readonly fits: FitLibrary;
  readonly gpus: readonly GpuSpec[];
}

const shipped = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Loads everything under models/; throws InvalidInput naming the file that cannot be used. */
export function loadReferenceData(): ReferenceData {
  return {
    networks: loadNetworks(),
    fits: loadFits(shipped("models/fits")),
    gpus: loadGpus(shipped("models/gpus.json")),
  };
}

/** Names of the shipped catalogues, sorted. */
export const shippedCatalogNames = (): readonly string[] =>
  readdirSync(shipped("instances/catalogs"))
    .flatMap((file) => (file.endsWith(".json") ? [file.slice(0, -".json".length)] : []))
    .sort();

/** Path of a shipped catalogue by name. */
export const shippedCatalogPath = (name: string): string => shipped(`instances/catalogs/${name}.json`);
/** Path of a shipped scenario by name. */
export const shippedScenarioPath = (name: string): string => shipped(`instances/scenarios/${name}.json`);
