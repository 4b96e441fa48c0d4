/** Events as they are kept: jobs and durations by reference, everything else as it is. */
import type { DurationTable } from "../domain/duration-table.ts";
import type { ClusterEvent, JobsArrived, SettingsChanged } from "../domain/event.ts";
import type { JobId } from "../domain/ids.ts";
import type { DurationReference, DurationTables, StoredJob } from "./job-codec.ts";
import { durationReference, durationsOf, restoredJob, storedJob } from "./job-codec.ts";

type StoredArrival = Omit<JobsArrived, "jobs"> & { readonly jobs: readonly StoredJob[] };
type StoredSettings = Omit<SettingsChanged, "durations"> & {
  readonly durations: readonly ({ readonly jobId: JobId } & DurationReference)[];
};

/** An event for keeping. */
export type StoredEvent =
  Exclude<ClusterEvent, JobsArrived | SettingsChanged> | StoredArrival | StoredSettings;

/** An event for keeping; adds its durations to `tables`. */
export function storedEvent(event: ClusterEvent, tables: Map<string, DurationTable>): StoredEvent {
  switch (event.kind) {
    case "jobs-arrived":
      return { ...event, jobs: event.jobs.map((job) => storedJob(job, tables)) };
    case "settings-changed":
      return {
        ...event,
        durations: event.durations.map(({ jobId, durations }) => ({
          jobId,
          ...durationReference(durations, tables),
        })),
      };
    case "job-completed":
    case "job-cancelled":
    case "job-changed":
    case "progress-reported":
    case "node-lost":
    case "jobs-forgotten":
    case "timer-elapsed":
      return event;
  }
}

/** Ids of the tables that restoring an event takes. */
export function tablesOf(event: StoredEvent): readonly string[] {
  if (event.kind === "jobs-arrived") return event.jobs.map((job) => job.durationTableId);
  if (event.kind === "settings-changed") return event.durations.map((entry) => entry.durationTableId);
  return [];
}

/** The event that was kept. */
export function restoredEvent(stored: StoredEvent, tables: DurationTables): ClusterEvent {
  switch (stored.kind) {
    case "jobs-arrived":
      return { ...stored, jobs: stored.jobs.map((job) => restoredJob(job, tables)) };
    case "settings-changed":
      return {
        ...stored,
        durations: stored.durations.map((entry) => ({
          jobId: entry.jobId,
          durations: durationsOf(entry, tables),
        })),
      };
    case "job-completed":
    case "job-cancelled":
    case "job-changed":
    case "progress-reported":
    case "node-lost":
    case "jobs-forgotten":
    case "timer-elapsed":
      return stored;
  }
}
