/** A client's messages up to the one that the session must answer, so that nothing of another connection comes between. */
import type { FrontendMessage } from "./frontend-message.ts";
import { frameOf, queryFrame, textField, zeroTerminated } from "./frontend-message.ts";
import type { ListenChange } from "./listen-statements.ts";
import { dropsForAll, listenChanges } from "./listen-statements.ts";
import type { StatementNames } from "./statement-names.ts";

/** Messages to run in one go. `endsCycle` is false after a Flush: the cycle goes on and keeps the turn. */
export interface RequestBatch {
  readonly request: Buffer;
  readonly endsCycle: boolean;
  /** What the batch changes about listening, if its statements succeed. */
  readonly listenChanges: readonly ListenChange[];
  /** Whether the batch names `set_config`, which changes settings without telling so. */
  readonly mayConfigure: boolean;
}

/** The engine ends its process when it meets the end of its input inside COPY FROM STDIN, so each such COPY is failed here. */
const COPY_FAIL = frameOf(
  "f",
  textField("the embedded database takes no COPY FROM STDIN: insert the rows, or use a PostgreSQL server"),
);
const MAY_START_COPY = /\bstdin\b/i;

/** Builds the batches of one connection. */
export class BatchBuilder {
  readonly #names: StatementNames;
  #frames: Buffer[] = [];
  #changes: ListenChange[] = [];
  #mayConfigure = false;
  /** Stays on, since a statement that was prepared once may run at any later time. */
  #mayCopy = false;

  constructor(names: StatementNames) {
    this.#names = names;
  }

  /** Takes a message; gives the batch that it completes, or null. */
  add(received: FrontendMessage): RequestBatch | null {
    const message = withoutDropping(received);
    const { type, frame } = message;
    // Rows of a COPY that the engine refused; it needs none of them.
    if (type === "d" || type === "c" || type === "f") return null;
    if (type === "Q") this.#read(zeroTerminated(frame, 5).text);
    if (type === "P") this.#read(zeroTerminated(frame, zeroTerminated(frame, 5).end).text);
    this.#frames.push(this.#names.rename(message));
    // Outside COPY the engine skips this message, as the protocol asks.
    if (this.#mayCopy && (type === "Q" || type === "E")) this.#frames.push(COPY_FAIL);
    if (type !== "Q" && type !== "S" && type !== "H" && type !== "F") return null;
    const batch: RequestBatch = {
      request: this.#frames.length === 1 && this.#frames[0] ? this.#frames[0] : Buffer.concat(this.#frames),
      endsCycle: type !== "H",
      listenChanges: this.#changes,
      mayConfigure: this.#mayConfigure,
    };
    this.#frames = [];
    this.#changes = [];
    this.#mayConfigure = false;
    return batch;
  }

  #read(sql: string): void {
    this.#changes.push(...listenChanges(sql));
    this.#mayConfigure ||= /set_config/i.test(sql);
    this.#mayCopy ||= MAY_START_COPY.test(sql);
  }
}

/** Fails like any statement would, so that the cycle and the transaction go on as the client expects. */
const REFUSAL = `DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
  MESSAGE = 'the embedded database takes no DISCARD ALL or DEALLOCATE ALL: all connections share one session',
  HINT = 'Use RESET ALL, UNLISTEN * and DEALLOCATE of single statements.'; END $$`;

function withoutDropping(message: FrontendMessage): FrontendMessage {
  const { type, frame } = message;
  if (type === "Q")
    return dropsForAll(zeroTerminated(frame, 5).text) ? { type, frame: queryFrame(REFUSAL) } : message;
  if (type !== "P") return message;
  const name = zeroTerminated(frame, 5);
  const sql = zeroTerminated(frame, name.end);
  if (!dropsForAll(sql.text)) return message;
  return { type, frame: frameOf("P", textField(name.text), textField(REFUSAL), frame.subarray(sql.end)) };
}
