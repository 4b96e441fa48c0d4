/** Starts a comparison in a thread of its own. */
import type { ComparisonView } from "../../report/comparison-view.ts";
import { typescriptThread } from "../../store/typescript-thread.ts";

/** What the thread says. */
export type ComparisonMessage = { readonly kind: "progress"; readonly share: number } | ComparisonEnd;

/** A result, or why the same input never has one. */
export type ComparisonEnd =
  | { readonly kind: "result"; readonly view: ComparisonView }
  | { readonly kind: "failed"; readonly reason: string };

/** A comparison under way. */
export interface StartedComparison {
  /** Rejects when the thread ended without an answer. */
  readonly end: Promise<ComparisonEnd>;
  /** Ends the thread, solver and all. */
  readonly stop: () => Promise<void>;
}

/** Starts it. */
export function startComparison(input: object, onProgress: (share: number) => void): StartedComparison {
  const thread = typescriptThread(new URL("./comparison-thread.ts", import.meta.url), input);
  const end = new Promise<ComparisonEnd>((resolve, reject) => {
    thread.on("message", (message: ComparisonMessage) => {
      if (message.kind === "progress") onProgress(message.share);
      else resolve(message);
    });
    // Out of memory, for one; an error of the comparison itself comes as a message.
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
