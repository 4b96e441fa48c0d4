/**
 * What one unit more of each limit is worth: the dual values of the best Lagrangian bound (node-market.ts). A raise by one unit gains at most that
 * much beyond the gap, except where limit-rows.ts had rounded the limit down to whole nodes. Where the bound has a kink the value lies between
 * what one unit more gains and what one unit less costs.
 */
import type { LimitUnit, NodeLimit } from "../domain/node-limit.ts";
import type { LimitOrigin } from "./limit-rows.ts";
import { limitScales, nodeScarcity } from "./node-market.ts";
import type { SlotTable } from "./slot-table.ts";

const MAX_NODES = "max-nodes";
const QUOTA_NODES = "quota-nodes";

/** The dual value of one limit. */
export interface LimitPrice {
  /** "max-nodes", "quota-nodes VMTYPE", or the id of a NodeLimit. */
  readonly limitId: string;
  readonly label: string;
  readonly unit: LimitUnit;
  /** Objective gained for each unit that the limit is raised by; 0 where it does not bind. */
  readonly usdPerHourPerUnit: number;
}

/**
 * Prices of N, of the quotas of VM types that are below N, and of all limits, in that order; `prices` are λ and μ of a table whose objective is in
 * USD per hour. A VM type that may not be rented at all is not in the table, so that nobody knows what it would be worth.
 */
export function limitPrices(
  table: SlotTable,
  prices: Float64Array,
  nodeLimits: readonly NodeLimit[],
): readonly LimitPrice[] {
  const { nodeLimit, quotas } = nodeScarcity(table, prices);
  const scales = limitScales(table);
  const byLimit = new Map<string, number>();
  const add = (limitId: string, price: number): void => {
    byLimit.set(limitId, (byLimit.get(limitId) ?? 0) + price);
  };
  const nodesOf = (origin: LimitOrigin | null, own: string, price: number): void => {
    if (origin === null) add(own, price);
    else add(origin.limitId, price / origin.unitsPerNode);
  };
  nodesOf(table.maxNodesOrigin, MAX_NODES, nodeLimit);
  table.vmTypes.forEach(({ id, quota, quotaOrigin }, v) => {
    if (quota < table.maxNodes) nodesOf(quotaOrigin, `${QUOTA_NODES} ${id}`, quotas[v] ?? 0);
  });
  table.limits.forEach(({ limitId, rowUnitsPerUnit }, k) => {
    const perRowUnit = Math.max(0, prices[table.slotCount + k] ?? 0) / (scales[k] ?? 1);
    add(limitId, perRowUnit * rowUnitsPerUnit);
  });
  const ownQuotas = table.vmTypes.filter(
    ({ quota, quotaOrigin }) => quota < table.maxNodes && quotaOrigin === null,
  );
  return [
    { limitId: MAX_NODES, label: "node limit", unit: "nodes" as const },
    ...ownQuotas.map(({ id }) => ({
      limitId: `${QUOTA_NODES} ${id}`,
      label: `quota of ${id}`,
      unit: "nodes" as const,
    })),
    ...nodeLimits.map(({ id, label, unit }) => ({ limitId: id, label, unit })),
  ].map((limit) => ({ ...limit, usdPerHourPerUnit: byLimit.get(limit.limitId) ?? 0 }));
}
