import { compareIds, sortedById } from "../domain/ids.ts";
import type { VmType } from "../domain/vm-type.ts";
import { azureVmShape } from "./azure-vm-shapes.ts";
import { InvalidInput } from "./input-problem.ts";
import type { CatalogVmType, VmCatalog } from "./vm-catalog-schema.ts";

/** The regions that a catalogue has prices for, sorted. */
export function catalogRegions(catalog: VmCatalog): readonly string[] {
  return [...new Set(catalog.vmTypes.map((row) => row.region))].sort(compareIds);
}

/**
 * The VM types of one region as a scenario uses them, sorted by id; an id is unique within a region.
 * Throws InvalidInput when the catalogue has no prices for that region.
 */
export function selectRegion(catalog: VmCatalog, region: string): readonly VmType[] {
  const rows = catalog.vmTypes.filter((row) => row.region === region);
  if (rows.length === 0) {
    throw new InvalidInput(catalog.name, [
      {
        path: "/region",
        value: region,
        message: "the catalogue has no prices for this region",
        fix: `Use one of: ${catalogRegions(catalog).join(", ")}.`,
      },
    ]);
  }
  return sortedById(rows.map(vmTypeOf));
}

/** The catalogue without the types that were retired by a day (YYYY-MM-DD); a retirement date holds from that day on. */
export function offeredOn(catalog: VmCatalog, day: string): VmCatalog {
  return {
    ...catalog,
    vmTypes: catalog.vmTypes.filter((row) => row.retirement === null || row.retirement.date > day),
  };
}

function vmTypeOf(row: CatalogVmType): VmType {
  return {
    id: row.id,
    gpuType: row.gpuType,
    gpuCount: row.gpuCount,
    gpuShare: row.gpuShare,
    gpuMemoryGib: row.gpuMemoryGib,
    vcpuCount: row.vcpuCount,
    memoryGib: row.memoryGib,
    pricePerHourUsd: row.pricePerHourUsd,
    region: row.region,
    family: row.family ?? azureVmShape(row.id)?.family ?? null,
    quotaNodes: row.quotaNodes,
  };
}
