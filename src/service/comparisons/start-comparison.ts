/** Starts comparisons, and parts of them, each in a thread of its own. */
import type { ComparisonView } from "../../report/comparison-view.ts";
import type { StartedThread, ThreadEnd, ThreadListener } from "./start-thread.ts";
import { startThread } from "./start-thread.ts";

/** A result, or why the same input never has one. */
export type ComparisonEnd = ThreadEnd<ComparisonView>;

/** Starts a comparison on the input that was kept. */
export const startComparison = (input: object, listener: ThreadListener): StartedThread<ComparisonView> =>
  startThread(new URL("./comparison-thread.ts", import.meta.url), input, listener);

/** Starts to simulate one horizon; its result is the run as text. */
export const startHorizon = (
  input: string,
  onProgress: ThreadListener["onProgress"],
): StartedThread<string> =>
  startThread(new URL("./horizon-thread.ts", import.meta.url), input, {
    onProgress,
    spread: () => Promise.reject(new Error("A horizon is not spread any further")),
  });
