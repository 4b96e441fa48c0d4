/**
 * GPU priority assignment, reproduced: the slides' arithmetic on their nine MLPerf benchmarks, and the same workload as a scenario under policies.
 * Run with `npm run bench:gpu-priority`.
 */
import { shippedScenarioPath, loadReferenceData } from "../src/catalog/reference-data.ts";
import { loadScenario } from "../src/catalog/scenario.ts";
import { runSimulations } from "../src/cli/simulation-pool.ts";
import { rentUsd, tardinessCostUsd } from "../src/domain/cost.ts";
import type { Job } from "../src/domain/job.ts";
import { durationText, tableText, usdText } from "../src/report/text.ts";
import type { PolicyName } from "../src/planner/policy.ts";
import type { AssignmentFigures, BenchmarkTimes } from "../src/simulator/gpu-priority.ts";
import {
  bySensitivity,
  change,
  evenAssignment,
  priorityAssignment,
  sensitivity,
} from "../src/simulator/gpu-priority.ts";

const OLD = "Standard_NC6s_v2";
const NEW = "Standard_NC6s_v3";
const ON_NEW = 4;

/** The slide's last table: jobs, priority, evenly, in h:min:s, and the reduction that it prints. */
const SLIDE_ROWS = [
  ["200", "74:30:00", "81:11:27", 8.241],
  ["400", "149:00:00", "162:22:54", 8.241],
  ["600", "223:30:00", "243:34:21", 8.241],
  ["800", "298:00:00", "324:45:48", 8.241],
  ["1000", "372:30:00", "405:57:15", 8.241],
  ["10000", "3724:42:00", "4509:32:33", 8.248],
  ["10000, digits transposed back", "3724:42:00", "4059:32:33", 8.248],
] as const;

const scenario = loadScenario(shippedScenarioPath("mlperf-p100-v100"), loadReferenceData());
const benchmarks = benchmarkTimes(scenario.jobs);

console.log("Benchmarks by sensitivity (time on V100 over time on P100):");
console.log(
  tableText(
    ["benchmark", "P100", "V100", "V100 / P100", "by priority on"],
    bySensitivity(benchmarks).map((row, rank) => [
      row.name,
      durationText(row.oldSeconds),
      durationText(row.newSeconds),
      sensitivity(row).toFixed(3),
      rank < ON_NEW ? "V100" : "P100",
    ]),
  ),
);

console.log("\nOne job of each benchmark, equal pools, against half and half:");
const even = evenAssignment(benchmarks);
console.log(
  tableText(
    ["assignment", "GPU-time", "change", "makespan", "change"],
    [
      figureRow("evenly", even),
      ...[3, 4, 5].map((onNew) => figureRow(`top ${onNew} on V100`, priorityAssignment(benchmarks, onNew))),
    ],
  ),
);

console.log("\nThe slide's own rows, recomputed:");
console.log(
  tableText(
    ["jobs", "priority", "evenly", "slide says %", "it is %"],
    SLIDE_ROWS.map(([jobs, priority, evenly, says]) => [
      jobs,
      priority,
      evenly,
      says.toFixed(3),
      ((1 - secondsOf(priority) / secondsOf(evenly)) * 100).toFixed(3),
    ]),
  ),
);

console.log(
  "\nThe scenario mlperf-p100-v100: ten jobs of each, ten machines of each kind, whole jobs, prices of 2022:",
);
const policies: readonly PolicyName[] = ["progress-value", "greedy", "edf"];
const reports = await runSimulations(
  policies.map((policy) => ({
    source: { kind: "scenario", path: shippedScenarioPath("mlperf-p100-v100") },
    policy,
    seed: 1,
    actual: { kind: "predicted" },
    relativeGap: 1e-4,
    maxTreeNodes: 2000,
  })),
);
console.log(
  tableText(
    ["how", "GPU-hours", "makespan", "rent USD", "late USD", "total USD"],
    [
      listRow("evenly", (_, index) => index % 2 === 0),
      listRow("by priority, top 4 on V100", (job) =>
        bySensitivity(benchmarks)
          .slice(0, ON_NEW)
          .some((row) => row.name === nameOf(job)),
      ),
      ...reports.map(({ task, metrics }) => [
        task.policy,
        metrics.nodeHours.toFixed(1),
        metrics.makespanSeconds === null ? "?" : durationText(metrics.makespanSeconds),
        usdText(metrics.vmCostUsd),
        usdText(metrics.tardinessCostUsd),
        usdText(metrics.totalCostUsd),
      ]),
    ],
  ),
);

function figureRow(name: string, figures: AssignmentFigures): readonly string[] {
  const percent = (figure: keyof AssignmentFigures): string =>
    `${(change(figure, figures, even) * 100).toFixed(2)} %`;
  return [
    name,
    durationText(figures.gpuSeconds),
    percent("gpuSeconds"),
    durationText(figures.makespanSeconds),
    percent("makespanSeconds"),
  ];
}

/** A fixed assignment run by hand: on its pool, each job in turn, longest first, takes the machine that is free first. */
function listRow(name: string, isOnNew: (job: Job, index: number) => boolean): readonly string[] {
  const pools = new Map(
    [OLD, NEW].map((id) => [id, scenario.settings.vmTypes.find((vmType) => vmType.id === id)]),
  );
  const assigned = scenario.jobs.map((job, index) => {
    const vmTypeId = isOnNew(job, index) ? NEW : OLD;
    const durationSeconds =
      job.durations.entries.find((entry) => entry.vmTypeId === vmTypeId)?.durationSeconds ?? NaN;
    return { job, vmTypeId, durationSeconds };
  });
  let gpuSeconds = 0;
  let makespan = 0;
  let rent = 0;
  let late = 0;
  for (const [id, vmType] of pools) {
    if (vmType === undefined) throw new Error(`The scenario has no ${id}`);
    const freeAt = Array.from({ length: vmType.quotaNodes ?? 0 }, () => 0);
    const own = assigned
      .filter((row) => row.vmTypeId === id)
      .sort((a, b) => b.durationSeconds - a.durationSeconds);
    for (const { job, durationSeconds } of own) {
      const machine = freeAt.indexOf(Math.min(...freeAt));
      const end = (freeAt[machine] ?? 0) + durationSeconds;
      freeAt[machine] = end;
      gpuSeconds += durationSeconds;
      makespan = Math.max(makespan, end);
      rent += rentUsd({ pricePerHourUsd: vmType.pricePerHourUsd, durationSeconds });
      late += tardinessCostUsd({ ...job, completionAtSeconds: job.submittedAtSeconds + end });
    }
  }
  return [
    name,
    (gpuSeconds / 3600).toFixed(1),
    durationText(makespan),
    usdText(rent),
    usdText(late),
    usdText(rent + late),
  ];
}

function benchmarkTimes(jobs: readonly Job[]): readonly BenchmarkTimes[] {
  const first = new Map(jobs.map((job) => [nameOf(job), job]));
  const secondsOn = (job: Job, id: string): number =>
    job.durations.entries.find((entry) => entry.vmTypeId === id)?.durationSeconds ?? NaN;
  return [...first].map(([name, job]) => ({
    name,
    oldSeconds: secondsOn(job, OLD),
    newSeconds: secondsOn(job, NEW),
  }));
}

function nameOf(job: Job): string {
  return job.id.split("-")[0] ?? job.id;
}

function secondsOf(text: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = text.split(":").map(Number);
  return hours * 3600 + minutes * 60 + seconds;
}
