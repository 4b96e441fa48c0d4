/**
 * Removes what is too old to be of use: jobs that ended long ago, bodies of old plans, answers to repeated requests, replaced secrets, old comparisons. Never an
 * event, what a plan changed, or anything else that the fold of a history needs; that ended jobs go is itself an event, so that every fold sees it.
 * Only the leader of a cluster does it.
 */
import type { Logger } from "pino";
import { jobId } from "../../domain/ids.ts";
import { daysToSeconds } from "../../domain/units.ts";
import type { Store } from "../../store/store.ts";
import type { Clock } from "../clock.ts";
import { eventTime, recordEvent } from "../recording/record-event.ts";
import type { RepeatedRounds } from "./repeated-rounds.ts";
import { repeatedRounds } from "./repeated-rounds.ts";

/** How much is kept. */
export interface Retention {
  /** Days after their end. */
  readonly jobsDays: number;
  /** Plans of each cluster that are kept as they were decided. */
  readonly planCount: number;
}

/** What retention needs. */
export interface RetentionOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly retention: Retention;
  /** Clusters that this worker leads. */
  readonly led: () => readonly string[];
}

const EVERY_SECONDS = 3600;
/** Until clusters have found their leader. */
const FIRST_AFTER_SECONDS = 60;
const JOBS_PER_EVENT = 500;
const IDEMPOTENCY_DAYS = 1;
const COMPARISON_DAYS = 30;

/** Does it soon after the start, and every hour. */
export function retain(options: RetentionOptions): RepeatedRounds {
  const { clock, logger, led } = options;
  let dueAtSeconds = clock.nowSeconds() + FIRST_AFTER_SECONDS;
  return repeatedRounds({
    name: "retention",
    everySeconds: FIRST_AFTER_SECONDS,
    clock,
    logger,
    round: async () => {
      if (clock.nowSeconds() < dueAtSeconds) return;
      dueAtSeconds = clock.nowSeconds() + EVERY_SECONDS;
      for (const clusterId of led()) await retainCluster(options, clusterId);
      await retainShared(options);
    },
  });
}

/** What is kept for each cluster. */
export async function retainCluster(
  { store, clock, logger, retention }: Pick<RetentionOptions, "store" | "clock" | "logger" | "retention">,
  clusterId: string,
): Promise<void> {
  const beforeSeconds = clock.nowSeconds() - daysToSeconds(retention.jobsDays);
  let forgotten = 0;
  for (;;) {
    const count = await forgetJobs(store, { clusterId, beforeSeconds, nowSeconds: clock.nowSeconds() });
    forgotten += count;
    if (count < JOBS_PER_EVENT) break;
  }
  const pruned = await store.plans.pruneBodies(clusterId, retention.planCount);
  if (forgotten + pruned > 0) logger.info({ clusterId, forgotten, pruned }, "old jobs and plans removed");
}

/** What is kept for all clusters together; to do it twice does no harm. */
export async function retainShared({
  store,
  clock,
}: Pick<RetentionOptions, "store" | "clock">): Promise<void> {
  await store.idempotency.prune(clock.nowSeconds() - daysToSeconds(IDEMPOTENCY_DAYS));
  await store.webhooks.forgetSecrets(clock.nowSeconds());
  await store.comparisons.prune(clock.nowSeconds() - daysToSeconds(COMPARISON_DAYS));
}

/** Batches, so that no write is long. */
async function forgetJobs(
  store: Store,
  args: { readonly clusterId: string; readonly beforeSeconds: number; readonly nowSeconds: number },
): Promise<number> {
  const { clusterId, beforeSeconds, nowSeconds } = args;
  // Looked up first without the cluster's lock: mostly there is nothing to do.
  if ((await store.jobs.endedBefore(clusterId, beforeSeconds, 1)).length === 0) return 0;
  return store.write(clusterId, async (locked) => {
    const ended = await locked.jobs.endedBefore(clusterId, beforeSeconds, JOBS_PER_EVENT);
    if (ended.length === 0) return 0;
    const atSeconds = eventTime(locked, nowSeconds);
    const jobIds = ended.map(({ id }) => jobId(id)).sort();
    await recordEvent(locked, {
      event: { kind: "jobs-forgotten", atSeconds, jobIds },
      cause: { principal: null, requestId: null },
    });
    return ended.length;
  });
}
