import { AZURE_VM_SHAPES, azureVmShape } from "../../src/catalog/azure-vm-shapes.ts";
import type { AzureVmShape } from "../../src/catalog/azure-vm-shapes.ts";
import type { VmCatalogJson } from "../../src/catalog/vm-catalog-schema.ts";
import { compareIds } from "../../src/domain/ids.ts";
import type { GpuSpec } from "../../src/performance/gpu.ts";
import { AZURE_DOCUMENTS, factsOf, retirementOf } from "../../src/catalog/azure-provenance.ts";

type PriceTable = Readonly<Record<string, Readonly<Record<string, number>>>>;

interface Quotation {
  readonly priceSource: string;
  readonly priceDate: string;
  readonly pricePerHourUsd: PriceTable;
}

/** Families on sale today. */
const FAMILIES: ReadonlySet<string> = new Set([
  "NCasT4_v3",
  "NVadsA10_v5",
  "NC_A100_v4",
  "NCads_H100_v5",
  "NDasrA100_v4",
  "NDm_A100_v4",
  "ND_H100_v5",
  "ND_H200_v5",
]);

const SOURCES: VmCatalogJson["sources"] = {
  "skypilot-2024": {
    title: "skypilot-org/skypilot-catalog 098741e, catalogs/v6/azure/vms.csv (from Azure's retail price API)",
    url: "https://github.com/skypilot-org/skypilot-catalog/blob/098741e70562f65d7af1cceb81e33b284f742604/catalogs/v6/azure/vms.csv",
    note: "Dated by its spot prices, which are those of pull request 79 of 2024-08-27. It lists Standard_ND96isr_H100_v5 with 12 GPUs; the VM has 8, and the price is the VM's.",
  },
  "skypilot-pr-79": {
    title:
      "skypilot-org/skypilot-catalog, pull request 79: fractional A10 sizes (from Azure's retail price API)",
    url: "https://github.com/skypilot-org/skypilot-catalog/pull/79",
  },
  "akash-2026-08": {
    title:
      "S. Narahari, NVIDIA H200 GPU Guide 2026: Specs, Benchmarks, and Pricing (Akash Network, 2026-08-20), table of hourly costs: ND96isr H200 v5, East US 2, fetched from Azure's retail price API on that day",
    url: null,
  },
  "data-receipts-2026-11": {
    title: "datareceipts/data-receipts, 109-gpu-pricing/hyperscalers.json, retrieved 2026-11-09",
    url: "https://raw.githubusercontent.com/datareceipts/data-receipts/main/109-gpu-pricing/hyperscalers.json",
    note: "Newer than skypilot-2024 and therefore used for the same size and region; 2- and 4-GPU prices differ from it.",
  },
};

/** Later quotations replace earlier ones of the same size and region. */
const QUOTATIONS: readonly Quotation[] = [
  {
    priceSource: "skypilot-2024",
    priceDate: "2024-08",
    pricePerHourUsd: {
      Standard_NC4as_T4_v3: t4(0.594, 0.526, 0.631),
      Standard_NC8as_T4_v3: t4(0.849, 0.752, 0.902),
      Standard_NC16as_T4_v3: t4(1.36, 1.204, 1.445),
      Standard_NC64as_T4_v3: t4(4.907, 4.352, 5.222),
      Standard_NC24ads_A100_v4: ncA100(3.673, { centralus: 4.15, southcentralus: 4.408, westus: 4.775 }),
      Standard_NC48ads_A100_v4: ncA100(7.346, { centralus: 8.301, southcentralus: 8.815, westus: 9.55 }),
      Standard_NC96ads_A100_v4: ncA100(14.692, { centralus: 16.602, southcentralus: 17.63, westus: 19.1 }),
      Standard_NC40ads_H100_v5: { eastus: 6.98, eastus2: 6.98, southcentralus: 8.38, westus3: 6.98 },
      Standard_NC80adis_H100_v5: { eastus: 13.96, eastus2: 13.96, southcentralus: 16.76, westus3: 13.96 },
      Standard_ND96asr_v4: { eastus: 27.197, southcentralus: 32.63, westus2: 27.197 },
      Standard_ND96amsr_A100_v4: { eastus: 32.77, eastus2: 32.77, southcentralus: 39.324 },
      Standard_ND96isr_H100_v5: { eastus: 98.32, eastus2: 98.32, westus: 127.816 },
      Standard_NV36ads_A10_v5: a10(3.2, 3.84, 4.16),
      Standard_NV36adms_A10_v5: a10(4.52, 5.424, 5.876),
      Standard_NV72ads_A10_v5: a10(6.52, 7.824, 8.476),
    },
  },
  {
    priceSource: "skypilot-pr-79",
    priceDate: "2024-08-26",
    pricePerHourUsd: {
      Standard_NV12ads_A10_v5: { eastus: 0.908, eastus2: 0.908, northcentralus: 1.09, southcentralus: 1.09 },
    },
  },
  {
    priceSource: "akash-2026-08",
    priceDate: "2026-08-20",
    pricePerHourUsd: { Standard_ND96isr_H200_v5: { eastus2: 84.8 } },
  },
  {
    priceSource: "data-receipts-2026-11",
    priceDate: "2026-11-09",
    pricePerHourUsd: {
      Standard_NC24ads_A100_v4: { eastus: 3.673 },
      Standard_NC48ads_A100_v4: { eastus: 9.554 },
      Standard_NC96ads_A100_v4: { eastus: 19.108 },
      Standard_NC40ads_H100_v5: { eastus: 6.98 },
      Standard_NC80adis_H100_v5: { eastus: 17.64 },
    },
  },
];

