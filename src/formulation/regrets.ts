/** Regrets: by how much a choice of a job class is dearer, at the prices of the dual, than its best one. λ as in lagrangian-dual.ts. */
import type { SlotTable } from "./slot-table.ts";

/** What the best choice of class c costs at the prices: min(0, min_r C_cr + λ_r). */
export function leastReduced({ slotCount, cost }: SlotTable, prices: Float64Array, c: number): number {
  let least = 0;
  for (let r = 0; r < slotCount; r += 1)
    least = Math.min(least, (cost[c * slotCount + r] ?? 0) + (prices[r] ?? 0));
  return least;
}

/** Whether a class needs the size of this slot: it costs less there than in the next smaller part of the VM type. */
export function isOwnSlot(table: SlotTable, c: number, r: number): boolean {
  const here = table.cost[c * table.slotCount + r] ?? Infinity;
  if (here === Infinity) return false;
  return table.firstOfVmType[r] === 1 || here < (table.cost[c * table.slotCount + r - 1] ?? Infinity);
}

/** The regrets C_cr + λ_r − least_c up to `most`, of all classes and the slots that they need. */
export function regretsUpTo(table: SlotTable, prices: Float64Array, most: number): Float64Array {
  const regrets: number[] = [];
  for (let c = 0; c < table.classCount; c += 1) {
    const least = leastReduced(table, prices, c);
    for (let r = 0; r < table.slotCount; r += 1) {
      const regret = (table.cost[c * table.slotCount + r] ?? 0) + (prices[r] ?? 0) - least;
      if (regret <= most && isOwnSlot(table, c, r)) regrets.push(regret);
    }
  }
  return Float64Array.from(regrets);
}
