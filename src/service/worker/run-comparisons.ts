/**
 * Works out comparisons, each in a thread of its own beside planning; horizons of one are spread over all workers (spread-horizons.ts).
 *
 *   queued  ──queue──▶  running  ──▶  done | failed
 *      ▲                   │  └─────▶  cancelled (by whoever asked; the thread is ended)
 *      └── worker died ────┘
 *
 * Whoever runs one holds its lock. A comparison that is running while its lock is free lost its worker, and is queued again; one whose tries are
 * used up failed. What is compared was kept when it was asked for, so a repetition compares the same.
 */
import { availableParallelism } from "node:os";
import type { Logger } from "pino";
import type { Pool } from "pg";
import { z } from "zod";
import { assertNever } from "../../domain/assert-never.ts";
import type { ChangeBell } from "../../store/change-bell.ts";
import type { ComparisonSummary } from "../../store/comparisons.ts";
import type { Store } from "../../store/store.ts";
import type { Clock } from "../clock.ts";
import type { ComparisonEnd } from "../comparisons/start-comparison.ts";
import { startComparison } from "../comparisons/start-comparison.ts";
import type { ComparisonOutcome } from "../operations/work-metrics.ts";
import type { Queue, QueueKind, QueuedJob } from "../queue/open-queue.ts";
import { workQueue } from "../queue/work-queue.ts";
import { computingSeats } from "./computing-seats.ts";
import { giveAgainIfNeverBegun } from "./never-begun.ts";
import { repeatedRounds } from "./repeated-rounds.ts";
import type { HorizonPartMeans } from "./run-horizon-parts.ts";
import { lookAfterHorizonParts, runHorizonParts, TRIES_USED_UP } from "./run-horizon-parts.ts";
import { sessionLocks } from "./session-locks.ts";
import type { ComparisonPlace } from "./spread-horizons.ts";
import { spreadHorizons } from "./spread-horizons.ts";
import { threadUnderWatch } from "./thread-under-watch.ts";

/** How comparisons are tried. A try that takes longer than this is taken for hung. */
export const COMPARISONS: QueueKind = {
  name: "comparisons",
  retryLimit: 4,
  firstPauseSeconds: 1,
  expireSeconds: 12 * 3600,
};

/** First key of the advisory locks of comparisons that run. */
const LOCK_SPACE = 0x6265_7263;
/** One core stays free for planning; more at a time would mostly need memory. A conductor that waits does not count. */
const MOST_AT_ONCE = 4;
/** A ring may be lost. */
const LOOK_SECONDS = 3;

/** What comparisons need. */
export interface ComparisonWorkOptions {
  readonly store: Store;
  readonly pool: Pool;
  readonly bell: ChangeBell;
  readonly queue: Queue;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Hears of each comparison that ended here; those that were cancelled are not among them. */
  readonly onEnd: (outcome: ComparisonEndKind) => void;
  /** Threads that compute at a time; by the cores there are when left out. */
  readonly atOnce?: number;
}

type ComparisonEndKind = Exclude<ComparisonOutcome, "cancelled">;

const jobSchema = z.object({ clusterId: z.string(), comparisonId: z.string() });

/** Starts to work; gives the way to end it. */
export function runComparisons(options: ComparisonWorkOptions): { readonly close: () => Promise<void> } {
  const { store, pool, bell, queue, clock, logger } = options;
  const locks = sessionLocks(pool, LOCK_SPACE);
  const seats = computingSeats(
    options.atOnce ?? Math.max(1, Math.min(MOST_AT_ONCE, availableParallelism() - 1)),
  );
  const means = { store, queue, clock, logger, locks, seats, onEnd: options.onEnd };
  const parts = runHorizonParts(means);
  const running = workQueue({
    queue,
    kind: COMPARISONS,
    concurrency: seats.count,
    logger,
    handle: async (job, signal) => {
      await run(means, job, signal);
      parts.ring();
    },
  });
  const queueing = repeatedRounds({
    name: "queue comparisons",
    everySeconds: LOOK_SECONDS,
    clock,
    logger,
    round: async () => {
      for (const comparison of await store.comparisons.open()) await lookAfter(means, comparison);
      await lookAfterHorizonParts(means);
      running.ring();
      parts.ring();
    },
  });
  const stopListening = bell.listen(({ kind }) => {
    if (kind === "work") queueing.ring();
  });
  return {
    close: async () => {
      stopListening();
      await queueing.close();
      await Promise.all([running.close(), parts.close()]);
      locks.close();
    },
  };
}

