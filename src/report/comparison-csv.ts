/** A comparison as CSV (RFC 4180): one row a variant, one row a difference, and one row a marginal value. Empty cells are unknown or do not apply. */
import { raiseWords } from "./budget-raise-view.ts";
import type { ComparisonView } from "./comparison-view.ts";
import type { CsvRow } from "./csv-text.ts";
import { csvText } from "./csv-text.ts";
import type { DecisionComparisonView } from "./decision-comparison-view.ts";
import type { HorizonComparisonView } from "./horizon-comparison-view.ts";

/** One row for each variant. */
export function comparisonCsv(view: ComparisonView): string {
  return csvText(view.mode === "decision" ? view.variants.map(decisionRow) : view.variants.map(horizonRow));
}

/** One row for each job and VM type that is otherwise than in the first variant; only a header when there is none. */
export function differencesCsv(view: ComparisonView): string {
  const rows =
    view.mode === "decision" ? view.variants.flatMap(decisionLines) : view.variants.flatMap(horizonLines);
  return csvText(rows, Object.keys(lineOf({ variant: "", kind: "job", id: "", from: "", to: "" })));
}

/**
 * One row for each limit of which one more was asked for, of every variant or, over horizons, of the first, and one for each raise of a job's budget that makes a better
 * plan possible; only a header when nobody asked.
 */
export function marginalValuesCsv(view: ComparisonView): string {
  return view.mode === "decision"
    ? csvText(view.variants.flatMap(decisionMarginals), [...LIMIT_HEADS, ...DECISION_MARGINAL_HEADS])
    : csvText(horizonMarginals(view), [...LIMIT_HEADS, ...HORIZON_MARGINAL_HEADS]);
}

type DecidedView = DecisionComparisonView["variants"][number];
type SimulatedView = HorizonComparisonView["variants"][number];

const decisionRow = (variant: DecidedView): CsvRow => ({
  ...namesOf(variant),
  totalCostUsd: variant.cost.totalUsd,
  rentUsd: variant.cost.rentUsd,
  tardinessCostUsd: variant.cost.tardinessUsd,
  waitingCostUsd: variant.cost.waitingUsd,
  rentPerHourUsd: variant.cost.rentPerHourUsd,
  tardinessSeconds: variant.tardinessSeconds,
  tardinessSecondsAtP90: variant.atP90.tardinessSeconds,
  tardinessCostAtP90Usd: variant.atP90.tardinessUsd,
  lateJobs: variant.lateJobs,
  runningJobs: variant.runningJobs,
  waitingJobs: variant.waitingJobs,
  gpuUtilisation: variant.gpuUtilisation,
  vmMix: variant.vmMix.map(({ vmType, nodes }) => `${nodes} ${vmType}`).join(" "),
  objectiveName: variant.proof.objectiveName,
  objectiveUnit: variant.proof.unit,
  objective: variant.proof.objective,
  bound: variant.proof.bound,
  gap: variant.proof.gap,
  stopReason: variant.proof.stopReason,
  objectiveComparable: variant.objectiveComparable,
  gainAtFirstWorthsPerHourUsd: variant.gainAtFirstWorthsPerHourUsd,
});

const horizonRow = (variant: SimulatedView): CsvRow => ({
  ...namesOf(variant),
  totalCostUsd: variant.cost.totalUsd,
  rentUsd: variant.cost.rentUsd,
  tardinessCostUsd: variant.cost.tardinessUsd,
  lowerBoundUsd: variant.cost.lowerBoundUsd,
  ratioToLowerBound: variant.cost.ratioToLowerBound,
  tardinessSeconds: variant.tardinessSeconds,
  lateJobs: variant.lateJobs,
  completedJobs: variant.completedJobs,
  gpuUtilisation: variant.gpuUtilisation,
  vmMixNodeHours: variant.vmMix.map(({ vmType, nodeHours }) => `${nodeHours.toFixed(3)} ${vmType}`).join(" "),
  largestGap: variant.largestGap,
  makespanSeconds: variant.makespanSeconds,
  decisions: variant.decisions,
  moves: variant.moves,
  stops: variant.stops,
});

const namesOf = (variant: DecidedView | SimulatedView): CsvRow => ({
  variant: variant.name,
  changes: variant.changes.join("; "),
  policy: variant.policy,
  durations: variant.durations,
  leftOutJobs: variant.leftOutJobs.length,
});

