/** The port behind which a cluster's history is kept. Implementations pass test/contract/event-log.ts. */
import type { ClusterEvent } from "../domain/event.ts";
import type { Command, Plan } from "../domain/plan.ts";

/** An event with its place in the history: 1, 2, 3, … without gaps. */
export interface SequencedEvent {
  readonly sequence: number;
  readonly event: ClusterEvent;
}

/** A plan that was enacted. Events after `lastEventSequence` were not known to it and apply on top of it. */
export interface PlanRecord {
  readonly plan: Plan;
  readonly commands: readonly Command[];
  readonly lastEventSequence: number;
}

/** Append-only history: folding events and plans in its order gives the cluster's state. */
export interface EventLog {
  /** Keeps an event for good and gives its sequence number; once it resolves, the event may be acknowledged. */
  readonly appendEvent: (event: ClusterEvent) => Promise<number>;
  /** Keeps a plan; rejects one whose revision is not above the last one's, or that names an event that is not kept. */
  readonly appendPlan: (record: PlanRecord) => Promise<void>;
  /** Events after a sequence number (0 for all), in order. */
  readonly events: (afterSequence: number) => Promise<readonly SequencedEvent[]>;
  /** All plans in the order they were enacted. */
  readonly plans: () => Promise<readonly PlanRecord[]>;
}
