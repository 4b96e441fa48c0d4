/** A comparison as tables for people: the variants beside each other, then what each does otherwise than the first, then marginal values. */
import { courseWords, situationWords } from "./comparison-csv.ts";
import type { ComparisonView } from "./comparison-view.ts";
import type { DecisionComparisonView } from "./decision-comparison-view.ts";
import type { HorizonComparisonView } from "./horizon-comparison-view.ts";
import { alignedTable } from "./aligned-table.ts";
import { budgetRaisesText } from "./budget-raise-view.ts";
import { durationText, usdText } from "./text.ts";

/** The comparison as text; `mostJobs` lines of each variant's differences at most. */
export function comparisonText(view: ComparisonView, mostJobs: number): string {
  return view.mode === "decision" ? decisionText(view, mostJobs) : horizonText(view, mostJobs);
}

type DecidedView = DecisionComparisonView["variants"][number];
type SimulatedView = HorizonComparisonView["variants"][number];

function decisionText(
  { decidedAt, comparability, variants }: DecisionComparisonView,
  mostJobs: number,
): string {
  return [
    `One decision at ${decidedAt} under ${variants.length} variants, on copies. ≥: a job waits, and counts with what it costs at the least.`,
    alignedTable(
      [
        ["variant", "left"],
        ["cost USD", "right"],
        ["rent", "right"],
        ["late", "right"],
        ["waiting", "right"],
        ["USD/h", "right"],
        ["tardiness", "right"],
        ["late at P90", "right"],
        ["run / wait", "right"],
        ["GPUs used", "right"],
        ["VM mix", "left"],
        ["objective", "right"],
        ["gap", "right"],
        ["gain USD/h *", "right"],
      ],
      variants.map((variant) => [
        variant.name,
        `${variant.waitingJobs > 0 ? "≥ " : ""}${usdText(variant.cost.totalUsd)}`,
        usdText(variant.cost.rentUsd),
        usdText(variant.cost.tardinessUsd),
        variant.waitingJobs > 0 ? `≥ ${usdText(variant.cost.waitingUsd)}` : "–",
        usdText(variant.cost.rentPerHourUsd),
        secondsText(variant.tardinessSeconds),
        usdText(variant.atP90.tardinessUsd),
        `${variant.runningJobs} / ${variant.waitingJobs}`,
        percentText(variant.gpuUtilisation),
        variant.vmMix.map(({ vmType, nodes }) => `${nodes} × ${vmType}`).join(", "),
        `${variant.proof.objective.toPrecision(5)}${variant.objectiveComparable ? "" : " †"}`,
        gapText(variant.proof.gap),
        variant.gainAtFirstWorthsPerHourUsd.toFixed(3),
      ]),
    ),
    `* worth of an hour's work at the worths of "${variants[0]?.name ?? ""}", minus rent; † measures something else than the first. ${comparability}`,
    ...variants.flatMap((variant) => [
      ...sectionOf(variant),
      ...(variant.difference === null ? [] : decisionDifferenceText(variant.difference, mostJobs)),
      ...(variant.marginalValues === null ? [] : [marginalTable(variant.marginalValues)]),
      ...(variant.budgetRaises === null ? [] : budgetRaisesText(variant.budgetRaises)),
    ]),
  ].join("\n");
}

function horizonText(
  { comparability, variants, marginalValues }: HorizonComparisonView,
  mostJobs: number,
): string {
  return [
    `${variants.length} variants, simulated on copies until every job has completed. ${comparability}`,
    alignedTable(
      [
        ["variant", "left"],
        ["cost USD", "right"],
        ["rent", "right"],
        ["late", "right"],
        ["× bound", "right"],
        ["tardiness", "right"],
        ["late jobs", "right"],
        ["completed", "right"],
        ["GPUs used", "right"],
        ["VM mix, node hours", "left"],
        ["largest gap", "right"],
        ["makespan", "right"],
        ["moves", "right"],
      ],
      variants.map((variant) => [
        variant.name,
        usdText(variant.cost.totalUsd),
        usdText(variant.cost.rentUsd),
        usdText(variant.cost.tardinessUsd),
        variant.cost.ratioToLowerBound?.toFixed(3) ?? "?",
        secondsText(variant.tardinessSeconds),
        `${variant.lateJobs}`,
        `${variant.completedJobs}`,
        percentText(variant.gpuUtilisation),
        variant.vmMix.map(({ vmType, nodeHours }) => `${nodeHours.toFixed(2)} ${vmType}`).join(", "),
        gapText(variant.largestGap),
        variant.makespanSeconds === null ? "–" : durationText(variant.makespanSeconds),
        `${variant.moves}`,
      ]),
    ),
    ...variants.flatMap((variant) => [
      ...sectionOf(variant),
      ...(variant.difference === null ? [] : horizonDifferenceText(variant.difference, mostJobs)),
    ]),
    ...(marginalValues === null ? [] : horizonMarginalText(marginalValues, variants[0]?.name ?? "")),
  ].join("\n");
}

/** A heading with what the variant changes, its notes and the jobs that it leaves out. */
function sectionOf(variant: DecidedView | SimulatedView): readonly string[] {
  const { name, changes, notes, leftOutJobs } = variant;
  return [
    "",
    changes.length === 0
      ? `"${name}": nothing is changed.`
      : `"${name}"${changes.join("; ") === name ? "" : `: ${changes.join("; ")}`}`,
    ...notes,
    ...leftOutJobs.map(({ jobId, reason }) => `  ${jobId} is left out: ${reason}.`),
  ];
}

