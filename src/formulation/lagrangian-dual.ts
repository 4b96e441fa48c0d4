/**
 * The Lagrangian bound of the aggregated formulation (solving.md "Pipeline" 1; Geoffrion 1974): price the slots, and the problem falls
 * apart into one choice for each class and one knapsack for each VM type.
 *
 * Sets and parameters as in slot-table.ts; k ∈ K rows Σ_v a_kv z_v ≤ b_k of limit-rows.ts. λ_r price of slot r, μ_k of a unit of limit k; for the packing rows (2) of aggregated.ts, λ_vs there is the difference of
 * neighbouring prices here, so that both state the same bound.
 *
 *   L(λ, μ) = Σ_j P_j + Σ_c n_c · min(0, min_r C_cr + λ_r) − max{ Σ_v π_v z_v : 0 ≤ z_v ≤ Q_v, Σ_v z_v ≤ N } − Σ_k μ_k b_k
 *   π_v     = max{ Σ_s λ⁺_vs a_s : Σ_s s·a_s ≤ G_v, a_s ≥ 0 integer } − f_v − Σ_k μ_k a_kv    best use of one node, an unbounded knapsack
 *
 * L(λ, μ) ≤ cost of every plan, for every real λ and every μ ≥ 0: jobs in slot r, minus parts of a node that host one, is 0 in a plan; a part
 * that hosts nobody is worth 0, hence λ⁺. A supergradient is (jobs that choose r) − n(parts of size s that the rented nodes offer), and
 * Σ_v a_kv z_v − b_k. Below μ_k = 0, L goes on as L(λ, μ⁺) − (max Σ_v a_kv z_v − b_k) μ⁻_k: concave, since L rises no faster at 0, and still a
 * bound. Points are λ followed by μ; μ is in USD of the objective for a GPU of a mean node that counts (`limitScales`), so that one step suits both.
 */
import { nodeMarket } from "./node-market.ts";
import type { SlotTable } from "./slot-table.ts";

/** Evaluates L or a relative of it; every buffer is allocated once. */
export interface LagrangianDual {
  /** Its value at λ, μ; fills the supergradient. */
  readonly evaluate: (prices: Float64Array, gradient: Float64Array) => number;
}

/** L itself, on all classes. */
export function lagrangianDual(table: SlotTable): LagrangianDual {
  const rent = nodeMarket(table);
  return {
    evaluate: (prices, gradient) => {
      gradient.fill(0);
      return table.waitingCost + bestChoices(table, prices, gradient) - rent(prices, gradient);
    },
  };
}

/** Σ_c n_c · min(0, min_r C_cr + λ_r); adds the choices to `gradient`. */
function bestChoices(
  { classCount, slotCount, cost, multiplicity }: SlotTable,
  prices: Float64Array,
  gradient: Float64Array,
): number {
  let chosen = 0;
  for (let c = 0; c < classCount; c += 1) {
    const row = c * slotCount;
    let least = 0;
    let slot = -1;
    for (let r = 0; r < slotCount; r += 1) {
      const reduced = (cost[row + r] ?? 0) + (prices[r] ?? 0);
      if (reduced < least) {
        least = reduced;
        slot = r;
      }
    }
    if (slot < 0) continue;
    const jobs = multiplicity[c] ?? 0;
    chosen += least * jobs;
    gradient[slot] = (gradient[slot] ?? 0) + jobs;
  }
  return chosen;
}

/** What one sampled job stands for: weighting it equals shrinking N and Q_v. */
function sampleWeight({ classCount, multiplicity }: SlotTable, stride: number): number {
  let all = 0;
  let sampled = 0;
  for (let c = 0; c < classCount; c += 1) {
    all += multiplicity[c] ?? 0;
    if (c % stride === 0) sampled += multiplicity[c] ?? 0;
  }
  return sampled === 0 ? 1 : all / sampled;
}

/** Choices are narrowed in two steps: to those within so many widths of the best, and of those to the near ones. */
const COARSE_WIDTHS = 40;

/**
 * L over every `stride`-th class, with N and Q_v shrunk in proportion, at a tenth of the work near the last centre: each class is left
 * only the choices within `width` of its best there. A choice that was dearer by more than w stays dearer by d while no price has moved by more
 * than (w − d) / 2; beyond that the choices are gathered anew. Most classes have one choice left and become constants. Only stride 1 gives a
 * bound of the whole problem; a sample finds prices near the optimal ones at a fraction of the work.
 */
export function narrowedDual(
  table: SlotTable,
  { stride, width }: { readonly stride: number; readonly width: number },
): LagrangianDual {
  const { slotCount, waitingCost } = table;
  const pointLength = slotCount + table.limits.length;
  const weight = sampleWeight(table, stride);
  const rent = nodeMarket(table);
  const coarse = new Choices(slotCount);
  const near = new Choices(slotCount);
  // Waiting is slot R: costs nothing, has no price.
  const priced = new Float64Array(slotCount + 1);
  const use = new Float64Array(slotCount + 1);
  return {
    evaluate: (point, gradient) => {
      for (let r = 0; r < slotCount; r += 1) priced[r] = point[r] ?? 0;
      if (!near.isWithin(priced, width / 2)) {
        if (!coarse.isWithin(priced, ((COARSE_WIDTHS - 1) * width) / 2))
          gatherFromTable(coarse, table, { prices: priced, width: COARSE_WIDTHS * width, stride, weight });
        gatherFromChoices(near, coarse, { prices: priced, width });
      }
      const { rowCount, starts, jobs, slots, costs, settledCost, settledUse } = near;
      use.set(settledUse);
      let total = waitingCost + settledCost;
      for (let r = 0; r < slotCount; r += 1) total += (settledUse[r] ?? 0) * (priced[r] ?? 0);
      let entry = 0;
      for (let row = 0; row < rowCount; row += 1) {
        const end = starts[row + 1] ?? 0;
        let least = Infinity;
        let slot = slotCount;
        for (; entry < end; entry += 1) {
          const r = slots[entry] ?? 0;
          const reduced = (costs[entry] ?? 0) + (priced[r] ?? 0);
          if (reduced < least) {
            least = reduced;
            slot = r;
          }
        }
        total += least * (jobs[row] ?? 0);
        use[slot] = (use[slot] ?? 0) + (jobs[row] ?? 0);
      }
      for (let r = 0; r < slotCount; r += 1) gradient[r] = use[r] ?? 0;
      for (let r = slotCount; r < pointLength; r += 1) gradient[r] = 0;
      return total - rent(point, gradient);
    },
  };
}

