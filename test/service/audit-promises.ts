/** Whether everything that clients were told is kept: in the history, at its place, and once. */
import type { ClusterEvent } from "../../src/domain/event.ts";
import type { PlanStep, SequencedEvent } from "../../src/store/history.ts";
import type { Store } from "../../src/store/store.ts";

interface Promised {
  readonly clusterId: string;
  /** As acknowledged: its place in events and plans together. */
  readonly revision: number;
}

/** What a client was told that it is taken in. */
export type Acknowledged =
  | (Promised & { readonly kind: "jobs"; readonly jobIds: readonly string[]; readonly key: string })
  | (Promised & { readonly kind: "job-completed" | "job-cancelled"; readonly jobId: string })
  | (Promised & { readonly kind: "progress-reported"; readonly jobId: string; readonly share: number })
  | (Promised & { readonly kind: "node-lost"; readonly nodeId: string });

/** Promises that were not kept. */
export interface BrokenPromises {
  readonly lost: readonly string[];
  readonly twice: readonly string[];
}

/** Compares a history with what was acknowledged of it; also that nothing happened twice, acknowledged or not: campaigns report each share once. */
export async function checkPromises(
  store: Store,
  history: { readonly events: readonly SequencedEvent[]; readonly plans: readonly PlanStep[] },
  acknowledged: readonly Acknowledged[],
): Promise<BrokenPromises> {
  const places = new Map<string, number[]>();
  for (const { sequence, event } of history.events)
    for (const name of namesOf(event)) places.set(name, [...(places.get(name) ?? []), sequence]);
  const lost: string[] = [];
  const twice: string[] = [];
  for (const promise of acknowledged) {
    for (const name of promisedNames(promise)) {
      const found = places.get(name) ?? [];
      if (found.length === 0) lost.push(`${name} (acknowledged as revision ${promise.revision})`);
      else if (!found.some((sequence) => isPlaceOf(sequence, promise.revision, history.plans)))
        lost.push(
          `${name} is event ${found.join(", ")} and was acknowledged as revision ${promise.revision}`,
        );
    }
  }
  for (const [name, found] of places) {
    if (found.length > 1) twice.push(`${name} is there as events ${found.join(", ")}`);
  }
  // Each submission carries a mark of its own, so that a batch which was taken in again under new ids would show.
  const rows = await store.db.selectFrom("jobs").select(["id", "request"]).execute();
  const marks = new Map<string, string>();
  for (const { id, request } of rows) {
    const mark = JSON.stringify("tardinessCostPerHourUsd" in request ? request.tardinessCostPerHourUsd : id);
    const other = marks.get(mark);
    if (acknowledged.length > 0 && !id.startsWith("JJ") && other !== undefined)
      twice.push(`jobs ${other} and ${id} are of one submission`);
    marks.set(mark, id);
  }
  return { lost, twice };
}

/** An event acknowledged as revision r is the one of sequence r less the plans enacted before it. */
function isPlaceOf(sequence: number, revision: number, plans: readonly PlanStep[]): boolean {
  const plansBefore = revision - sequence;
  if (plansBefore < 0 || plansBefore > plans.length) return false;
  // The plans that were there knew nothing of the event.
  const last = plans[plansBefore - 1];
  return last === undefined || last.afterSequence < sequence;
}

function namesOf(event: ClusterEvent): readonly string[] {
  switch (event.kind) {
    case "jobs-arrived":
      return event.jobs.map(({ id }) => `arrival of ${id}`);
    case "job-completed":
    case "job-cancelled":
      return [`end of ${event.jobId}`, `${event.kind} of ${event.jobId}`];
    case "progress-reported":
      return [`progress ${event.completedShare} of ${event.jobId}`];
    case "node-lost":
      return [`loss of ${event.nodeId}`];
    case "job-changed":
    case "settings-changed":
    case "jobs-forgotten":
    case "timer-elapsed":
      return [];
  }
}

function promisedNames(promise: Acknowledged): readonly string[] {
  switch (promise.kind) {
    case "jobs":
      return promise.jobIds.map((id) => `arrival of ${id}`);
    case "job-completed":
    case "job-cancelled":
      return [`${promise.kind} of ${promise.jobId}`];
    case "progress-reported":
      return [`progress ${promise.share} of ${promise.jobId}`];
    case "node-lost":
      return [`loss of ${promise.nodeId}`];
  }
}
