/**
 * The best Lagrangian bound and its prices, coarse to fine: on a sample of the classes, then on all of them with the choices narrowed to
 * those that are close.
 */
import { lagrangianDual, narrowedDual } from "./lagrangian-dual.ts";
import type { LagrangianDual } from "./lagrangian-dual.ts";
import { ascend } from "./r-algorithm.ts";
import type { SlotTable } from "./slot-table.ts";

/** λ and μ, and what they prove. */
export interface DualPrices {
  /** L(λ, μ): no plan costs less. */
  readonly bound: number;
  /** λ_r by slot, then μ_k ≥ 0 by limit, scaled as in node-market.ts. */
  readonly prices: Float64Array;
  readonly evaluations: number;
}

/** How far to go. */
export interface DualEffort {
  readonly maxEvaluations: number;
  /** Accuracy of the bound, relative to it. */
  readonly relativeAccuracy: number;
  readonly expired: () => boolean;
}

/** Classes of the first sample. */
const FIRST_SAMPLE = 250;
/** First step and width, as shares of the mean price of a GPU: how far the prices of a start and of a sample are from the optimal ones. */
const COLD_STEP = 0.3;
const WARM_STEP = 0.03;
const NARROW_WIDTH = 0.25;
/** A sample's prices are off by more than this, so that finer ones would be wasted on it. */
const SAMPLE_ACCURACY = 1e-4;
/** Classes of each sample in those of the one before; twice that much narrows the error of its prices by its root. */
const SAMPLE_GROWTH = 8;

/** Maximises L, from `start` (the prices of the last event) or from each node's rent shared among its GPUs. */
export function dualPrices(table: SlotTable, start: Float64Array | null, effort: DualEffort): DualPrices {
  const scale = meanGpuPrice(table);
  let evaluations = 0;
  let prices = start ?? rentPrices(table);
  let step = scale * (start === null ? COLD_STEP : WARM_STEP);
  const climb = (dual: LagrangianDual, relativeRise: number): void => {
    const ascent = ascend(dual.evaluate, prices, {
      step,
      limits: {
        maxEvaluations: effort.maxEvaluations,
        relativeRise,
        patience: 16 + prices.length,
        target: Infinity,
        expired: effort.expired,
      },
    });
    prices = ascent.point;
    evaluations += ascent.evaluations;
  };
  if (start === null) {
    for (let classes = FIRST_SAMPLE; classes < table.classCount / 2; classes *= SAMPLE_GROWTH) {
      const stride = Math.ceil(table.classCount / classes);
      climb(narrowedDual(table, { stride, width: NARROW_WIDTH * scale }), SAMPLE_ACCURACY);
      step = scale * WARM_STEP;
    }
  }
  climb(narrowedDual(table, { stride: 1, width: NARROW_WIDTH * scale }), effort.relativeAccuracy);
  const monotone = monotonePrices(table, prices);
  const bound = lagrangianDual(table).evaluate(monotone, new Float64Array(monotone.length));
  return { bound, prices: monotone, evaluations };
}

/**
 * λ̃_vs = min over s' ≥ s of λ⁺_vs'. Its bound is no lower: nodes are worth no more, and a class that would take (v, s) at λ̃ finds the
 * same price at a larger part, where it costs no more. μ⁺ is no worse than μ either.
 */
function monotonePrices(table: SlotTable, prices: Float64Array): Float64Array {
  const monotone = prices.map((price) => Math.max(0, price));
  for (const { firstSlot, slotCount } of table.vmTypes) {
    let least = Infinity;
    for (let r = firstSlot + slotCount - 1; r >= firstSlot; r -= 1) {
      least = Math.min(least, Math.max(0, prices[r] ?? 0));
      monotone[r] = least;
    }
  }
  return monotone;
}

/** λ_vs = s · f_v / G_v: a part answers for its share of the rent. μ = 0: no limit binds. */
function rentPrices(table: SlotTable): Float64Array {
  const prices = new Float64Array(table.slotCount + table.limits.length);
  for (const { firstSlot, slotCount, nodeCost, gpuCount } of table.vmTypes) {
    for (let r = firstSlot; r < firstSlot + slotCount; r += 1) {
      prices[r] = (nodeCost * (table.slotGpus[r] ?? 0)) / gpuCount;
    }
  }
  return prices;
}

function meanGpuPrice({ vmTypes }: SlotTable): number {
  const total = vmTypes.reduce((sum, { nodeCost, gpuCount }) => sum + Math.abs(nodeCost) / gpuCount, 0);
  return total > 0 ? total / vmTypes.length : 1;
}