interface Gathering {
  readonly prices: Float64Array;
  readonly width: number;
}

function gatherFromTable(
  into: Choices,
  { slotCount, classCount, cost, multiplicity }: SlotTable,
  args: Gathering & { readonly stride: number; readonly weight: number },
): void {
  const { prices, width, stride, weight } = args;
  into.clear(prices);
  for (let c = 0; c < classCount; c += stride) {
    const row = c * slotCount;
    let least = 0;
    for (let r = 0; r < slotCount; r += 1) {
      const reduced = (cost[row + r] ?? 0) + (prices[r] ?? 0);
      if (reduced < least) least = reduced;
    }
    for (let r = 0; r < slotCount; r += 1) {
      const own = cost[row + r] ?? 0;
      if (own + (prices[r] ?? 0) <= least + width) into.add(r, own);
    }
    if (least + width >= 0) into.add(slotCount, 0);
    into.endRow((multiplicity[c] ?? 0) * weight);
  }
}

function gatherFromChoices(into: Choices, from: Choices, { prices, width }: Gathering): void {
  into.clear(prices);
  into.settledCost = from.settledCost;
  into.settledUse.set(from.settledUse);
  const { rowCount, starts, jobs, slots, costs } = from;
  for (let row = 0; row < rowCount; row += 1) {
    const first = starts[row] ?? 0;
    const end = starts[row + 1] ?? 0;
    let least = Infinity;
    for (let entry = first; entry < end; entry += 1) {
      const reduced = (costs[entry] ?? 0) + (prices[slots[entry] ?? 0] ?? 0);
      if (reduced < least) least = reduced;
    }
    for (let entry = first; entry < end; entry += 1) {
      const own = costs[entry] ?? 0;
      const slot = slots[entry] ?? 0;
      if (own + (prices[slot] ?? 0) <= least + width) into.add(slot, own);
    }
    into.endRow(jobs[row] ?? 0);
  }
}

const FIRST_CAPACITY = 1024;

/** Classes with more than one choice left, in compressed rows, and what the others add up to. Buffers grow, and are filled again and again. */
class Choices {
  rowCount = 0;
  starts = new Int32Array(FIRST_CAPACITY);
  jobs = new Float64Array(FIRST_CAPACITY);
  slots = new Uint16Array(FIRST_CAPACITY);
  costs = new Float64Array(FIRST_CAPACITY);
  settledCost = 0;
  readonly settledUse: Float64Array;
  readonly #centre: Float64Array;
  #entry = 0;

  constructor(slotCount: number) {
    this.settledUse = new Float64Array(slotCount + 1);
    this.#centre = new Float64Array(slotCount + 1).fill(Infinity);
  }

  clear(centre: Float64Array): void {
    this.#centre.set(centre);
    this.rowCount = 0;
    this.#entry = 0;
    this.settledCost = 0;
    this.settledUse.fill(0);
  }

  isWithin(point: Float64Array, distance: number): boolean {
    for (let r = 0; r < this.#centre.length; r += 1) {
      if (!(Math.abs((point[r] ?? 0) - (this.#centre[r] ?? 0)) <= distance)) return false;
    }
    return true;
  }

  add(slot: number, cost: number): void {
    if (this.#entry === this.slots.length) {
      this.slots = grown(this.slots, Uint16Array);
      this.costs = grown(this.costs, Float64Array);
    }
    this.slots[this.#entry] = slot;
    this.costs[this.#entry] = cost;
    this.#entry += 1;
  }

  /** The entries since the last row are those of `jobs` more jobs. */
  endRow(jobs: number): void {
    const first = this.starts[this.rowCount] ?? 0;
    if (this.#entry - first > 1) {
      if (this.rowCount + 1 === this.jobs.length) {
        this.starts = grown(this.starts, Int32Array);
        this.jobs = grown(this.jobs, Float64Array);
      }
      this.jobs[this.rowCount] = jobs;
      this.rowCount += 1;
      this.starts[this.rowCount] = this.#entry;
      return;
    }
    const only = this.slots[first] ?? 0;
    this.settledUse[only] = (this.settledUse[only] ?? 0) + jobs;
    this.settledCost += jobs * (this.costs[first] ?? 0);
    this.#entry = first;
  }
}

function grown<Numbers extends Int32Array | Float64Array | Uint16Array>(
  numbers: Numbers,
  kind: new (length: number) => Numbers,
): Numbers {
  const larger = new kind(2 * numbers.length);
  larger.set(numbers);
  return larger;
}
