/** Starts comparisons, and parts of them and of campaigns, each in a thread of its own. */
import type { ComparisonView } from "../../report/comparison-view.ts";
import type { HorizonPartInput } from "../../store/horizon-parts.ts";
import type { HorizonPartKind } from "../../store/schema.ts";
import type { StartedThread, ThreadListener } from "./start-thread.ts";
import { startThread } from "./start-thread.ts";

/** Starts a comparison on the input that was kept. */
export const startComparison = (input: object, listener: ThreadListener): StartedThread<ComparisonView> =>
  startThread(new URL("./comparison-thread.ts", import.meta.url), input, listener);

const PART_THREADS: Readonly<Record<HorizonPartKind, URL>> = {
  horizon: new URL("./horizon-thread.ts", import.meta.url),
  "campaign-run": new URL("../campaigns/run-thread.ts", import.meta.url),
};

/** Starts to simulate one part; its result is text. */
export const startPart = (
  { kind, input }: HorizonPartInput,
  onProgress: ThreadListener["onProgress"],
): StartedThread<string> =>
  startThread(PART_THREADS[kind], input, {
    onProgress,
    spread: () => Promise.reject(new Error("A part is not spread any further")),
  });