/** Builds the catalogue of the families on sale in November 2026, at the newest prices that can be cited. */
export function azure202611(gpus: readonly GpuSpec[]): VmCatalogJson {
  const newest = new Map<string, VmCatalogJson["vmTypes"][number]>();
  for (const quotation of QUOTATIONS) {
    for (const [id, prices] of Object.entries(quotation.pricePerHourUsd)) {
      for (const [region, pricePerHourUsd] of Object.entries(prices)) {
        const { shape, facts } = rowFacts(id, gpus);
        newest.set(JSON.stringify([id, region]), {
          ...facts,
          pricePerHourUsd,
          region,
          quotaNodes: null,
          priceDate: quotation.priceDate,
          priceSource: quotation.priceSource,
          source: "azure-sizes",
          retirement: retirementOf(shape.family),
        });
      }
    }
  }
  const vmTypes = [...newest.values()].sort(
    (a, b) => compareIds(a.id, b.id) || compareIds(a.region, b.region),
  );
  const priced = new Set(vmTypes.map((row) => row.id));
  return {
    name: "azure-2026-11",
    about:
      "Azure's NVIDIA GPU VMs on sale in November 2026, on demand in US regions, one row per type and region, each with the date and source of its price; written by tools/catalogs/write-catalogs.ts.",
    sources: { ...SOURCES, "azure-sizes": sizesSource() },
    vmTypes,
    withoutPrice: AZURE_VM_SHAPES.filter((shape) => FAMILIES.has(shape.family) && !priced.has(shape.id)).map(
      (shape) => ({
        ...rowFacts(shape.id, gpus).facts,
        region: null,
        source: "azure-sizes",
        reason: "no price found that can be cited",
      }),
    ),
  };
}

function rowFacts(
  id: string,
  gpus: readonly GpuSpec[],
): {
  readonly shape: AzureVmShape;
  readonly facts: ReturnType<typeof factsOf> & Pick<AzureVmShape, "vcpuCount" | "memoryGib">;
} {
  const shape = azureVmShape(id);
  if (shape === undefined) throw new Error(`${id} is not in azure-vm-shapes.ts`);
  return {
    shape,
    facts: { ...factsOf(shape, gpus), vcpuCount: shape.vcpuCount, memoryGib: shape.memoryGib },
  };
}

function sizesSource(): VmCatalogJson["sources"][string] {
  const source = AZURE_DOCUMENTS["azure-sizes"];
  if (source === undefined) throw new Error("azure-sizes is not among the documents");
  return source;
}

/** T4 sizes cost the same in all but three regions. */
function t4(centralus: number, base: number, dear: number): Readonly<Record<string, number>> {
  return {
    centralus,
    eastus: base,
    eastus2: base,
    northcentralus: base,
    southcentralus: dear,
    westus: dear,
    westus2: base,
    westus3: base,
  };
}

/** NC A100 v4: one price but for three dearer regions. */
function ncA100(
  base: number,
  dear: { readonly centralus: number; readonly southcentralus: number; readonly westus: number },
): Readonly<Record<string, number>> {
  return { eastus: base, eastus2: base, westus2: base, westus3: base, ...dear };
}

/** Whole A10 sizes: one price but for three dearer regions. */
function a10(base: number, dear: number, westus: number): Readonly<Record<string, number>> {
  return {
    eastus: base,
    eastus2: base,
    northcentralus: dear,
    southcentralus: dear,
    westus,
    westus2: base,
    westus3: base,
  };
}
