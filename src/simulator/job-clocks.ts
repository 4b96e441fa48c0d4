/**
 * What really happens to the jobs of a simulation: how much of each is left, and when it ends where it runs.
 * The engine keeps its own account from predictions (observe.ts); the two differ as soon as a prediction errs.
 * A job's end is worked out once, when it gets its GPUs; only those that are moved, stopped or started cost time here.
 * How long a job holds its GPUs before it makes progress (boot, checkpoint) is no prediction: it is taken from the cluster's state.
 */
import { placements } from "../domain/allocation.ts";
import type { ClusterState } from "../domain/cluster-state.ts";
import type { JobId, VmTypeId } from "../domain/ids.ts";
import type { Job } from "../domain/job.ts";
import type { ActualSeconds } from "./actual-durations.ts";
import { eventHeap } from "./event-heap.ts";

/** A job on its GPUs. */
interface Run {
  readonly jobId: JobId;
  readonly vmTypeId: VmTypeId;
  readonly gpus: number;
  /** When it makes progress: at the end of its hold. */
  readonly sinceSeconds: number;
  /** Share of the job's work that was left when this run began. */
  readonly remainingShare: number;
  /** Of the whole job in this configuration. */
  readonly actualSeconds: number;
}

/** The clocks of all jobs of one simulation. */
export interface JobClocks {
  readonly arrive: (jobs: readonly Job[]) => void;
  /** Lets jobs run where a state's allocation says from its time on, each from the end of its hold. */
  readonly follow: (state: ClusterState) => void;
  /** Time of the next completion; Infinity when nothing runs. */
  readonly nextCompletionAtSeconds: () => number;
  /** Takes out the jobs that are complete by a time, in the order of their completion. */
  readonly takeCompleted: (atSeconds: number) => readonly JobId[];
}

/** Clocks for a simulation in which jobs really take as long as `actualSeconds` says. */
export function jobClocks(actualSeconds: ActualSeconds): JobClocks {
  const waiting = new Map<JobId, { readonly job: Job; readonly remainingShare: number }>();
  const running = new Map<JobId, { readonly job: Job; readonly run: Run }>();
  const ends = eventHeap<Run>();

  // Runs that were stopped or changed stay in the heap until they come up.
  const isCurrent = (run: Run): boolean => running.get(run.jobId)?.run === run;
  const dropStale = (): void => {
    for (let next = ends.peek(); next !== undefined && !isCurrent(next.item); next = ends.peek()) ends.pop();
  };

  return {
    arrive: (jobs) => {
      for (const job of jobs) waiting.set(job.id, { job, remainingShare: 1 });
    },
    follow: ({ allocation, jobs, nowSeconds }) => {
      const atSeconds = nowSeconds ?? -Infinity;
      const placed = placements(allocation);
      const holds = new Map(
        jobs.flatMap(({ id, resumesAtSeconds }) =>
          resumesAtSeconds === null ? [] : [[id, resumesAtSeconds]],
        ),
      );
      const progressFrom = (id: JobId): number => holds.get(id) ?? atSeconds;
      for (const [id, { job, run }] of running) {
        const placement = placed.get(id);
        const sameGpus = placement?.vmTypeId === run.vmTypeId && placement.gpus === run.gpus;
        // A move between nodes of a type shows only in its hold; without one nothing changes.
        if (sameGpus && progressFrom(id) === Math.max(atSeconds, run.sinceSeconds)) continue;
        running.delete(id);
        waiting.set(id, { job, remainingShare: remainingAt(run, atSeconds) });
      }
      for (const [id, { vmTypeId, gpus }] of placed) {
        const entry = waiting.get(id);
        if (entry === undefined) continue;
        const { job, remainingShare } = entry;
        const run: Run = {
          jobId: id,
          vmTypeId,
          gpus,
          sinceSeconds: progressFrom(id),
          remainingShare,
          actualSeconds: actualSeconds(job, vmTypeId, gpus),
        };
        waiting.delete(id);
        running.set(id, { job, run });
        ends.push({ atSeconds: endOf(run), priority: 0, item: run });
      }
    },
    nextCompletionAtSeconds: () => {
      dropStale();
      return ends.peek()?.atSeconds ?? Infinity;
    },
    takeCompleted: (atSeconds) => {
      const completed: JobId[] = [];
      dropStale();
      for (let next = ends.peek(); next !== undefined && next.atSeconds <= atSeconds; next = ends.peek()) {
        ends.pop();
        running.delete(next.item.jobId);
        completed.push(next.item.jobId);
        dropStale();
      }
      return completed;
    },
  };
}

const endOf = (run: Run): number => run.sinceSeconds + run.remainingShare * run.actualSeconds;

const remainingAt = (run: Run, atSeconds: number): number =>
  Math.max(0, run.remainingShare - Math.max(0, atSeconds - run.sinceSeconds) / run.actualSeconds);
