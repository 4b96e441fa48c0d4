/** Catalogues that come with Berth, by name. */
import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import type { GpuSpec } from "../performance/gpu.ts";
import type { VmType } from "../domain/vm-type.ts";
import { InvalidInput } from "./input-problem.ts";
import { loadVmCatalog } from "./load-vm-catalog.ts";
import { shippedCatalogPath } from "./reference-data.ts";
import { selectRegion } from "./select-vm-types.ts";

/** VM types of a shipped catalogue in a region; throws InvalidInput with the names there are. A name is looked up, never taken for a path. */
export function shippedVmTypes(name: string, region: string, gpus: readonly GpuSpec[]): readonly VmType[] {
  const names = readdirSync(dirname(shippedCatalogPath("any")))
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.replace(/\.json$/, ""))
    .sort();
  if (!names.includes(name)) {
    throw new InvalidInput(name, [
      {
        path: "/name",
        value: name,
        message: "no catalogue of this name is shipped",
        fix: `Use one of: ${names.join(", ")}.`,
      },
    ]);
  }
  return selectRegion(loadVmCatalog(shippedCatalogPath(name), gpus), region);
}
