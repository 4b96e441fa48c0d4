/**
 * Job by job, what is different from the first variant's horizon. A horizon is thousands of decisions, so that reasons are read off the record: what is offered,
 * which data changed, and how long all nodes were rented while a job waited.
 */
import type { ClusterState, JobState } from "../domain/cluster-state.ts";
import { UNMEASURED_PACE } from "../domain/cluster-state.ts";
import { sortedById } from "../domain/ids.ts";
import type { JobId } from "../domain/ids.ts";
import { compareIds } from "../domain/ids.ts";
import type { History } from "../simulator/history.ts";
import { changedData } from "./changed-data.ts";
import type { PlacedOn } from "./changed-data.ts";
import type { ChangeCause } from "./change-reason.ts";
import { configurationWords, isSameAmount, timeWords } from "./change-words.ts";
import type { NodeDifference } from "./decision-differences.ts";
import { nodeDifferences } from "./decision-differences.ts";
import type { HorizonFigures, JobOverHorizon } from "./horizon-figures.ts";
import type { HorizonRun } from "./horizon-run.ts";
import { plannedJob, plannedState } from "./planned-durations.ts";
import type { VariantCase } from "./variant.ts";

/** One variant, simulated. */
export interface SimulatedVariant {
  readonly case: VariantCase;
  readonly run: HorizonRun;
  readonly figures: HorizonFigures;
}

/** How a job fared. */
export type JobCourse =
  | {
      readonly kind: "completed";
      readonly mostly: PlacedOn | null;
      readonly configurationCount: number;
      readonly completedAtSeconds: number;
      /** Since submission, or since the horizon's beginning, without GPUs. */
      readonly waitedSeconds: number;
      readonly tardinessSeconds: number;
      readonly rentUsd: number;
      readonly costUsd: number;
    }
  | { readonly kind: "left-out"; readonly reason: string };

/** One job that fared otherwise; changes are null where it is left out of either horizon. */
export interface CourseDifference {
  readonly jobId: JobId;
  readonly from: JobCourse;
  readonly to: JobCourse;
  readonly costChangeUsd: number | null;
  readonly tardinessChangeSeconds: number | null;
  readonly cause: ChangeCause;
  readonly reason: string;
}

/** A horizon beside the first one; changes are this one's minus the first one's. */
export interface HorizonDifference {
  readonly totalCostChangeUsd: number;
  readonly vmCostChangeUsd: number;
  readonly tardinessCostChangeUsd: number;
  readonly tardinessChangeSeconds: number;
  /** Nodes of each VM type at once at most. */
  readonly nodes: readonly NodeDifference[];
  /** Largest change of cost first. */
  readonly jobs: readonly CourseDifference[];
  readonly unchangedJobs: number;
}

/** Jobs whose waiting is looked up in the record: those that changed most. */
const MOST_EXAMINED = 500;
/** Seconds of waiting that are worth a word. */
const WORTH_MENTIONING_SECONDS = 60;

/** What a variant's horizon does otherwise than the first one's. */
export function horizonDifference(first: SimulatedVariant, other: SimulatedVariant): HorizonDifference {
  const ids = [...new Set([...idsOf(first), ...idsOf(other)])].sort(compareIds);
  const pairs = ids.map((jobId) => pairOf(first, other, jobId)).sort(byCostChange);
  const changed = pairs.filter(isChanged);
  const reasonOf = reasonFinder(first, other);
  const { metrics: from } = first.run;
  const { metrics: to } = other.run;
  return {
    totalCostChangeUsd: to.totalCostUsd - from.totalCostUsd,
    vmCostChangeUsd: to.vmCostUsd - from.vmCostUsd,
    tardinessCostChangeUsd: to.tardinessCostUsd - from.tardinessCostUsd,
    tardinessChangeSeconds: to.tardinessSeconds - from.tardinessSeconds,
    nodes: nodeDifferences(mostNodes(first), mostNodes(other)),
    jobs: changed.map((pair, index) => ({
      ...pair,
      ...(index < MOST_EXAMINED
        ? reasonOf(pair)
        : { cause: "not-examined", reason: "not examined: only the largest changes are" }),
    })),
    unchangedJobs: pairs.length - changed.length,
  };
}

const idsOf = ({ figures, case: own }: SimulatedVariant): readonly JobId[] => [
  ...figures.jobs.keys(),
  ...own.leftOut.map(({ jobId }) => jobId),
];

