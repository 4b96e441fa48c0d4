/**
 * When jobs make progress after a change of the allocation, and what the change costs. Everybody who needs to know asks here: the bookkeeping
 * (enact.ts), the forecasts, the decision problem. So they cannot disagree.
 *
 *   a job that starts, or goes on elsewhere, makes progress at   max(now, its node is ready) + restart
 *   restart = checkpointSeconds once the job has made progress, 0 before: then there is nothing to load
 */
import type { Allocation, Placement } from "../domain/allocation.ts";
import { placements } from "../domain/allocation.ts";
import type { ChangeLosses } from "../domain/change-losses.ts";
import { NO_CHANGE_LOSSES, addedLosses } from "../domain/change-losses.ts";
import { findJob } from "../domain/cluster-state.ts";
import type { ClusterState, JobState } from "../domain/cluster-state.ts";
import { rentUsd, shareOfRentUsd, unusedBillingUsd } from "../domain/cost.ts";
import type { NodeId } from "../domain/ids.ts";
import type { NodeLease } from "../domain/node-lease.ts";
import { leaseFrom, sortedLeases } from "../domain/node-lease.ts";
import { vmTypesOf } from "../domain/vm-type.ts";

/** Whether a job is on the same GPUs of the same node. */
export const samePlacement = (a: Placement | undefined, b: Placement | undefined): boolean =>
  a?.nodeId === b?.nodeId && a?.gpus === b?.gpus;

/** Seconds without progress that going on after a stop or a move costs a job as it is now. */
export const restartSeconds = ({ job, completedShare }: JobState): number =>
  completedShare > 0 ? (job.checkpointSeconds ?? 0) : 0;

/** The leases once an allocation is in force: nodes that stay keep theirs, others begin now. Throws before the first event. */
export function leasesAfter(state: ClusterState, allocation: Allocation): readonly NodeLease[] {
  const known = new Map(state.leases.map((lease) => [lease.nodeId, lease]));
  const rented = new Set(state.allocation.nodes.map((node) => node.id));
  const vmTypes = vmTypesOf(allocation, state.settings.vmTypes);
  return sortedLeases(
    allocation.nodes.flatMap(({ id }, index): readonly NodeLease[] => {
      const vmType = vmTypes[index];
      const lease = known.get(id);
      if (lease !== undefined) return [lease];
      return vmType === undefined || rented.has(id) ? [] : [leaseFrom(id, vmType, timeOf(state))];
    }),
  );
}

/** When each job makes progress once an allocation is in force; null where it does so at once, or waits. */
export function resumptions(
  state: ClusterState,
  allocation: Allocation,
  leases: readonly NodeLease[],
): (entry: JobState) => number | null {
  const before = placements(state.allocation);
  const after = placements(allocation);
  const readyAt = new Map<NodeId, number>(leases.map((lease) => [lease.nodeId, lease.readyAtSeconds]));
  return (entry) => {
    const to = after.get(entry.id);
    if (to === undefined) return null;
    if (samePlacement(before.get(entry.id), to)) return entry.resumesAtSeconds;
    const nowSeconds = timeOf(state);
    const resumesAtSeconds =
      Math.max(nowSeconds, readyAt.get(to.nodeId) ?? -Infinity) + restartSeconds(entry);
    return resumesAtSeconds > nowSeconds ? resumesAtSeconds : null;
  };
}

/** What is left of the minimum billing of nodes that an allocation gives back, in USD. */
export function releasedBillingUsd(state: ClusterState, allocation: Allocation): number {
  const kept = new Set(allocation.nodes.map((node) => node.id));
  const leases = new Map(state.leases.map((lease) => [lease.nodeId, lease]));
  const vmTypes = vmTypesOf(state.allocation, state.settings.vmTypes);
  return state.allocation.nodes.reduce((total, { id }, index) => {
    const lease = leases.get(id);
    const vmType = vmTypes[index];
    if (kept.has(id) || lease === undefined || vmType === undefined) return total;
    return total + unusedBillingUsd({ ...vmType, ...lease, atSeconds: timeOf(state) });
  }, 0);
}

