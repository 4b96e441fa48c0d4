/** A cluster of two kinds of node, and jobs for it, for tests of planners: no predictions, two configurations. */
import type { ClusterSettings } from "../../src/domain/cluster-state.ts";
import type { JobsArrived } from "../../src/domain/event.ts";
import { jobId, vmTypeId } from "../../src/domain/ids.ts";
import type { Job } from "../../src/domain/job.ts";
import { testVmType } from "../support/random-problem.ts";

export const START_SECONDS = 1_790_000_000;

export const SETTINGS: ClusterSettings = {
  vmTypes: [
    testVmType("large", { gpuCount: 2, pricePerHourUsd: 2 }),
    testVmType("small", { gpuCount: 1, pricePerHourUsd: 1 }),
  ],
  maxNodes: 2,
  nodeLimits: [],
  replanIntervalSeconds: 3600,
};

/** An hour on the small VM type, half of it on two GPUs of the large one; due soon after. */
export function testJob(id: string, submittedAtSeconds = START_SECONDS): Job {
  const duration = (vmType: string, gpus: number, durationSeconds: number) => ({
    vmTypeId: vmTypeId(vmType),
    gpus,
    durationSeconds,
    lowerSeconds: durationSeconds * 0.9,
    upperSeconds: durationSeconds * 1.2,
    source: "measured" as const,
    warnings: [],
  });
  return {
    id: jobId(id),
    workload: { networkName: "test", framework: "pytorch", batchSize: 8, samples: 80, epochs: 1 },
    submittedAtSeconds,
    dueAtSeconds: submittedAtSeconds + 1900,
    tardinessCostPerSecondUsd: 0.01,
    budgetUsd: null,
    durations: {
      entries: [duration("small", 1, 3600), duration("large", 1, 3600), duration("large", 2, 1800)],
      missing: [],
    },
  };
}

/** The arrival of jobs at a time. */
export const arrival =
  (...ids: readonly string[]) =>
  (atSeconds: number): JobsArrived => ({
    kind: "jobs-arrived",
    atSeconds,
    jobs: ids.map((id) => testJob(id, atSeconds)),
  });
