/**
 * Works out comparisons, each in a thread of its own beside planning; horizons of one are spread over all workers (spread-horizons.ts). Campaigns are
 * comparisons of another kind: nothing but their runs computes, so that whoever conducts one needs neither a thread nor a seat. They have a queue of their
 * own, for one that takes a day must not keep comparisons waiting that take seconds.
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
import type { CampaignView } from "../../report/campaign-view.ts";
import type { ComparisonView } from "../../report/comparison-view.ts";
import type { ComparisonSummary } from "../../store/comparisons.ts";
import type { ComparisonKind, HorizonPartKind } from "../../store/schema.ts";
import type { Store } from "../../store/store.ts";
import { startCampaign } from "../campaigns/start-campaign.ts";
import type { Clock } from "../clock.ts";
import type { ThreadEnd, ThreadListener } from "../comparisons/start-thread.ts";
import { startComparison } from "../comparisons/start-comparison.ts";
import type { ComparisonOutcome } from "../operations/work-metrics.ts";
import type { Queue, QueueKind, QueuedJob } from "../queue/open-queue.ts";
import type { QueueWorker } from "../queue/work-queue.ts";
import { workQueue } from "../queue/work-queue.ts";
import { computingSeats } from "./computing-seats.ts";
import { giveAgainIfNeverBegun } from "./never-begun.ts";
import { repeatedRounds } from "./repeated-rounds.ts";
import type { HorizonPartMeans } from "./run-horizon-parts.ts";
import { lookAfterHorizonParts, runHorizonParts, TRIES_USED_UP } from "./run-horizon-parts.ts";
import { sessionLocks } from "./session-locks.ts";
import { spreadHorizons } from "./spread-horizons.ts";
import { threadUnderWatch } from "./thread-under-watch.ts";

/** How comparisons are tried. A try that takes longer than this is taken for hung. */
export const COMPARISONS: QueueKind = {
  name: "comparisons",
  retryLimit: 4,
  firstPauseSeconds: 1,
  expireSeconds: 12 * 3600,
};

/** How campaigns are tried. Conducting one needs next to nothing, and whoever does it again finds its runs: it may outlive several workers. */
export const CAMPAIGNS: QueueKind = { ...COMPARISONS, name: "campaigns", retryLimit: 10 };

const QUEUES: Readonly<Record<ComparisonKind, QueueKind>> = { variants: COMPARISONS, campaign: CAMPAIGNS };

/** First key of the advisory locks of comparisons that run. */
const LOCK_SPACE = 0x6265_7263;
/** One core stays free for planning; more at a time would mostly need memory. A conductor that waits does not count. */
const MOST_AT_ONCE = 4;
/** Campaigns that a worker conducts at a time: each looks after its parts twice a second. */
const CAMPAIGNS_AT_ONCE = 4;
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
  readonly onEnd: (outcome: ComparisonEndKind, kind: ComparisonKind) => void;
  /** Threads that compute at a time; by the cores there are when left out. */
  readonly atOnce?: number;
}

type ComparisonEndKind = Exclude<ComparisonOutcome, "cancelled">;
/** A result, or why the same input never has one. */
type ComparisonEnd = ThreadEnd<ComparisonView | CampaignView>;

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
  const conduct = (kind: ComparisonKind, concurrency: number): QueueWorker =>
    workQueue({
      queue,
      kind: QUEUES[kind],
      concurrency,
      logger,
      handle: async (job, signal) => {
        await run(means, job, signal);
        parts.ring();
      },
    });
  const running = [conduct("variants", seats.count), conduct("campaign", CAMPAIGNS_AT_ONCE)];
  const queueing = repeatedRounds({
    name: "queue comparisons",
    everySeconds: LOOK_SECONDS,
    clock,
    logger,
    round: async () => {
      for (const comparison of await store.comparisons.open()) await lookAfter(means, comparison);
      await lookAfterHorizonParts(means);
      for (const worker of [...running, parts]) worker.ring();
    },
  });
  const stopListening = bell.listen(({ kind }) => {
    if (kind === "work") queueing.ring();
  });
  return {
    close: async () => {
      stopListening();
      await queueing.close();
      await Promise.all([...running, parts].map((worker) => worker.close()));
      locks.close();
    },
  };
}

