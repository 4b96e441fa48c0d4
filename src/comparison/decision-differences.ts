/** Line by line, what is different from the first variant's decision: jobs with their reasons, nodes by VM type, and the sums. */
import type { JobId, VmTypeId } from "../domain/ids.ts";
import { compareIds } from "../domain/ids.ts";
import { explainJobs } from "../planner/explain.ts";
import type { ChangeReason } from "./change-reason.ts";
import { changeReason, costChangeReason } from "./change-reason.ts";
import { isSameAmount } from "./change-words.ts";
import type { PlacedOn } from "./changed-data.ts";
import type { DecidedVariant } from "./compare-decisions.ts";
import type { NodesOfVmType } from "./decision-figures.ts";

/** What a plan does with a job; of a job that waits, tardiness and cost are what they will be at the least. */
export type JobSituation =
  | (PlacedOn & {
      readonly kind: "running";
      readonly remainingSeconds: number;
      readonly tardinessSeconds: number;
      readonly costUsd: number;
    })
  | {
      readonly kind: "waiting";
      readonly slackSeconds: number;
      readonly tardinessSeconds: number;
      readonly costUsd: number;
    }
  | { readonly kind: "left-out"; readonly reason: string };

/** One job that is treated otherwise, or costs something else; changes are null where it is left out of either plan. */
export interface JobDifference {
  readonly jobId: JobId;
  readonly from: JobSituation;
  readonly to: JobSituation;
  readonly costChangeUsd: number | null;
  readonly tardinessChangeSeconds: number | null;
  readonly reason: ChangeReason;
}

/** Nodes of one VM type in both plans. */
export interface NodeDifference {
  readonly vmTypeId: VmTypeId;
  readonly from: number;
  readonly to: number;
}

/** A decision beside the first one; changes are this one's minus the first one's. */
export interface DecisionDifference {
  readonly totalCostChangeUsd: number;
  readonly tardinessChangeSeconds: number;
  readonly rentPerHourChangeUsd: number;
  /** Of the objective; null where the two measure different things. */
  readonly objectiveChange: number | null;
  /** VM types of which there are more or fewer, sorted by id. */
  readonly nodes: readonly NodeDifference[];
  /** Largest change of cost first. */
  readonly jobs: readonly JobDifference[];
  readonly unchangedJobs: number;
}

/** Explanations try out each configuration on the whole plan; so many jobs times jobs of the plan are worth waiting for. */
const EXPLANATION_BUDGET = 200_000;
const LEAST_EXPLAINED = 20;
const MOST_EXPLAINED = 200;

/** What a variant does otherwise than the first. */
export function decisionDifference(first: DecidedVariant, other: DecidedVariant): DecisionDifference {
  const ids = [...new Set([...jobIdsOf(first), ...jobIdsOf(other)])].sort(compareIds);
  const pairs = ids.map((jobId) => pairOf(first, other, jobId)).sort(byCostChange);
  const changed = pairs.filter(isChanged);
  const explained = Math.min(
    MOST_EXPLAINED,
    Math.max(LEAST_EXPLAINED, Math.floor(EXPLANATION_BUDGET / Math.max(1, ids.length))),
  );
  const reasonOf = reasonFinder(first, other, changed.slice(0, explained));
  const comparable = other.objectiveComparable;
  return {
    totalCostChangeUsd: other.figures.totalCostUsd - first.figures.totalCostUsd,
    tardinessChangeSeconds: other.figures.tardinessSeconds - first.figures.tardinessSeconds,
    rentPerHourChangeUsd: other.figures.rentPerHourUsd - first.figures.rentPerHourUsd,
    objectiveChange: comparable ? other.plan.proof.objective - first.plan.proof.objective : null,
    nodes: nodeDifferences(first.figures.nodesByVmType, other.figures.nodesByVmType),
    jobs: changed.map((pair, index) => ({
      ...pair,
      reason: index < explained ? reasonOf(pair) : NOT_EXAMINED,
    })),
    unchangedJobs: pairs.length - changed.length,
  };
}

const NOT_EXAMINED: ChangeReason = {
  cause: "not-examined",
  words: "not examined: only the largest changes of a large plan are",
  verdictInVariant: null,
  verdictInFirst: null,
};

