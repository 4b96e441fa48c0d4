/** Requests that may be repeated: the first one does the work, later ones get its answer. */
import { createHash } from "node:crypto";
import type { z } from "zod";
import { NO_CLUSTER } from "../store/idempotency.ts";
import type { LockedCluster, ServiceWrite, Store, StoreParts } from "../store/store.ts";
import { RequestProblem } from "./problem-details.ts";
import { Answered } from "./route.ts";

/** A request with an optional Idempotency-Key. */
export interface RepeatableRequest<Reply extends object> {
  readonly principalId: string;
  readonly key: string | undefined;
  /** Everything that makes it another request when it differs. */
  readonly content: unknown;
  readonly atSeconds: number;
  /** What answers are like. */
  readonly reply: { readonly status: number; readonly schema: z.ZodType<Reply> };
}

/**
 * Does the work in one write to the cluster, and keeps the answer in the same transaction; a repetition gets the kept answer. Throws a
 * RequestProblem (409) where the key came with other content before. What `work` throws is not kept: such a request may be tried again.
 */
export function answerOnce<Reply extends object>(
  store: Store,
  request: RepeatableRequest<Reply> & { readonly clusterId: string },
  work: (locked: LockedCluster) => Promise<Reply>,
): Promise<Reply | Answered<Reply>> {
  // The cluster's row is locked, so that of two requests with one key the later one finds the answer of the earlier.
  return store.write(request.clusterId, (locked) => keptOr(locked, request, () => work(locked)));
}

/** As answerOnce, for requests that are about no cluster that is there yet: their keys have nothing to do with those of any cluster. */
export function answerServiceOnce<Reply extends object>(
  store: Store,
  request: RepeatableRequest<Reply>,
  work: (parts: ServiceWrite) => Promise<Reply>,
): Promise<Reply | Answered<Reply>> {
  const { principalId: principal, key } = request;
  return store.writeService(async (parts) => {
    if (key !== undefined) await parts.idempotency.lock({ clusterId: NO_CLUSTER, principal, key });
    return keptOr(parts, { ...request, clusterId: NO_CLUSTER }, () => work(parts));
  });
}

async function keptOr<Reply extends object>(
  { idempotency }: Pick<StoreParts, "idempotency">,
  request: RepeatableRequest<Reply> & { readonly clusterId: string },
  work: () => Promise<Reply>,
): Promise<Reply | Answered<Reply>> {
  const { clusterId, principalId: principal, key, content, atSeconds, reply } = request;
  if (key === undefined) return work();
  const place = { clusterId, principal, key };
  const requestHash = createHash("sha256").update(JSON.stringify(content)).digest("hex");
  const kept = await idempotency.find(place);
  if (kept === undefined) {
    const answer = await work();
    await idempotency.keep(place, { requestHash, status: reply.status, answer }, atSeconds);
    return answer;
  }
  if (kept.requestHash !== requestHash)
    throw new RequestProblem(
      "conflict",
      `The Idempotency-Key "${key}" came with another request before. Use a new key for a new request.`,
    );
  return new Answered(reply.schema.parse(kept.answer), { "Idempotency-Replayed": "true" });
}

/** An answer of either kind with more headers. */
export function withHeaders<Reply extends object>(
  answered: Reply | Answered<Reply>,
  headersOf: (body: Reply) => Readonly<Record<string, string>>,
): Answered<Reply> {
  const { body, headers } = answered instanceof Answered ? answered : new Answered(answered, {});
  return new Answered(body, { ...headers, ...headersOf(body) });
}
