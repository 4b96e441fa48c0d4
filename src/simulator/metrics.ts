/** The figures of one simulation. */
import type { ChangeLosses } from "../domain/change-losses.ts";
import type { ClusterState } from "../domain/cluster-state.ts";
import { secondsToHours } from "../domain/units.ts";
import type { History } from "./history.ts";
import { quantile } from "./statistics.ts";

/** Middle, tail and worst of a set of seconds. */
export interface SecondsSummary {
  readonly median: number;
  readonly p95: number;
  readonly max: number;
}

/** What a simulation cost and how it went. */
export interface SimulationMetrics {
  readonly totalCostUsd: number;
  readonly vmCostUsd: number;
  readonly tardinessCostUsd: number;
  /** Of all jobs together. */
  readonly tardinessSeconds: number;
  readonly jobsCompleted: number;
  /** Completed after their due date. */
  readonly jobsLate: number;
  /** Submitted and not complete when the simulation ended. */
  readonly jobsLeft: number;
  readonly events: number;
  readonly decisions: number;
  /** null when decisions were not timed. */
  readonly decisionSeconds: SecondsSummary | null;
  /** From the first submission to the last completion; null while a job is left. */
  readonly makespanSeconds: number | null;
  /** GPU seconds in use over GPU seconds rented; null when nothing was rented. */
  readonly gpuUtilisation: number | null;
  readonly nodeHours: number;
  /** Seconds between submission and completion in which the jobs that completed did not run; null without jobs. */
  readonly queueSeconds: SecondsSummary | null;
  readonly moves: number;
  readonly stops: number;
  /** What moves, stops, boots and early returns of nodes cost; part of vmCostUsd. */
  readonly changeLosses: ChangeLosses;
  /** The clairvoyant fluid bound. */
  readonly lowerBoundUsd: number;
  /** totalCostUsd / lowerBoundUsd; null when the bound is 0. */
  readonly ratioToLowerBound: number | null;
}

/** Figures from a simulation's last state and its history. */
export function metricsOf(state: ClusterState, history: History, lowerBoundUsd: number): SimulationMetrics {
  const { accruedRentUsd, accruedTardinessUsd } = state;
  const totalCostUsd = accruedRentUsd + accruedTardinessUsd;
  const completed = history.jobs.flatMap((job) =>
    job.completedAtSeconds === null ? [] : [{ ...job, completedAtSeconds: job.completedAtSeconds }],
  );
  const first = history.jobs.reduce((least, job) => Math.min(least, job.submittedAtSeconds), Infinity);
  const last = completed.reduce((most, job) => Math.max(most, job.completedAtSeconds), -Infinity);
  const jobsLeft = history.jobs.length - completed.length;
  return {
    totalCostUsd,
    vmCostUsd: accruedRentUsd,
    tardinessCostUsd: accruedTardinessUsd,
    tardinessSeconds: sum(completed.map((job) => job.tardinessSeconds)),
    jobsCompleted: completed.length,
    jobsLate: completed.filter((job) => job.tardinessSeconds > 0).length,
    jobsLeft,
    events: history.eventCount,
    decisions: history.load.length,
    decisionSeconds: summaryOf(history.decisionSeconds),
    makespanSeconds: jobsLeft > 0 || completed.length === 0 ? null : last - first,
    gpuUtilisation: utilisation(history),
    nodeHours: secondsToHours(sum(history.nodes.map((node) => node.toSeconds - node.fromSeconds))),
    queueSeconds: summaryOf(
      completed.map((job) => job.completedAtSeconds - job.submittedAtSeconds - job.runSeconds),
    ),
    moves: sum(history.jobs.map((job) => job.moves)),
    stops: sum(history.jobs.map((job) => job.stops)),
    changeLosses: state.changeLosses,
    lowerBoundUsd,
    ratioToLowerBound: lowerBoundUsd > 0 ? totalCostUsd / lowerBoundUsd : null,
  };
}

function utilisation({ load }: History): number | null {
  let used = 0;
  let rented = 0;
  load.forEach((point, index) => {
    const seconds = (load[index + 1]?.atSeconds ?? point.atSeconds) - point.atSeconds;
    used += point.usedGpus * seconds;
    rented += point.rentedGpus * seconds;
  });
  return rented > 0 ? used / rented : null;
}

function summaryOf(seconds: readonly number[]): SecondsSummary | null {
  if (seconds.length === 0) return null;
  const sorted = [...seconds].sort((a, b) => a - b);
  return { median: quantile(sorted, 0.5), p95: quantile(sorted, 0.95), max: quantile(sorted, 1) };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
