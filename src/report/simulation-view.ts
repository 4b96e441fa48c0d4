/** Figures of a simulation as JSON, and as a table for people. */
import { lossesUsd } from "../domain/change-losses.ts";
import type { SimulationMetrics, SecondsSummary } from "../simulator/metrics.ts";
import { secondsToMilliseconds } from "../domain/units.ts";
import { changeLossesText } from "./change-losses-view.ts";
import { durationText, tableText, usdText } from "./text.ts";

/** One simulation as the reports know it. */
export interface SimulationFigures {
  readonly scenarioName: string;
  readonly policy: string;
  readonly seed: number;
  /** For people, for example "as predicted" or "noise 0.2". */
  readonly durations: string;
  readonly metrics: SimulationMetrics;
}

/** The JSON of `berth simulate --json`. */
export type SimulationView = SimulationMetrics &
  Omit<SimulationFigures, "metrics" | "scenarioName"> & {
    readonly scenario: string;
  };

/** The figures as one flat JSON object; the policy comes first. */
export function simulationView({
  scenarioName,
  metrics,
  policy,
  seed,
  durations,
}: SimulationFigures): SimulationView {
  return { policy, scenario: scenarioName, ...metrics, seed, durations };
}

/** Column heads of the table of simulations. */
export const FIGURE_HEADS = [
  "policy",
  "total USD",
  "VM USD",
  "late USD",
  "tardiness",
  "late jobs",
  "completed",
  "× bound",
  "GPUs used",
  "waits p50",
  "moves",
  "stops",
  "changes USD",
  "events",
  "decision ms p50 / p95 / max",
] as const;

/** The figures as cells, in the order of the heads. */
export function figureCells({ policy, metrics }: SimulationFigures): readonly string[] {
  return [
    policy,
    usdText(metrics.totalCostUsd),
    usdText(metrics.vmCostUsd),
    usdText(metrics.tardinessCostUsd),
    secondsText(metrics.tardinessSeconds),
    `${metrics.jobsLate}`,
    `${metrics.jobsCompleted}`,
    metrics.ratioToLowerBound?.toFixed(3) ?? "?",
    metrics.gpuUtilisation === null ? "?" : `${Math.round(metrics.gpuUtilisation * 100)} %`,
    metrics.queueSeconds === null ? "?" : secondsText(metrics.queueSeconds.median),
    `${metrics.moves}`,
    `${metrics.stops}`,
    usdText(lossesUsd(metrics.changeLosses)),
    `${metrics.events}`,
    metrics.decisionSeconds === null ? "not timed" : decisionText(metrics.decisionSeconds),
  ];
}

/** One table for each scenario, its simulations beside each other. */
export function simulationsText(simulations: readonly SimulationFigures[]): string {
  const scenarios = [...new Set(simulations.map((figures) => figures.scenarioName))];
  return scenarios
    .map((scenario) => {
      const own = simulations.filter((figures) => figures.scenarioName === scenario);
      const bound = own[0]?.metrics.lowerBoundUsd ?? 0;
      return [
        `${scenario}: durations ${own[0]?.durations ?? ""}; no policy can cost less than ${usdText(bound)} USD.`,
        tableText(FIGURE_HEADS, own.map(figureCells)),
        ...own.flatMap(({ policy, metrics }) => {
          const text = changeLossesText(metrics.changeLosses);
          return text === null ? [] : [`${policy}: ${text}`];
        }),
      ].join("\n");
    })
    .join("\n\n");
}

const decisionText = ({ median, p95, max }: SecondsSummary): string =>
  [median, p95, max]
    .map((seconds) => secondsToMilliseconds(seconds).toFixed(seconds < 0.01 ? 1 : 0))
    .join(" / ");

/** Rounding leaves some of a job's seconds unaccounted for; less than one is none. */
const secondsText = (seconds: number): string => (seconds < 1 ? "0" : durationText(seconds));
