/**
 * The arcs d_ik of slot-assignment.ts: for each pair of slots the class whose job goes from one to the other at least cost.
 *
 * Each arc keeps its few cheapest movers in order, not only the first, so that the jobs of a slot are searched again only when all of them
 * have left. What is kept is always a prefix of the true order of the classes that are in slot i: an arrival that is dearer than the last
 * one kept is left out, unless the list is known to hold everybody.
 */
import type { SlotTable } from "../formulation/slot-table.ts";
import type { JobEntries } from "./job-entries.ts";

/** Movers kept for each arc: enough that searches are rare, few enough that arrivals stay cheap. */
const KEPT = 8;

/** Cheapest movers between slots; waiting is slot R. */
export interface CheapestMovers {
  /** d_ik, at i·(R + 1) + k; ∞ where nobody can go. */
  readonly arc: Float64Array;
  /** The class that pays it; −1 where nobody can go. */
  readonly mover: Int32Array;
  /** Finds all arcs of all slots anew. */
  readonly searchAll: () => void;
  /** A class has come to a slot where it had no jobs. */
  readonly arrived: (c: number, slot: number) => void;
  /** A class has no jobs in a slot any more; the entries must say so already. */
  readonly left: (c: number, slot: number) => void;
}

/** No jobs anywhere yet. */
export function cheapestMovers({ slotCount, cost }: SlotTable, entries: JobEntries): CheapestMovers {
  const n = slotCount + 1;
  const arc = new Float64Array(n * n).fill(Infinity);
  const mover = new Int32Array(n * n).fill(-1);
  const prices = new Float64Array(n * n * KEPT);
  const classes = new Int32Array(n * n * KEPT);
  const kept = new Uint8Array(n * n);
  /** 1 where the list holds everybody who can go. */
  const complete = new Uint8Array(n * n).fill(1);
  const stale = new Int32Array(n);

  const costIn = (c: number, slot: number): number =>
    slot === slotCount ? 0 : (cost[c * slotCount + slot] ?? Infinity);

  const publish = (pair: number): void => {
    const any = (kept[pair] ?? 0) > 0;
    arc[pair] = any ? (prices[pair * KEPT] ?? Infinity) : Infinity;
    mover[pair] = any ? (classes[pair * KEPT] ?? -1) : -1;
  };
  const insert = (pair: number, c: number, price: number): void => {
    const first = pair * KEPT;
    let length = kept[pair] ?? 0;
    if (length > 0 && price >= (prices[first + length - 1] ?? 0)) {
      if (complete[pair] !== 1) return;
      if (length === KEPT) {
        complete[pair] = 0;
        return;
      }
    }
    if (length === KEPT) {
      length -= 1;
      complete[pair] = 0;
    }
    let place = first + length;
    for (; place > first && price < (prices[place - 1] ?? 0); place -= 1) {
      prices[place] = prices[place - 1] ?? 0;
      classes[place] = classes[place - 1] ?? 0;
    }
    prices[place] = price;
    classes[place] = c;
    kept[pair] = length + 1;
  };
  /** Takes a class off an arc's list; false when that leaves an empty list that does not hold everybody. */
  const drop = (pair: number, c: number): boolean => {
    const first = pair * KEPT;
    const length = kept[pair] ?? 0;
    let place = first;
    while (place < first + length && classes[place] !== c) place += 1;
    if (place === first + length) return true;
    for (; place < first + length - 1; place += 1) {
      prices[place] = prices[place + 1] ?? 0;
      classes[place] = classes[place + 1] ?? 0;
    }
    kept[pair] = length - 1;
    return length > 1 || complete[pair] === 1;
  };
  /** Searches the jobs of slot i for the movers of the first `count` stale arcs. */
  const search = (i: number, count: number): void => {
    for (let index = 0; index < count; index += 1) {
      const pair = i * n + (stale[index] ?? 0);
      kept[pair] = 0;
      complete[pair] = 1;
    }
    for (let entry = entries.firstIn(i); entry >= 0; entry = entries.nextIn(entry)) {
      const c = entries.classOf(entry);
      const here = costIn(c, i);
      for (let index = 0; index < count; index += 1) {
        const k = stale[index] ?? 0;
        const price = costIn(c, k) - here;
        if (price < Infinity) insert(i * n + k, c, price);
      }
    }
  };
  return {
    arc,
    mover,
    searchAll: () => {
      for (let i = 0; i < n; i += 1) {
        let count = 0;
        for (let k = 0; k < n; k += 1) {
          if (k === i) continue;
          stale[count] = k;
          count += 1;
        }
        search(i, count);
        for (let k = 0; k < n; k += 1) publish(i * n + k);
      }
    },
    arrived: (c, i) => {
      const here = costIn(c, i);
      for (let k = 0; k < n; k += 1) {
        const price = costIn(c, k) - here;
        if (k === i || price === Infinity) continue;
        insert(i * n + k, c, price);
        publish(i * n + k);
      }
    },
    left: (c, i) => {
      let count = 0;
      for (let k = 0; k < n; k += 1) {
        if (k === i || drop(i * n + k, c)) continue;
        stale[count] = k;
        count += 1;
      }
      if (count > 0) search(i, count);
      for (let k = 0; k < n; k += 1) publish(i * n + k);
    },
  };
}
