/**
 * The cheapest assignment of jobs to a given number b_r of parts of each slot, kept optimal while the supply changes.
 *
 *   min  Σ_cr C_cr x_cr      Σ_r x_cr ≤ n_c ∀c ;  Σ_c x_cr ≤ b_r ∀r
 *
 * This is a transportation problem, so that its optimum is integral and successive shortest paths find it (Busacker and Gowen 1960;
 * Ahuja, Magnanti, Orlin, Network Flows, §9.7). Jobs being many and slots few, the residual network is kept on slots alone: node i stands
 * for the jobs in slot i (i = R for those that wait), and arc i → k costs the least that any job pays for going from i to k:
 *
 *   d_ik = min { C_ck − C_ci : x_ci > 0 }
 *
 * A path is an ejection chain: each job on it drives out the next one. Without negative cycles an assignment is optimal for its own use of
 * the slots; jobs that each take their best slot at some prices have none, and shortest paths make none.
 */
import type { SlotTable } from "../formulation/slot-table.ts";
import { cheapestMovers } from "./cheapest-movers.ts";
import { jobEntries } from "./job-entries.ts";
import type { JobEntries } from "./job-entries.ts";

/** Below this share of the largest cost a difference is rounding, and following it could go round in circles. */
const ROUNDING = 1e-11;

/** An assignment under a supply; `balance` makes it optimal after the supply was changed. */
export interface SlotAssignment {
  readonly entries: JobEntries;
  /** b_r; change it, then balance. */
  readonly supply: Int32Array;
  /** Jobs in each slot; those that wait last. */
  readonly use: Int32Array;
  /** Σ C_cr x_cr */
  readonly cost: () => number;
  /** Moves jobs until the assignment is the cheapest within the supply. */
  readonly balance: () => void;
  /** Moves made so far, as (class, from, to, amount); undone by `undo`. */
  readonly mark: () => number;
  readonly undo: (mark: number) => void;
  readonly forget: () => void;
  /** Fills what one part less of each slot would cost, and what one more would save. */
  readonly marginals: (loss: Float64Array, gain: Float64Array) => void;
}

