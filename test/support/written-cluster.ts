/** Clusters and jobs written by hand, for tests of what happens to them. */
import type { AllocatedNode } from "../../src/domain/allocation.ts";
import type { ClusterState } from "../../src/domain/cluster-state.ts";
import { emptyCluster } from "../../src/domain/cluster-state.ts";
import type { MissingDuration } from "../../src/domain/duration-table.ts";
import { jobId, vmTypeId } from "../../src/domain/ids.ts";
import type { Job } from "../../src/domain/job.ts";
import type { NodeLimit } from "../../src/domain/node-limit.ts";
import type { VmType } from "../../src/domain/vm-type.ts";
import { observe } from "../../src/planner/observe.ts";
import { NOW_SECONDS } from "./written-problem.ts";

/** A job submitted at NOW_SECONDS; `durations` as in written-problem.ts. */
export function clusterJob(
  id: string,
  durations: Readonly<Record<string, readonly (number | null)[]>>,
  args: {
    readonly dueInSeconds: number;
    readonly missing?: readonly MissingDuration[];
    readonly budgetUsd?: number;
  },
): Job {
  return {
    id: jobId(id),
    workload: { networkName: "vgg19", framework: "pytorch", batchSize: 32, samples: 3200, epochs: 1 },
    submittedAtSeconds: NOW_SECONDS,
    dueAtSeconds: NOW_SECONDS + args.dueInSeconds,
    tardinessCostPerSecondUsd: 0.01,
    budgetUsd: args.budgetUsd ?? null,
    durations: {
      entries: Object.entries(durations).flatMap(([type, row]) =>
        row.flatMap((durationSeconds, index) =>
          durationSeconds === null
            ? []
            : [
                {
                  vmTypeId: vmTypeId(type),
                  gpus: index + 1,
                  durationSeconds,
                  lowerSeconds: durationSeconds,
                  upperSeconds: durationSeconds,
                  source: "user" as const,
                  warnings: [],
                },
              ],
        ),
      ),
      missing: args.missing ?? [],
    },
  };
}

/** A cluster at NOW_SECONDS to which the jobs have come and where the nodes run. */
export function clusterWith(args: {
  readonly vmTypes: readonly VmType[];
  readonly jobs: readonly Job[];
  readonly maxNodes?: number;
  readonly nodeLimits?: readonly NodeLimit[];
  readonly nodes?: readonly AllocatedNode[];
}): ClusterState {
  const empty = emptyCluster({
    vmTypes: args.vmTypes,
    maxNodes: args.maxNodes ?? 2,
    nodeLimits: args.nodeLimits ?? [],
    replanIntervalSeconds: 3600,
  });
  const arrived = observe(empty, { kind: "jobs-arrived", atSeconds: NOW_SECONDS, jobs: args.jobs });
  const nodes = args.nodes ?? [];
  return { ...arrived, allocation: { nodes }, nextNodeNumber: nodes.length + 1 };
}
