/**
 * What a worker does besides answering requests: it leads clusters, tells webhooks of plans, works out comparisons and campaigns, and removes what is too old.
 * Everything it knows is in the store.
 */
import type { Logger } from "pino";
import type { ReferenceData } from "../../catalog/reference-data.ts";
import { highsSolver } from "../../solver/highs-solver.ts";
import type { ChangeBell } from "../../store/change-bell.ts";
import { changeBell } from "../../store/change-bell.ts";
import type { DatabaseAddress } from "../../store/connect.ts";
import { connectPool } from "../../store/connect.ts";
import type { Store } from "../../store/store.ts";
import { openStore } from "../../store/store.ts";
import { systemClock } from "../clock.ts";
import { clusterCalendar } from "../clusters/cluster-calendar.ts";
import { configurationOf } from "../clusters/cluster-configuration.ts";
import type { DecisionReport } from "../planning/planner-options.ts";
import { LIVE_LIMITS } from "../planning/live-limits.ts";
import { startPlannerHost } from "../planning/planner-host.ts";
import type { TakenIn } from "../operations/metered-store.ts";
import { meteredStore } from "../operations/metered-store.ts";
import type { WorkMetrics } from "../operations/work-metrics.ts";
import { openQueue } from "../queue/open-queue.ts";
import type { WebhookRules } from "../security/webhook-target.ts";
import { DELIVERIES, deliverPlans } from "./deliver-plans.ts";
import { measureQueue } from "./measure-queue.ts";
import type { Retention } from "./retention.ts";
import { retain } from "./retention.ts";
import { CAMPAIGNS, COMPARISONS, runComparisons } from "./run-comparisons.ts";
import { HORIZON_PARTS } from "./run-horizon-parts.ts";

/** Connections of one worker: two hold its locks, one listens, the others read and write. */
const MAX_CONNECTIONS = 7;
/** The queue has connections of its own, so that its polling never keeps planning waiting. */
const QUEUE_CONNECTIONS = 2;

/** What a worker is given. */
export interface WorkerOptions {
  readonly address: DatabaseAddress;
  readonly logger: Logger;
  readonly reference: ReferenceData;
  readonly webhookRules: WebhookRules;
  readonly retention: Retention;
  readonly onDecision: (report: DecisionReport) => void;
  readonly onTaken: (taken: TakenIn) => void;
  /** Hears of the work behind requests. */
  readonly metrics: WorkMetrics;
}

/** A worker at work. */
export interface Worker {
  readonly store: Store;
  readonly bell: ChangeBell;
  /** Ends after the steps under way; what it leads is free for others at once. */
  readonly close: () => Promise<void>;
}

/** Starts a worker. */
export async function runWorker(options: WorkerOptions): Promise<Worker> {
  const { address, logger, reference, onDecision, onTaken, metrics } = options;
  const trouble = (error: Error): void => {
    logger.warn({ err: error }, "a connection to the database broke");
  };
  const pool = connectPool(address, MAX_CONNECTIONS, trouble);
  const store = meteredStore(await openStore(pool), onTaken);
  const bell = await changeBell(pool, trouble);
  const solver = highsSolver({ threads: 1 });
  const clock = systemClock();
  const host = startPlannerHost({
    pool,
    store,
    bell,
    clock,
    logger,
    meansOf: (cluster) => ({
      policy: configurationOf(cluster).policy,
      solver,
      limits: LIVE_LIMITS,
      clock: () => clock.nowSeconds(),
    }),
    ...clusterCalendar(reference),
    onDecision,
  });
  const queuePool = connectPool(address, QUEUE_CONNECTIONS, trouble);
  const queue = await openQueue(queuePool, [DELIVERIES, COMPARISONS, CAMPAIGNS, HORIZON_PARTS], trouble);
  const shared = { store, bell, queue, clock, logger };
  const deliveries = deliverPlans({
    ...shared,
    rules: options.webhookRules,
    onTry: metrics.deliveryTried,
  });
  const comparisons = runComparisons({ ...shared, pool, onEnd: metrics.comparisonEnded });
  const measuring = measureQueue({ queue, clock, logger, onDepths: metrics.queuesAre });
  const retaining = retain({ store, clock, logger, retention: options.retention, led: host.led });
  return {
    store,
    bell,
    close: async () => {
      // The solver first: it cuts the decision under way short.
      await Promise.all([
        solver.close(),
        host.close(),
        deliveries.close(),
        comparisons.close(),
        retaining.close(),
        measuring.close(),
      ]);
      await queue.close();
      await queuePool.end();
      await bell.close();
      await store.close();
    },
  };
}
