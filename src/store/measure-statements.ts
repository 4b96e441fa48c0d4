/** How long statements take, as Kysely tells it. */
import type { Logger } from "kysely";
import { millisecondsToSeconds } from "../domain/units.ts";

const NAMED_OPERATIONS = ["select", "insert", "update", "delete", "commit"] as const;

/** A statement's first word, or "other" (LISTEN, BEGIN, WITH …). */
export type StatementOperation = (typeof NAMED_OPERATIONS)[number] | "other";

/** One statement that ran, or failed. */
export interface StatementMeasure {
  readonly operation: StatementOperation;
  readonly outcome: "done" | "failed";
  readonly seconds: number;
}

/** A logger for Kysely that tells each statement, and nothing of what is in it. */
export function statementLogger(onStatement: (measure: StatementMeasure) => void): Logger {
  return (event) => {
    onStatement({
      operation: operationOf(event.query.sql),
      outcome: event.level === "error" ? "failed" : "done",
      seconds: millisecondsToSeconds(event.queryDurationMillis),
    });
  };
}

function operationOf(sql: string): StatementOperation {
  const word = /^\s*([a-z]+)/i.exec(sql)?.[1]?.toLowerCase();
  return NAMED_OPERATIONS.find((operation) => operation === word) ?? "other";
}
