/** Rings when something was committed, so that nobody has to ask all the time. A ring may be lost with a connection: whoever waits also looks now and then. */
import type { Pool, PoolClient } from "pg";

/** What changed: an event was acknowledged, a plan was enacted, or something of the cluster's configuration or the keys changed. */
export interface Change {
  readonly kind: "event" | "plan" | "configuration" | "work";
  readonly clusterId: string;
}

/** Tells one process or thread of changes made by any. */
export interface ChangeBell {
  /** Calls back at every change from now on; gives the way to stop it. */
  readonly listen: (call: (change: Change) => void) => () => void;
  readonly close: () => Promise<void>;
}

/** The channel that changes are notified on. */
export const CHANGE_CHANNEL = "berth_changes";

const RECONNECT_MILLISECONDS = 1000;
const KINDS: readonly string[] = ["event", "plan", "configuration", "work"] satisfies Change["kind"][];

/** Text of a notification. */
export const changeText = ({ kind, clusterId }: Change): string => `${kind} ${clusterId}`;

/** A bell on a connection of its own, which is made anew when it breaks. `onTrouble` hears why it broke. */
export async function changeBell(pool: Pool, onTrouble: (error: Error) => void): Promise<ChangeBell> {
  const listeners = new Set<(change: Change) => void>();
  let client: PoolClient | undefined;
  let isClosed = false;
  let retry: NodeJS.Timeout | undefined;

  const reconnect = (error: Error): void => {
    if (isClosed) return;
    onTrouble(error);
    clearTimeout(retry);
    retry = setTimeout(() => {
      connect().catch(reconnect);
    }, RECONNECT_MILLISECONDS);
  };
  const connect = async (): Promise<void> => {
    const connected = await pool.connect();
    if (isClosed) {
      connected.release();
      return;
    }
    connected.on("error", (error: Error) => {
      // A connection that was given back may break without harm.
      if (client !== connected) return;
      client = undefined;
      connected.release(error);
      reconnect(error);
    });
    connected.on("notification", ({ payload }) => {
      const change = changeOf(payload ?? "");
      if (change !== undefined) for (const call of listeners) call(change);
    });
    client = connected;
    await connected.query(`LISTEN ${CHANGE_CHANNEL}`).catch((error: unknown) => {
      if (client === connected) connected.release(true);
      client = undefined;
      throw error;
    });
  };

  await connect();
  return {
    listen: (call) => {
      listeners.add(call);
      return () => {
        listeners.delete(call);
      };
    },
    close: async () => {
      isClosed = true;
      clearTimeout(retry);
      const connected = client;
      client = undefined;
      if (connected === undefined) return;
      connected.removeAllListeners("notification");
      // Destroyed, not reused: it still listens.
      connected.release(true);
      await Promise.resolve();
    },
  };
}

function changeOf(text: string): Change | undefined {
  const [kind = "", clusterId = ""] = text.split(" ");
  return isKind(kind) ? { kind, clusterId } : undefined;
}

const isKind = (text: string): text is Change["kind"] => KINDS.includes(text);
