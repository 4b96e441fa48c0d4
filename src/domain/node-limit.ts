/**
 * Limits on the nodes that are rented at once, beyond N and Q_v: quotas of a region or family, a budget per hour.
 *
 *   Σ_v a_kv z_v ≤ b_k     a_kv what one node of v counts, b_k the limit, both in the limit's unit; z_v nodes of v
 */
import type { VmTypeId } from "./ids.ts";
import type { VmType } from "./vm-type.ts";

/** What a limit counts. "GPUs" are those that the nodes see: a slice of a GPU counts as one. */
export const LIMIT_UNITS = ["nodes", "vCPUs", "GPUs", "USD per hour"] as const;
export type LimitUnit = (typeof LIMIT_UNITS)[number];

/** One limit k; plain data, since settings are kept as JSON. */
export interface NodeLimit {
  /** Unique within a cluster. */
  readonly id: string;
  /** What a user calls it, for example "quota of family NCv3 in eastus". */
  readonly label: string;
  /** a_kv ≥ 0 by VM type id; a VM type that is not listed counts nothing. */
  readonly weights: Readonly<Record<string, number>>;
  /** b_k ≥ 0 */
  readonly limit: number;
  readonly unit: LimitUnit;
}

/** Relative to the limit (to 1 below 1): what adding up prices may leave by rounding. */
const ROUNDING = 1e-9;

/** a_kv: what one node of a VM type counts. */
export function limitWeight(limit: NodeLimit, vmTypeId: VmTypeId): number {
  return Object.hasOwn(limit.weights, vmTypeId) ? (limit.weights[vmTypeId] ?? 0) : 0;
}

/** Σ_v a_kv z_v of some nodes, in the limit's unit. */
export function limitUsage(limit: NodeLimit, nodes: readonly { readonly vmTypeId: VmTypeId }[]): number {
  return nodes.reduce((total, node) => total + limitWeight(limit, node.vmTypeId), 0);
}

/** b_k with the rounding that sums of prices may leave: what is used may not be more. */
export const mostWithin = (limit: Pick<NodeLimit, "limit">): number =>
  limit.limit + ROUNDING * Math.max(1, limit.limit);

/** The limits that some nodes exceed; empty when they keep all. */
export function exceededLimits(
  limits: readonly NodeLimit[],
  nodes: readonly { readonly vmTypeId: VmTypeId }[],
): readonly NodeLimit[] {
  return limits.filter((limit) => limitUsage(limit, nodes) > mostWithin(limit));
}

/** What one node of a VM type counts in a unit; null where the catalogue does not say. */
export function unitsOfNode(vmType: VmType, unit: LimitUnit): number | null {
  switch (unit) {
    case "nodes":
      return 1;
    case "GPUs":
      return vmType.gpuCount;
    case "vCPUs":
      return vmType.vcpuCount;
    case "USD per hour":
      return vmType.pricePerHourUsd;
  }
}
