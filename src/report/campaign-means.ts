/** What a campaign's runs come to: means of each policy on each size and load, over its seeds. */
import type { PolicyName } from "../planner/policy.ts";
import type { SimulationMetrics } from "../simulator/metrics.ts";
import { meanWithInterval } from "../simulator/statistics.ts";

/** One run of a campaign with the figures that its report needs. */
export interface CampaignRun {
  readonly scenario: string;
  readonly nodes: number;
  readonly lambdaSeconds: number;
  readonly seed: number;
  readonly policy: PolicyName;
  readonly metrics: Pick<
    SimulationMetrics,
    | "totalCostUsd"
    | "vmCostUsd"
    | "tardinessCostUsd"
    | "tardinessSeconds"
    | "jobsCompleted"
    | "lowerBoundUsd"
    | "moves"
    | "stops"
    | "decisionSeconds"
  >;
}

/** The runs of one policy on one size and load: how many, and their means. */
export interface CampaignMean {
  readonly nodes: number;
  readonly lambdaSeconds: number;
  readonly policy: PolicyName;
  readonly runCount: number;
  readonly totalCostUsd: number;
  /** Half width of the 95 % confidence interval; null for a single run. */
  readonly totalCostHalfWidthUsd: number | null;
  readonly vmCostUsd: number;
  readonly tardinessCostUsd: number;
  readonly tardinessSecondsPerJob: number;
  /** Cost over the clairvoyant bound; null where a bound is 0. */
  readonly ratioToLowerBound: number | null;
  /** Share of its cost that the best policy on this size and load saves; 0 for the best itself. */
  readonly savedByBestShare: number;
  /** 95th percentile of a run's decisions; null where one was not timed. */
  readonly decisionP95Seconds: number | null;
}

/** Loads upwards, of each the sizes upwards, of each the policies in the order of the runs. */
export function campaignMeans(runs: readonly CampaignRun[]): readonly CampaignMean[] {
  const policies = [...new Set(runs.map((run) => run.policy))];
  return sortedNumbers(runs.map((run) => run.lambdaSeconds)).flatMap((lambdaSeconds) =>
    sortedNumbers(runs.map((run) => run.nodes)).flatMap((nodes) => {
      const ofScenario = runs.filter((run) => run.nodes === nodes && run.lambdaSeconds === lambdaSeconds);
      const ofPolicies = policies
        .map((policy) => ofScenario.filter((run) => run.policy === policy))
        .filter((own) => own.length > 0);
      const bestUsd = Math.min(...ofPolicies.map((own) => mean(own, ({ metrics }) => metrics.totalCostUsd)));
      return ofPolicies.flatMap((own) => meanOf(own, bestUsd));
    }),
  );
}

function meanOf(runs: readonly CampaignRun[], bestUsd: number): readonly CampaignMean[] {
  const [first] = runs;
  if (first === undefined) return [];
  const { nodes, lambdaSeconds, policy } = first;
  const total = meanWithInterval(runs.map(({ metrics }) => metrics.totalCostUsd));
  const ratio = ({ metrics }: CampaignRun): number | null =>
    metrics.lowerBoundUsd > 0 ? metrics.totalCostUsd / metrics.lowerBoundUsd : null;
  return [
    {
      nodes,
      lambdaSeconds,
      policy,
      runCount: runs.length,
      totalCostUsd: total.mean,
      totalCostHalfWidthUsd: total.halfWidth,
      vmCostUsd: mean(runs, ({ metrics }) => metrics.vmCostUsd),
      tardinessCostUsd: mean(runs, ({ metrics }) => metrics.tardinessCostUsd),
      tardinessSecondsPerJob: mean(
        runs,
        ({ metrics }) => metrics.tardinessSeconds / Math.max(1, metrics.jobsCompleted),
      ),
      ratioToLowerBound: knownMean(runs.map(ratio)),
      savedByBestShare: total.mean > 0 ? 1 - bestUsd / total.mean : 0,
      decisionP95Seconds: knownMean(runs.map(({ metrics }) => metrics.decisionSeconds?.p95 ?? null)),
    },
  ];
}

/** Each number once, upwards. */
export const sortedNumbers = (values: readonly number[]): readonly number[] =>
  [...new Set(values)].sort((a, b) => a - b);

const mean = (runs: readonly CampaignRun[], valueOf: (run: CampaignRun) => number): number =>
  runs.reduce((total, run) => total + valueOf(run), 0) / runs.length;

/** null where one is unknown. */
function knownMean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length < values.length
    ? null
    : known.reduce((total, value) => total + value, 0) / known.length;
}
