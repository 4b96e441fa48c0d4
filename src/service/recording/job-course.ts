/** One job out of a cluster: the same bookkeeping as of the whole state, on the rows that an event touches. */
import type { AllocatedNode } from "../../domain/allocation.ts";
import { placements } from "../../domain/allocation.ts";
import type { ClusterSettings, ClusterState, JobState } from "../../domain/cluster-state.ts";
import { emptyCluster } from "../../domain/cluster-state.ts";
import type { ClusterEvent } from "../../domain/event.ts";
import { sortedById } from "../../domain/ids.ts";
import { advance, observe } from "../../planner/observe.ts";
import type { JobRecord } from "../../store/jobs.ts";

/** Job rows with what they refer to. */
export interface JobsInPlace {
  readonly settings: ClusterSettings;
  /** At least the nodes that the jobs run on, with all who run there: they share the rent. */
  readonly nodes: readonly AllocatedNode[];
  readonly records: readonly JobRecord[];
}

/** A cluster of just these jobs and nodes at a time at or after their last changes; each job has gone on as predicted until then. */
export function clusterOf({ settings, nodes, records }: JobsInPlace, atSeconds: number): ClusterState {
  const jobs = records.map((record) => courseUntil({ settings, nodes, records: [record] }, atSeconds));
  return {
    ...emptyCluster(settings),
    nowSeconds: atSeconds,
    jobs: sortedById(jobs),
    allocation: { nodes },
  };
}

function courseUntil({ settings, nodes, records }: JobsInPlace, atSeconds: number): JobState {
  const [record] = records;
  if (record === undefined) throw new Error("There is no job");
  const alone: ClusterState = {
    ...emptyCluster(settings),
    nowSeconds: Math.min(record.asOfSeconds, atSeconds),
    jobs: [record.state],
    allocation: { nodes: nodes.filter((node) => node.id === record.placement?.nodeId) },
  };
  return advance(alone, atSeconds).jobs[0] ?? record.state;
}

/** The rows after an event. */
export function recordsAfter(
  before: JobsInPlace,
  event: ClusterEvent,
): readonly Pick<JobRecord, "state" | "asOfSeconds" | "placement">[] {
  return recordsOf(observe(clusterOf(before, event.atSeconds), event));
}

/** All jobs of a state as rows. */
export function recordsOf(
  state: ClusterState,
): readonly Pick<JobRecord, "state" | "asOfSeconds" | "placement">[] {
  const placed = placements(state.allocation);
  const asOfSeconds = state.nowSeconds ?? 0;
  return state.jobs.map((entry) => {
    const placement = placed.get(entry.id);
    return {
      state: entry,
      asOfSeconds,
      placement: placement === undefined ? null : { nodeId: placement.nodeId, gpus: placement.gpus },
    };
  });
}
