/**
 * Leads clusters: whoever holds a cluster's advisory lock plans it, so that one process at a time does. The locks belong to one connection; when it
 * breaks, or the process dies, they are free at once and another host takes over. A leader that does not know yet that it was deposed cannot do harm:
 * its epoch is old, and its plans are refused.
 */
import type { Pool, PoolClient } from "pg";
import type { Logger } from "pino";
import type { ChangeBell } from "../../store/change-bell.ts";
import type { Store } from "../../store/store.ts";
import { ClusterPlanner } from "./cluster-planner.ts";
import type { ClusterPlannerOptions } from "./planner-options.ts";

/** First key of all advisory locks of leaders; the second is a hash of the cluster's id. */
const LOCK_SPACE = 0x6265_7274;
/** How often a host looks for clusters that nobody leads; longer for each that it leads already, so that hosts share the work. */
const LOOK_MILLISECONDS = 500;
const EXTRA_MILLISECONDS_PER_CLUSTER = 100;

/** What a host needs; what concerns one cluster goes to its planner. */
export interface PlannerHostOptions extends Omit<ClusterPlannerOptions, "clusterId" | "epoch"> {
  readonly pool: Pool;
  readonly bell: ChangeBell;
  readonly logger: Logger;
  readonly store: Store;
}

/** A host that leads what it can until it is closed. */
export interface PlannerHost {
  /** Clusters that it leads now. */
  readonly led: () => readonly string[];
  readonly close: () => Promise<void>;
}

interface Led {
  readonly planner: ClusterPlanner;
  readonly ended: Promise<void>;
}

/** See the file's header. */
export function startPlannerHost(options: PlannerHostOptions): PlannerHost {
  const { pool, bell, logger, store } = options;
  const led = new Map<string, Led>();
  let client: PoolClient | undefined;
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();

  const stopListening = bell.listen(({ kind, clusterId }) => {
    if (kind === "plan") return;
    led.get(clusterId)?.planner.ring();
    if (kind === "configuration") look();
  });

  const letGo = (reason: string): void => {
    for (const { planner } of led.values()) planner.close();
    led.clear();
    if (!isClosed) logger.warn({ reason }, "leads no cluster any more");
  };

  const onBroken = (error: Error): void => {
    const broken = client;
    client = undefined;
    letGo(error.message);
    broken?.release(error);
  };

  const connected = async (): Promise<PoolClient> => {
    if (client !== undefined) return client;
    const fresh = await pool.connect();
    fresh.once("error", onBroken);
    client = fresh;
    return fresh;
  };

  const lead = async (clusterId: string): Promise<void> => {
    const connection = await connected();
    const { rows } = await connection.query<{ readonly held: boolean }>(
      "SELECT pg_try_advisory_lock($1, hashtext($2)) AS held",
      [LOCK_SPACE, clusterId],
    );
    if (rows[0]?.held !== true || isClosed) return;
    const epoch = await store.clusters.nextEpoch(clusterId);
    const planner = new ClusterPlanner({ ...options, clusterId, epoch });
    logger.info({ clusterId, epoch }, "leads the cluster");
    const ended = planner.run().then(async (end) => {
      if (led.get(clusterId)?.planner === planner) led.delete(clusterId);
      if (end === "deposed") logger.warn({ clusterId, epoch }, "somebody else leads the cluster");
      if (end === "archived") logger.info({ clusterId }, "the cluster was given up");
      if (client === connection)
        await connection
          .query("SELECT pg_advisory_unlock($1, hashtext($2))", [LOCK_SPACE, clusterId])
          .catch((error: unknown) => {
            logger.warn({ err: error, clusterId }, "the lock went with its connection");
          });
    });
    led.set(clusterId, { planner, ended });
  };

  const lookOnce = async (): Promise<void> => {
    try {
      for (const { id } of await store.clusters.all()) {
        if (isClosed) return;
        if (!led.has(id)) await lead(id);
      }
    } catch (error) {
      logger.error({ err: error }, "cannot look for clusters to lead");
    }
  };
  const look = (): void => {
    clearTimeout(timer);
    looking = looking.then(lookOnce).then(() => {
      if (!isClosed) timer = setTimeout(look, LOOK_MILLISECONDS + EXTRA_MILLISECONDS_PER_CLUSTER * led.size);
    });
  };
  look();

  return {
    led: () => [...led.keys()],
    close: async () => {
      isClosed = true;
      clearTimeout(timer);
      stopListening();
      await looking;
      const ending = [...led.values()];
      for (const { planner } of ending) planner.close();
      await Promise.all(ending.map(({ ended }) => ended));
      // Given back, it breaks or lives for others.
      client?.removeListener("error", onBroken);
      client?.release();
      client = undefined;
    },
  };
}
