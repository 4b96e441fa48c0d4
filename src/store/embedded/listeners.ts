/** Who listens to which channel: the one session hears every notification, and each connection only its own. */
import type { BackendMessage } from "./backend-message.ts";
import { notificationFrom, notificationOf } from "./backend-message.ts";
import type { Engine } from "./engine.ts";

/** A connection that can be told of notifications. */
export interface Listener {
  readonly processId: number;
  readonly deliver: (frame: Buffer) => void;
}

/** The channels of all connections. */
export class Listeners {
  readonly #channels = new Map<Listener, ReadonlySet<string>>();
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** What a connection listens to. */
  channelsOf(listener: Listener): ReadonlySet<string> {
    return this.#channels.get(listener) ?? new Set();
  }

  /** Sets what a connection listens to, and makes the session listen to all that anybody does. Outside transactions only. */
  async change(listener: Listener, channels: ReadonlySet<string>): Promise<void> {
    const before = this.channelsOf(listener);
    if (channels.size === 0) this.#channels.delete(listener);
    else this.#channels.set(listener, channels);
    const wanted = new Set([...this.#channels.values()].flatMap((set) => [...set]));
    // An UNLISTEN of one connection ended the session's listening for all, so everything wanted is asked for again.
    const statements = [
      ...[...before]
        .filter((channel) => !wanted.has(channel))
        .map((channel) => `UNLISTEN ${quoted(channel)}`),
      ...[...wanted].map((channel) => `LISTEN ${quoted(channel)}`),
    ];
    if (statements.length > 0) await this.#engine.execute(statements.join(";"));
  }

  /** Gives a notification to its listeners, as one of the connection that sent it. */
  publish(message: BackendMessage, senderProcessId: number): void {
    const { channel } = notificationOf(message);
    const frame = notificationFrom(message, senderProcessId);
    for (const [listener, channels] of this.#channels) if (channels.has(channel)) listener.deliver(frame);
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
