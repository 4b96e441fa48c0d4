/** Work that a worker took from the queue and died before it began: its row still waits, and the queue still takes it for worked at. */
import type { Queue, QueueKind } from "../queue/open-queue.ts";
import type { SessionLocks } from "./session-locks.ts";

/** From taking it to beginning it: statements, however busy the machine. Who is slower than that finds its lock held, or holds it first. */
const BEGINS_WITHIN_SECONDS = 10;

/** Lets the queue give it to somebody else if its worker has not begun for long, and nobody holds its lock. */
export async function giveAgainIfNeverBegun(
  { queue, locks }: { readonly queue: Queue; readonly locks: SessionLocks },
  { kind, id }: { readonly kind: QueueKind; readonly id: string },
  isStillQueued: () => Promise<boolean>,
): Promise<void> {
  const activeSeconds = await queue.activeSeconds(kind, id);
  if (activeSeconds === null || activeSeconds < BEGINS_WITHIN_SECONDS) return;
  await locks.hold(id, async () => {
    if (await isStillQueued()) await queue.failed(kind, id, "its worker ended before it began");
  });
}
