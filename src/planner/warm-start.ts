/** Prices of the last decision, from which the next one's dual starts: plain data that a caller keeps between events and hands back. */
import type { VmTypeId } from "../domain/ids.ts";
import type { SlotTable } from "../formulation/slot-table.ts";

/** λ by VM type and part size, under the objective that they belong to. */
export interface WarmStart {
  readonly objectiveName: string;
  readonly slots: readonly { readonly vmTypeId: VmTypeId; readonly gpus: number; readonly price: number }[];
}

/** The prices of a table's slots, to be kept. */
export function warmStartOf(table: SlotTable, objectiveName: string, prices: Float64Array): WarmStart {
  return {
    objectiveName,
    slots: table.vmTypes.flatMap(({ id, firstSlot, slotCount }) =>
      Array.from({ length: slotCount }, (_, index) => ({
        vmTypeId: id,
        gpus: table.slotGpus[firstSlot + index] ?? 0,
        price: prices[firstSlot + index] ?? 0,
      })),
    ),
  };
}

/** Kept prices for a table's slots; null when there are none for this objective. A slot that was not known costs its share of the rent. */
export function pricesOf(
  warm: WarmStart | null,
  table: SlotTable,
  objectiveName: string,
): Float64Array | null {
  if (warm?.objectiveName !== objectiveName || warm.slots.length === 0) return null;
  const known = new Map(warm.slots.map((slot) => [`${slot.vmTypeId} ${slot.gpus}`, slot.price]));
  const prices = new Float64Array(table.slotCount);
  for (const { id, firstSlot, slotCount, nodeCost, gpuCount } of table.vmTypes) {
    for (let r = firstSlot; r < firstSlot + slotCount; r += 1) {
      const gpus = table.slotGpus[r] ?? 0;
      prices[r] = known.get(`${id} ${gpus}`) ?? (nodeCost * gpus) / gpuCount;
    }
  }
  return prices;
}
