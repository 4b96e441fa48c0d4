/** What Azure documents about one GPU VM size; prices and regions are not part of it. */
export interface AzureVmShape {
  readonly id: string;
  readonly family: AzureVmFamily;
  readonly gpuType: string;
  /** GPUs, or slices of one GPU, that the VM sees. */
  readonly gpuCount: number;
  /** Share of a physical GPU that each of them is, in (0, 1]. */
  readonly gpuShare: number;
  readonly vcpuCount: number;
  readonly memoryGib: number;
}

/** Azure's GPU families, by the name of their documentation page. */
export type AzureVmFamily =
  | "NC"
  | "NCv2"
  | "NCv3"
  | "NCasT4_v3"
  | "NC_A100_v4"
  | "NCads_H100_v5"
  | "ND"
  | "NDv2"
  | "NDasrA100_v4"
  | "NDm_A100_v4"
  | "ND_H100_v5"
  | "ND_H200_v5"
  | "NV"
  | "NVv3"
  | "NVadsA10_v5";

type ShapeRow = readonly [
  id: string,
  gpuCount: number,
  vcpuCount: number,
  memoryGib: number,
  gpuShare?: number,
];

/**
 * The sizes of Azure's NVIDIA GPU families as Microsoft documents them (MicrosoftDocs/azure-compute-docs,
 * articles/virtual-machines/sizes/gpu-accelerated; K80 and M60 count dies). A size's GPU count never changes, so a price list that
 * disagrees is wrong: upstream lists 12 GPUs for Standard_ND96isr_H100_v5 (it has 8) and 1 for thirds of an A10.
 */
export const AZURE_VM_SHAPES: readonly AzureVmShape[] = [
  ...family("NC", "K80", [
    ["Standard_NC6", 1, 6, 56],
    ["Standard_NC12", 2, 12, 112],
    ["Standard_NC24", 4, 24, 224],
    ["Standard_NC24r", 4, 24, 224],
  ]),
  ...family("NCv2", "P100", [
    ["Standard_NC6s_v2", 1, 6, 112],
    ["Standard_NC12s_v2", 2, 12, 224],
    ["Standard_NC24s_v2", 4, 24, 448],
    ["Standard_NC24rs_v2", 4, 24, 448],
  ]),
  ...family("NCv3", "V100", [
    ["Standard_NC6s_v3", 1, 6, 112],
    ["Standard_NC12s_v3", 2, 12, 224],
    ["Standard_NC24s_v3", 4, 24, 448],
    ["Standard_NC24rs_v3", 4, 24, 448],
  ]),
  ...family("NCasT4_v3", "T4", [
    ["Standard_NC4as_T4_v3", 1, 4, 28],
    ["Standard_NC8as_T4_v3", 1, 8, 56],
    ["Standard_NC16as_T4_v3", 1, 16, 110],
    ["Standard_NC64as_T4_v3", 4, 64, 440],
  ]),
  ...family("NC_A100_v4", "A100-80GB", [
    ["Standard_NC24ads_A100_v4", 1, 24, 220],
    ["Standard_NC48ads_A100_v4", 2, 48, 440],
    ["Standard_NC96ads_A100_v4", 4, 96, 880],
  ]),
  ...family("NCads_H100_v5", "H100-94GB", [
    ["Standard_NC40ads_H100_v5", 1, 40, 320],
    ["Standard_NC80adis_H100_v5", 2, 80, 640],
  ]),
  ...family("ND", "P40", [
    ["Standard_ND6s", 1, 6, 112],
    ["Standard_ND12s", 2, 12, 224],
    ["Standard_ND24s", 4, 24, 448],
    ["Standard_ND24rs", 4, 24, 448],
  ]),
  ...family("NDv2", "V100-32GB", [["Standard_ND40rs_v2", 8, 40, 672]]),
  ...family("NDasrA100_v4", "A100-40GB", [["Standard_ND96asr_v4", 8, 96, 900]]),
  ...family("NDm_A100_v4", "A100-80GB", [["Standard_ND96amsr_A100_v4", 8, 96, 1900]]),
  ...family("ND_H100_v5", "H100-80GB", [["Standard_ND96isr_H100_v5", 8, 96, 1900]]),
  ...family("ND_H200_v5", "H200-141GB", [["Standard_ND96isr_H200_v5", 8, 96, 1850]]),
  ...family("NV", "M60", [
    ["Standard_NV6", 1, 6, 56],
    ["Standard_NV12", 2, 12, 112],
    ["Standard_NV24", 4, 24, 224],
  ]),
  ...family("NVv3", "M60", [
    ["Standard_NV12s_v3", 1, 12, 112],
    ["Standard_NV24s_v3", 2, 24, 224],
    ["Standard_NV48s_v3", 4, 48, 448],
  ]),
  ...family("NVadsA10_v5", "A10", [
    ["Standard_NV6ads_A10_v5", 1, 6, 55, 1 / 6],
    ["Standard_NV12ads_A10_v5", 1, 12, 110, 1 / 3],
    ["Standard_NV18ads_A10_v5", 1, 18, 220, 1 / 2],
    ["Standard_NV36ads_A10_v5", 1, 36, 440],
    ["Standard_NV36adms_A10_v5", 1, 36, 880],
    ["Standard_NV72ads_A10_v5", 2, 72, 880],
  ]),
];

const SHAPE_BY_ID: ReadonlyMap<string, AzureVmShape> = new Map(
  AZURE_VM_SHAPES.map((shape) => [shape.id, shape]),
);

/** The documented shape of an Azure size, or undefined for a size that is not in the table (an in-house server, another cloud). */
export function azureVmShape(id: string): AzureVmShape | undefined {
  return SHAPE_BY_ID.get(id);
}

function family(name: AzureVmFamily, gpuType: string, rows: readonly ShapeRow[]): readonly AzureVmShape[] {
  return rows.map(([id, gpuCount, vcpuCount, memoryGib, gpuShare = 1]) => ({
    id,
    family: name,
    gpuType,
    gpuCount,
    gpuShare,
    vcpuCount,
    memoryGib,
  }));
}
