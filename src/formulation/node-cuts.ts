/** The ways to cut nodes that a plan may choose from: the maximal partitions of each VM type of a slot table, as counts of parts. */
import type { GpuPartition } from "../domain/gpu-partition.ts";
import { maximalPartitions } from "../domain/gpu-partition.ts";
import type { SlotTable } from "./slot-table.ts";

/** q: one way to cut a node of one VM type. */
export interface NodeCutKind {
  /** Position of v in the table. */
  readonly vmType: number;
  readonly partition: GpuPartition;
  /** a_qr: parts of each slot of the VM type, the first being its first slot. */
  readonly parts: Int32Array;
  /** f_v */
  readonly cost: number;
}

/** All cuts, VM type by VM type. */
export function nodeCuts(table: SlotTable): readonly NodeCutKind[] {
  return table.vmTypes.flatMap((vmType, index) => {
    const sizes = table.slotGpus.subarray(vmType.firstSlot, vmType.firstSlot + vmType.slotCount);
    return maximalPartitions(Array.from(sizes), vmType.gpuCount).map((partition) => {
      const parts = new Int32Array(vmType.slotCount);
      for (const part of partition) {
        const place = sizes.indexOf(part);
        parts[place] = (parts[place] ?? 0) + 1;
      }
      return { vmType: index, partition, parts, cost: vmType.nodeCost };
    });
  });
}

/** Σ_r price_r · a_qr */
export function worthOfParts(table: SlotTable, cut: NodeCutKind, prices: Float64Array): number {
  const first = table.vmTypes[cut.vmType]?.firstSlot ?? 0;
  let worth = 0;
  for (let index = 0; index < cut.parts.length; index += 1) {
    worth += (cut.parts[index] ?? 0) * (prices[first + index] ?? 0);
  }
  return worth;
}

/** Adds `nodes` times the parts of a cut to the supply of slots. */
export function addParts(
  table: SlotTable,
  cut: NodeCutKind,
  args: { readonly supply: Int32Array; readonly nodes: number },
): void {
  const first = table.vmTypes[cut.vmType]?.firstSlot ?? 0;
  for (let index = 0; index < cut.parts.length; index += 1) {
    args.supply[first + index] = (args.supply[first + index] ?? 0) + args.nodes * (cut.parts[index] ?? 0);
  }
}
