/**
 * Spreads the horizons of a comparison, or the runs of a campaign, over all workers of the database, and waits for them.
 *
 *   conductor: writes a part for each horizon ──▶ waits, its thread idle ──▶ puts the runs together
 *   everybody: takes parts as run-horizon-parts.ts does, the conductor's own worker too
 *
 * Nobody waits in a circle. A conductor waits for parts only; a part waits for nothing but the thread that simulates it. Parts have a queue of their own,
 * so that no number of comparisons keeps them from being taken, and a seat of their own: a conductor leaves its seat while it waits. With one worker and
 * one seat the conductor vacates it, the worker takes one part after the other, and the conductor goes on; where every worker conducts, every worker has
 * all of its seats for parts. What keeps parts waiting is comparisons that compute themselves, and those end.
 *
 * A conductor holds nothing in memory that another could not make again: a comparison's tasks follow from its kept input, and a part is known by the digest
 * of its task. So whoever begins a comparison again finds the parts of its predecessor, those under way and those done. They go when their comparison ends.
 *
 * A campaign may have a thousand runs: parts are handed out as others end, so that looking after the open ones stays cheap.
 */
import { createHash, randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type { HorizonPartSummary } from "../../store/horizon-parts.ts";
import type { HorizonPartKind } from "../../store/schema.ts";
import type { Store } from "../../store/store.ts";
import type { ThreadEnd } from "../comparisons/start-thread.ts";
import { WATCH_MILLISECONDS } from "./thread-under-watch.ts";

/** Parts of one comparison that are queued or running at most; more than workers have seats for. */
const MOST_OPEN = 32;

/** The comparison that horizons belong to. */
export interface ComparisonPlace {
  readonly clusterId: string;
  readonly id: string;
}

/** What is spread. */
export interface SpreadParts {
  readonly kind: HorizonPartKind;
  readonly inputs: readonly string[];
  /** Is told how far each of them is. */
  readonly onShare: (index: number, share: number) => void;
}

/** Gives the runs in the order of the inputs, or why the first that has none has none. Throws when `givenUp` does. */
export async function spreadHorizons(
  { store, givenUp }: { readonly store: Store; readonly givenUp: AbortSignal },
  { clusterId, id }: ComparisonPlace,
  { kind, inputs, onShare }: SpreadParts,
): Promise<ThreadEnd<readonly string[]>> {
  const tasks = inputs.map((input) => ({ digest: createHash("sha256").update(input).digest("hex"), input }));
  for (;;) {
    const found = await store.horizonParts.ofComparison(clusterId, id);
    const byDigest = new Map(found.map((part) => [part.digest, part]));
    const parts = tasks.map(({ digest }) => byDigest.get(digest));
    for (const [index, part] of parts.entries()) onShare(index, part?.progress ?? 0);
    // One after the other, the first that fails would have ended them all.
    const first = parts.find((part) => part?.status !== "done");
    if (first?.status === "failed") return { kind: "failed", reason: first.failure ?? "It failed" };
    const done = parts.flatMap((part) => (part?.status === "done" ? [part] : []));
    if (done.length === inputs.length) return { kind: "result", result: await resultsOf(store, done) };
    const open = found.filter(({ status }) => status === "queued" || status === "running");
    const missing = tasks.filter(({ digest }) => !byDigest.has(digest));
    const next = missing.slice(0, Math.max(0, MOST_OPEN - open.length));
    for (const task of next) {
      givenUp.throwIfAborted();
      await store.horizonParts.add({ id: randomUUID(), clusterId, comparisonId: id, kind, ...task });
    }
    if (next.length > 0) await store.ring({ kind: "work", clusterId });
    // Parts that are gone were removed with their comparison's end, of which the conductor hears.
    await setTimeout(WATCH_MILLISECONDS, undefined, { signal: givenUp });
  }
}

async function resultsOf(store: Store, parts: readonly HorizonPartSummary[]): Promise<readonly string[]> {
  const results: string[] = [];
  for (const { id, digest } of parts) {
    const result = await store.horizonParts.result(id);
    if (result === undefined) throw new Error(`Part ${digest} of a comparison has no result`);
    results.push(result);
  }
  return results;
}
