/** Makes jobs for clusters; what was predicted for one batch serves the next as long as the cluster offers the same VM types. */
import { jobMaker } from "../catalog/job-from-spec.ts";
import type { ReferenceData } from "../catalog/reference-data.ts";
import type { ClusterSettings } from "../domain/cluster-state.ts";

type JobMaker = ReturnType<typeof jobMaker>;

/** The maker for a cluster's present VM types. */
export type JobMakers = (clusterId: string, settings: ClusterSettings) => JobMaker;

/** For one process. */
export function jobMakers(reference: ReferenceData): JobMakers {
  const makers = new Map<string, { readonly offered: string; readonly maker: JobMaker }>();
  return (clusterId, settings) => {
    const offered = JSON.stringify(settings);
    const known = makers.get(clusterId);
    if (known?.offered === offered) return known.maker;
    const maker = jobMaker(reference, settings.vmTypes);
    makers.set(clusterId, { offered, maker });
    return maker;
  };
}
