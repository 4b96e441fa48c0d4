/** Prices of the last decision, from which the next one's dual starts: plain data that a caller keeps between events and hands back. */
import type { VmTypeId } from "../domain/ids.ts";
import type { LimitPrice } from "../formulation/limit-prices.ts";
import type { SlotTable } from "../formulation/slot-table.ts";

/** λ by VM type and part size and μ by limit, under the objective that they belong to. */
export interface WarmStart {
  readonly objectiveName: string;
  readonly slots: readonly { readonly vmTypeId: VmTypeId; readonly gpus: number; readonly price: number }[];
  /** Of limits that bind beyond what quotas and N say; in the row's own scale (formulation/node-market.ts). */
  readonly limits: readonly { readonly limitId: string; readonly price: number }[];
  /** What one unit more of each limit is worth; empty under an objective that is not in USD per hour. */
  readonly limitPrices: readonly LimitPrice[];
}

/** The prices of a table's slots and limits, to be kept. */
export function warmStartOf(
  table: SlotTable,
  objectiveName: string,
  found: { readonly prices: Float64Array; readonly limitPrices: readonly LimitPrice[] },
): WarmStart {
  const { prices, limitPrices } = found;
  return {
    objectiveName,
    slots: table.vmTypes.flatMap(({ id, firstSlot, slotCount }) =>
      Array.from({ length: slotCount }, (_, index) => ({
        vmTypeId: id,
        gpus: table.slotGpus[firstSlot + index] ?? 0,
        price: prices[firstSlot + index] ?? 0,
      })),
    ),
    limits: table.limits.map(({ limitId }, k) => ({ limitId, price: prices[table.slotCount + k] ?? 0 })),
    limitPrices,
  };
}

/**
 * Kept prices for a table's slots and limits; null when there are none for this objective. A slot that was not known costs its share of the
 * rent, a limit that was not known nothing.
 */
export function pricesOf(
  warm: WarmStart | null,
  table: SlotTable,
  objectiveName: string,
): Float64Array | null {
  if (warm?.objectiveName !== objectiveName || warm.slots.length === 0) return null;
  const known = new Map(warm.slots.map((slot) => [`${slot.vmTypeId} ${slot.gpus}`, slot.price]));
  const prices = new Float64Array(table.slotCount + table.limits.length);
  for (const { id, firstSlot, slotCount, nodeCost, gpuCount } of table.vmTypes) {
    for (let r = firstSlot; r < firstSlot + slotCount; r += 1) {
      const gpus = table.slotGpus[r] ?? 0;
      prices[r] = known.get(`${id} ${gpus}`) ?? (nodeCost * gpus) / gpuCount;
    }
  }
  const kept = new Map(warm.limits.map((limit) => [limit.limitId, limit.price]));
  table.limits.forEach(({ limitId }, k) => {
    prices[table.slotCount + k] = kept.get(limitId) ?? 0;
  });
  return prices;
}