function decisionDifferenceText(
  { nodes, jobs, unchangedJobs, ...sums }: NonNullable<DecidedView["difference"]>,
  mostJobs: number,
): readonly string[] {
  return [
    `Cost ${usdChange(sums.totalCostChangeUsd)} USD, tardiness ${secondsChange(sums.tardinessChangeSeconds)}, rent ${usdChange(sums.rentPerHourChangeUsd)} USD/h.`,
    ...nodesText(nodes),
    ...jobsText(
      jobs.map((job) => ({ ...job, before: situationWords(job.from), after: situationWords(job.to) })),
      { unchangedJobs, mostJobs },
    ),
  ];
}

function horizonDifferenceText(
  { nodes, jobs, unchangedJobs, ...sums }: NonNullable<SimulatedView["difference"]>,
  mostJobs: number,
): readonly string[] {
  return [
    `Cost ${usdChange(sums.totalCostChangeUsd)} USD (rent ${usdChange(sums.vmCostChangeUsd)}, tardiness ${usdChange(sums.tardinessCostChangeUsd)}), tardiness ${secondsChange(sums.tardinessChangeSeconds)}.`,
    ...nodesText(nodes),
    ...jobsText(
      jobs.map((job) => ({ ...job, before: courseWords(job.from), after: courseWords(job.to) })),
      { unchangedJobs, mostJobs },
    ),
  ];
}

const nodesText = (nodes: NonNullable<DecidedView["difference"]>["nodes"]): readonly string[] =>
  nodes.length === 0
    ? []
    : [`Nodes: ${nodes.map(({ vmType, from, to }) => `${vmType} ${from} → ${to}`).join(", ")}.`];

interface JobLine {
  readonly jobId: string;
  readonly before: string;
  readonly after: string;
  readonly costChangeUsd: number | null;
  readonly tardinessChangeSeconds: number | null;
  readonly reason: string;
}

function jobsText(
  jobs: readonly JobLine[],
  { unchangedJobs, mostJobs }: { readonly unchangedJobs: number; readonly mostJobs: number },
): readonly string[] {
  const hidden = jobs.length - mostJobs;
  const same = `${unchangedJobs} job${unchangedJobs === 1 ? "" : "s"} as before.`;
  if (jobs.length === 0) return [same];
  return [
    alignedTable(
      [
        ["job", "left"],
        ["from", "left"],
        ["to", "left"],
        ["cost USD", "right"],
        ["tardiness", "right"],
      ],
      jobs
        .slice(0, mostJobs)
        .map(({ jobId, before, after, costChangeUsd, tardinessChangeSeconds }) => [
          jobId,
          before,
          after,
          costChangeUsd === null ? "–" : usdChange(costChangeUsd),
          tardinessChangeSeconds === null ? "–" : secondsChange(tardinessChangeSeconds),
        ]),
    ),
    ...jobs.slice(0, mostJobs).map(({ jobId, reason }) => `  ${jobId}: ${reason}.`),
    ...(hidden > 0 ? [`… and ${hidden} more (--json and --csv list all)`] : []),
    same,
  ];
}

function marginalTable(values: NonNullable<DecidedView["marginalValues"]>): string {
  return [
    alignedTable(
      [
        ["what it would be worth", "left"],
        ["limit", "right"],
        ["used up", "left"],
        ["dual price", "right"],
        ["decided again", "right"],
        ["±", "right"],
        ["unit", "left"],
      ],
      values.map((value) => [
        value.words,
        limitText(value),
        value.isUsedUp ? "yes" : "no",
        value.dualPrice === null ? "none" : amountText(value.dualPrice),
        amountText(value.resolvedGain),
        value.gainUncertainty === null ? "?" : amountText(value.gainUncertainty),
        value.unit,
      ]),
    ),
    ...values.map(({ words, remark }) => `  ${words}: ${remark}`),
  ].join("\n");
}

function horizonMarginalText(
  values: NonNullable<HorizonComparisonView["marginalValues"]>,
  first: string,
): readonly string[] {
  return [
    "",
    `One more of each limit of "${first}", simulated again. * dual price times hours over all decisions: progress value, not cost.`,
    alignedTable(
      [
        ["what", "left"],
        ["limit", "right"],
        ["used up", "left"],
        ["dual prices USD *", "right"],
        ["cost USD", "right"],
        ["tardiness", "right"],
      ],
      values.map((value) => [
        value.words,
        limitText(value),
        value.isUsedUp ? "yes" : "never",
        value.priceSumUsd === null ? "none" : usdText(value.priceSumUsd),
        usdChange(value.totalCostChangeUsd),
        secondsChange(value.tardinessChangeSeconds),
      ]),
    ),
  ];
}

const limitText = ({
  amount,
  amountUnit,
}:
  | NonNullable<DecidedView["marginalValues"]>[number]
  | NonNullable<HorizonComparisonView["marginalValues"]>[number]): string =>
  amountUnit === "nodes" ? `${amount}` : `${amount} ${amountUnit}`;
const amountText = (amount: number): string => (amount === 0 ? "0" : amount.toPrecision(4));
const percentText = (share: number | null): string => (share === null ? "–" : `${Math.round(share * 100)} %`);
const gapText = (gap: number | null): string => (gap === null ? "?" : `${(gap * 100).toPrecision(2)} %`);
const secondsText = (seconds: number): string => (seconds < 1 ? "0" : durationText(seconds));
const signOf = (value: number): string => (value < 0 ? "−" : "+");
const usdChange = (usd: number): string =>
  Math.abs(usd) < 5e-7 ? "0" : `${signOf(usd)}${usdText(Math.abs(usd))}`;
const secondsChange = (seconds: number): string =>
  Math.abs(seconds) < 1 ? "0" : `${signOf(seconds)}${durationText(Math.abs(seconds))}`;
