import type { VmTypeId } from "./ids.ts";

/**
 * A kind of virtual machine that can be rented, v ∈ V.
 * A GPU of the VM type may be a slice of a physical one (Azure's NVads A10 v5): `gpuShare` is that slice, 1 for a whole GPU,
 * and `gpuMemoryGib` is the memory of the slice.
 */
export interface VmType {
  readonly id: VmTypeId;
  /** GPU type as named in models/gpus.json, for example "K80". */
  readonly gpuType: string;
  /** G_v: GPUs (or GPU slices) on one node, a whole number ≥ 1. */
  readonly gpuCount: number;
  /** Share of a physical GPU that each of them is, in (0, 1]. */
  readonly gpuShare: number;
  readonly gpuMemoryGib: number;
  /** null where the catalogue does not say. */
  readonly vcpuCount: number | null;
  /** Main memory; null where the catalogue does not say. */
  readonly memoryGib: number | null;
  /** c_v: what one more node costs; 0 for nodes that are paid for anyway. */
  readonly pricePerHourUsd: number;
  /** What the node's work is worth where that is not c_v: the price on demand of a node that is paid for anyway. */
  readonly worthPerHourUsd?: number;
  readonly region: string;
  /** Family that the provider counts quotas by, for example "NCv3"; null where the catalogue does not say. */
  readonly family: string | null;
  /** Q_v: how many nodes of this type may be rented at once; null is unlimited. */
  readonly quotaNodes: number | null;
  /** Seconds from the rent of a node until its jobs make progress; they are billed. Missing means 0: at once. */
  readonly bootSeconds?: number;
  /** A node that is given back earlier is billed for this time all the same. Missing means 0: billed by the second. */
  readonly minimumBillingSeconds?: number;
}

/** Q_v as a number: a missing quota never binds harder than the node limit N. */
export function quotaWithin(vmType: VmType, maxNodes: number): number {
  return vmType.quotaNodes === null ? maxNodes : Math.min(vmType.quotaNodes, maxNodes);
}

/** The VM type of each node, in the nodes' order; throws on a node of a type that is not given, since its price must not count as 0. */
export function vmTypesOf(
  { nodes }: { readonly nodes: readonly { readonly vmTypeId: VmTypeId }[] },
  vmTypes: readonly VmType[],
): readonly VmType[] {
  const byId = new Map(vmTypes.map((vmType) => [vmType.id, vmType]));
  return nodes.map(({ vmTypeId }) => {
    const vmType = byId.get(vmTypeId);
    if (vmType === undefined) throw new Error(`A node is of unknown VM type ${vmTypeId}`);
    return vmType;
  });
}