/** VM types whose number of nodes differs. */
export function nodeDifferences(
  from: readonly NodesOfVmType[],
  to: readonly NodesOfVmType[],
): readonly NodeDifference[] {
  const before = new Map(from.map(({ vmTypeId, nodes }) => [vmTypeId, nodes]));
  const after = new Map(to.map(({ vmTypeId, nodes }) => [vmTypeId, nodes]));
  return [...new Set([...before.keys(), ...after.keys()])]
    .sort(compareIds)
    .map((vmTypeId) => ({ vmTypeId, from: before.get(vmTypeId) ?? 0, to: after.get(vmTypeId) ?? 0 }))
    .filter((row) => row.from !== row.to);
}

const jobIdsOf = ({ case: own }: DecidedVariant): readonly JobId[] => [
  ...own.state.jobs.map(({ id }) => id),
  ...own.leftOut.map(({ jobId }) => jobId),
];

type Pair = Omit<JobDifference, "reason">;

function pairOf(first: DecidedVariant, other: DecidedVariant, jobId: JobId): Pair {
  const from = situationOf(first, jobId);
  const to = situationOf(other, jobId);
  const isInBoth = from.kind !== "left-out" && to.kind !== "left-out";
  return {
    jobId,
    from,
    to,
    costChangeUsd: isInBoth ? to.costUsd - from.costUsd : null,
    tardinessChangeSeconds: isInBoth ? to.tardinessSeconds - from.tardinessSeconds : null,
  };
}

function situationOf({ case: own, figures }: DecidedVariant, jobId: JobId): JobSituation {
  const job = figures.jobs.get(jobId);
  if (job === undefined) {
    const reason = own.leftOut.find((entry) => entry.jobId === jobId)?.reason;
    return { kind: "left-out", reason: reason ?? "has not been submitted at that time" };
  }
  const { forecast, costUsd } = job;
  return forecast.kind === "running"
    ? {
        kind: "running",
        vmTypeId: forecast.vmTypeId,
        gpus: forecast.gpus,
        remainingSeconds: forecast.remainingSeconds,
        tardinessSeconds: forecast.expectedTardinessSeconds,
        costUsd,
      }
    : {
        kind: "waiting",
        slackSeconds: forecast.slackSeconds,
        tardinessSeconds: forecast.leastTardinessSeconds,
        costUsd,
      };
}

function isChanged(pair: Pair): boolean {
  const { from, to } = pair;
  if (from.kind === "left-out" && to.kind === "left-out") return false;
  return isMoved(pair) || !isSameAmount(pair.costChangeUsd ?? 0, 0);
}

function isMoved({ from, to }: Pair): boolean {
  if (from.kind !== "running" || to.kind !== "running") return from.kind !== to.kind;
  return from.vmTypeId !== to.vmTypeId || from.gpus !== to.gpus;
}

/** Jobs left out come first, then the largest change of cost. */
function byCostChange(a: Pair, b: Pair): number {
  const size = ({ costChangeUsd }: Pair): number =>
    costChangeUsd === null ? Infinity : Math.abs(costChangeUsd);
  return size(a) === size(b) ? compareIds(a.jobId, b.jobId) : size(b) - size(a);
}

/** Reasons for the pairs that are examined; both plans are explained once, for the jobs that moved. */
function reasonFinder(
  first: DecidedVariant,
  other: DecidedVariant,
  examined: readonly Pair[],
): (pair: Pair) => ChangeReason {
  const moved = examined.filter(isMoved).map(({ jobId }) => jobId);
  const [before, after] = [first, other].map(
    ({ planned, plan, case: own }) =>
      new Map(
        explainJobs({ state: planned, plan, policy: own.policy }, moved).map((found) => [found.jobId, found]),
      ),
  );
  return (pair) => {
    const { jobId, from, to } = pair;
    const none = { verdictInVariant: null, verdictInFirst: null };
    if (to.kind === "left-out") return { cause: "left-out", words: to.reason, ...none };
    if (from.kind === "left-out") {
      return { cause: "left-out", words: `in "${first.case.variant.name}" it ${from.reason}`, ...none };
    }
    if (!isMoved(pair)) return costChangeReason(first, other, { jobId, from: placeOf(from) });
    return changeReason(first, other, {
      jobId,
      from: placeOf(from),
      to: placeOf(to),
      slackSeconds: to.kind === "waiting" ? to.slackSeconds : null,
      explanations: { first: before?.get(jobId), other: after?.get(jobId) },
    });
  };
}

const placeOf = (situation: JobSituation): PlacedOn | null =>
  situation.kind === "running" ? { vmTypeId: situation.vmTypeId, gpus: situation.gpus } : null;
