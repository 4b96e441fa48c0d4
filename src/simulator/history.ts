/** Records what happened in a simulation, decision by decision: who ran where, what was rented, who waited, what it cost. */
import type { AllocatedNode, Placement } from "../domain/allocation.ts";
import { gpusInUse, placements } from "../domain/allocation.ts";
import type { JobState } from "../domain/cluster-state.ts";
import { activeJobs } from "../domain/cluster-state.ts";
import { tardinessCostUsd, tardinessSeconds } from "../domain/cost.ts";
import type { ClusterEvent } from "../domain/event.ts";
import type { JobId, NodeId, VmTypeId } from "../domain/ids.ts";
import type { Job } from "../domain/job.ts";
import type { NodeLease } from "../domain/node-lease.ts";
import type { VmType } from "../domain/vm-type.ts";
import type { Decision } from "../planner/decide.ts";

/** A node from the moment it is rented until it is given back. */
export interface NodeInterval {
  readonly nodeId: NodeId;
  readonly vmTypeId: VmTypeId;
  readonly fromSeconds: number;
  /** When it has booted. */
  readonly readyAtSeconds: number;
  readonly toSeconds: number;
}

/** A job on the same GPUs without a change. */
export interface JobInterval extends Placement {
  readonly jobId: JobId;
  readonly fromSeconds: number;
  /** When it makes progress: until then its node boots or its checkpoint is loaded. */
  readonly progressFromSeconds: number;
  readonly toSeconds: number;
}

/** The cluster right after a decision; costs are those until then. */
export interface LoadPoint {
  readonly atSeconds: number;
  readonly runningJobs: number;
  readonly waitingJobs: number;
  readonly rentedNodes: number;
  readonly rentedGpus: number;
  readonly usedGpus: number;
  readonly rentUsd: number;
  readonly tardinessUsd: number;
}

/** A job's course. Times are null for what has not happened. */
export interface JobOutcome {
  readonly jobId: JobId;
  readonly submittedAtSeconds: number;
  readonly dueAtSeconds: number;
  readonly tardinessCostPerSecondUsd: number;
  readonly firstStartAtSeconds: number | null;
  readonly completedAtSeconds: number | null;
  /** 0 while it is not complete. */
  readonly tardinessSeconds: number;
  readonly tardinessCostUsd: number;
  /** Seconds on GPUs, over all its intervals. */
  readonly runSeconds: number;
  /** Changes of node or GPU count while it ran. */
  readonly moves: number;
  /** Times that it had to give up its GPUs and wait. */
  readonly stops: number;
}

/** Everything that happened. */
export interface History {
  readonly nodes: readonly NodeInterval[];
  readonly runs: readonly JobInterval[];
  readonly load: readonly LoadPoint[];
  /** In the order of submission. */
  readonly jobs: readonly JobOutcome[];
  readonly eventCount: number;
  /** In the order of the decisions; empty when they were not timed. */
  readonly decisionSeconds: readonly number[];
}

/** Records a simulation: hand `record` to `simulate` as `onDecision`, then ask for the history. */
export interface HistoryRecorder {
  readonly record: (
    decision: Decision,
    events: readonly ClusterEvent[],
    decisionSeconds: number | null,
  ) => void;
  readonly history: () => History;
}

type Open<Interval> = Omit<Interval, "toSeconds">;
type Changing<Shape> = { -readonly [Field in keyof Shape]: Shape[Field] };

