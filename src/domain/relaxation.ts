/**
 * The smallest relaxation: which limits to raise, and how far, so that jobs that no limit lets run could run.
 *
 * One limit is changed where that is enough, and each limit that alone is enough is an alternative; else as few limits as possible, and of those
 * combinations the one whose relative increases add up to least. An increase is relative to the limit, or to the least that makes a difference
 * where that is more: one node, the smallest weight of a node, the cheapest configuration of the job.
 */
import type { Configuration } from "./planning-problem.ts";
import type { ClusterSettings } from "./cluster-state.ts";
import type { JobId, VmTypeId } from "./ids.ts";
import type { LimitUnit, NodeLimit } from "./node-limit.ts";
import { limitWeight, mostWithin } from "./node-limit.ts";
import type { VmType } from "./vm-type.ts";

/** A limit that somebody could raise. */
export type RaisableLimit =
  | { readonly kind: "max-nodes" }
  | { readonly kind: "vm-type-quota"; readonly vmTypeId: VmTypeId }
  | {
      readonly kind: "node-limit";
      readonly limitId: string;
      readonly label: string;
      readonly unit: LimitUnit;
    }
  | { readonly kind: "job-budget"; readonly jobId: JobId };

/** One limit raised. Nodes for N and quotas of VM types, the limit's own unit, or USD. */
export interface LimitChange {
  readonly limit: RaisableLimit;
  readonly from: number;
  readonly to: number;
  readonly relativeIncrease: number;
}

/** What would have to change. */
export type Relaxation =
  | { readonly kind: "none-needed" }
  /** Each alternative is enough; least relative increase first. */
  | { readonly kind: "raise"; readonly alternatives: readonly (readonly LimitChange[])[] }
  /** Jobs that have no configuration at all: no limit stands in their way. */
  | { readonly kind: "impossible"; readonly jobIds: readonly JobId[] };

/** The limits of a cluster. */
export type ClusterLimits = Pick<ClusterSettings, "vmTypes" | "maxNodes" | "nodeLimits">;

/** A job that wants to run, with every configuration that it has a duration for and what the rest of it would cost there. */
export interface Demand {
  readonly jobId: JobId;
  readonly configurations: readonly (Pick<Configuration, "vmTypeId" | "gpus"> & {
    readonly costUsd: number;
  })[];
  /** null is unlimited. */
  readonly budgetUsd: number | null;
}

/** The smallest relaxation under which one job could run, alone in the cluster. */
export function relaxationForJob(limits: ClusterLimits, demand: Demand): Relaxation {
  const vmTypes = new Map(limits.vmTypes.map((vmType) => [vmType.id, vmType]));
  const wishes = demand.configurations.flatMap(({ vmTypeId, costUsd }) => {
    const vmType = vmTypes.get(vmTypeId);
    return vmType === undefined ? [] : [changesFor(limits, demand, { vmType, costUsd })];
  });
  if (wishes.length === 0) return { kind: "impossible", jobIds: [demand.jobId] };
  if (wishes.some((changes) => changes.length === 0)) return { kind: "none-needed" };
  return { kind: "raise", alternatives: smallest(wishes) };
}

/** Everything that one node of a VM type, and the job on it, would exceed. */
function changesFor(
  limits: ClusterLimits,
  demand: Demand,
  wish: { readonly vmType: VmType; readonly costUsd: number },
): readonly LimitChange[] {
  const { vmType, costUsd } = wish;
  const changes: LimitChange[] = [];
  if (limits.maxNodes < 1)
    changes.push(limitChange({ kind: "max-nodes" }, limits.maxNodes, { to: 1, least: 1 }));
  if (vmType.quotaNodes !== null && vmType.quotaNodes < 1) {
    const quota = { kind: "vm-type-quota", vmTypeId: vmType.id } as const;
    changes.push(limitChange(quota, vmType.quotaNodes, { to: 1, least: 1 }));
  }
  for (const limit of limits.nodeLimits) {
    const weight = limitWeight(limit, vmType.id);
    if (weight <= mostWithin(limit)) continue;
    changes.push(limitChange(namedLimit(limit), limit.limit, { to: weight, least: leastWeight(limit) }));
  }
  if (demand.budgetUsd !== null && costUsd > demand.budgetUsd) {
    const budget = { kind: "job-budget", jobId: demand.jobId } as const;
    changes.push(limitChange(budget, demand.budgetUsd, { to: costUsd, least: cheapestUsd(demand) }));
  }
  return changes;
}

/** A NodeLimit as a limit that could be raised. */
export const namedLimit = ({ id, label, unit }: NodeLimit): RaisableLimit => ({
  kind: "node-limit",
  limitId: id,
  label,
  unit,
});

/** The smallest positive weight of a limit. */
export const leastWeight = ({ weights }: NodeLimit): number =>
  Math.min(...Object.values(weights).filter((weight) => weight > 0));

/** The cheapest configuration of a job in USD. */
export const cheapestUsd = ({ configurations }: Demand): number =>
  Math.min(...configurations.map(({ costUsd }) => costUsd));

/** A limit raised to what is needed; `least` is the smallest raise that makes a difference. */
export function limitChange(
  limit: RaisableLimit,
  from: number,
  needed: { readonly to: number; readonly least: number },
): LimitChange {
  const { to, least } = needed;
  return { limit, from, to, relativeIncrease: (to - from) / Math.max(from, least) };
}

/** What a set of changes adds up to. */
export const totalIncrease = (changes: readonly LimitChange[]): number =>
  changes.reduce((total, { relativeIncrease }) => total + relativeIncrease, 0);

function smallest(wishes: readonly (readonly LimitChange[])[]): readonly (readonly LimitChange[])[] {
  const byIncrease = [...wishes].sort((a, b) => a.length - b.length || totalIncrease(a) - totalIncrease(b));
  const fewest = byIncrease[0] ?? [];
  if (fewest.length > 1) return [fewest];
  const seen = new Set<string>();
  return byIncrease.filter(([change, ...others]) => {
    if (change === undefined || others.length > 0) return false;
    const name = JSON.stringify(change.limit);
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  });
}
