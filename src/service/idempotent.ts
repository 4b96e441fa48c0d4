/** Requests that may be repeated: the first one does the work, later ones get its answer. */
import { createHash } from "node:crypto";
import type { z } from "zod";
import type { LockedCluster, Store } from "../store/store.ts";
import { RequestProblem } from "./problem-details.ts";
import { Answered } from "./route.ts";

/** A request with an optional Idempotency-Key. */
export interface RepeatableRequest<Reply extends object> {
  readonly clusterId: string;
  readonly principalId: string;
  readonly key: string | undefined;
  /** Everything that makes it another request when it differs. */
  readonly content: unknown;
  readonly atSeconds: number;
  /** What answers are like. */
  readonly reply: z.ZodType<Reply>;
}

/**
 * Does the work in one write to the cluster, and keeps the answer in the same transaction; a repetition gets the kept answer. Throws a
 * RequestProblem (409) where the key came with other content before. What `work` throws is not kept: such a request may be tried again.
 */
export async function answerOnce<Reply extends object>(
  store: Store,
  request: RepeatableRequest<Reply>,
  work: (locked: LockedCluster) => Promise<Reply>,
): Promise<Reply | Answered<Reply>> {
  const { clusterId, key, content, atSeconds, reply } = request;
  if (key === undefined) return store.write(clusterId, work);
  const place = { clusterId, principal: request.principalId, key };
  const requestHash = createHash("sha256").update(JSON.stringify(content)).digest("hex");
  return store.write(clusterId, async (locked) => {
    const kept = await locked.idempotency.find(place);
    if (kept === undefined) {
      const answer = await work(locked);
      await locked.idempotency.keep(place, { requestHash, status: 202, answer }, atSeconds);
      return answer;
    }
    if (kept.requestHash !== requestHash)
      throw new RequestProblem(
        "conflict",
        `The Idempotency-Key "${key}" came with another request before. Use a new key for a new request.`,
      );
    return new Answered(reply.parse(kept.answer), { "Idempotency-Replayed": "true" });
  });
}