/** A recorder for a cluster with these VM types. */
export function historyRecorder(vmTypes: readonly VmType[]): HistoryRecorder {
  const gpuCounts = new Map(vmTypes.map((vmType) => [vmType.id, vmType.gpuCount]));
  const openNodes = new Map<NodeId, Open<NodeInterval>>();
  const openRuns = new Map<JobId, Open<JobInterval>>();
  const nodes: NodeInterval[] = [];
  const runs: JobInterval[] = [];
  const load: LoadPoint[] = [];
  const jobs = new Map<JobId, Changing<JobOutcome>>();
  const times: number[] = [];
  let eventCount = 0;
  let now = 0;

  const endRun = (run: Open<JobInterval>): void => {
    openRuns.delete(run.jobId);
    runs.push({ ...run, toSeconds: now });
    const outcome = jobs.get(run.jobId);
    if (outcome !== undefined) outcome.runSeconds += now - run.fromSeconds;
  };
  const followNodes = (allocated: readonly AllocatedNode[], leases: readonly NodeLease[]): void => {
    const readyAt = new Map(leases.map((lease) => [lease.nodeId, lease.readyAtSeconds]));
    const next = new Map(allocated.map((node) => [node.id, node]));
    for (const [id, node] of openNodes) {
      if (next.get(id)?.vmTypeId === node.vmTypeId) continue;
      openNodes.delete(id);
      nodes.push({ ...node, toSeconds: now });
    }
    for (const { id, vmTypeId } of allocated) {
      if (openNodes.has(id)) continue;
      const readyAtSeconds = Math.max(now, readyAt.get(id) ?? now);
      openNodes.set(id, { nodeId: id, vmTypeId, fromSeconds: now, readyAtSeconds });
    }
  };
  const followJobs = (placed: ReadonlyMap<JobId, Placement>, states: readonly JobState[]): void => {
    const resumesAt = new Map(states.map((entry) => [entry.id, entry.resumesAtSeconds]));
    for (const [id, run] of openRuns) {
      const placement = placed.get(id);
      if (placement?.nodeId === run.nodeId && placement.gpus === run.gpus) continue;
      endRun(run);
      const outcome = jobs.get(id);
      if (outcome?.completedAtSeconds !== null) continue;
      if (placement === undefined) outcome.stops += 1;
      else outcome.moves += 1;
    }
    for (const [jobId, placement] of placed) {
      if (openRuns.has(jobId)) continue;
      const progressFromSeconds = resumesAt.get(jobId) ?? now;
      openRuns.set(jobId, { jobId, ...placement, fromSeconds: now, progressFromSeconds });
      const outcome = jobs.get(jobId);
      if (outcome !== undefined) outcome.firstStartAtSeconds ??= now;
    }
  };

  return {
    record: ({ state, plan }, events, decisionSeconds) => {
      now = plan.decidedAtSeconds;
      eventCount += events.length;
      if (decisionSeconds !== null) times.push(decisionSeconds);
      for (const event of events) noteEvent(jobs, event, now);
      const { nodes: allocated } = state.allocation;
      const placed = placements(state.allocation);
      followJobs(placed, state.jobs);
      followNodes(allocated, state.leases);
      load.push({
        atSeconds: now,
        runningJobs: placed.size,
        waitingJobs: activeJobs(state).length - placed.size,
        rentedNodes: allocated.length,
        rentedGpus: allocated.reduce((total, node) => total + (gpuCounts.get(node.vmTypeId) ?? 0), 0),
        usedGpus: allocated.reduce((total, node) => total + gpusInUse(node), 0),
        rentUsd: state.accruedRentUsd,
        tardinessUsd: state.accruedTardinessUsd,
      });
    },
    history: () => ({
      nodes: [...nodes, ...[...openNodes.values()].map((node) => ({ ...node, toSeconds: now }))],
      runs: [...runs, ...[...openRuns.values()].map((run) => ({ ...run, toSeconds: now }))],
      load: [...load],
      jobs: [...jobs.values()].map((outcome) => {
        const open = openRuns.get(outcome.jobId);
        return {
          ...outcome,
          runSeconds: outcome.runSeconds + (open === undefined ? 0 : now - open.fromSeconds),
        };
      }),
      eventCount,
      decisionSeconds: [...times],
    }),
  };
}

function noteEvent(jobs: Map<JobId, Changing<JobOutcome>>, event: ClusterEvent, now: number): void {
  if (event.kind === "jobs-arrived") for (const job of event.jobs) jobs.set(job.id, arrived(job));
  if (event.kind !== "job-completed") return;
  const outcome = jobs.get(event.jobId);
  if (outcome === undefined) throw new Error(`${event.jobId} completes and has not arrived`);
  outcome.completedAtSeconds = now;
  const end = { ...outcome, completionAtSeconds: now };
  outcome.tardinessSeconds = tardinessSeconds(end);
  outcome.tardinessCostUsd = tardinessCostUsd(end);
}

function arrived(job: Job): JobOutcome {
  return {
    jobId: job.id,
    tardinessCostPerSecondUsd: job.tardinessCostPerSecondUsd,
    submittedAtSeconds: job.submittedAtSeconds,
    dueAtSeconds: job.dueAtSeconds,
    firstStartAtSeconds: null,
    completedAtSeconds: null,
    tardinessSeconds: 0,
    tardinessCostUsd: 0,
    runSeconds: 0,
    moves: 0,
    stops: 0,
  };
}
