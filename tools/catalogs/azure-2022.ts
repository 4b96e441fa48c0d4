import { parseAzurePriceCsv } from "../../src/catalog/azure-price-csv.ts";
import type { AzureRowFinding, AzureUnpricedRow } from "../../src/catalog/azure-price-csv.ts";
import { AZURE_VM_SHAPES } from "../../src/catalog/azure-vm-shapes.ts";
import type { VmCatalogJson } from "../../src/catalog/vm-catalog-schema.ts";
import { compareIds } from "../../src/domain/ids.ts";
import type { GpuSpec } from "../../src/performance/gpu.ts";
import { AZURE_DOCUMENTS, factsOf, retirementOf } from "../../src/catalog/azure-provenance.ts";

type Unpriced = VmCatalogJson["withoutPrice"][number];

/** The source dates its prices no better: it holds the sizes added on 2022-08-02 and the vCPUs column added on 2022-08-22. */
const PRICE_DATE = "2022";

/** Families on sale in 2022 of which the source may leave out a size. */
const FAMILIES_OF_2022: ReadonlySet<string> = new Set(["NVadsA10_v5"]);

/** Builds the catalogue of 2022 from the text of azure-gpu-vms-2022.csv, with what was found wrong in it. */
export function azure2022(
  csvText: string,
  gpus: readonly GpuSpec[],
): { readonly catalog: VmCatalogJson; readonly findings: readonly AzureRowFinding[] } {
  const { rows, unpriced, findings } = parseAzurePriceCsv(csvText, "azure-gpu-vms-2022.csv");
  const priced = new Set(rows.map((row) => row.shape.id));
  const listed = new Set([...priced, ...unpriced.map((row) => row.shape.id)]);
  const unlisted = AZURE_VM_SHAPES.filter(
    (shape) => FAMILIES_OF_2022.has(shape.family) && !listed.has(shape.id),
  ).map((shape): Unpriced => ({
    ...factsOf(shape, gpus),
    vcpuCount: shape.vcpuCount,
    memoryGib: shape.memoryGib,
    region: null,
    source: "azure-sizes",
    reason: "on sale in 2022, but not in the price source",
  }));
  const catalog: VmCatalogJson = {
    name: "azure-2022",
    about:
      "Azure's GPU VMs of 2022 in US regions, on demand, one row per type and region; written by tools/catalogs/write-catalogs.ts. Most types are retired now: see each row's retirement.",
    sources: {
      "skypilot-2022": {
        title:
          "skypilot-org/skypilot-catalog 5940ede, catalogs/azure/instances.csv (from Azure's retail price API)",
        url: "https://github.com/skypilot-org/skypilot-catalog/blob/5940ede7074d3fc5a668be7902bb20d1fb7ef13d/catalogs/azure/instances.csv",
        note: "Promo and unpriced rows left out; the third of an A10 of Standard_NV12ads_A10_v5, listed as 1 GPU, corrected to gpuShare 1/3.",
      },
      ...AZURE_DOCUMENTS,
    },
    vmTypes: rows
      .map((row) => ({
        ...factsOf(row.shape, gpus),
        vcpuCount: row.vcpuCount,
        memoryGib: row.memoryGib,
        pricePerHourUsd: row.pricePerHourUsd,
        region: row.region,
        quotaNodes: null,
        priceDate: PRICE_DATE,
        priceSource: "skypilot-2022",
        source: "skypilot-2022",
        retirement: retirementOf(row.shape.family),
      }))
      .sort((a, b) => compareIds(a.id, b.id) || compareIds(a.region, b.region)),
    withoutPrice: [...unpriced.map((row) => unpricedRow(row, gpus)), ...unlisted].sort(
      (a, b) => compareIds(a.id, b.id) || compareIds(a.region ?? "", b.region ?? ""),
    ),
  };
  return { catalog, findings };
}

function unpricedRow(row: AzureUnpricedRow, gpus: readonly GpuSpec[]): Unpriced {
  return {
    ...factsOf(row.shape, gpus),
    vcpuCount: row.vcpuCount,
    memoryGib: row.memoryGib,
    region: row.region,
    source: "skypilot-2022",
    reason: `listed on line ${row.line} of the source without a price`,
  };
}