const mostNodes = ({ figures }: SimulatedVariant): Parameters<typeof nodeDifferences>[0] =>
  figures.useByVmType.map(({ vmTypeId, mostNodes: nodes }) => ({ vmTypeId, nodes }));

type Pair = Omit<CourseDifference, "cause" | "reason">;

function pairOf(first: SimulatedVariant, other: SimulatedVariant, jobId: JobId): Pair {
  const from = courseOf(first, jobId);
  const to = courseOf(other, jobId);
  const isInBoth = from.kind === "completed" && to.kind === "completed";
  return {
    jobId,
    from,
    to,
    costChangeUsd: isInBoth ? to.costUsd - from.costUsd : null,
    tardinessChangeSeconds: isInBoth ? to.tardinessSeconds - from.tardinessSeconds : null,
  };
}

function courseOf(simulated: SimulatedVariant, jobId: JobId): JobCourse {
  const job = simulated.figures.jobs.get(jobId);
  const leftOut = simulated.case.leftOut.find((entry) => entry.jobId === jobId);
  if (job === undefined || leftOut !== undefined)
    return { kind: "left-out", reason: leftOut?.reason ?? "is not in the horizon" };
  const { outcome, ...rest } = job;
  if (outcome.completedAtSeconds === null)
    throw new Error(`Job ${jobId} is not complete at the end of its horizon`);
  return {
    kind: "completed",
    mostly: rest.mostly,
    configurationCount: rest.configurationCount,
    completedAtSeconds: outcome.completedAtSeconds,
    waitedSeconds: waitedSeconds(simulated, job, outcome.completedAtSeconds),
    tardinessSeconds: outcome.tardinessSeconds,
    rentUsd: rest.rentUsd,
    costUsd: rest.costUsd,
  };
}

const beginOf = ({ case: own }: SimulatedVariant, { outcome }: JobOverHorizon): number =>
  Math.max(outcome.submittedAtSeconds, own.state.nowSeconds ?? -Infinity);

const waitedSeconds = (
  simulated: SimulatedVariant,
  job: JobOverHorizon,
  completedAtSeconds: number,
): number => Math.max(0, completedAtSeconds - beginOf(simulated, job) - job.outcome.runSeconds);

function isChanged({ from, to, costChangeUsd }: Pair): boolean {
  if (from.kind === "left-out" || to.kind === "left-out") return from.kind !== to.kind;
  const isSamePlace = from.mostly?.vmTypeId === to.mostly?.vmTypeId && from.mostly?.gpus === to.mostly?.gpus;
  return (
    !isSamePlace ||
    !isSameAmount(costChangeUsd ?? 0, 0) ||
    !isSameAmount(from.completedAtSeconds, to.completedAtSeconds)
  );
}

function byCostChange(a: Pair, b: Pair): number {
  const size = ({ costChangeUsd }: Pair): number =>
    costChangeUsd === null ? Infinity : Math.abs(costChangeUsd);
  return size(a) === size(b) ? compareIds(a.jobId, b.jobId) : size(b) - size(a);
}

function reasonFinder(
  first: SimulatedVariant,
  other: SimulatedVariant,
): (pair: Pair) => Pick<CourseDifference, "cause" | "reason"> {
  const cases = {
    first: { case: first.case, planned: everyJob(first.case) },
    other: { case: other.case, planned: everyJob(other.case) },
  };
  const offered = new Set(
    other.case.state.settings.vmTypes.flatMap(({ id, quotaNodes }) => (quotaNodes === 0 ? [] : [id])),
  );
  return ({ jobId, from, to }) => {
    if (to.kind === "left-out") return { cause: "left-out", reason: to.reason };
    if (from.kind === "left-out")
      return { cause: "left-out", reason: `in "${first.case.variant.name}" it ${from.reason}` };
    const configurations = [from.mostly, to.mostly].filter((placed) => placed !== null);
    const gone = from.mostly === null || offered.has(from.mostly.vmTypeId) ? null : from.mostly;
    const data = changedData({ ...cases, jobId, configurations: distinct(configurations) });
    const crowd = crowding({ first, other, jobId, from, to });
    const found: readonly Found[] = [
      ...(gone === null
        ? []
        : [{ cause: "not-offered" as const, words: `${gone.vmTypeId} is not offered in this variant` }]),
      ...(crowd === null ? [] : [crowd]),
      ...data.map(({ kind, words }) => ({ cause: kind, words })),
    ];
    const [main] = found;
    return {
      cause: main?.cause ?? "other-jobs",
      reason: [
        placeWords(from.mostly, to.mostly),
        ...(main === undefined ? [OTHERS] : found.map(({ words }) => words)),
        ...(isSameAmount(from.costUsd, to.costUsd) ? ["costs it the same"] : []),
      ]
        .filter((words) => words !== "")
        .join("; "),
    };
  };
}

