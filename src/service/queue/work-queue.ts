/** Works at one kind of job: takes what may be tried, some at a time, and says what became of each. */
import type { Logger } from "pino";
import type { Queue, QueueKind, QueuedJob } from "./open-queue.ts";

/** How to work. */
export interface QueueWork {
  readonly queue: Queue;
  readonly kind: QueueKind;
  /** Jobs at a time. */
  readonly concurrency: number;
  /** Fewer than that for now, where others need the room. */
  readonly atMost?: () => number;
  readonly logger: Logger;
  /** Does the job; whatever it throws makes it failed, to be tried again. The signal asks it to give up because the worker closes. */
  readonly handle: (job: QueuedJob, signal: AbortSignal) => Promise<void>;
}

/** A worker of a queue. */
export interface QueueWorker {
  /** There may be work. */
  readonly ring: () => void;
  /** Takes nothing more, asks what is under way to give up, and waits for it. */
  readonly close: () => Promise<void>;
}

/** Without a ring it looks this often. */
const LOOK_MILLISECONDS = 2000;

/** Starts to work. */
export function workQueue({ queue, kind, concurrency, atMost, logger, handle }: QueueWork): QueueWorker {
  const underWay = new Set<Promise<void>>();
  const closing = new AbortController();
  let isRung = true;
  let wake: () => void = () => undefined;
  const ring = (): void => {
    isRung = true;
    wake();
  };

  const settle = async (job: QueuedJob): Promise<void> => {
    try {
      await handle(job, closing.signal);
      await queue.done(kind, job.id);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn({ queue: kind.name, jobId: job.id, tryNumber: job.tryNumber, reason }, "a job failed");
      await queue.failed(kind, job.id, reason);
    }
  };

  const start = (job: QueuedJob): void => {
    const working = settle(job)
      .catch((error: unknown) => {
        // It expires, and is tried again then.
        logger.error({ err: error, queue: kind.name, jobId: job.id }, "what became of a job cannot be kept");
      })
      .finally(() => {
        underWay.delete(working);
        ring();
      });
    underWay.add(working);
  };

  const run = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      isRung = false;
      const free = Math.min(concurrency, atMost?.() ?? concurrency) - underWay.size;
      const jobs = free > 0 ? await queue.take(kind, free) : [];
      jobs.forEach(start);
      if (jobs.length > 0) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOK_MILLISECONDS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
        if (isRung || closing.signal.aborted) wake();
      });
    }
  };
  const running = run();

  return {
    ring,
    close: async () => {
      closing.abort();
      wake();
      await running;
      await Promise.all(underWay);
    },
  };
}
