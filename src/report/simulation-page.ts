/** The HTML report of `berth simulate`: figures, cost curves, queues and a Gantt chart for each policy. */
import { secondsToHours } from "../domain/units.ts";
import type { VmType } from "../domain/vm-type.ts";
import type { History, LoadPoint } from "../simulator/history.ts";
import { ganttChart } from "./gantt-chart.ts";
import { htmlPage, htmlTable } from "./html-page.ts";
import { lineChart } from "./line-chart.ts";
import type { SimulationFigures } from "./simulation-view.ts";
import { FIGURE_HEADS, figureCells } from "./simulation-view.ts";
import { escaped } from "./svg.ts";
import { durationText, usdText } from "./text.ts";

/** A simulation with its course. */
export interface RecordedSimulation extends SimulationFigures {
  readonly maxNodes: number;
  readonly vmTypes: readonly VmType[];
  readonly history: History;
}

/** Jobs of the table of each policy at most; the JSON has them all. */
const MAX_JOB_ROWS = 200;

/** The page as text. */
export function simulationPage(simulations: readonly RecordedSimulation[]): string {
  const scenarios = [...new Set(simulations.map((simulation) => simulation.scenarioName))];
  return htmlPage({
    title: `Berth: simulation of ${scenarios.join(", ")}`,
    body: [
      "<h1>Simulation</h1>",
      ...scenarios.flatMap((name) =>
        scenarioSection(
          name,
          simulations.filter((simulation) => simulation.scenarioName === name),
        ),
      ),
    ],
  });
}

function scenarioSection(name: string, simulations: readonly RecordedSimulation[]): readonly string[] {
  const [first] = simulations;
  if (first === undefined) return [];
  const { metrics, durations, maxNodes, seed } = first;
  const least = Math.min(...simulations.map((simulation) => simulation.metrics.totalCostUsd));
  const best = new Set(
    simulations.flatMap((simulation, index) => (simulation.metrics.totalCostUsd === least ? [index] : [])),
  );
  const originSeconds = Math.min(...first.history.jobs.map((job) => job.submittedAtSeconds));
  const over = (valueOf: (point: LoadPoint) => number) =>
    simulations.map(({ policy, history }) => ({
      name: policy,
      points: history.load.map((point) => ({
        x: secondsToHours(point.atSeconds - originSeconds),
        y: valueOf(point),
      })),
    }));
  const chart = { xLabel: "hours since the first submission", shape: "step" } as const;
  return [
    `<h2>${escaped(name)}</h2>`,
    `<p class="about">${first.history.jobs.length} jobs, at most ${maxNodes} nodes, durations ${escaped(durations)}, seed ${seed}. No policy can cost less than ${usdText(metrics.lowerBoundUsd)} USD (clairvoyant fluid bound).</p>`,
    htmlTable(FIGURE_HEADS, simulations.map(figureCells), best),
    lineChart({
      ...chart,
      title: "Cost so far: rent, and tardiness when a job completes",
      yLabel: "USD",
      series: over((point) => point.rentUsd + point.tardinessUsd),
    }),
    lineChart({
      ...chart,
      title: "Jobs that wait",
      yLabel: "jobs",
      series: over((point) => point.waitingJobs),
    }),
    lineChart({
      ...chart,
      title: "Nodes rented",
      yLabel: "nodes",
      series: over((point) => point.rentedNodes),
    }),
    ...simulations.flatMap((simulation) => [
      ganttChart({
        ...simulation,
        originSeconds,
        title: `${simulation.policy}: who runs where (height: GPUs)`,
      }),
      jobTable(simulation, originSeconds),
    ]),
  ];
}

function jobTable({ history, policy }: RecordedSimulation, originSeconds: number): string {
  const since = (atSeconds: number | null): string =>
    atSeconds === null ? "never" : secondsToHours(atSeconds - originSeconds).toFixed(2);
  const rows = history.jobs
    .slice(0, MAX_JOB_ROWS)
    .map((job) => [
      job.jobId,
      since(job.submittedAtSeconds),
      since(job.firstStartAtSeconds),
      since(job.completedAtSeconds),
      since(job.dueAtSeconds),
      job.tardinessSeconds === 0 ? "" : durationText(job.tardinessSeconds),
      job.tardinessCostUsd === 0 ? "" : usdText(job.tardinessCostUsd),
      durationText(job.runSeconds),
      `${job.moves}`,
      `${job.stops}`,
    ]);
  const heads = [
    "job",
    "submitted h",
    "starts h",
    "ends h",
    "due h",
    "tardiness",
    "late USD",
    "on GPUs",
    "moves",
    "stops",
  ];
  return `<details><summary>${escaped(policy)}: ${rows.length} of ${history.jobs.length} jobs</summary>${htmlTable(heads, rows)}</details>`;
}
