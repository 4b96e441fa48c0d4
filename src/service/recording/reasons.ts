/** What happened to a job, in words for its history. */
import { isoTime } from "../../catalog/time.ts";
import { assertNever } from "../../domain/assert-never.ts";
import type { ClusterEvent } from "../../domain/event.ts";
import type { JobId } from "../../domain/ids.ts";
import { perSecondToPerHour } from "../../domain/units.ts";

/** What an event means for one job that it touches. */
export function eventReason(event: ClusterEvent, id: JobId): string {
  switch (event.kind) {
    case "jobs-arrived": {
      const others = event.jobs.length - 1;
      const job = event.jobs.find((candidate) => candidate.id === id);
      const due = job === undefined ? "" : `, due at ${isoTime(job.dueAtSeconds)}`;
      return `It was submitted${others === 0 ? "" : ` together with ${others} others`}${due}.`;
    }
    case "job-completed":
      return "It was reported complete.";
    case "job-cancelled":
      return "It was cancelled.";
    case "job-changed":
      return `It is now due at ${isoTime(event.dueAtSeconds)}, and each hour after that costs ${perSecondToPerHour(event.tardinessCostPerSecondUsd)} USD.`;
    case "progress-reported":
      return `It reported that ${(100 * event.completedShare).toFixed(1)} % of its work is done.`;
    case "node-lost":
      return `Its node ${event.nodeId} was lost; it waits, and goes on from the work that was last safe.`;
    case "settings-changed":
      return "The VM types on offer changed, and its durations were predicted anew.";
    case "jobs-forgotten":
    case "timer-elapsed":
      return "Nothing happened to it.";
    default:
      return assertNever(event);
  }
}
