/** What comparisons of variants and campaigns have in common over HTTP: they are queued, looked up, read once they are done, and cancelled. */
import { randomUUID } from "node:crypto";
import { isoTime } from "../../catalog/time.ts";
import type { ComparisonRecord, ComparisonSummary, FoundComparison } from "../../store/comparisons.ts";
import type { ComparisonKind } from "../../store/schema.ts";
import type { LockedCluster, Store, StoreParts } from "../../store/store.ts";
import type { SummaryView } from "../endpoints/comparison-summary.ts";
import type { WorkMetrics } from "../operations/work-metrics.ts";
import type { ProblemKind } from "../problem-details.ts";
import { RequestProblem } from "../problem-details.ts";
import { Tagged } from "../route.ts";
import { knownCluster } from "../routes/service-context.ts";

interface KindWords {
  readonly one: string;
  readonly many: string;
  readonly unknown: ProblemKind;
  /** Queued or running ones that a cluster may have. */
  readonly mostOpen: number;
}

const WORDS: Readonly<Record<ComparisonKind, KindWords>> = {
  // Each holds a copy of the cluster.
  variants: { one: "comparison", many: "comparisons", unknown: "unknown-comparison", mostOpen: 20 },
  // Each may be hours of work for all workers.
  campaign: { one: "campaign", many: "campaigns", unknown: "unknown-campaign", mostOpen: 5 },
};

/** One comparison of a kind. */
export interface ComparisonAddress {
  readonly clusterId: string;
  readonly id: string;
  readonly kind: ComparisonKind;
}

/** Queues it in the caller's transaction; throws a RequestProblem (409) where too many of its kind are open. */
export async function queueComparison(
  { cluster, comparisons }: LockedCluster,
  asked: Pick<ComparisonRecord, "kind" | "request" | "input"> & { readonly nowSeconds: number },
): Promise<ComparisonSummary> {
  const { kind, request, input, nowSeconds } = asked;
  const { many, mostOpen } = WORDS[kind];
  const open = (await comparisons.open()).filter((one) => one.clusterId === cluster.id && one.kind === kind);
  if (open.length >= mostOpen)
    throw new RequestProblem(
      "conflict",
      `${open.length} ${many} of the cluster are queued or running, and at most ${mostOpen} may be; cancel one, or wait.`,
    );
  const fresh = {
    clusterId: cluster.id,
    id: randomUUID(),
    kind,
    status: "queued" as const,
    createdAtSeconds: nowSeconds,
    finishedAtSeconds: null,
    progress: 0,
    failure: null,
  };
  await comparisons.insert({ ...fresh, request, input, result: null });
  return fresh;
}

/** Throws where there is none of that id and kind. */
export async function knownComparison(
  parts: Pick<StoreParts, "comparisons" | "clusters">,
  { clusterId, id, kind }: ComparisonAddress,
): Promise<ComparisonSummary> {
  await knownCluster(parts, clusterId);
  const found = await parts.comparisons.summary(clusterId, id);
  if (found?.kind !== kind) throw unknown({ id, kind });
  return found;
}

/** One that is looked up, whose answer follows from how far it is. */
export async function taggedComparison(
  store: Pick<StoreParts, "comparisons" | "clusters">,
  address: ComparisonAddress,
  view: (found: FoundComparison) => object,
): Promise<Tagged> {
  const { status, progress } = await knownComparison(store, address);
  return new Tagged(`${address.id}-${status}-${progress}`, async () =>
    JSON.stringify(view(await wholeComparison(store, address))),
  );
}

/** The result of one that is done, as text; it never changes again. Throws a RequestProblem (409) while there is none. */
export async function taggedResult(
  store: Pick<StoreParts, "comparisons" | "clusters">,
  address: ComparisonAddress,
  write: (result: unknown) => string,
): Promise<Tagged> {
  const { status } = await knownComparison(store, address);
  if (status !== "done")
    throw new RequestProblem("conflict", `The ${WORDS[address.kind].one} is ${status}, and has no result.`);
  return new Tagged(address.id, async () => write((await wholeComparison(store, address)).result));
}

/** Ends one without a result; throws a RequestProblem (409) where it has ended already. To cancel it again changes nothing. */
export async function cancelComparison(
  { store, nowSeconds }: { readonly store: Store; readonly nowSeconds: number },
  address: ComparisonAddress,
  metrics: Pick<WorkMetrics, "comparisonEnded">,
): Promise<ComparisonSummary> {
  const { clusterId, kind } = address;
  const { cancelled, isNew } = await store.write(clusterId, async (locked) => {
    const found = await knownComparison(locked, address);
    if (found.status === "done" || found.status === "failed")
      throw new RequestProblem("conflict", `The ${WORDS[kind].one} is ${found.status} already.`);
    if (found.status === "cancelled") return { cancelled: found, isNew: false };
    const change = { status: "cancelled", finishedAtSeconds: nowSeconds } as const;
    await locked.comparisons.update(clusterId, found.id, change);
    return { cancelled: { ...found, ...change }, isNew: true };
  });
  if (isNew) metrics.comparisonEnded("cancelled", kind);
  await store.ring({ kind: "work", clusterId });
  return cancelled;
}

/** Ends all that are open of a cluster that is given up: nobody could ask for their results, or cancel them, any more. */
export async function cancelAllComparisons(
  { cluster, comparisons }: LockedCluster,
  atSeconds: number,
): Promise<readonly ComparisonSummary[]> {
  const open = (await comparisons.open()).filter(({ clusterId }) => clusterId === cluster.id);
  for (const { id } of open)
    await comparisons.update(cluster.id, id, { status: "cancelled", finishedAtSeconds: atSeconds });
  return open;
}

/** How far it is, as JSON. */
export const summaryView = (comparison: ComparisonSummary): SummaryView => ({
  id: comparison.id,
  status: comparison.status,
  createdAt: isoTime(comparison.createdAtSeconds),
  finishedAt: comparison.finishedAtSeconds === null ? null : isoTime(comparison.finishedAtSeconds),
  progress: comparison.progress,
  failure: comparison.failure,
});

async function wholeComparison(
  { comparisons }: Pick<StoreParts, "comparisons">,
  { clusterId, id, kind }: ComparisonAddress,
): Promise<FoundComparison> {
  const found = await comparisons.find(clusterId, id);
  if (found === undefined) throw unknown({ id, kind });
  return found;
}

const unknown = ({ id, kind }: Pick<ComparisonAddress, "id" | "kind">): RequestProblem =>
  new RequestProblem(WORDS[kind].unknown, `No ${WORDS[kind].one} has the id ${id}.`);
