/** The history of a cluster: events and plans in order. Folding them gives the cluster's state (src/planner/replay.ts). */
import type { Kysely } from "kysely";
import type { AllocationDelta } from "../domain/allocation-delta.ts";
import type { DurationTable } from "../domain/duration-table.ts";
import type { ClusterEvent } from "../domain/event.ts";
import type { DurationTableStore } from "./duration-tables.ts";
import { restoredEvent, storedEvent, tablesOf } from "./event-codec.ts";
import type { Database } from "./schema.ts";

/** An event with its place in the history: 1, 2, 3, … without gaps. */
export interface SequencedEvent {
  readonly sequence: number;
  readonly event: ClusterEvent;
}

/** Who caused an event; null where the service did by itself. */
export interface Cause {
  readonly principal: string | null;
  readonly requestId: string | null;
}

/** A plan's place in the history, and what it changed. */
export interface PlanStep {
  readonly revision: number;
  readonly number: number;
  readonly afterSequence: number;
  readonly delta: AllocationDelta;
}

/** Events and plans of all clusters of one database. */
export interface HistoryStore {
  /** Events after a sequence number, in order, at most `limit`. */
  readonly events: (
    clusterId: string,
    afterSequence: number,
    limit: number,
  ) => Promise<readonly SequencedEvent[]>;
  /** Plans after the one of a number, in order, at most `limit`. */
  readonly planSteps: (clusterId: string, afterNumber: number, limit: number) => Promise<readonly PlanStep[]>;
  readonly append: (clusterId: string, sequenced: SequencedEvent, cause: Cause) => Promise<void>;
}

/** The history on a connection or in a transaction. */
export function historyStore(db: Kysely<Database>, tables: DurationTableStore): HistoryStore {
  return {
    events: async (clusterId, afterSequence, limit) => {
      const rows = await db
        .selectFrom("events")
        .select(["sequence", "body"])
        .where("cluster_id", "=", clusterId)
        .where("sequence", ">", afterSequence)
        .orderBy("sequence")
        .limit(limit)
        .execute();
      const loaded = await tables.load(
        db,
        rows.flatMap((row) => tablesOf(row.body)),
      );
      return rows.map(({ sequence, body }) => ({ sequence, event: restoredEvent(body, loaded) }));
    },
    planSteps: async (clusterId, afterNumber, limit) => {
      const rows = await db
        .selectFrom("plans")
        .select(["revision", "number", "after_sequence", "delta"])
        .where("cluster_id", "=", clusterId)
        .where("number", ">", afterNumber)
        .orderBy("number")
        .limit(limit)
        .execute();
      return rows.map((row) => ({
        revision: row.revision,
        number: row.number,
        afterSequence: row.after_sequence,
        delta: row.delta,
      }));
    },
    append: async (clusterId, { sequence, event }, { principal, requestId }) => {
      const units = new Map<string, DurationTable>();
      const body = storedEvent(event, units);
      await tables.keep(db, units);
      await db
        .insertInto("events")
        .values({
          cluster_id: clusterId,
          sequence,
          kind: event.kind,
          at_seconds: event.atSeconds,
          body: JSON.stringify(body),
          principal,
          request_id: requestId,
        })
        .execute();
    },
  };
}
