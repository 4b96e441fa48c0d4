/** What a comparison begins from: the live cluster as it is now, or given jobs on an empty cluster with its limits. */
import type { ClusterSettings, ClusterState } from "../domain/cluster-state.ts";
import { emptyCluster } from "../domain/cluster-state.ts";
import type { Job } from "../domain/job.ts";
import type { PolicyName } from "../planner/policy.ts";
import { advance, observe } from "../planner/observe.ts";
import type { ComparisonBase } from "./variant.ts";

/** When a comparison begins, and how it decides where a variant does not say. */
export interface ComparisonStart {
  readonly nowSeconds: number;
  readonly policy: PolicyName;
}

/** A copy of a live cluster, its jobs as far as they are predicted to be by now. Throws when now is before the cluster's last event. */
export const baseOfCluster = (
  state: ClusterState,
  { nowSeconds, policy }: ComparisonStart,
): ComparisonBase => ({ state: advance(state, nowSeconds), arrivals: [], policy });

/** An empty cluster to which the jobs submitted by now have come; the others are still to come. */
export function baseOfJobs(
  settings: ClusterSettings,
  jobs: readonly Job[],
  { nowSeconds, policy }: ComparisonStart,
): ComparisonBase {
  const isHere = (job: Job): boolean => job.submittedAtSeconds <= nowSeconds;
  return {
    state: observe(emptyCluster(settings), {
      kind: "jobs-arrived",
      jobs: jobs.filter(isHere),
      atSeconds: nowSeconds,
    }),
    arrivals: jobs.filter((job) => !isHere(job)),
    policy,
  };
}