/** Every job in its best slot at the given prices; balance it once a supply is set. */
export function slotAssignment(table: SlotTable, prices: Float64Array): SlotAssignment {
  const { slotCount, classCount, cost, multiplicity } = table;
  const waiting = slotCount;
  const n = slotCount + 1;
  const entries = jobEntries(table);
  const supply = new Int32Array(slotCount);
  const use = new Int32Array(n);
  const movers = cheapestMovers(table, entries);
  const { arc, mover } = movers;
  const distance = new Float64Array(n);
  const via = new Int32Array(n);
  const path = new Int32Array(n + 1);
  const pathMover = new Int32Array(n + 1);
  const log: number[] = [];
  let total = 0;
  const rounding = ROUNDING * table.largestCost;

  const costIn = (c: number, slot: number): number =>
    slot === waiting ? 0 : (cost[c * slotCount + slot] ?? Infinity);

  const put = (c: number, slot: number, amount: number): void => {
    const isNew = entries.find(c, slot) < 0;
    entries.add(c, slot, amount);
    use[slot] = (use[slot] ?? 0) + amount;
    total += amount * costIn(c, slot);
    if (isNew) movers.arrived(c, slot);
  };
  const move = (c: number, from: number, to: number, amount: number): void => {
    const entry = entries.find(c, from);
    const gone = entries.remove(entry, amount);
    use[from] = (use[from] ?? 0) - amount;
    total -= amount * costIn(c, from);
    if (gone) movers.left(c, from);
    put(c, to, amount);
  };
  const spare = (slot: number): number =>
    slot === waiting ? Infinity : (supply[slot] ?? 0) - (use[slot] ?? 0);

  /** Bellman-Ford: `distance` and `via` (next slot) of the cheapest path from each slot to one whose `distance` is 0 at the start. */
  const relax = (): void => {
    for (let round = 0; round < n; round += 1) {
      let changed = false;
      for (let i = 0; i < n; i += 1) {
        let least = distance[i] ?? Infinity;
        for (let k = 0; k < n; k += 1) {
          const length = (arc[i * n + k] ?? Infinity) + (distance[k] ?? Infinity);
          if (length < least - rounding) {
            least = length;
            via[i] = k;
            changed = true;
          }
        }
        distance[i] = least;
      }
      if (!changed) return;
    }
  };
  /** Pushes jobs along `via` from slot i to the path's end; each arc's job makes way for the one before. False if it has no end. */
  const push = (from: number, most: number): boolean => {
    let amount = most;
    let length = 0;
    let end = from;
    // Movers are read before anybody moves, since each move changes the arcs of the slots that it touches.
    for (let k = via[from] ?? -1; k >= 0; k = via[end] ?? -1) {
      if (length === n) return false;
      const c = mover[end * n + k] ?? -1;
      amount = Math.min(amount, entries.jobs(entries.find(c, end)));
      path[length] = end;
      pathMover[length] = c;
      length += 1;
      end = k;
    }
    amount = Math.min(amount, spare(end));
    path[length] = end;
    for (let step = 0; step < length; step += 1) {
      const c = pathMover[step] ?? -1;
      const i = path[step] ?? -1;
      const k = path[step + 1] ?? -1;
      move(c, i, k, amount);
      log.push(c, i, k, amount);
    }
    return true;
  };
  /** A slot holds more jobs than parts: they leave by the cheapest chains that end in a free part or in waiting. */
  const evict = (slot: number): void => {
    while (spare(slot) < 0) {
      for (let i = 0; i < n; i += 1) distance[i] = i !== slot && spare(i) > 0 ? 0 : Infinity;
      via.fill(-1);
      relax();
      if (push(slot, -spare(slot))) continue;
      // Only rounding can close a circle; then the cheapest job to wait waits.
      via.fill(-1);
      via[slot] = waiting;
      push(slot, -spare(slot));
    }
  };
  /** A slot has free parts: they are taken by the chains that save most. Returns whether any did. */
  const fill = (slot: number): boolean => {
    let changed = false;
    while (spare(slot) > 0) {
      distance.fill(Infinity);
      distance[slot] = 0;
      via.fill(-1);
      relax();
      let best = slot;
      for (let i = 0; i < n; i += 1) if ((distance[i] ?? 0) < (distance[best] ?? 0)) best = i;
      if (best === slot || (distance[best] ?? 0) >= -rounding) return changed;
      if (!push(best, spare(slot))) return changed;
      changed = true;
    }
    return changed;
  };

  for (let c = 0; c < classCount; c += 1) {
    let slot = waiting;
    let least = 0;
    for (let r = 0; r < slotCount; r += 1) {
      const reduced = (cost[c * slotCount + r] ?? Infinity) + (prices[r] ?? 0);
      if (reduced < least) {
        least = reduced;
        slot = r;
      }
    }
    entries.add(c, slot, multiplicity[c] ?? 0);
    use[slot] = (use[slot] ?? 0) + (multiplicity[c] ?? 0);
    total += (multiplicity[c] ?? 0) * costIn(c, slot);
  }
  movers.searchAll();
  return {
    entries,
    supply,
    use,
    cost: () => total,
    balance: () => {
      for (let r = 0; r < slotCount; r += 1) evict(r);
      // A chain into one slot may free a part of another.
      for (let again = true; again;) {
        again = false;
        for (let r = 0; r < slotCount; r += 1) if (spare(r) > 0 && fill(r)) again = true;
      }
    },
    mark: () => log.length,
    undo: (mark) => {
      while (log.length > mark) {
        const [c = 0, from = 0, to = 0, amount = 0] = log.splice(-4);
        move(c, to, from, amount);
      }
    },
    forget: () => {
      log.length = 0;
    },
    marginals: (loss, gain) => {
      for (let i = 0; i < n; i += 1) distance[i] = spare(i) > 0 ? 0 : Infinity;
      relax();
      for (let r = 0; r < slotCount; r += 1) loss[r] = Math.max(0, distance[r] ?? 0);
      distance.fill(0);
      for (let round = 0; round < n; round += 1) {
        let changed = false;
        for (let i = 0; i < n; i += 1) {
          for (let k = 0; k < slotCount; k += 1) {
            const length = (arc[i * n + k] ?? Infinity) + (distance[i] ?? 0);
            if (length >= (distance[k] ?? 0) - rounding) continue;
            distance[k] = length;
            changed = true;
          }
        }
        if (!changed) break;
      }
      for (let r = 0; r < slotCount; r += 1) gain[r] = Math.max(0, -(distance[r] ?? 0));
    },
  };
}
