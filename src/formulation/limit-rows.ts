/**
 * Limits on nodes as every formulation wants them: quotas, N, and rows for what neither can say.
 *
 *   Σ_v a_kv z_v ≤ b_k, z whole
 *
 * (a) z_v ≤ ⌊b_k / a_kv⌋ for every v, which is all there is to say where only one VM type counts;
 * (b) Σ_v z_v ≤ ⌊b_k / a⌋ where all VM types count a;
 * (c) nothing where the quotas and N never let the left side exceed b_k;
 * (d) else a row: weights that are decimals become whole numbers without a common divisor, and b_k the largest whole number below it. Whole z
 *     lose nothing, the LP relaxation gets tighter, and a solver's tolerance is far below the least violation.
 */
import type { VmTypeId } from "../domain/ids.ts";
import type { NodeLimit } from "../domain/node-limit.ts";
import { limitWeight, mostWithin } from "../domain/node-limit.ts";
import type { PlanningProblem } from "../domain/planning-problem.ts";
import { quotaWithin } from "../domain/vm-type.ts";
import { times } from "../milp/linear-expression.ts";
import type { Row } from "../milp/milp-model.ts";
import { atMost } from "../milp/milp-model.ts";

/** A VM type of which at most `quota` nodes may be rented. */
export interface CountedVmType {
  readonly id: VmTypeId;
  readonly quota: number;
}

/** What a quota or N comes from: a limit, by its id, of which one node takes `unitsPerNode`. */
export interface LimitOrigin {
  readonly limitId: string;
  readonly unitsPerNode: number;
}

/** Σ_v weights_v z_v ≤ limit, by position of the VM type. */
export interface LimitRow {
  readonly limitId: string;
  readonly weights: Float64Array;
  readonly limit: number;
  /** What one unit of the user's limit is in this row. */
  readonly rowUnitsPerUnit: number;
}

/** Quotas, N and rows that together say the same as all limits. `null` origins are Q_v and N themselves. */
export interface TightLimits {
  readonly maxNodes: number;
  readonly maxNodesOrigin: LimitOrigin | null;
  /** By position of the VM type. */
  readonly quotas: readonly number[];
  readonly quotaOrigins: readonly (LimitOrigin | null)[];
  readonly rows: readonly LimitRow[];
}

/** States the limits as tightly as whole nodes allow. Without limits everything is as given. */
export function tightLimits(args: {
  readonly vmTypes: readonly CountedVmType[];
  readonly maxNodes: number;
  readonly nodeLimits: readonly NodeLimit[];
}): TightLimits {
  const { vmTypes, nodeLimits } = args;
  let { maxNodes } = args;
  let maxNodesOrigin: LimitOrigin | null = null;
  const quotas = vmTypes.map(({ quota }) => quota);
  const quotaOrigins = vmTypes.map((): LimitOrigin | null => null);
  for (const limit of nodeLimits) {
    const weights = vmTypes.map(({ id }) => limitWeight(limit, id));
    weights.forEach((weight, v) => {
      if (weight <= 0) return;
      const most = wholeNodes(limit, weight);
      if (most >= (quotas[v] ?? 0)) return;
      quotas[v] = most;
      quotaOrigins[v] = { limitId: limit.id, unitsPerNode: weight };
    });
    const first = weights[0] ?? 0;
    const most =
      first > 0 && weights.every((weight) => weight === first) ? wholeNodes(limit, first) : Infinity;
    if (most >= maxNodes) continue;
    maxNodes = most;
    maxNodesOrigin = { limitId: limit.id, unitsPerNode: first };
  }
  const tight = {
    maxNodes,
    maxNodesOrigin,
    quotas: quotas.map((quota) => Math.min(quota, maxNodes)),
    quotaOrigins,
  };
  const rows = nodeLimits.flatMap((limit) => {
    const weights = vmTypes.map(({ id }) => limitWeight(limit, id));
    return mostUsage(weights, tight) <= mostWithin(limit) ? [] : [rowOf(limit, weights)];
  });
  return { ...tight, rows };
}

/** The limits of a problem over all of its VM types, in their order. */
export function tightLimitsOf({ vmTypes, maxNodes, nodeLimits }: PlanningProblem): TightLimits {
  const counted = vmTypes.map((vmType) => ({ id: vmType.id, quota: quotaWithin(vmType, maxNodes) }));
  return tightLimits({ vmTypes: counted, maxNodes, nodeLimits });
}

/** Rows (d) over columns that each count nodes of one VM type, `v` being its position. */
export function limitRows(
  rows: readonly LimitRow[],
  columns: readonly { readonly column: number; readonly v: number }[],
): readonly Row[] {
  return rows.map(({ limitId, weights, limit }) =>
    atMost(
      `limit[${limitId}]`,
      columns.flatMap(({ column, v }) => times(weights[v] ?? 0, column)),
      limit,
    ),
  );
}

/** ⌊b_k / a⌋ */
const wholeNodes = (limit: NodeLimit, weight: number): number => Math.floor(mostWithin(limit) / weight);

/** max Σ a_v z_v over z_v ≤ Q_v, Σ z ≤ N: the heaviest first. */
function mostUsage(
  weights: readonly number[],
  { maxNodes, quotas }: { readonly maxNodes: number; readonly quotas: readonly number[] },
): number {
  let left = maxNodes;
  let total = 0;
  for (const v of [...weights.keys()].sort((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0))) {
    const nodes = Math.min(left, quotas[v] ?? 0);
    // An unlimited number of nodes that count nothing counts nothing.
    if (nodes <= 0 || (weights[v] ?? 0) <= 0) continue;
    left -= nodes;
    total += nodes * (weights[v] ?? 0);
  }
  return total;
}

/** Prices have up to four decimals, shares of GPUs up to six. */
const MOST_DECIMALS = 6;
/** Relative distance from a whole number that is rounding. */
const WHOLE = 1e-9;

function rowOf(limit: NodeLimit, weights: readonly number[]): LimitRow {
  for (let decimals = 0; decimals <= MOST_DECIMALS; decimals += 1) {
    const factor = 10 ** decimals;
    const scaled = weights.map((weight) => Math.round(weight * factor));
    const isWhole = weights.every(
      (weight, v) => Math.abs(weight * factor - (scaled[v] ?? 0)) <= WHOLE * Math.max(1, weight * factor),
    );
    if (!isWhole) continue;
    const divisor = scaled.reduce(greatestCommonDivisor, 0);
    return {
      limitId: limit.id,
      weights: Float64Array.from(scaled, (weight) => weight / divisor),
      limit: Math.floor((mostWithin(limit) * factor) / divisor),
      rowUnitsPerUnit: factor / divisor,
    };
  }
  return { limitId: limit.id, weights: Float64Array.from(weights), limit: limit.limit, rowUnitsPerUnit: 1 };
}

function greatestCommonDivisor(a: number, b: number): number {
  let [larger, smaller] = [a, b];
  while (smaller > 0) [larger, smaller] = [smaller, larger % smaller];
  return larger;
}
