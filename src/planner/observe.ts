/** Applies events to a cluster's state: pure bookkeeping of time, progress, rent, arrivals and completions. */
import type { Allocation, Placement } from "../domain/allocation.ts";
import { placements } from "../domain/allocation.ts";
import { assertNever } from "../domain/assert-never.ts";
import type { ClusterState, JobState } from "../domain/cluster-state.ts";
import { UNMEASURED_PACE, findJob, jobIndex } from "../domain/cluster-state.ts";
import { addedLosses } from "../domain/change-losses.ts";
import { rentPerHourUsd, rentUsd, tardinessCostUsd } from "../domain/cost.ts";
import { vmTypesOf } from "../domain/vm-type.ts";
import type { ClusterEvent, JobsArrived, SettingsChanged } from "../domain/event.ts";
import type { JobId, NodeId } from "../domain/ids.ts";
import { mergedById, sortedById } from "../domain/ids.ts";
import { paceAfterReport } from "./pace.ts";
import { LEAST_REMAINING_SHARE, learntSpread } from "./remaining-work.ts";
import { releasedBillingUsd, lossesUntil } from "./resumption.ts";
import { spendingUsd } from "./within-budget.ts";

/** Changes some of the jobs, which are sorted by id: many wait and few run, so an event must not look at all of them. Ids that are not there are passed over. */
type EditJobs = (
  jobs: readonly JobState[],
  ids: Iterable<JobId>,
  change: (entry: JobState) => JobState,
) => readonly JobState[];

/** The state after an event. Throws on an event before the last one or about an unknown job: both are bugs of the caller. */
export function observe(state: ClusterState, event: ClusterEvent): ClusterState {
  return observeWith(state, event, editedCopy);
}

/** The state after several events: as one `observe` after the other, but the jobs are copied once and not for each. */
export function observeAll(state: ClusterState, events: readonly ClusterEvent[]): ClusterState {
  const edit = editsOfOneCopy();
  return events.reduce((before, event) => observeWith(before, event, edit), state);
}

function observeWith(state: ClusterState, event: ClusterEvent, edit: EditJobs): ClusterState {
  const { revision } = state;
  return { ...apply(advance(state, event.atSeconds, edit), event, edit), revision: revision + 1 };
}

/** The state at a later time if nothing happens until then: running jobs progress at rate 1/t_jvg once they have resumed, each node costs its price. */
export function advance(state: ClusterState, atSeconds: number, edit: EditJobs = editedCopy): ClusterState {
  const { nowSeconds } = state;
  if (nowSeconds === null) return { ...state, nowSeconds: atSeconds };
  const elapsedSeconds = atSeconds - nowSeconds;
  if (elapsedSeconds < 0) {
    throw new RangeError(`Event at ${atSeconds} s is before the last one at ${nowSeconds} s`);
  }
  if (elapsedSeconds === 0) return state;
  const placed = placements(state.allocation);
  const spending = spendingUsd(state, elapsedSeconds);
  const pricePerHourUsd = rentPerHourUsd(vmTypesOf(state.allocation, state.settings.vmTypes));
  const changeLosses = addedLosses(state.changeLosses, lossesUntil(state, atSeconds));
  return {
    ...state,
    nowSeconds: atSeconds,
    jobs: edit(state.jobs, placed.keys(), (entry) =>
      afterRunning(entry, placed.get(entry.id), {
        fromSeconds: nowSeconds,
        atSeconds,
        spentUsd: spending.get(entry.id) ?? 0,
      }),
    ),
    accruedRentUsd: state.accruedRentUsd + rentUsd({ pricePerHourUsd, durationSeconds: elapsedSeconds }),
    changeLosses,
  };
}

function afterRunning(
  entry: JobState,
  placement: Placement | undefined,
  run: { readonly fromSeconds: number; readonly atSeconds: number; readonly spentUsd: number },
): JobState {
  const duration = entry.job.durations.entries.find(
    (row) => row.vmTypeId === placement?.vmTypeId && row.gpus === placement.gpus,
  );
  if (duration === undefined) return entry;
  const { fromSeconds, atSeconds, spentUsd } = run;
  const { resumesAtSeconds } = entry;
  const workSeconds = Math.max(0, atSeconds - Math.max(fromSeconds, resumesAtSeconds ?? fromSeconds));
  const predicted = entry.completedShare + workSeconds / (duration.durationSeconds * entry.pace.factor);
  // However many steps the time takes, the share is the same: what it reached, but not more than this by prediction alone.
  const most = Math.max(entry.completedShare, 1 - LEAST_REMAINING_SHARE);
  return {
    ...entry,
    completedShare: Math.min(predicted, most),
    spentShare: (entry.spentShare ?? entry.completedShare) + workSeconds / duration.durationSeconds,
    resumesAtSeconds: resumesAtSeconds !== null && resumesAtSeconds > atSeconds ? resumesAtSeconds : null,
    spentUsd: entry.spentUsd + spentUsd,
  };
}

