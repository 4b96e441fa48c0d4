/**
 * Takes an event into a cluster's history, and brings what can be looked up of its jobs and nodes up to date, in the caller's transaction.
 * What may not happen (a completion of a job that has ended, an id that is taken) the caller refuses before; here it is a bug and throws.
 */
import { assertNever } from "../../domain/assert-never.ts";
import type { ClusterEvent, JobsArrived } from "../../domain/event.ts";
import type { JobId, NetworkId } from "../../domain/ids.ts";
import type { Cause } from "../../store/history.ts";
import type { JobHistoryEntry } from "../../store/job-history.ts";
import type { LockedCluster } from "../../store/store.ts";
import { UnknownCluster } from "../../store/store.ts";
import type { JobsInPlace } from "./job-course.ts";
import { recordsAfter } from "./job-course.ts";
import { eventReason } from "./reasons.ts";

/** An event with who caused it. */
export interface EventToRecord {
  readonly event: ClusterEvent;
  readonly cause: Cause;
  /** What was posted, by job id; needed for arrivals. */
  readonly requests?: ReadonlyMap<string, object>;
  /** Layers that arriving jobs bring along. */
  readonly networks?: ReadonlyMap<NetworkId, object>;
}

type Posted = Required<Pick<EventToRecord, "requests" | "networks">>;

/** An acknowledged event. A plan knows it when the plan's revision is at least this one. */
export interface Recorded {
  readonly sequence: number;
  readonly revision: number;
  readonly atSeconds: number;
}

/** When an event that happens now counts as having happened: time never runs backwards within a history. */
export function eventTime({ cluster }: LockedCluster, nowSeconds: number): number {
  return Math.max(nowSeconds, cluster.lastAtSeconds ?? -Infinity);
}

/** See the file's header. */
export async function recordEvent(
  locked: LockedCluster,
  { event, cause, requests = new Map(), networks = new Map() }: EventToRecord,
): Promise<Recorded> {
  const { cluster } = locked;
  const sequence = cluster.lastSequence + 1;
  await locked.history.append(cluster.id, { sequence, event }, cause);
  const touched = await bringUpToDate(locked, event, { requests, networks });
  const entry = { kind: event.kind, principal: cause.principal, planRevision: null };
  await locked.jobHistory.append(
    cluster.id,
    touched.map((jobId): JobHistoryEntry => ({
      ...entry,
      jobId,
      atSeconds: event.atSeconds,
      reason: eventReason(event, jobId),
    })),
  );
  await locked.clusters.update(cluster.id, {
    lastSequence: sequence,
    lastAtSeconds: event.atSeconds,
    ...(event.kind === "jobs-arrived" ? { nextJobNumber: cluster.nextJobNumber + event.jobs.length } : {}),
    ...(event.kind === "settings-changed" ? { settings: event.settings } : {}),
  });
  await locked.ring("event");
  return { sequence, revision: sequence + cluster.planCount, atSeconds: event.atSeconds };
}

/** Several events in their order; each is made from what the ones before have left. There must be at least one. */
export async function recordEvents(
  locked: LockedCluster,
  makers: readonly ((parts: LockedCluster) => Promise<ClusterEvent>)[],
  cause: Cause,
): Promise<Recorded> {
  let current = locked;
  let recorded: Recorded | undefined;
  for (const make of makers) {
    recorded = await recordEvent(current, { event: await make(current), cause });
    const cluster = await locked.clusters.lock(locked.cluster.id);
    if (cluster === undefined) throw new UnknownCluster(locked.cluster.id);
    current = { ...locked, cluster };
  }
  if (recorded === undefined) throw new Error("There is no event to record");
  return recorded;
}

/** Ids of the jobs that the event says something about. */
async function bringUpToDate(
  locked: LockedCluster,
  event: ClusterEvent,
  posted: Posted,
): Promise<readonly JobId[]> {
  const { cluster } = locked;
  switch (event.kind) {
    case "jobs-arrived":
      await insertJobs(locked, event, posted);
      return event.jobs.map((job) => job.id);
    case "job-completed":
    case "job-cancelled":
    case "job-changed":
    case "progress-reported":
      return changeJobs(locked, event, await locked.jobs.find(cluster.id, [event.jobId]));
    case "node-lost": {
      const hit = await changeJobs(locked, event, await locked.jobs.onNode(cluster.id, event.nodeId));
      await locked.clusters.changeNodes(cluster.id, { gone: [event.nodeId], set: [] });
      return hit;
    }
    case "settings-changed": {
      // All that run: until now they paid the prices of before.
      const ids = event.durations.map((entry) => entry.jobId);
      const running = await locked.jobs.page(cluster.id, { status: "running" }, cluster.nextJobNumber);
      const known = new Set(running.map(({ state }) => state.id));
      const others = ids.filter((id) => !known.has(id));
      await changeJobs(locked, event, [...running, ...(await locked.jobs.find(cluster.id, others))]);
      return ids;
    }
    case "jobs-forgotten":
      await locked.jobs.remove(cluster.id, event.jobIds);
      return [];
    case "timer-elapsed":
      return [];
    default:
      return assertNever(event);
  }
}

async function insertJobs(
  locked: LockedCluster,
  event: JobsArrived,
  { requests, networks }: Posted,
): Promise<void> {
  const { cluster } = locked;
  const lacking = event.jobs.find(
    ({ workload: { networkId } }) => networkId !== undefined && !networks.has(networkId),
  );
  if (lacking !== undefined) throw new Error(`The layers that job ${lacking.id} brings along are not given`);
  await locked.networks.keep(networks);
  const order = new Map(event.jobs.map((job, index) => [job.id, index]));
  const empty: JobsInPlace = { settings: cluster.settings, nodes: [], records: [] };
  const arrived = recordsAfter(empty, event).map((record) => {
    const request = requests.get(record.state.id);
    const place = order.get(record.state.id);
    if (request === undefined || place === undefined)
      throw new Error(`What was posted for job ${record.state.id} is not given`);
    return { ...record, number: cluster.nextJobNumber + place, request };
  });
  await locked.jobs.insert(cluster.id, arrived);
}

async function changeJobs(
  locked: LockedCluster,
  event: ClusterEvent,
  records: JobsInPlace["records"],
): Promise<readonly JobId[]> {
  const { cluster } = locked;
  const nodeIds = [...new Set(records.flatMap(({ placement }) => placement?.nodeId ?? []))];
  const nodes = await locked.clusters.nodes(cluster.id, nodeIds);
  // Whoever shares a node with one that goes pays another share of its rent from then on.
  const touched = new Set<string>(records.map(({ state }) => state.id));
  const neighbourIds = nodes.flatMap(({ parts }) =>
    parts.flatMap(({ jobId }) => (touched.has(jobId) ? [] : [jobId])),
  );
  const neighbours = await locked.jobs.find(cluster.id, neighbourIds);
  const all = [...records, ...neighbours];
  const after = recordsAfter({ settings: cluster.settings, nodes, records: all }, event);
  await locked.jobs.update(cluster.id, after);
  return records.map(({ state }) => state.id);
}