interface Found {
  readonly cause: ChangeCause;
  readonly words: string;
}

const OTHERS = "nothing of its own data changed: follows from what other jobs do";

const distinct = (placed: readonly PlacedOn[]): readonly PlacedOn[] => [
  ...new Map(placed.map((one) => [configurationWords(one), one])).values(),
];

function placeWords(from: PlacedOn | null, to: PlacedOn | null): string {
  const [before, after] = [from, to].map((placed) =>
    placed === null ? "nowhere" : configurationWords(placed),
  );
  return before === after ? "" : `ran mostly on ${after ?? ""} instead of ${before ?? ""}`;
}

/** How much longer or shorter a job waited, and for how long all nodes were rented meanwhile; null where it waited about as long. */
function crowding(args: {
  readonly first: SimulatedVariant;
  readonly other: SimulatedVariant;
  readonly jobId: JobId;
  readonly from: JobCourse & { readonly kind: "completed" };
  readonly to: JobCourse & { readonly kind: "completed" };
}): Found | null {
  const longer = args.to.waitedSeconds - args.from.waitedSeconds;
  if (Math.abs(longer) < WORTH_MENTIONING_SECONDS) return null;
  const crowded = longer > 0 ? args.other : args.first;
  const full = secondsWaitedWhileFull(crowded, args.jobId);
  const { maxNodes } = crowded.case.state.settings;
  const where = longer > 0 ? "" : ` in "${args.first.case.variant.name}"`;
  const waits = `waits ${timeWords(Math.abs(longer))} ${longer > 0 ? "longer" : "less"}`;
  return full < WORTH_MENTIONING_SECONDS
    ? {
        cause: "other-jobs",
        words: `${waits}, though nodes were free to be rented`,
      }
    : {
        cause: "node-limit",
        words: `${waits}: ${maxNodes === 1 ? "the only node was" : `all ${maxNodes} nodes were`} rented for ${timeWords(full)} of its waiting${where}`,
      };
}

function secondsWaitedWhileFull(simulated: SimulatedVariant, jobId: JobId): number {
  const { history } = simulated.run;
  const job = simulated.figures.jobs.get(jobId);
  if (job?.outcome.completedAtSeconds == null) return 0;
  const runs = history.runs
    .filter((run) => run.jobId === jobId)
    .sort((a, b) => a.fromSeconds - b.fromSeconds);
  let waitsSince = beginOf(simulated, job);
  let total = 0;
  for (const { fromSeconds, toSeconds } of runs) {
    total += fullSeconds(history, simulated.case.state.settings.maxNodes, {
      fromSeconds: waitsSince,
      toSeconds: fromSeconds,
    });
    waitsSince = toSeconds;
  }
  return total;
}

function fullSeconds(
  { load }: History,
  maxNodes: number,
  { fromSeconds, toSeconds }: { readonly fromSeconds: number; readonly toSeconds: number },
): number {
  if (toSeconds <= fromSeconds) return 0;
  return load.reduce((total, point, index) => {
    if (point.rentedNodes < maxNodes) return total;
    const from = Math.max(fromSeconds, point.atSeconds);
    const to = Math.min(toSeconds, load[index + 1]?.atSeconds ?? point.atSeconds);
    return total + Math.max(0, to - from);
  }, 0);
}

/** All jobs of a case, those to come included, with the durations that decisions count on. */
function everyJob({ state, arrivals, plannedDurations }: VariantCase): ClusterState {
  const toCome = arrivals.map((job): JobState => ({
    id: job.id,
    job: plannedJob(job, plannedDurations),
    status: { kind: "active" },
    completedShare: 0,
    savedShare: 0,
    pace: UNMEASURED_PACE,
    resumesAtSeconds: null,
    spentUsd: 0,
  }));
  return { ...state, jobs: sortedById([...plannedState(state, plannedDurations).jobs, ...toCome]) };
}
