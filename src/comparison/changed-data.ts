/** What differs between two variants of the data that a decision about one job looks at: the facts that reasons rest on. */
import type { JobState } from "../domain/cluster-state.ts";
import { findJob } from "../domain/cluster-state.ts";
import type { JobId, VmTypeId } from "../domain/ids.ts";
import { configurationWords, isSameAmount, relativeWords, timeWords, usdWords } from "./change-words.ts";
import type { VariantCase } from "./variant.ts";
import type { ClusterState } from "../domain/cluster-state.ts";

/** Kinds of data that a variant may change. */
export type ChangedKind = "price" | "duration" | "due-date" | "weight" | "policy" | "node-limit" | "quota";

/** One difference, in words that name both values. */
export interface ChangedDatum {
  readonly kind: ChangedKind;
  readonly words: string;
}

/** A configuration that a job has in one of two plans. */
export interface PlacedOn {
  readonly vmTypeId: VmTypeId;
  readonly gpus: number;
}

/** A variant with the state that it was decided on. */
export interface PlannedCase {
  readonly case: VariantCase;
  /** With the durations that decisions count on. */
  readonly planned: ClusterState;
}

/** Differences from the first variant that concern a job and the configurations that it has in either. */
export function changedData(args: {
  readonly first: PlannedCase;
  readonly other: PlannedCase;
  readonly jobId: JobId;
  readonly configurations: readonly PlacedOn[];
}): readonly ChangedDatum[] {
  const { first, other, configurations } = args;
  const before = findJob(first.planned, args.jobId);
  const after = findJob(other.planned, args.jobId);
  const vmTypeIds = [...new Set(configurations.map(({ vmTypeId }) => vmTypeId))];
  return [
    ...(first.case.policy === other.case.policy
      ? []
      : [datum("policy", `policy ${other.case.policy} decides by other rules than ${first.case.policy}`)]),
    ...vmTypeIds.flatMap((id) => changedPrice(first, other, id)),
    ...(before === undefined || after === undefined
      ? []
      : [
          ...configurations.flatMap((placed) =>
            changedDuration({
              before,
              after,
              placed,
              percentile: other.case.plannedDurations,
              nowSeconds: Math.max(other.planned.nowSeconds ?? -Infinity, after.job.submittedAtSeconds),
            }),
          ),
          ...changedDueDate(before, after),
          ...changedWeight(before, after),
        ]),
    ...changedNodeLimit(first, other),
    ...vmTypeIds.flatMap((id) => changedQuota(first, other, id)),
  ];
}

const datum = (kind: ChangedKind, words: string): ChangedDatum => ({ kind, words });

function changedPrice(first: PlannedCase, other: PlannedCase, id: VmTypeId): readonly ChangedDatum[] {
  const [from, to] = [first, other].map(
    ({ case: { state } }) => state.settings.vmTypes.find((vmType) => vmType.id === id)?.pricePerHourUsd,
  );
  if (from === undefined || to === undefined || isSameAmount(from, to)) return [];
  return [
    datum(
      "price",
      `${id} costs ${usdWords(to)} instead of ${usdWords(from)} USD/h (${relativeWords(from, to)})`,
    ),
  ];
}

function changedNodeLimit(first: PlannedCase, other: PlannedCase): readonly ChangedDatum[] {
  const [from, to] = [first.planned.settings.maxNodes, other.planned.settings.maxNodes];
  return from === to ? [] : [datum("node-limit", `at most ${to} instead of ${from} nodes may be rented`)];
}

function changedQuota(first: PlannedCase, other: PlannedCase, id: VmTypeId): readonly ChangedDatum[] {
  const [from, to] = [first, other].map(
    ({ planned }) => planned.settings.vmTypes.find((vmType) => vmType.id === id)?.quotaNodes,
  );
  if (from === undefined || to === undefined || from === to) return [];
  return [datum("quota", `the quota of ${id} is ${to ?? "unlimited"} instead of ${from ?? "unlimited"}`)];
}

function changedDuration(args: {
  readonly before: JobState;
  readonly after: JobState;
  readonly placed: PlacedOn;
  readonly percentile: VariantCase["plannedDurations"];
  readonly nowSeconds: number;
}): readonly ChangedDatum[] {
  const [from, to] = [args.before, args.after].map((entry) => remainingSeconds(entry, args.placed));
  if (from === undefined || to === undefined || isSameAmount(from, to)) return [];
  const given = args.after.job.dueAtSeconds - args.nowSeconds;
  const late = from <= given && to > given ? `, more than the ${timeWords(given)} until its due date` : "";
  return [
    datum(
      "duration",
      `on ${configurationWords(args.placed)} it is planned with ${timeWords(to)} (${args.percentile}) instead of ${timeWords(from)}${late}`,
    ),
  ];
}

function remainingSeconds(
  { job, completedShare, pace }: JobState,
  { vmTypeId, gpus }: PlacedOn,
): number | undefined {
  const entry = job.durations.entries.find((row) => row.vmTypeId === vmTypeId && row.gpus === gpus);
  return entry === undefined ? undefined : entry.durationSeconds * pace.factor * (1 - completedShare);
}

function changedDueDate({ job: before }: JobState, { job: after }: JobState): readonly ChangedDatum[] {
  const later = after.dueAtSeconds - before.dueAtSeconds;
  if (isSameAmount(after.dueAtSeconds, before.dueAtSeconds)) return [];
  return [datum("due-date", `it is due ${timeWords(Math.abs(later))} ${later > 0 ? "later" : "earlier"}`)];
}

function changedWeight({ job: before }: JobState, { job: after }: JobState): readonly ChangedDatum[] {
  const [from, to] = [before.tardinessCostPerSecondUsd, after.tardinessCostPerSecondUsd];
  if (from === to) return [];
  return [
    datum(
      "weight",
      from > 0 ? `its tardiness weight is ${relativeWords(from, to)}` : "its tardiness costs something",
    ),
  ];
}
