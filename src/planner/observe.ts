/** Applies events to a cluster's state: pure bookkeeping of time, progress, rent, arrivals and completions. */
import type { Allocation } from "../domain/allocation.ts";
import { placements } from "../domain/allocation.ts";
import { assertNever } from "../domain/assert-never.ts";
import type { ClusterState, JobState } from "../domain/cluster-state.ts";
import { findJob } from "../domain/cluster-state.ts";
import { rentPerHourUsd, rentUsd, tardinessCostUsd } from "../domain/cost.ts";
import { vmTypesOf } from "../domain/vm-type.ts";
import type { ClusterEvent, JobsArrived } from "../domain/event.ts";
import type { JobId } from "../domain/ids.ts";
import { sortedById } from "../domain/ids.ts";

/** Share of its work that is assumed to be left of a job which has outlasted its prediction: it is not taken for finished. */
export const LEAST_REMAINING_SHARE = 0.01;

/** The state after an event. Throws on an event before the last one or about an unknown job: both are bugs of the caller. */
export function observe(state: ClusterState, event: ClusterEvent): ClusterState {
  const advanced = advance(state, event.atSeconds);
  return { ...apply(advanced, event), revision: state.revision + 1 };
}

/** The state at a later time if nothing happens until then: running jobs progress at rate 1/t_jvg, each node costs its price. */
export function advance(state: ClusterState, atSeconds: number): ClusterState {
  if (state.nowSeconds === null) return { ...state, nowSeconds: atSeconds };
  const elapsedSeconds = atSeconds - state.nowSeconds;
  if (elapsedSeconds < 0) {
    throw new RangeError(`Event at ${atSeconds} s is before the last one at ${state.nowSeconds} s`);
  }
  if (elapsedSeconds === 0) return state;
  const placed = placements(state.allocation);
  const pricePerHourUsd = rentPerHourUsd(vmTypesOf(state.allocation, state.settings.vmTypes));
  return {
    ...state,
    nowSeconds: atSeconds,
    jobs: state.jobs.map((entry) => {
      const placement = placed.get(entry.id);
      const duration = entry.job.durations.entries.find(
        (row) => row.vmTypeId === placement?.vmTypeId && row.gpus === placement.gpus,
      );
      if (duration === undefined) return entry;
      const predicted = entry.completedShare + elapsedSeconds / duration.durationSeconds;
      return { ...entry, completedShare: predicted < 1 ? predicted : 1 - LEAST_REMAINING_SHARE };
    }),
    accruedRentUsd: state.accruedRentUsd + rentUsd({ pricePerHourUsd, durationSeconds: elapsedSeconds }),
  };
}

function apply(state: ClusterState, event: ClusterEvent): ClusterState {
  switch (event.kind) {
    case "jobs-arrived":
      return arrive(state, event);
    case "job-completed": {
      const { job } = activeJob(state, event.jobId);
      const tardinessUsd = tardinessCostUsd({ ...job, completionAtSeconds: event.atSeconds });
      return {
        ...withJob(state, event.jobId, {
          completedShare: 1,
          status: { kind: "completed", atSeconds: event.atSeconds, tardinessCostUsd: tardinessUsd },
        }),
        allocation: without(state.allocation, event.jobId),
        accruedTardinessUsd: state.accruedTardinessUsd + tardinessUsd,
      };
    }
    case "job-cancelled":
      activeJob(state, event.jobId);
      return {
        ...withJob(state, event.jobId, { status: { kind: "cancelled", atSeconds: event.atSeconds } }),
        allocation: without(state.allocation, event.jobId),
      };
    case "progress-reported":
      activeJob(state, event.jobId);
      return withJob(state, event.jobId, { completedShare: event.completedShare });
    case "timer-elapsed":
      return state;
    default:
      return assertNever(event);
  }
}

function arrive(state: ClusterState, event: JobsArrived): ClusterState {
  const known = new Set(state.jobs.map((entry) => entry.id));
  for (const job of event.jobs) {
    if (known.has(job.id)) throw new Error(`Job ${job.id} has arrived before`);
    const configurations = new Set(job.durations.entries.map((row) => `${row.vmTypeId} ${row.gpus}`));
    if (configurations.size === 0) throw new Error(`Job ${job.id} fits no VM type and was let in`);
    if (configurations.size < job.durations.entries.length)
      throw new Error(`Job ${job.id} has a duration twice`);
    known.add(job.id);
  }
  const arrived = event.jobs.map((job): JobState => ({
    id: job.id,
    job,
    status: { kind: "active" },
    completedShare: 0,
  }));
  return { ...state, jobs: sortedById([...state.jobs, ...arrived]) };
}

function activeJob(state: ClusterState, id: JobId): JobState {
  const found = findJob(state, id);
  if (found?.status.kind !== "active") throw new Error(`Job ${id} is not active`);
  return found;
}

function withJob(
  state: ClusterState,
  id: JobId,
  change: Partial<Pick<JobState, "status" | "completedShare">>,
): ClusterState {
  return { ...state, jobs: state.jobs.map((entry) => (entry.id === id ? { ...entry, ...change } : entry)) };
}

/** The job's GPUs become idle; its node stays rented until the next plan decides about it. */
function without(allocation: Allocation, id: JobId): Allocation {
  return {
    nodes: allocation.nodes.map((node) => ({
      ...node,
      parts: node.parts.filter((part) => part.jobId !== id),
    })),
  };
}
