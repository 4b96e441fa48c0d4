/** Runs many simulations on all cores: a pool of workers, each with one simulation and its solver at a time. */
import { availableParallelism } from "node:os";
import type { MessagePort } from "node:worker_threads";
import { MessageChannel } from "node:worker_threads";
import { Piscina } from "piscina";
import { poolEntry } from "../solver/pool-entry.ts";
import type { SimulationReport, SimulationTask } from "./simulation-run.ts";
import { runSimulation } from "./simulation-run.ts";

/** Is told the share of its jobs that each task has completed, as it goes. */
export type PoolProgress = (taskIndex: number, share: number) => void;

/** How to run tasks. */
export interface PoolOptions<Report = SimulationReport> {
  /** Workers at most; as many as there are cores when left out. */
  readonly threads?: number;
  readonly onProgress?: PoolProgress;
  /** Is given every report as soon as it is there. */
  readonly onReport?: (report: Report, taskIndex: number) => void;
}

/** What a worker is sent: a task and where to tell how far it is. */
export interface PoolMessage<Task> {
  readonly task: Task;
  readonly progress: MessagePort;
}

/** Work that a pool can do: in a worker, whose file exports it as default, and in the caller's thread. */
export interface PooledWork<Task, Report> {
  readonly workerUrl: URL;
  readonly runHere: (task: Task, onShare: (share: number) => void) => Promise<Report>;
}

/** Runs all tasks; the reports come in the order of the tasks. A single task runs in the caller's thread. */
export async function runSimulations(
  tasks: readonly SimulationTask[],
  options: PoolOptions = {},
): Promise<readonly SimulationReport[]> {
  const work: PooledWork<SimulationTask, SimulationReport> = {
    workerUrl: new URL("./simulation-worker.ts", import.meta.url),
    runHere: (task, onShare) =>
      runSimulation(task, (completed, all) => {
        onShare(completed / all);
      }),
  };
  return runPooled(work, tasks, options);
}

/** Runs tasks of any kind; the reports come in the order of the tasks. A single task runs in the caller's thread. */
export async function runPooled<Task, Report>(
  work: PooledWork<Task, Report>,
  tasks: readonly Task[],
  { threads = availableParallelism(), onProgress, onReport }: PoolOptions<Report> = {},
): Promise<readonly Report[]> {
  const [only] = tasks;
  if (only === undefined) return [];
  if (tasks.length === 1) {
    const report = await work.runHere(only, (share) => onProgress?.(0, share));
    onReport?.(report, 0);
    return [report];
  }
  const pool = new Piscina<PoolMessage<Task>, Report>({
    ...poolEntry(work.workerUrl),
    minThreads: 1,
    maxThreads: Math.max(1, Math.min(threads, tasks.length)),
  });
  try {
    return await Promise.all(
      tasks.map(async (task, index) => {
        const { port1, port2 } = new MessageChannel();
        port1.on("message", (share: unknown) => {
          if (typeof share === "number") onProgress?.(index, share);
        });
        try {
          const report = await pool.run({ task, progress: port2 }, { transferList: [port2] });
          onReport?.(report, index);
          return report;
        } finally {
          port1.close();
        }
      }),
    );
  } finally {
    await pool.destroy();
  }
}
