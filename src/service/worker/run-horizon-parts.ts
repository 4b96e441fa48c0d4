/**
 * Simulates parts of comparisons and campaigns, each in a thread of its own; any worker may take any part.
 *
 *   queued  ──queue──▶  running  ──▶  done | failed
 *      ▲                   │
 *      └── worker died ────┘          gone with the end of its comparison, whatever it was: the thread is ended then
 *
 * The rules of locks and tries are those of comparisons: whoever runs one holds its lock, one that is running while its lock is free lost its worker, and
 * one whose tries are used up failed. spread-horizons.ts makes parts and says why nobody waits in a circle.
 */
import { z } from "zod";
import type { HorizonPartSummary } from "../../store/horizon-parts.ts";
import { startPart } from "../comparisons/start-comparison.ts";
import type { QueueKind, QueuedJob } from "../queue/open-queue.ts";
import type { QueueWorker } from "../queue/work-queue.ts";
import { workQueue } from "../queue/work-queue.ts";
import type { ComputingSeats } from "./computing-seats.ts";
import { giveAgainIfNeverBegun } from "./never-begun.ts";
import type { ComparisonWorkOptions } from "./run-comparisons.ts";
import type { SessionLocks } from "./session-locks.ts";
import { threadUnderWatch } from "./thread-under-watch.ts";

/** How parts are tried: as comparisons are. */
export const HORIZON_PARTS: QueueKind = {
  name: "horizon-parts",
  retryLimit: 4,
  firstPauseSeconds: 1,
  expireSeconds: 12 * 3600,
};

/** Why a comparison or a campaign, or a part of one, has failed that nobody tries any more. */
export const TRIES_USED_UP =
  "It was begun several times, and each time its worker ended before it did. It may need more memory than there is.";

/** What parts need. */
export interface HorizonPartMeans extends Pick<ComparisonWorkOptions, "store" | "queue" | "logger"> {
  readonly locks: SessionLocks;
  readonly seats: ComputingSeats;
}

const jobSchema = z.object({ partId: z.string() });

/** Starts to work at parts. */
export function runHorizonParts(means: HorizonPartMeans): QueueWorker {
  const { queue, logger, seats } = means;
  return workQueue({
    queue,
    kind: HORIZON_PARTS,
    concurrency: seats.count,
    atMost: seats.left,
    logger,
    handle: (job, closing) => run(means, job, closing),
  });
}

/** Removes parts that nobody waits for, and sees to it that the others are in the queue, or ends those that cannot be. */
export async function lookAfterHorizonParts(means: HorizonPartMeans): Promise<void> {
  const { store } = means;
  await store.horizonParts.removeEnded();
  for (const part of await store.horizonParts.open()) await lookAfter(means, part);
}

async function lookAfter(
  { store, queue, locks }: HorizonPartMeans,
  { id, kind, status }: HorizonPartSummary,
): Promise<void> {
  const { horizonParts } = store;
  if (status === "running") {
    // Nobody holds its lock: its worker died.
    await locks.hold(id, async () => {
      if ((await horizonParts.summary(id))?.status !== "running") return;
      await queue.failed(HORIZON_PARTS, id, "its worker ended");
      await horizonParts.requeue(id);
    });
    return;
  }
  const data = { partId: id } satisfies z.output<typeof jobSchema>;
  // Somebody waits for a comparison; a campaign takes what is left.
  const priority = kind === "horizon" ? 1 : 0;
  if (await queue.add(store.db, { kind: HORIZON_PARTS, data, id, priority })) return;
  if ((await queue.stateOf(HORIZON_PARTS, id)) === "closed")
    await horizonParts.end(id, { kind: "failed", reason: TRIES_USED_UP });
  else
    await giveAgainIfNeverBegun(
      { queue, locks },
      { kind: HORIZON_PARTS, id },
      async () => (await horizonParts.summary(id))?.status === "queued",
    );
}

async function run({ store, locks }: HorizonPartMeans, job: QueuedJob, closing: AbortSignal): Promise<void> {
  const { partId: id } = jobSchema.parse(job.data);
  const held = await locks.hold(id, async (lost) => {
    const part = await store.horizonParts.begin(id);
    if (part === undefined) return;
    let progress = 0;
    const thread = startPart(part, (share) => {
      progress = share;
    });
    const end = await threadUnderWatch(thread, {
      givingUp: [closing, lost],
      look: async () => ((await store.horizonParts.keepProgress(id, progress)) ? "wanted" : "unwanted"),
    });
    if (end !== "unwanted") await store.horizonParts.end(id, end);
  });
  if (held.kind === "taken") throw new Error(`Part ${id} of a comparison is being worked out elsewhere`);
}
