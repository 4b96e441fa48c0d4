/** Applies events to a cluster's state: pure bookkeeping of time, progress, rent, arrivals and completions. */
import type { Allocation } from "../domain/allocation.ts";
import { placements } from "../domain/allocation.ts";
import { assertNever } from "../domain/assert-never.ts";
import type { ClusterState, JobState } from "../domain/cluster-state.ts";
import { UNMEASURED_PACE, findJob } from "../domain/cluster-state.ts";
import { rentPerHourUsd, rentUsd, tardinessCostUsd } from "../domain/cost.ts";
import { vmTypesOf } from "../domain/vm-type.ts";
import type { ClusterEvent, JobsArrived, SettingsChanged } from "../domain/event.ts";
import type { JobId, NodeId } from "../domain/ids.ts";
import { sortedById } from "../domain/ids.ts";
import { paceAfterReport } from "./pace.ts";
import { LEAST_REMAINING_SHARE, learntSpread } from "./remaining-work.ts";

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
      const predicted =
        entry.completedShare + elapsedSeconds / (duration.durationSeconds * entry.pace.factor);
      return {
        ...entry,
        completedShare: predicted < 1 ? predicted : 1 - LEAST_REMAINING_SHARE,
        spentShare: (entry.spentShare ?? entry.completedShare) + elapsedSeconds / duration.durationSeconds,
      };
    }),
    accruedRentUsd: state.accruedRentUsd + rentUsd({ pricePerHourUsd, durationSeconds: elapsedSeconds }),
  };
}

function apply(state: ClusterState, event: ClusterEvent): ClusterState {
  switch (event.kind) {
    case "jobs-arrived":
      return arrive(state, event);
    case "job-completed": {
      const entry = activeJob(state, event.jobId);
      const { job } = entry;
      const tardinessUsd = tardinessCostUsd({ ...job, completionAtSeconds: event.atSeconds });
      return {
        ...withJob(state, event.jobId, {
          completedShare: 1,
          status: { kind: "completed", atSeconds: event.atSeconds, tardinessCostUsd: tardinessUsd },
        }),
        allocation: without(state.allocation, event.jobId),
        accruedTardinessUsd: state.accruedTardinessUsd + tardinessUsd,
        ...learntSpread(state, entry),
      };
    }
    case "job-cancelled":
      activeJob(state, event.jobId);
      return {
        ...withJob(state, event.jobId, { status: { kind: "cancelled", atSeconds: event.atSeconds } }),
        allocation: without(state.allocation, event.jobId),
      };
    case "job-changed": {
      const { job } = activeJob(state, event.jobId);
      const { dueAtSeconds, tardinessCostPerSecondUsd } = event;
      return withJob(state, event.jobId, { job: { ...job, dueAtSeconds, tardinessCostPerSecondUsd } });
    }
    case "progress-reported": {
      const { completedShare } = event;
      return withJob(state, event.jobId, {
        completedShare,
        savedShare: completedShare,
        pace: paceAfterReport(activeJob(state, event.jobId), placements(state.allocation).get(event.jobId), {
          atSeconds: event.atSeconds,
          completedShare,
        }),
      });
    }
    case "node-lost":
      return loseNode(state, event.nodeId);
    case "settings-changed":
      return changeSettings(state, event);
    case "jobs-forgotten":
      return forget(state, event.jobIds);
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
    savedShare: 0,
    pace: UNMEASURED_PACE,
  }));
  return { ...state, jobs: sortedById([...state.jobs, ...arrived]) };
}

function activeJob(state: ClusterState, id: JobId): JobState {
  const found = findJob(state, id);
  if (found?.status.kind !== "active") throw new Error(`Job ${id} is not active`);
  return found;
}

function withJob(state: ClusterState, id: JobId, change: Partial<Omit<JobState, "id">>): ClusterState {
  return { ...state, jobs: state.jobs.map((entry) => (entry.id === id ? { ...entry, ...change } : entry)) };
}

/**
 * The node's jobs wait with the work that was safe; what is learnt of their pace stays. A plan that was decided before the loss was known,
 * and comes before it in the history, may have given the node back: then nothing is lost.
 */
function loseNode(state: ClusterState, id: NodeId): ClusterState {
  const lost = state.allocation.nodes.find((node) => node.id === id);
  if (lost === undefined) return state;
  const hit = new Set(lost.parts.map((part) => part.jobId));
  return {
    ...state,
    jobs: state.jobs.map((entry) =>
      hit.has(entry.id)
        ? {
            ...entry,
            completedShare: entry.savedShare,
            spentShare:
              (entry.spentShare ?? entry.completedShare) - (entry.completedShare - entry.savedShare),
            pace: { ...entry.pace, measuredFrom: null },
          }
        : entry,
    ),
    allocation: { nodes: state.allocation.nodes.filter((node) => node.id !== id) },
  };
}

function changeSettings(state: ClusterState, { settings, durations }: SettingsChanged): ClusterState {
  const offered = new Set(settings.vmTypes.map((vmType) => vmType.id));
  const dropped = state.settings.vmTypes.find((vmType) => !offered.has(vmType.id));
  if (dropped !== undefined)
    throw new Error(`VM type ${dropped.id} must stay in the settings with a quota of 0`);
  const tables = new Map(durations.map((entry) => [entry.jobId, entry.durations]));
  return {
    ...state,
    settings: { ...settings, vmTypes: sortedById(settings.vmTypes) },
    jobs: state.jobs.map((entry) => {
      const table = tables.get(entry.id);
      return table === undefined ? entry : { ...entry, job: { ...entry.job, durations: table } };
    }),
  };
}

function forget(state: ClusterState, jobIds: readonly JobId[]): ClusterState {
  const forgotten = new Set(jobIds);
  return {
    ...state,
    jobs: state.jobs.filter((entry) => {
      if (!forgotten.has(entry.id)) return true;
      if (entry.status.kind === "active")
        throw new Error(`Job ${entry.id} is active and cannot be forgotten`);
      return false;
    }),
  };
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
