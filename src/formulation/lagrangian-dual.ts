/**
 * The Lagrangian bound of the aggregated formulation (solving.md "Pipeline" 1; Geoffrion 1974): price the slots, and the problem falls
 * apart into one choice for each class and one knapsack for each VM type.
 *
 * Sets and parameters as in slot-table.ts. λ_r price of slot r; for the packing rows (2) of aggregated.ts, λ_vs there is the difference of
 * neighbouring prices here, so that both state the same bound.
 *
 *   L(λ) = Σ_j P_j + Σ_c n_c · min(0, min_r C_cr + λ_r) − max{ Σ_v π_v z_v : 0 ≤ z_v ≤ Q_v, Σ_v z_v ≤ N }
 *   π_v  = max{ Σ_s λ⁺_vs a_s : Σ_s s·a_s ≤ G_v, a_s ≥ 0 integer } − f_v            best use of one node, an unbounded knapsack
 *
 * L(λ) ≤ cost of every plan, for every real λ: jobs in slot r, minus parts of a node that host one, is 0 in a plan; a part that hosts
 * nobody is worth 0, hence λ⁺. A supergradient is (jobs that choose r) − n(parts of size s that the rented nodes offer).
 */
import type { SlotTable } from "./slot-table.ts";

/** Evaluates L or a relative of it; every buffer is allocated once. */
export interface LagrangianDual {
  /** Its value at λ; fills the supergradient. */
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

/**
 * L over every `stride`-th class, with N and Q_v shrunk in proportion, at a tenth of the work near the last centre: each class is left
 * only the choices within `width` of its best there. A choice that was dearer by more stays dearer while no price has moved by more than
 * width / 2; beyond that the choices are gathered anew. Most classes have one choice left and become constants. Only stride 1 gives a
 * bound of the whole problem; a sample finds prices near the optimal ones at a fraction of the work.
 */
export function narrowedDual(
  table: SlotTable,
  { stride, width }: { readonly stride: number; readonly width: number },
): LagrangianDual {
  const { slotCount, waitingCost } = table;
  const weight = sampleWeight(table, stride);
  const rent = nodeMarket(table);
  const centre = new Float64Array(slotCount).fill(Infinity);
  // Waiting is slot R: costs nothing, has no price.
  const priced = new Float64Array(slotCount + 1);
  const use = new Float64Array(slotCount + 1);
  let near: Undecided | undefined;
  return {
    evaluate: (point, gradient) => {
      if (near === undefined || !isWithin(point, centre, width / 2)) {
        near = undecided(table, { prices: point, width, stride, weight });
        centre.set(point);
      }
      const { starts, jobs, slots, costs, settledCost, settledUse } = near;
      priced.set(point);
      use.set(settledUse);
      let total = waitingCost + settledCost;
      for (let r = 0; r < slotCount; r += 1) total += (settledUse[r] ?? 0) * (priced[r] ?? 0);
      let entry = 0;
      for (let c = 0; c < jobs.length; c += 1) {
        const end = starts[c + 1] ?? 0;
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
        total += least * (jobs[c] ?? 0);
        use[slot] = (use[slot] ?? 0) + (jobs[c] ?? 0);
      }
      for (let r = 0; r < slotCount; r += 1) gradient[r] = use[r] ?? 0;
      return total - rent(point, gradient);
    },
  };
}

function isWithin(point: Float64Array, centre: Float64Array, distance: number): boolean {
  for (let r = 0; r < point.length; r += 1) {
    if (!(Math.abs((point[r] ?? 0) - (centre[r] ?? 0)) <= distance)) return false;
  }
  return true;
}

/** Classes with more than one choice left, in compressed rows, and what the others add up to. */
interface Undecided {
  readonly starts: Int32Array;
  readonly jobs: Float64Array;
  readonly slots: Uint16Array;
  readonly costs: Float64Array;
  readonly settledCost: number;
  readonly settledUse: Float64Array;
}

function undecided(
  table: SlotTable,
  args: {
    readonly prices: Float64Array;
    readonly width: number;
    readonly stride: number;
    readonly weight: number;
  },
): Undecided {
  const { prices, width, stride, weight } = args;
  const { slotCount, classCount, cost, multiplicity } = table;
  const settledUse = new Float64Array(slotCount + 1);
  const starts: number[] = [0];
  const jobs: number[] = [];
  const slots: number[] = [];
  const costs: number[] = [];
  let settledCost = 0;
  for (let c = 0; c < classCount; c += stride) {
    const row = c * slotCount;
    let least = 0;
    for (let r = 0; r < slotCount; r += 1) {
      const reduced = (cost[row + r] ?? 0) + (prices[r] ?? 0);
      if (reduced < least) least = reduced;
    }
    const first = slots.length;
    for (let r = 0; r < slotCount; r += 1) {
      if ((cost[row + r] ?? 0) + (prices[r] ?? 0) > least + width) continue;
      slots.push(r);
      costs.push(cost[row + r] ?? 0);
    }
    if (least + width >= 0) {
      slots.push(slotCount);
      costs.push(0);
    }
    const n = (multiplicity[c] ?? 0) * weight;
    if (slots.length - first > 1) {
      starts.push(slots.length);
      jobs.push(n);
      continue;
    }
    const only = slots.pop() ?? slotCount;
    settledUse[only] = (settledUse[only] ?? 0) + n;
    settledCost += n * (costs.pop() ?? 0);
  }
  return {
    starts: Int32Array.from(starts),
    jobs: Float64Array.from(jobs),
    slots: Uint16Array.from(slots),
    costs: Float64Array.from(costs),
    settledCost,
    settledUse,
  };
}

/**
 * What the dual of the node knapsack says of one node more: θ for the node limit and η_v for each quota, so that θ + η_v ≥ π_v and
 * N·θ + Σ Q_v η_v = max Σ π_v z_v. A plan with a node of v that is worth w at λ costs at least L(λ) + θ + η_v − w.
 */
export function nodeScarcity(
  table: SlotTable,
  prices: Float64Array,
): { readonly nodeLimit: number; readonly quotas: Float64Array } {
  const profits = table.vmTypes.map((vmType, v) => bestCut(table, v).value(prices) - vmType.nodeCost);
  const order = Array.from(profits.keys()).sort((a, b) => (profits[b] ?? 0) - (profits[a] ?? 0) || a - b);
  let left = table.maxNodes;
  let nodeLimit = 0;
  for (const v of order) {
    left -= table.vmTypes[v]?.quota ?? 0;
    if (left > 0) continue;
    nodeLimit = Math.max(0, profits[v] ?? 0);
    break;
  }
  return { nodeLimit, quotas: Float64Array.from(profits, (profit) => Math.max(0, profit - nodeLimit)) };
}

/** max{ Σ π_v z_v }; subtracts the parts that those nodes offer from `gradient`. */
function nodeMarket(table: SlotTable): (prices: Float64Array, gradient: Float64Array) => number {
  const { vmTypes } = table;
  const knapsacks = vmTypes.map((_, v) => bestCut(table, v));
  const profit = new Float64Array(vmTypes.length);
  const rank = Int32Array.from(vmTypes, (_, v) => v);
  return (prices, gradient) => {
    knapsacks.forEach((knapsack, v) => {
      profit[v] = knapsack.value(prices) - (vmTypes[v]?.nodeCost ?? Infinity);
    });
    rank.sort((a, b) => (profit[b] ?? 0) - (profit[a] ?? 0) || a - b);
    let total = 0;
    let left = table.maxNodes;
    for (const v of rank) {
      const gain = profit[v] ?? 0;
      if (gain <= 0 || left <= 0) break;
      const nodes = Math.min(left, vmTypes[v]?.quota ?? 0);
      left -= nodes;
      total += gain * nodes;
      knapsacks[v]?.subtractParts(gradient, nodes);
    }
    return total;
  };
}

/** The best cut of one node at given prices. */
interface BestCut {
  /** max Σ λ⁺ a */
  readonly value: (prices: Float64Array) => number;
  /** Takes `nodes` times the parts of the last best cut off `target`. */
  readonly subtractParts: (target: Float64Array, nodes: number) => void;
}

/** The unbounded knapsack of one VM type by dynamic programming over GPUs. */
export function bestCut(table: SlotTable, vmTypeIndex: number): BestCut {
  const vmType = table.vmTypes[vmTypeIndex];
  if (vmType === undefined) throw new RangeError(`No VM type ${vmTypeIndex}`);
  const { gpuCount, firstSlot, slotCount } = vmType;
  const best = new Float64Array(gpuCount + 1);
  // Slot of the last part put in, −1 where a GPU is left idle.
  const last = new Int32Array(gpuCount + 1);
  return {
    value: (prices) => {
      for (let gpus = 1; gpus <= gpuCount; gpus += 1) {
        let most = best[gpus - 1] ?? 0;
        let part = -1;
        for (let r = firstSlot; r < firstSlot + slotCount; r += 1) {
          const size = table.slotGpus[r] ?? 0;
          if (size > gpus) break;
          const price = prices[r] ?? 0;
          if (price <= 0) continue;
          const total = (best[gpus - size] ?? 0) + price;
          if (total > most) {
            most = total;
            part = r;
          }
        }
        best[gpus] = most;
        last[gpus] = part;
      }
      return best[gpuCount] ?? 0;
    },
    subtractParts: (target, nodes) => {
      let gpus = gpuCount;
      while (gpus > 0) {
        const part = last[gpus] ?? -1;
        if (part < 0) {
          gpus -= 1;
          continue;
        }
        target[part] = (target[part] ?? 0) - nodes;
        gpus -= table.slotGpus[part] ?? 1;
      }
    },
  };
}