interface Line {
  readonly variant: string;
  readonly kind: "job" | "nodes";
  readonly id: string;
  readonly from: string | number;
  readonly to: string | number;
  readonly costChangeUsd?: number | null;
  readonly tardinessChangeSeconds?: number | null;
  readonly cause?: string;
  readonly reason?: string;
}

const lineOf = ({ costChangeUsd, tardinessChangeSeconds, cause, reason, ...rest }: Line): CsvRow => ({
  ...rest,
  costChangeUsd: costChangeUsd ?? null,
  tardinessChangeSeconds: tardinessChangeSeconds ?? null,
  cause: cause ?? null,
  reason: reason ?? null,
});

function decisionLines({ name, difference }: DecidedView): readonly CsvRow[] {
  if (difference === null) return [];
  const jobs = difference.jobs.map(({ jobId, from, to, ...job }) =>
    lineOf({ ...jobLine(name, job), id: jobId, from: situationWords(from), to: situationWords(to) }),
  );
  return [...jobs, ...nodeLines(name, difference.nodes)];
}

function horizonLines({ name, difference }: SimulatedView): readonly CsvRow[] {
  if (difference === null) return [];
  const jobs = difference.jobs.map(({ jobId, from, to, ...job }) =>
    lineOf({ ...jobLine(name, job), id: jobId, from: courseWords(from), to: courseWords(to) }),
  );
  return [...jobs, ...nodeLines(name, difference.nodes)];
}

const jobLine = (
  variant: string,
  {
    costChangeUsd,
    tardinessChangeSeconds,
    cause,
    reason,
  }: Pick<Required<Line>, "costChangeUsd" | "tardinessChangeSeconds" | "cause" | "reason">,
): Omit<Line, "id" | "from" | "to"> => ({
  variant,
  kind: "job",
  costChangeUsd,
  tardinessChangeSeconds,
  cause,
  reason,
});

const nodeLines = (
  variant: string,
  nodes: NonNullable<DecidedView["difference"]>["nodes"],
): readonly CsvRow[] =>
  nodes.map(({ vmType, from, to }) => lineOf({ variant, kind: "nodes", id: vmType, from, to }));

const LIMIT_HEADS = [
  "variant",
  "limitId",
  "kind",
  "vmType",
  "words",
  "amount",
  "amountUnit",
  "isUsedUp",
] as const;
const DECISION_MARGINAL_HEADS = [
  "dualPrice",
  "resolvedGain",
  "gainUncertainty",
  "unit",
  "remark",
] as const satisfies readonly (keyof NonNullable<DecidedView["marginalValues"]>[number])[];
const HORIZON_MARGINAL_HEADS = [
  "priceSumUsd",
  "totalCostChangeUsd",
  "tardinessChangeSeconds",
] as const satisfies readonly (keyof NonNullable<HorizonComparisonView["marginalValues"]>[number])[];

const decisionMarginals = ({ name, marginalValues, budgetRaises }: DecidedView): readonly CsvRow[] => [
  ...(marginalValues ?? []).map((value) => ({ variant: name, ...value })),
  ...(budgetRaises?.raises ?? []).map((raise) => ({
    variant: name,
    limitId: `budget-usd ${raise.jobId}`,
    kind: "job-budget",
    words: raiseWords(raise),
    amount: raise.budgetUsd,
    amountUnit: "USD",
    isUsedUp: true,
    resolvedGain: raise.gain,
    gainUncertainty: raise.gainUncertainty,
    unit: raise.unit,
    remark: `Without any budget the gain would be ${raise.unlimitedGain}.`,
  })),
];

const horizonMarginals = ({ variants, marginalValues }: HorizonComparisonView): readonly CsvRow[] =>
  (marginalValues ?? []).map((value) => ({ variant: variants[0]?.name ?? "", ...value }));

/** A job's place in a few words, as tables show it too. */
export function situationWords(
  situation: NonNullable<DecidedView["difference"]>["jobs"][number]["from"],
): string {
  switch (situation.kind) {
    case "running":
      return `${situation.gpus} × ${situation.vmType}`;
    case "waiting":
      return "waits";
    case "left-out":
      return "left out";
  }
}

/** Where a job ran over a horizon in a few words, as tables show it too. */
export function courseWords(
  course: NonNullable<SimulatedView["difference"]>["jobs"][number]["from"],
): string {
  if (course.kind === "left-out") return "left out";
  const more = course.configurationCount > 1 ? ` and ${course.configurationCount - 1} more` : "";
  return course.mostly === null ? "never ran" : `${course.mostly.gpus} × ${course.mostly.vmType}${more}`;
}
