/** The plan in force, for many readers at once: those who ask at the same time share one look at the store, and each plan's text is read once. */
import type { Store } from "../store/store.ts";
import { UnknownCluster } from "../store/store.ts";
import { sharedRead } from "./shared-read.ts";

/** Reads plans in force; never older than the question. */
export interface PlanReader {
  /** Revision of the plan in force; null before the first. Throws UnknownCluster. */
  readonly revision: (clusterId: string) => Promise<number | null>;
  /** Its text as JSON, in UTF-8. */
  readonly json: (clusterId: string, revision: number) => Promise<Buffer>;
}

interface PlanText {
  readonly revision: number;
  readonly json: Promise<Buffer>;
}

/** Texts at hand: one for each of so many clusters. */
const MAX_TEXTS = 100;

/** For one process. */
export function planReader({ clusters, plans }: Pick<Store, "clusters" | "plans">): PlanReader {
  const texts = new Map<string, PlanText>();
  const revisionOf = sharedRead((clusterId: string) => clusters.planInForce(clusterId));
  const read = async (clusterId: string, revision: number): Promise<Buffer> => {
    const text = await plans.bodyText(clusterId, revision);
    if (text === undefined) throw new Error(`Plan ${revision} of ${clusterId} is in force and not kept`);
    return Buffer.from(text);
  };
  return {
    revision: async (clusterId) => {
      const found = await revisionOf(clusterId);
      if (found === undefined) throw new UnknownCluster(clusterId);
      return found;
    },
    json: async (clusterId, revision) => {
      const known = texts.get(clusterId);
      if (known?.revision === revision) return known.json;
      const text = { revision, json: read(clusterId, revision) };
      // Whoever asks while it is read waits for the same text; a failure is theirs alone.
      if (texts.size >= MAX_TEXTS) texts.clear();
      texts.set(clusterId, text);
      text.json.catch(() => {
        if (texts.get(clusterId) === text) texts.delete(clusterId);
      });
      return text.json;
    },
  };
}
