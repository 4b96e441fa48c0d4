/** Waits for a thread's answer, looking now and then whether anybody still wants it. The thread is ended in any case. */
import type { StartedThread, ThreadEnd } from "../comparisons/start-thread.ts";

/** How a thread is watched. */
export interface ThreadWatch {
  /** Any of them asks to give up. */
  readonly givingUp: readonly AbortSignal[];
  /** Keeps what must be kept meanwhile, and says whether the answer is still wanted. */
  readonly look: () => Promise<"wanted" | "unwanted">;
}

/** How often progress is kept, and whether it was cancelled is looked up. */
export const WATCH_MILLISECONDS = 500;

/** Throws when the thread ends without an answer, when a look fails, or when a signal asks to give up. */
export async function threadUnderWatch<Result>(
  thread: StartedThread<Result>,
  { givingUp, look }: ThreadWatch,
): Promise<ThreadEnd<Result> | "unwanted"> {
  const signal = AbortSignal.any([...givingUp]);
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const stopped = new Promise<"unwanted">((resolve, reject) => {
    const giveUp = (): void => {
      reject(new Error("the worker closes, or lost its connection to the database"));
    };
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp);
    const watch = async (): Promise<void> => {
      if ((await look()) === "unwanted") resolve("unwanted");
    };
    const again = (): void => {
      if (isOver) return;
      timer = setTimeout(() => {
        watch().then(again, reject);
      }, WATCH_MILLISECONDS);
    };
    again();
  });
  try {
    return await Promise.race([thread.end, stopped]);
  } finally {
    isOver = true;
    clearTimeout(timer);
    await thread.stop();
  }
}