/** Where `edit` changes the jobs of the state before, nothing may be asked of them afterwards. */
function apply(state: ClusterState, event: ClusterEvent, edit: EditJobs): ClusterState {
  const withJob = (id: JobId, change: Partial<Omit<JobState, "id">>): ClusterState => ({
    ...state,
    jobs: edit(state.jobs, [id], (entry) => ({ ...entry, ...change })),
  });
  switch (event.kind) {
    case "jobs-arrived":
      return arrive(state, event);
    case "job-completed": {
      const entry = activeJob(state, event.jobId);
      const { job } = entry;
      const tardinessUsd = tardinessCostUsd({ ...job, completionAtSeconds: event.atSeconds });
      return {
        ...withJob(event.jobId, {
          completedShare: 1,
          resumesAtSeconds: null,
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
        ...withJob(event.jobId, {
          resumesAtSeconds: null,
          status: { kind: "cancelled", atSeconds: event.atSeconds },
        }),
        allocation: without(state.allocation, event.jobId),
      };
    case "job-changed": {
      const { job } = activeJob(state, event.jobId);
      const { dueAtSeconds, tardinessCostPerSecondUsd, budgetUsd = job.budgetUsd } = event;
      return withJob(event.jobId, {
        job: { ...job, dueAtSeconds, tardinessCostPerSecondUsd, budgetUsd },
      });
    }
    case "progress-reported": {
      const { completedShare } = event;
      return withJob(event.jobId, {
        completedShare,
        savedShare: completedShare,
        pace: paceAfterReport(activeJob(state, event.jobId), placements(state.allocation).get(event.jobId), {
          atSeconds: event.atSeconds,
          completedShare,
        }),
      });
    }
    case "node-lost":
      return loseNode(state, event.nodeId, edit);
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
  const arriving = new Set<JobId>();
  for (const job of event.jobs) {
    if (arriving.has(job.id) || jobIndex(state.jobs, job.id) !== null)
      throw new Error(`Job ${job.id} has arrived before`);
    const configurations = new Set(job.durations.entries.map((row) => `${row.vmTypeId} ${row.gpus}`));
    if (configurations.size === 0) throw new Error(`Job ${job.id} fits no VM type and was let in`);
    if (configurations.size < job.durations.entries.length)
      throw new Error(`Job ${job.id} has a duration twice`);
    arriving.add(job.id);
  }
  const arrived = event.jobs.map((job): JobState => ({
    id: job.id,
    job,
    status: { kind: "active" },
    completedShare: 0,
    savedShare: 0,
    pace: UNMEASURED_PACE,
    resumesAtSeconds: null,
    spentUsd: 0,
  }));
  return { ...state, jobs: mergedById(state.jobs, arrived) };
}

function activeJob(state: ClusterState, id: JobId): JobState {
  const found = findJob(state, id);
  if (found?.status.kind !== "active") throw new Error(`Job ${id} is not active`);
  return found;
}

const editedCopy: EditJobs = (jobs, ids, change) => editInPlace([...jobs], ids, change);

/** Copies jobs when it first meets them, and from then on changes its copy; only the last result may be used. */
function editsOfOneCopy(): EditJobs {
  let own: readonly JobState[] | null = null;
  let copy: JobState[] = [];
  return (jobs, ids, change) => {
    if (jobs !== own) copy = [...jobs];
    own = editInPlace(copy, ids, change);
    return own;
  };
}

function editInPlace(
  jobs: JobState[],
  ids: Iterable<JobId>,
  change: (entry: JobState) => JobState,
): readonly JobState[] {
  for (const id of ids) {
    const index = jobIndex(jobs, id);
    const entry = index === null ? undefined : jobs[index];
    if (index !== null && entry !== undefined) jobs[index] = change(entry);
  }
  return jobs;
}

/**
 * The node's jobs wait with the work that was safe; what is learnt of their pace stays. A plan that was decided before the loss was known,
 * and comes before it in the history, may have given the node back: then nothing is lost. The minimum billing is due all the same.
 */
function loseNode(state: ClusterState, id: NodeId, edit: EditJobs): ClusterState {
  const lost = state.allocation.nodes.find((node) => node.id === id);
  if (lost === undefined) return state;
  const hit = new Set(lost.parts.map((part) => part.jobId));
  const allocation = { nodes: state.allocation.nodes.filter((node) => node.id !== id) };
  return {
    ...withBilling(state, releasedBillingUsd(state, allocation)),
    jobs: edit(state.jobs, hit, (entry) => ({
      ...entry,
      completedShare: entry.savedShare,
      spentShare: (entry.spentShare ?? entry.completedShare) - (entry.completedShare - entry.savedShare),
      resumesAtSeconds: null,
      pace: { ...entry.pace, measuredFrom: null },
    })),
    allocation,
    leases: state.leases.filter((lease) => lease.nodeId !== id),
  };
}

/** The state after nodes are gone whose minimum billing was not over. */
export function withBilling(state: ClusterState, unusedBillingUsd: number): ClusterState {
  const { accruedRentUsd, changeLosses } = state;
  return {
    ...state,
    accruedRentUsd: accruedRentUsd + unusedBillingUsd,
    changeLosses: {
      ...changeLosses,
      unusedBillingUsd: changeLosses.unusedBillingUsd + unusedBillingUsd,
    },
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
