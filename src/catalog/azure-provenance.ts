import type { AzureVmFamily, AzureVmShape } from "./azure-vm-shapes.ts";
import type { VmCatalogJson } from "./vm-catalog-schema.ts";
import type { GpuSpec } from "../performance/gpu.ts";

type Sources = VmCatalogJson["sources"];
type Row = VmCatalogJson["vmTypes"][number];

const DOCS =
  "https://github.com/MicrosoftDocs/azure-docs/blob/main/articles/virtual-machines/sizes/migration-guides";
const COMPUTE_DOCS =
  "https://github.com/MicrosoftDocs/azure-compute-docs/blob/main/articles/virtual-machines/sizes";

/** Sources of shapes and retirements, by key. */
export const AZURE_DOCUMENTS: Sources = {
  "azure-sizes": {
    title: "Microsoft, GPU accelerated virtual machine sizes: vCPUs, memory and accelerators of each size",
    url: `${COMPUTE_DOCS}/gpu-accelerated`,
  },
  "azure-retirement-nc": { title: "Microsoft, NC-series retirement", url: `${DOCS}/nc-series-retirement.md` },
  "azure-retirement-ncv2": {
    title: "Microsoft, NCv2-series retirement",
    url: `${DOCS}/ncv2-series-retirement.md`,
  },
  "azure-retirement-nd": { title: "Microsoft, ND-series retirement", url: `${DOCS}/nd-series-retirement.md` },
  "azure-retirement-nv": { title: "Microsoft, NV-series retirement", url: `${DOCS}/nv-series-retirement.md` },
  "azure-retired-sizes": {
    title: "Microsoft, retired Azure VM sizes: NCv3 retired 2025-09-30, NVv3 on 2026-09-30",
    url: `${COMPUTE_DOCS}/retirement/retired-sizes-list.md`,
  },
};

const RETIREMENT: Partial<Record<AzureVmFamily, NonNullable<Row["retirement"]>>> = {
  NC: { date: "2023-09-06", source: "azure-retirement-nc" },
  NCv2: { date: "2023-09-06", source: "azure-retirement-ncv2" },
  ND: { date: "2023-09-06", source: "azure-retirement-nd" },
  NV: { date: "2023-09-06", source: "azure-retirement-nv" },
  NCv3: { date: "2025-09-30", source: "azure-retired-sizes" },
  NVv3: { date: "2026-09-30", source: "azure-retired-sizes" },
};

/** When a family stopped being sold, or null when Microsoft's pages name no date. */
export function retirementOf(family: AzureVmFamily): Row["retirement"] {
  return RETIREMENT[family] ?? null;
}

/** A shape's fields as a catalogue row has them, with the memory of a slice taken from the GPU table. */
export function factsOf(
  shape: AzureVmShape,
  gpus: readonly GpuSpec[],
): Pick<Row, "id" | "gpuType" | "gpuCount" | "gpuShare" | "gpuMemoryGib"> {
  const gpu = gpus.find(({ name }) => name === shape.gpuType);
  if (gpu === undefined) throw new Error(`${shape.gpuType} is not in models/gpus.json`);
  return {
    id: shape.id,
    gpuType: shape.gpuType,
    gpuCount: shape.gpuCount,
    gpuShare: shape.gpuShare,
    gpuMemoryGib: gpu.memoryGib * shape.gpuShare,
  };
}
