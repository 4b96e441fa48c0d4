/** One simulation from its description to its figures; runs in the caller's thread or in a worker (simulation-worker.ts). */
import { readCsvFile } from "../catalog/csv-file.ts";
import { loadGpuspbScenario } from "../catalog/gpuspb.ts";
import { loadReferenceData } from "../catalog/reference-data.ts";
import { loadScenario } from "../catalog/scenario.ts";
import type { ClusterSettings } from "../domain/cluster-state.ts";
import { jobId, vmTypeId } from "../domain/ids.ts";
import type { Job } from "../domain/job.ts";
import type { VmType } from "../domain/vm-type.ts";
import { millisecondsToSeconds } from "../domain/units.ts";
import type { DecisionMeans } from "../planner/decide.ts";
import type { PolicyName } from "../planner/policy.ts";
import type { ActualSeconds } from "../simulator/actual-durations.ts";
import { asPredicted, measuredDurationsOr, noisyDurations } from "../simulator/actual-durations.ts";
import type { History } from "../simulator/history.ts";
import type { SimulationMetrics } from "../simulator/metrics.ts";
import { simulateScenario } from "../simulator/simulate-scenario.ts";
import { highsSolver } from "../solver/highs-solver.ts";
import type { CostsOfChange } from "./costs-of-change.ts";
import { withCosts } from "./costs-of-change.ts";

/** Where the jobs come from. */
export type ScenarioSource =
  { readonly kind: "scenario"; readonly path: string } | { readonly kind: "gpuspb"; readonly path: string };

/** How long jobs really take. */
export type ActualDurations =
  | { readonly kind: "predicted" }
  | { readonly kind: "noise"; readonly sigma: number }
  | { readonly kind: "file"; readonly path: string };

/** One simulation to run; plain data, so that it can go to a worker. */
export interface SimulationTask {
  readonly source: ScenarioSource;
  readonly policy: PolicyName;
  /** Of the noise, of the rules that draw, and of the solver. */
  readonly seed: number;
  readonly actual: ActualDurations;
  readonly relativeGap: number;
  /** Branch-and-bound nodes of one decision; null is unlimited. */
  readonly maxTreeNodes: number | null;
  /** Replace what the scenario says; missing leaves it. */
  readonly costsOfChange?: CostsOfChange;
  /** Whether decisions know them; missing means they do. */
  readonly weighing?: DecisionMeans["costsOfChange"];
}

/** A simulation that has been run. */
export interface SimulationReport {
  readonly scenarioName: string;
  readonly task: SimulationTask;
  readonly vmTypes: readonly VmType[];
  readonly maxNodes: number;
  readonly metrics: SimulationMetrics;
  readonly history: History;
}

/** Is told how many of the jobs have completed. */
export type ProgressListener = (completedJobs: number, allJobs: number) => void;

/** Runs a simulation; throws InvalidInput when its files cannot be used. */
export async function runSimulation(
  task: SimulationTask,
  onProgress: ProgressListener = () => undefined,
): Promise<SimulationReport> {
  const { name, settings, jobs } = withCosts(loadSource(task.source), task.costsOfChange ?? {});
  const { policy, seed, relativeGap, maxTreeNodes, weighing } = task;
  const solver = highsSolver({ threads: 1 });
  try {
    const simulated = await simulateScenario(
      {
        settings,
        jobs,
        policy,
        seed,
        relativeGap,
        maxTreeNodes,
        actualSeconds: actualDurations(task),
        ...(weighing === undefined ? {} : { weighing }),
      },
      { solver, stopwatch: () => millisecondsToSeconds(performance.now()), onProgress },
    );
    return {
      scenarioName: name,
      task,
      vmTypes: settings.vmTypes,
      maxNodes: settings.maxNodes,
      ...simulated,
    };
  } finally {
    await solver.close();
  }
}

function loadSource(source: ScenarioSource): {
  readonly name: string;
  readonly settings: ClusterSettings;
  readonly jobs: readonly Job[];
} {
  if (source.kind === "scenario") return loadScenario(source.path, loadReferenceData());
  const parts = source.path.split(/[\\/]/).filter((part) => part !== "" && part !== ".");
  return { name: parts.slice(-2).join("/"), ...loadGpuspbScenario(source.path) };
}

function actualDurations({ actual, seed }: SimulationTask): ActualSeconds {
  switch (actual.kind) {
    case "predicted":
      return asPredicted;
    case "noise":
      return noisyDurations({ seed, sigma: actual.sigma });
    case "file":
      return measuredDurationsOr(asPredicted, readMeasured(actual.path));
  }
}

function readMeasured(path: string): Parameters<typeof measuredDurationsOr>[1] {
  const file = readCsvFile(path, ["job", "vmType", "gpus", "actualSeconds"]);
  const rows = file.rows.map((row) => ({
    jobId: jobId(row.text("job")),
    vmTypeId: vmTypeId(row.text("vmType")),
    gpus: row.wholeNumber("gpus", 1),
    actualSeconds: row.number("actualSeconds", Number.MIN_VALUE),
  }));
  file.check();
  return rows;
}

/** Reads everything that a task needs and forgets it; throws InvalidInput when something cannot be used. */
export function checkTask(task: SimulationTask): void {
  loadSource(task.source);
  actualDurations(task);
}
