/**
 * Horizons as text that goes from worker to worker and comes back as it was: durations once for all jobs of a workload, and with the numbers that JSON
 * would make 0 or null (−0, infinities, NaN).
 */
import type { HorizonRun, HorizonTask } from "../../comparison/horizon-run.ts";
import type { DurationTable } from "../../domain/duration-table.ts";
import type { StoredJob, StoredJobState } from "../../store/job-codec.ts";
import { restoredJob, storedJob } from "../../store/job-codec.ts";
import type { StoredState } from "../../store/snapshots.ts";

interface StoredHorizonTask extends Omit<HorizonTask, "state" | "arrivals"> {
  readonly state: StoredState;
  readonly jobs: readonly StoredJobState[];
  readonly arrivals: readonly StoredJob[];
  /** Duration tables by id. */
  readonly tables: Readonly<Record<string, DurationTable>>;
}

/** A task as text; equal tasks have equal texts. */
export function horizonTaskText({ state: { jobs, ...state }, arrivals, ...rest }: HorizonTask): string {
  const tables = new Map<string, DurationTable>();
  const stored: StoredHorizonTask = {
    ...rest,
    state,
    jobs: jobs.map((entry) => ({ ...entry, job: storedJob(entry.job, tables) })),
    arrivals: arrivals.map((job) => storedJob(job, tables)),
    tables: Object.fromEntries(tables),
  };
  return exactText(stored);
}

/** The task of a text. */
export function horizonTaskOf(text: string): HorizonTask {
  const { state, jobs, arrivals, tables: kept, ...rest } = exactValue(text) as StoredHorizonTask;
  const tables = new Map(Object.entries(kept));
  return {
    ...rest,
    state: { ...state, jobs: jobs.map((entry) => ({ ...entry, job: restoredJob(entry.job, tables) })) },
    arrivals: arrivals.map((job) => restoredJob(job, tables)),
  };
}

/** A run as text. */
export const horizonRunText = (run: HorizonRun): string => exactText(run);

/** The run of a text. */
export const horizonRunOf = (text: string): HorizonRun => exactValue(text) as HorizonRun;

const exactText = (value: object): string =>
  JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === "number" && (!Number.isFinite(inner) || Object.is(inner, -0)))
      return { $number: Object.is(inner, -0) ? "-0" : String(inner) };
    if (inner instanceof Map || inner instanceof Set)
      throw new TypeError("A horizon is to be plain data, and a part of it is a map or a set");
    return inner;
  });

const exactValue = (text: string): unknown =>
  JSON.parse(text, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && "$number" in inner && typeof inner.$number === "string"
      ? Number(inner.$number)
      : inner,
  );
