/** Starts a computation in a thread of its own. */
import { typescriptThread } from "../../store/typescript-thread.ts";

/** A result, or why the same input never has one. */
export type ThreadEnd<Result> =
  { readonly kind: "result"; readonly result: Result } | { readonly kind: "failed"; readonly reason: string };

/** What the thread says; horizons are tasks that it asks others to simulate, as text. */
export type ThreadMessage<Result> =
  | { readonly kind: "progress"; readonly share: number }
  | { readonly kind: "horizons"; readonly inputs: readonly string[] }
  | ThreadEnd<Result>;

/** What the thread is told of the horizons that it asked for: how far one is, and in the end all of them in order, or why there is none. */
export type HorizonsReply =
  { readonly kind: "share"; readonly index: number; readonly share: number } | ThreadEnd<readonly string[]>;

/** Whoever waits for the thread. */
export interface ThreadListener {
  readonly onProgress: (share: number) => void;
  /** Has horizons simulated elsewhere. */
  readonly spread: (
    inputs: readonly string[],
    onShare: (index: number, share: number) => void,
  ) => Promise<ThreadEnd<readonly string[]>>;
}

/** A computation under way. */
export interface StartedThread<Result> {
  /** Rejects when the thread ended without an answer, or what it asked for could not be had. */
  readonly end: Promise<ThreadEnd<Result>>;
  /** Ends the thread, solver and all. */
  readonly stop: () => Promise<void>;
}

/** Starts it. */
export function startThread<Result>(
  entry: URL,
  workerData: unknown,
  { onProgress, spread }: ThreadListener,
): StartedThread<Result> {
  const thread = typescriptThread(entry, workerData);
  const tell = (reply: HorizonsReply): void => {
    thread.postMessage(reply);
  };
  const end = new Promise<ThreadEnd<Result>>((resolve, reject) => {
    thread.on("message", (message: ThreadMessage<Result>) => {
      if (message.kind === "progress") onProgress(message.share);
      else if (message.kind === "horizons")
        spread(message.inputs, (index, share) => {
          tell({ kind: "share", index, share });
        }).then(tell, reject);
      else resolve(message);
    });
    // Out of memory, for one; an error of the computation itself comes as a message.
    thread.once("error", reject);
    thread.once("exit", (code) => {
      reject(new Error(`the comparison's thread ended with code ${code}`));
    });
  });
  return {
    end,
    stop: async () => {
      await thread.terminate();
    },
  };
}
