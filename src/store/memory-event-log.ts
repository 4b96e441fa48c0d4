import type { EventLog, PlanRecord, SequencedEvent } from "./event-log.ts";

/** A history that lives as long as the process. */
export function memoryEventLog(): EventLog {
  const events: SequencedEvent[] = [];
  const plans: PlanRecord[] = [];
  return {
    appendEvent: (event) => {
      const sequence = events.length + 1;
      events.push({ sequence, event });
      return Promise.resolve(sequence);
    },
    appendPlan: (record) => {
      const last = plans.at(-1);
      const { revision } = record.plan;
      if (last !== undefined && revision <= last.plan.revision) {
        return Promise.reject(
          new Error(`Plan of revision ${revision} comes after one of ${last.plan.revision}`),
        );
      }
      if (record.lastEventSequence > events.length) {
        return Promise.reject(
          new Error(`Plan names event ${record.lastEventSequence}, and only ${events.length} are kept`),
        );
      }
      plans.push(record);
      return Promise.resolve();
    },
    events: (afterSequence) => Promise.resolve(events.slice(afterSequence)),
    plans: () => Promise.resolve([...plans]),
  };
}
