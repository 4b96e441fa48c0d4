/**
 * The nodes' side of the Lagrangian (lagrangian-dual.ts): which nodes to rent at given prices of their parts and of what they count.
 *
 *   max{ Σ_v π_v z_v : 0 ≤ z_v ≤ Q_v, Σ_v z_v ≤ N } + Σ_k μ_k b_k ;  π_v = best cut − f_v − Σ_k μ_k a_kv
 */
import type { SlotTable } from "./slot-table.ts";

/**
 * What the dual of the node knapsack says of one node more: θ for the node limit and η_v for each quota, so that θ + η_v ≥ π_v and
 * N·θ + Σ Q_v η_v = max Σ π_v z_v. A plan with a node of v that is worth w at λ, μ costs at least L(λ, μ) + θ + η_v − w.
 */
export function nodeScarcity(
  table: SlotTable,
  point: Float64Array,
): { readonly nodeLimit: number; readonly quotas: Float64Array } {
  const charges = limitCharges(table, point);
  const profits = table.vmTypes.map(
    (vmType, v) => bestCut(table, v).value(point) - vmType.nodeCost - (charges[v] ?? 0),
  );
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

/**
 * What a row's weights and limit are divided by for its multiplier: the mean weight of a GPU over the VM types that count. A multiplier then
 * has the size of a GPU's price.
 */
export function limitScales({ limits, vmTypes }: SlotTable): readonly number[] {
  return limits.map(({ weights }) => {
    const perGpu = vmTypes
      .map(({ gpuCount }, v) => (weights[v] ?? 0) / gpuCount)
      .filter((weight) => weight > 0);
    return perGpu.reduce((total, weight) => total + weight, 0) / perGpu.length;
  });
}

/** Σ_k μ⁺_k a_kv for each VM type: what its node pays for counting against the limits. */
export function limitCharges(table: SlotTable, point: Float64Array): Float64Array {
  const charges = new Float64Array(table.vmTypes.length);
  const scales = limitScales(table);
  table.limits.forEach(({ weights }, k) => {
    const price = Math.max(0, point[table.slotCount + k] ?? 0) / (scales[k] ?? 1);
    for (let v = 0; v < charges.length; v += 1) charges[v] = (charges[v] ?? 0) + price * (weights[v] ?? 0);
  });
  return charges;
}

/** max{ Σ π_v z_v } + Σ μ b; subtracts from `gradient` the parts that those nodes offer, and from b what they count. */
export function nodeMarket(table: SlotTable): (prices: Float64Array, gradient: Float64Array) => number {
  const { vmTypes, slotCount } = table;
  const scales = limitScales(table);
  const limits = table.limits.map(({ weights, limit }, k) => {
    const scale = scales[k] ?? 1;
    const scaled = weights.map((weight) => weight / scale);
    const most = vmTypes.reduce((total, { quota }, v) => total + quota * (scaled[v] ?? 0), 0);
    return { slope: Math.max(1, most - limit / scale), weights: scaled, limit: limit / scale };
  });
  const knapsacks = vmTypes.map((_, v) => bestCut(table, v));
  const profit = new Float64Array(vmTypes.length);
  const rank = Int32Array.from(vmTypes, (_, v) => v);
  return (prices, gradient) => {
    knapsacks.forEach((knapsack, v) => {
      profit[v] = knapsack.value(prices) - (vmTypes[v]?.nodeCost ?? Infinity);
    });
    let total = 0;
    limits.forEach(({ weights, limit, slope }, k) => {
      const price = prices[slotCount + k] ?? 0;
      // Below 0 the supergradient is the slope alone.
      gradient[slotCount + k] = price < 0 ? slope : -limit;
      total += price < 0 ? -slope * price : limit * price;
      if (price <= 0) return;
      for (let v = 0; v < weights.length; v += 1) profit[v] = (profit[v] ?? 0) - price * (weights[v] ?? 0);
    });
    rank.sort((a, b) => (profit[b] ?? 0) - (profit[a] ?? 0) || a - b);
    let left = table.maxNodes;
    for (const v of rank) {
      const gain = profit[v] ?? 0;
      if (gain <= 0 || left <= 0) break;
      const nodes = Math.min(left, vmTypes[v]?.quota ?? 0);
      left -= nodes;
      total += gain * nodes;
      knapsacks[v]?.subtractParts(gradient, nodes);
      limits.forEach(({ weights }, k) => {
        if ((prices[slotCount + k] ?? 0) < 0) return;
        gradient[slotCount + k] = (gradient[slotCount + k] ?? 0) + nodes * (weights[v] ?? 0);
      });
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
function bestCut(table: SlotTable, vmTypeIndex: number): BestCut {
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
