import type { ClusterEvent } from "../../domain/event.ts";
import type { PlaceChange } from "../planning/commit-plan.ts";

/** What an entry of a job's history may be about: an event, or what a plan did with the job. */
export const JOB_HISTORY_KINDS = [
  "jobs-arrived",
  "job-completed",
  "job-cancelled",
  "job-changed",
  "progress-reported",
  "node-lost",
  "settings-changed",
  "started",
  "moved",
  "stopped",
] as const satisfies readonly (ClusterEvent["kind"] | PlaceChange)[];

/** See JOB_HISTORY_KINDS. */
export type JobHistoryKind = (typeof JOB_HISTORY_KINDS)[number];

/** A kind as it was kept. Throws on another text: the store has something that nobody writes. */
export function jobHistoryKind(text: string): JobHistoryKind {
  const kind = JOB_HISTORY_KINDS.find((candidate) => candidate === text);
  if (kind === undefined) throw new Error(`A job's history has an entry of the unknown kind ${text}`);
  return kind;
}