interface Means extends HorizonPartMeans {
  readonly clock: Clock;
  readonly onEnd: ComparisonWorkOptions["onEnd"];
}

/** Sees to it that an open comparison is in the queue, or ends it where it cannot be. */
async function lookAfter(means: Means, { clusterId, id, status }: ComparisonSummary): Promise<void> {
  const { store, queue, locks } = means;
  if (status === "running") {
    // Nobody holds its lock: its worker died.
    await locks.hold(id, async () => {
      const now = await store.comparisons.summary(clusterId, id);
      if (now?.status !== "running") return;
      await queue.failed(COMPARISONS, id, "its worker ended");
      await store.comparisons.update(clusterId, id, { status: "queued", progress: 0 });
    });
    return;
  }
  const data = { clusterId, comparisonId: id } satisfies z.output<typeof jobSchema>;
  if (await queue.add(store.db, { kind: COMPARISONS, data, id })) return;
  if ((await queue.stateOf(COMPARISONS, id)) === "closed")
    await settle(means, { clusterId, id }, { kind: "failed", reason: TRIES_USED_UP });
  else
    await giveAgainIfNeverBegun(
      { queue, locks },
      { kind: COMPARISONS, id },
      async () => (await store.comparisons.summary(clusterId, id))?.status === "queued",
    );
}

async function run(means: Means, job: QueuedJob, closing: AbortSignal): Promise<void> {
  const { store, locks, seats } = means;
  const { clusterId, comparisonId: id } = jobSchema.parse(job.data);
  const held = await locks.hold(id, async (lost) => {
    const isWanted = await store.write(clusterId, async ({ comparisons }) => {
      const now = await comparisons.summary(clusterId, id);
      if (now === undefined || (now.status !== "queued" && now.status !== "running")) return false;
      await comparisons.update(clusterId, id, { status: "running", progress: 0 });
      return true;
    });
    if (!isWanted) return;
    const end = await seats.occupy(() => compared(means, { clusterId, id }, [closing, lost]));
    if (end !== "unwanted") await settle(means, { clusterId, id }, end);
    await store.horizonParts.removeEnded();
  });
  if (held.kind === "taken") throw new Error(`Comparison ${id} is being worked out elsewhere`);
}

/** Throws when the thread ends without an answer, or when a signal asks to give up. */
async function compared(
  { store, seats }: Pick<Means, "store" | "seats">,
  place: ComparisonPlace,
  givingUp: readonly AbortSignal[],
): Promise<ComparisonEnd | "unwanted"> {
  const { clusterId, id } = place;
  const input = await store.comparisons.input(clusterId, id);
  if (input === undefined) return "unwanted";
  let progress = 0;
  let kept = 0;
  const over = new AbortController();
  const thread = startComparison(input, {
    onProgress: (share) => {
      progress = share;
    },
    spread: (...horizons) =>
      seats.vacate(() => spreadHorizons({ store, givenUp: over.signal }, place, horizons)),
  });
  try {
    return await threadUnderWatch(thread, {
      givingUp,
      look: async () => {
        const now = await store.comparisons.summary(clusterId, id);
        if (now?.status !== "running") return "unwanted";
        if (progress > kept) {
          kept = progress;
          await store.comparisons.update(clusterId, id, { progress: kept });
        }
        return "wanted";
      },
    });
  } finally {
    over.abort();
  }
}

/** Keeps the end, unless somebody cancelled it meanwhile. */
async function settle(
  { store, clock, onEnd }: Pick<Means, "store" | "clock" | "onEnd">,
  { clusterId, id }: ComparisonPlace,
  end: ComparisonEnd,
): Promise<void> {
  const outcome = await store.write(clusterId, async ({ comparisons }): Promise<ComparisonEndKind | null> => {
    const now = await comparisons.summary(clusterId, id);
    if (now === undefined || now.status === "cancelled") return null;
    const finishedAtSeconds = clock.nowSeconds();
    switch (end.kind) {
      case "result":
        await comparisons.update(clusterId, id, {
          status: "done",
          progress: 1,
          finishedAtSeconds,
          result: end.result,
        });
        return "done";
      case "failed":
        await comparisons.update(clusterId, id, { status: "failed", finishedAtSeconds, failure: end.reason });
        return "failed";
      default:
        return assertNever(end);
    }
  });
  if (outcome !== null) onEnd(outcome);
}
