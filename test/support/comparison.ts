/** Clusters to compare variants of. */
import type { ClusterState } from "../../src/domain/cluster-state.ts";
import type { Job } from "../../src/domain/job.ts";
import type { VmType } from "../../src/domain/vm-type.ts";
import type { ComparisonBase, Variant } from "../../src/comparison/variant.ts";
import { unchanged } from "../../src/comparison/variant.ts";
import { deepFreeze } from "./deep-freeze.ts";
import { testVmType } from "./random-problem.ts";
import { clusterJob, clusterWith } from "./written-cluster.ts";

/** One, two and four GPUs of one type, at the same price for a GPU. */
export const VM_TYPES: readonly VmType[] = [
  testVmType("four", { gpuCount: 4, pricePerHourUsd: 4, gpuType: "K80" }),
  testVmType("one", { gpuCount: 1, pricePerHourUsd: 1, gpuType: "K80" }),
  testVmType("two", { gpuCount: 2, pricePerHourUsd: 2, gpuType: "K80" }),
];

/** A job of an hour on one GPU, 35 minutes on two, 20 on four. */
export const hourJob = (id: string, dueInSeconds = 20_000): Job =>
  clusterJob(id, { one: [3600], two: [3600, 2100], four: [3600, 2100, 1600, 1200] }, { dueInSeconds });

/** The same job with an interval: P90 is so many times its median. */
export const uncertain = (job: Job, factor: number): Job => ({
  ...job,
  durations: {
    ...job.durations,
    entries: job.durations.entries.map((entry) => ({
      ...entry,
      source: "measured" as const,
      lowerSeconds: entry.durationSeconds / 3,
      upperSeconds: entry.durationSeconds * factor,
    })),
  },
});

/** A frozen base: a comparison that writes to it throws. */
export function frozenBase(args: {
  readonly jobs: readonly Job[];
  readonly arrivals?: readonly Job[];
  readonly vmTypes?: readonly VmType[];
  readonly maxNodes?: number;
  readonly nodes?: Parameters<typeof clusterWith>[0]["nodes"];
}): ComparisonBase {
  const { jobs, arrivals = [], vmTypes = VM_TYPES, maxNodes = 2, nodes } = args;
  const state: ClusterState = clusterWith({
    vmTypes,
    jobs,
    maxNodes,
    ...(nodes === undefined ? {} : { nodes }),
  });
  return deepFreeze({ state, arrivals, policy: "progress-value" });
}

/** A variant with some changes. */
export const variant = (name: string, change: Partial<Omit<Variant, "name">> = {}): Variant => ({
  ...unchanged(name),
  ...change,
});
