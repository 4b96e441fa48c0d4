/** Makes jobs for clusters; what was predicted for one batch serves the next as long as the cluster offers the same VM types. */
import { jobMaker } from "../catalog/job-from-spec.ts";
import type { ReferenceData } from "../catalog/reference-data.ts";
import { isReservedTwin, providerVmTypeId, withTwinDurations } from "../catalog/reserved-twin.ts";
import type { ClusterSettings } from "../domain/cluster-state.ts";
import type { DurationTable } from "../domain/duration-table.ts";
import { scaledTable, unitOf } from "../domain/duration-table.ts";
import { limitWeight, mostWithin } from "../domain/node-limit.ts";
import type { VmTypeId } from "../domain/ids.ts";

type JobMaker = ReturnType<typeof jobMaker>;

/** The maker for a cluster's present VM types. */
export type JobMakers = (clusterId: string, settings: ClusterSettings) => JobMaker;

/** For one process. */
export function jobMakers(reference: ReferenceData): JobMakers {
  const makers = new Map<string, { readonly offer: string; readonly maker: JobMaker }>();
  return (clusterId, settings) => {
    // What a refusal says names all limits.
    const offer = JSON.stringify([offerOf(settings), settings.maxNodes, settings.nodeLimits]);
    const known = makers.get(clusterId);
    if (known?.offer === offer) return known.maker;
    const maker = clusterJobMaker(reference, settings);
    makers.set(clusterId, { offer, maker });
    return maker;
  };
}

/** All that durations depend on, as a text: equal where jobs made for the one settings suit the other. Prices are not part of it. */
export function offerOf({ vmTypes, nodeLimits }: ClusterSettings): string {
  return JSON.stringify(
    vmTypes.map(({ id, gpuType, gpuCount, gpuShare, gpuMemoryGib, vcpuCount, memoryGib, quotaNodes }) => ({
      id,
      machine: [gpuType, gpuCount, gpuShare, gpuMemoryGib, vcpuCount, memoryGib],
      // The twin of a reservation comes and goes with time, and its durations stay.
      isClosed:
        (quotaNodes === 0 && !isReservedTwin(id)) ||
        nodeLimits.some((limit) => limitWeight(limit, id) > mostWithin(limit)),
    })),
  );
}

/** A maker that remembers nothing of others. A reserved twin is the same machine as its VM type: it takes the same time, also where a user measured it. */
export function clusterJobMaker(
  reference: ReferenceData,
  { vmTypes, maxNodes, nodeLimits }: ClusterSettings,
): JobMaker {
  const twinOf = new Map(
    vmTypes.filter(({ id }) => isReservedTwin(id)).map(({ id }) => [id, providerVmTypeId(id)]),
  );
  const machines = vmTypes
    .filter(({ id }) => !twinOf.has(id))
    // With all its nodes reserved a VM type has no quota left on demand, and can be rented all the same.
    .map((vmType) => ([...twinOf.values()].includes(vmType.id) ? { ...vmType, quotaNodes: null } : vmType));
  const make = jobMaker(reference, { vmTypes: machines, maxNodes, nodeLimits });
  if (twinOf.size === 0) return make;
  const withTwins = twinTables(twinOf);
  return (spec, given) => {
    const made = make(spec, given);
    return made.kind === "job"
      ? { ...made, job: { ...made.job, durations: withTwins(made.job.durations) } }
      : made;
  };
}

/** Tables stay shared among the jobs of a workload. */
function twinTables(twinOf: ReadonlyMap<VmTypeId, VmTypeId>): (table: DurationTable) => DurationTable {
  const units = new WeakMap<DurationTable, DurationTable>();
  return (table) => {
    const { unit, scale } = unitOf(table);
    const known = units.get(unit) ?? withTwinDurations(unit, twinOf);
    units.set(unit, known);
    return scale === 1 ? known : scaledTable(known, scale);
  };
}