/** What the change to an allocation costs if it stands until all jobs make progress and all nodes are ready. */
export function lossesOfChange(state: ClusterState, allocation: Allocation): ChangeLosses {
  const before = placements(state.allocation);
  const after = placements(allocation);
  const rented = new Set(state.allocation.nodes.map((node) => node.id));
  const nodes = allocation.nodes.map((node) => node.id);
  const types = new Map(
    vmTypesOf(allocation, state.settings.vmTypes).map((vmType, index) => [nodes[index], vmType]),
  );
  const restarts = state.jobs.flatMap((entry): readonly ChangeLosses[] => {
    const to = after.get(entry.id);
    const vmType = types.get(to?.nodeId);
    const seconds = restartSeconds(entry);
    if (seconds === 0 || to === undefined || vmType === undefined) return [];
    return samePlacement(before.get(entry.id), to) ? [] : [restartLosses(vmType, to.gpus, seconds)];
  });
  const boots = [...types].flatMap(([id, vmType]): readonly ChangeLosses[] => {
    const seconds = vmType.bootSeconds ?? 0;
    return seconds === 0 || id === undefined || rented.has(id) ? [] : [bootLosses(vmType, seconds)];
  });
  return [
    ...restarts,
    ...boots,
    { ...NO_CHANGE_LOSSES, unusedBillingUsd: releasedBillingUsd(state, allocation) },
  ].reduce(addedLosses, NO_CHANGE_LOSSES);
}

/** What was lost between a state's time and a later one, with nothing changing in between. */
export function lossesUntil(state: ClusterState, atSeconds: number): ChangeLosses {
  const fromSeconds = timeOf(state);
  const booting = state.leases.filter((lease) => lease.readyAtSeconds > fromSeconds);
  // Only who runs can be held up, and few of all jobs do.
  const held = [...placements(state.allocation).keys()].flatMap((id) => {
    const entry = findJob(state, id);
    return entry === undefined || entry.resumesAtSeconds === null ? [] : [entry];
  });
  if (booting.length === 0 && held.length === 0) return NO_CHANGE_LOSSES;
  const vmTypes = vmTypesOf(state.allocation, state.settings.vmTypes);
  const resumesAt = new Map(held.map((entry) => [entry.id, entry.resumesAtSeconds ?? fromSeconds]));
  const readyAt = new Map(booting.map((lease) => [lease.nodeId, lease.readyAtSeconds]));
  const losses = state.allocation.nodes.flatMap(({ id, parts }, index): readonly ChangeLosses[] => {
    const vmType = vmTypes[index];
    if (vmType === undefined) return [];
    const readySeconds = Math.max(fromSeconds, readyAt.get(id) ?? fromSeconds);
    return [
      bootLosses(vmType, Math.min(atSeconds, readySeconds) - fromSeconds),
      ...parts.map(({ jobId, gpus }) => {
        const heldSeconds = Math.min(atSeconds, resumesAt.get(jobId) ?? fromSeconds) - readySeconds;
        return restartLosses(vmType, gpus, Math.max(0, heldSeconds));
      }),
    ];
  });
  return losses.reduce(addedLosses, NO_CHANGE_LOSSES);
}

interface Priced {
  readonly pricePerHourUsd: number;
  readonly gpuCount: number;
}

const restartLosses = (
  { pricePerHourUsd, gpuCount }: Priced,
  gpus: number,
  seconds: number,
): ChangeLosses => ({
  ...NO_CHANGE_LOSSES,
  restartSeconds: seconds,
  restartUsd: shareOfRentUsd({ pricePerHourUsd, durationSeconds: seconds, gpus, gpusInUse: gpuCount }),
});

const bootLosses = ({ pricePerHourUsd }: Priced, seconds: number): ChangeLosses => ({
  ...NO_CHANGE_LOSSES,
  bootSeconds: seconds,
  bootUsd: rentUsd({ pricePerHourUsd, durationSeconds: seconds }),
});

function timeOf({ nowSeconds }: ClusterState): number {
  if (nowSeconds === null) throw new Error("No event has happened yet, so nothing can change");
  return nowSeconds;
}