interface Means extends HorizonPartMeans {
  readonly clock: Clock;
  readonly onEnd: ComparisonWorkOptions["onEnd"];
}

/** Sees to it that an open comparison is in the queue, or ends it where it cannot be. */
async function lookAfter(means: Means, comparison: ComparisonSummary): Promise<void> {
  const { store, queue, locks } = means;
  const { clusterId, id, status } = comparison;
  const kind = QUEUES[comparison.kind];
  if (status === "running") {
    // Nobody holds its lock: its worker died.
    await locks.hold(id, async () => {
      const now = await store.comparisons.summary(clusterId, id);
      if (now?.status !== "running") return;
      await queue.failed(kind, id, "its worker ended");
      await store.comparisons.update(clusterId, id, { status: "queued", progress: 0 });
    });
    return;
  }
  const data = { clusterId, comparisonId: id } satisfies z.output<typeof jobSchema>;
  if (await queue.add(store.db, { kind, data, id })) return;
  if ((await queue.stateOf(kind, id)) === "closed")
    await settle(means, comparison, { kind: "failed", reason: TRIES_USED_UP });
  else
    await giveAgainIfNeverBegun(
      { queue, locks },
      { kind, id },
      async () => (await store.comparisons.summary(clusterId, id))?.status === "queued",
    );
}

async function run(means: Means, job: QueuedJob, closing: AbortSignal): Promise<void> {
  const { store, locks, seats } = means;
  const { clusterId, comparisonId: id } = jobSchema.parse(job.data);
  const held = await locks.hold(id, async (lost) => {
    const comparison = await store.write(clusterId, async ({ comparisons }) => {
      const now = await comparisons.summary(clusterId, id);
      if (now === undefined || (now.status !== "queued" && now.status !== "running")) return null;
      await comparisons.update(clusterId, id, { status: "running", progress: 0 });
      return now;
    });
    if (comparison === null) return;
    const work = () => compared(means, comparison, [closing, lost]);
    const end = await (comparison.kind === "campaign" ? work() : seats.occupy(work));
    if (end !== "unwanted") await settle(means, comparison, end);
    await store.horizonParts.removeEnded();
  });
  if (held.kind === "taken") throw new Error(`Comparison ${id} is being worked out elsewhere`);
}

/** Throws when the thread ends without an answer, or when a signal asks to give up. */
async function compared(
  { store, seats }: Pick<Means, "store" | "seats">,
  { clusterId, id, kind }: ComparisonSummary,
  givingUp: readonly AbortSignal[],
): Promise<ComparisonEnd | "unwanted"> {
  const input = await store.comparisons.input(clusterId, id);
  if (input === undefined) return "unwanted";
  let progress = 0;
  let kept = 0;
  const over = new AbortController();
  const onProgress = (share: number): void => {
    progress = share;
  };
  const spread =
    (partKind: HorizonPartKind): ThreadListener["spread"] =>
    (inputs, onShare) =>
      spreadHorizons({ store, givenUp: over.signal }, { clusterId, id }, { kind: partKind, inputs, onShare });
  const started =
    kind === "campaign"
      ? startCampaign(input, { onProgress, spread: spread("campaign-run") })
      : startComparison(input, {
          onProgress,
          spread: (...horizons) => seats.vacate(() => spread("horizon")(...horizons)),
        });
  try {
    return await threadUnderWatch<ComparisonView | CampaignView>(started, {
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
  { clusterId, id, kind }: ComparisonSummary,
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
  if (outcome !== null) onEnd(outcome, kind);
}
