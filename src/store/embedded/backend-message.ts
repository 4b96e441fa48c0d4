/** What a PostgreSQL server answers: reading the engine's messages and writing our own (PostgreSQL 18 documentation, 54.7). */
import { frameOf, textField } from "./frontend-message.ts";

/** One message of the server: `type` is its first byte as a letter, `frame` is all of it. */
export interface BackendMessage {
  readonly type: string;
  readonly frame: Buffer;
}

/** Where a session stands after a cycle: outside a transaction, inside one, or inside one that failed. */
export type TransactionStatus = "I" | "T" | "E";

/** A notification as a listener sees it. */
export interface Notification {
  readonly channel: string;
  readonly payload: string;
}

/** An error as a server reports it: `code` is an SQLSTATE. */
export interface ReportedError {
  readonly severity: "ERROR" | "FATAL";
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** Cuts a complete answer into its messages. */
export function backendMessages(answer: Buffer): readonly BackendMessage[] {
  const messages: BackendMessage[] = [];
  for (let offset = 0; offset < answer.length;) {
    const end = offset + 1 + answer.readInt32BE(offset + 1);
    messages.push({
      type: String.fromCharCode(answer.readUInt8(offset)),
      frame: answer.subarray(offset, end),
    });
    offset = end;
  }
  return messages;
}

/** The status that a ReadyForQuery message carries. */
export function transactionStatus({ frame }: BackendMessage): TransactionStatus {
  const status = String.fromCharCode(frame.readUInt8(5));
  if (status === "I" || status === "T" || status === "E") return status;
  throw new RangeError(`The database engine reports the unknown transaction status ${status}`);
}

/** The tag of a CommandComplete message, such as `LISTEN` or `INSERT 0 1`. */
export function commandTag({ frame }: BackendMessage): string {
  return frame.toString("utf8", 5, frame.length - 1);
}

/** Channel and payload of a NotificationResponse message. */
export function notificationOf({ frame }: BackendMessage): Notification {
  const channelEnd = frame.indexOf(0, 9);
  return {
    channel: frame.toString("utf8", 9, channelEnd),
    payload: frame.toString("utf8", channelEnd + 1, frame.length - 1),
  };
}

/** The same notification as coming from another process number. */
export function notificationFrom({ frame }: BackendMessage, processId: number): Buffer {
  const copy = Buffer.from(frame);
  copy.writeInt32BE(processId, 5);
  return copy;
}

/** Fields of an ErrorResponse message by their letter, such as `S` severity, `C` code, `M` message. */
export function errorFields({ frame }: BackendMessage): ReadonlyMap<string, string> {
  const fields = frame
    .toString("utf8", 5)
    .split("\0")
    .filter((field) => field !== "");
  return new Map(fields.map((field) => [field.slice(0, 1), field.slice(1)]));
}

/** Values of the first column of all rows in an answer; null is the empty text. */
export function firstColumn(messages: readonly BackendMessage[]): readonly string[] {
  return messages.filter(({ type }) => type === "D").map((row) => columns(row)[0] ?? "");
}

/** The texts of a DataRow message; null is the empty text. */
export function columns({ frame }: BackendMessage): readonly string[] {
  const texts: string[] = [];
  let offset = 7;
  for (let column = 0; column < frame.readInt16BE(5); column += 1) {
    const bytes = Math.max(0, frame.readInt32BE(offset));
    texts.push(frame.toString("utf8", offset + 4, offset + 4 + bytes));
    offset += 4 + bytes;
  }
  return texts;
}

/** An ErrorResponse message. */
export function errorFrame({ severity, code, message, hint }: ReportedError): Buffer {
  return frameOf(
    "E",
    ...[`S${severity}`, `V${severity}`, `C${code}`, `M${message}`, `H${hint}`].map(textField),
    Buffer.from([0]),
  );
}

/** What greets a client that needs no password: authentication, parameters, its key, and that it may ask. */
export function greeting(parameterFrames: readonly Buffer[], processId: number): Buffer {
  const key = Buffer.alloc(8);
  key.writeInt32BE(processId, 0);
  return Buffer.concat([
    frameOf("R", Buffer.alloc(4)),
    ...parameterFrames,
    frameOf("K", key),
    readyFrame("I"),
  ]);
}

/** A ReadyForQuery message. */
export function readyFrame(status: TransactionStatus): Buffer {
  return frameOf("Z", Buffer.from(status, "latin1"));
}
