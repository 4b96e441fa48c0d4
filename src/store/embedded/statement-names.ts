/** Names of one connection's prepared statements in the one session, where two connections may use the same name. */
import type { FrontendMessage } from "./frontend-message.ts";
import { frameOf, SYNC_FRAME, textField, zeroTerminated } from "./frontend-message.ts";

/** Renames the prepared statements of one connection. The unnamed statement keeps its name: it lives within a cycle. */
export class StatementNames {
  readonly #connectionId: number;
  readonly #names = new Map<string, string>();
  #given = 0;

  constructor(connectionId: number) {
    this.#connectionId = connectionId;
  }

  /** The message as the session may see it. */
  rename(message: FrontendMessage): Buffer {
    const { type, frame } = message;
    if (type === "P") return this.#renamed(type, frame, 5);
    if (type === "B") return this.#renamed(type, frame, zeroTerminated(frame, 5).end);
    const ofStatement = (type === "D" || type === "C") && frame[5] === "S".charCodeAt(0);
    return ofStatement ? this.#renamed(type, frame, 6) : frame;
  }

  /** Messages that drop all statements of the connection; null when there are none. */
  closeAll(): Buffer | null {
    if (this.#names.size === 0) return null;
    const closes = [...this.#names.values()].map((name) => frameOf("C", Buffer.from("S"), textField(name)));
    this.#names.clear();
    return Buffer.concat([...closes, SYNC_FRAME]);
  }

  #renamed(type: string, frame: Buffer, nameOffset: number): Buffer {
    const { text, end } = zeroTerminated(frame, nameOffset);
    if (text === "") return frame;
    return frameOf(
      type,
      frame.subarray(5, nameOffset),
      textField(this.#sessionName(text)),
      frame.subarray(end),
    );
  }

  #sessionName(name: string): string {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    this.#given += 1;
    // Short whatever the client's name is: PostgreSQL compares no more than 63 bytes.
    const sessionName = `berth_${this.#connectionId}_${this.#given}`;
    this.#names.set(name, sessionName);
    return sessionName;
  }
}
