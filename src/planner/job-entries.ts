/**
 * Which jobs are where, as counts: an entry says that n jobs of class c are in slot i, waiting being slot R. Entries live in typed arrays
 * and in two kinds of lists, by slot and by class, so that moving jobs allocates nothing.
 */
import type { SlotTable } from "../formulation/slot-table.ts";

/** Jobs by class and slot. −1 ends a list. */
export interface JobEntries {
  readonly classOf: (entry: number) => number;
  readonly jobs: (entry: number) => number;
  /** First entry of a slot. */
  readonly firstIn: (slot: number) => number;
  /** Next entry of the same slot. */
  readonly nextIn: (entry: number) => number;
  /** Entry of a class in a slot, or −1. */
  readonly find: (c: number, slot: number) => number;
  /** Puts jobs of a class into a slot and returns their entry. */
  readonly add: (c: number, slot: number, amount: number) => number;
  /** Takes jobs out; returns whether the entry is gone. */
  readonly remove: (entry: number, amount: number) => boolean;
  /** Calls `visit` for each entry of a class. */
  readonly visitClass: (c: number, visit: (slot: number, jobs: number) => void) => void;
}

/** Nobody anywhere yet. */
export function jobEntries({ classCount, slotCount, multiplicity }: SlotTable): JobEntries {
  // A class is in at most n_c places, and in no more than there are.
  const capacity = multiplicity.reduce((total, jobs) => total + Math.min(jobs, slotCount + 1), 1);
  const entryClass = new Int32Array(capacity);
  const entrySlot = new Int32Array(capacity);
  const entryJobs = new Int32Array(capacity);
  const next = new Int32Array(capacity).fill(-1);
  const previous = new Int32Array(capacity).fill(-1);
  const nextOfClass = new Int32Array(capacity).fill(-1);
  const first = new Int32Array(slotCount + 1).fill(-1);
  const firstOfClass = new Int32Array(classCount).fill(-1);
  let used = 0;
  // Entries that were given back, chained through `next`.
  let free = -1;

  const find = (c: number, slot: number): number => {
    let entry = firstOfClass[c] ?? -1;
    while (entry >= 0 && entrySlot[entry] !== slot) entry = nextOfClass[entry] ?? -1;
    return entry;
  };
  const take = (): number => {
    if (free < 0) return used++;
    const entry = free;
    free = next[entry] ?? -1;
    return entry;
  };
  const unlink = (entry: number): void => {
    const slot = entrySlot[entry] ?? 0;
    const before = previous[entry] ?? -1;
    const after = next[entry] ?? -1;
    if (before < 0) first[slot] = after;
    else next[before] = after;
    if (after >= 0) previous[after] = before;
    const c = entryClass[entry] ?? 0;
    let link = firstOfClass[c] ?? -1;
    if (link === entry) firstOfClass[c] = nextOfClass[entry] ?? -1;
    else {
      while (nextOfClass[link] !== entry) link = nextOfClass[link] ?? -1;
      nextOfClass[link] = nextOfClass[entry] ?? -1;
    }
    next[entry] = free;
    free = entry;
  };
  return {
    classOf: (entry) => entryClass[entry] ?? -1,
    jobs: (entry) => entryJobs[entry] ?? 0,
    firstIn: (slot) => first[slot] ?? -1,
    nextIn: (entry) => next[entry] ?? -1,
    find,
    add: (c, slot, amount) => {
      const known = find(c, slot);
      if (known >= 0) {
        entryJobs[known] = (entryJobs[known] ?? 0) + amount;
        return known;
      }
      const entry = take();
      entryClass[entry] = c;
      entrySlot[entry] = slot;
      entryJobs[entry] = amount;
      previous[entry] = -1;
      const after = first[slot] ?? -1;
      next[entry] = after;
      if (after >= 0) previous[after] = entry;
      first[slot] = entry;
      nextOfClass[entry] = firstOfClass[c] ?? -1;
      firstOfClass[c] = entry;
      return entry;
    },
    remove: (entry, amount) => {
      const left = (entryJobs[entry] ?? 0) - amount;
      entryJobs[entry] = left;
      if (left > 0) return false;
      unlink(entry);
      return true;
    },
    visitClass: (c, visit) => {
      for (let entry = firstOfClass[c] ?? -1; entry >= 0; entry = nextOfClass[entry] ?? -1) {
        visit(entrySlot[entry] ?? 0, entryJobs[entry] ?? 0);
      }
    },
  };
}
