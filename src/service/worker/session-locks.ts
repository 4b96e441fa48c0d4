/** Advisory locks that end with this process, whatever ends it: whoever finds one free knows that nobody works there. */
import type { Pool, PoolClient } from "pg";

/** Locks of one connection. */
export interface SessionLocks {
  /** Runs the work while holding the lock; "taken" where somebody else holds it. The signal says that the connection broke and the lock with it. */
  readonly hold: <Result>(
    name: string,
    work: (lost: AbortSignal) => Promise<Result>,
  ) => Promise<{ readonly kind: "done"; readonly result: Result } | { readonly kind: "taken" }>;
  readonly close: () => void;
}

/** Locks of a space of their own, on a connection that is made when it is needed. */
export function sessionLocks(pool: Pool, space: number): SessionLocks {
  const held = new Set<string>();
  let client: PoolClient | undefined;
  let lost = new AbortController();

  const current = (): PoolClient | undefined => client;
  const connected = async (): Promise<PoolClient> => {
    if (client !== undefined) return client;
    const fresh = await pool.connect();
    // Somebody else may have connected meanwhile.
    const present = current();
    if (present !== undefined) {
      fresh.release();
      return present;
    }
    fresh.once("error", onBroken);
    client = fresh;
    lost = new AbortController();
    return fresh;
  };
  const onBroken = (error: Error): void => {
    const broken = client;
    client = undefined;
    lost.abort(error);
    broken?.release(error);
  };

  return {
    hold: async (name, work) => {
      // One session may take a lock twice, so that this process looks by itself.
      if (held.has(name)) return { kind: "taken" };
      held.add(name);
      try {
        const connection = await connected();
        const { signal } = lost;
        const { rows } = await connection.query<{ readonly isHeld: boolean }>(
          'SELECT pg_try_advisory_lock($1, hashtext($2)) AS "isHeld"',
          [space, name],
        );
        if (rows[0]?.isHeld !== true) return { kind: "taken" };
        try {
          return { kind: "done", result: await work(signal) };
        } finally {
          if (client === connection)
            await connection.query("SELECT pg_advisory_unlock($1, hashtext($2))", [space, name]);
        }
      } finally {
        held.delete(name);
      }
    },
    close: () => {
      const connection = client;
      client = undefined;
      connection?.removeListener("error", onBroken);
      // Ended, not reused: whatever it still held is free then.
      connection?.release(true);
    },
  };
}
