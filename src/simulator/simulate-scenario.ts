/** One scenario simulated from its first job to its last, with its figures. */
import type { ClusterSettings } from "../domain/cluster-state.ts";
import type { Job } from "../domain/job.ts";
import type { SolverPort } from "../milp/solver-port.ts";
import type { DecisionMeans } from "../planner/decide.ts";
import type { PolicyName } from "../planner/policy.ts";
import type { ActualSeconds } from "./actual-durations.ts";
import { fluidBoundUsd } from "./fluid-bound.ts";
import type { History } from "./history.ts";
import { historyRecorder } from "./history.ts";
import type { SimulationMetrics } from "./metrics.ts";
import { metricsOf } from "./metrics.ts";
import { simulate } from "./simulate.ts";

/** What to simulate, and how it is decided. */
export interface ScenarioTask {
  readonly settings: ClusterSettings;
  readonly jobs: readonly Job[];
  readonly policy: PolicyName;
  /** Of the rules that draw, and of the solver. */
  readonly seed: number;
  readonly relativeGap: number;
  /** Branch-and-bound nodes of one decision; null is unlimited. No clock limits a simulation, so that it can be repeated. */
  readonly maxTreeNodes: number | null;
  readonly actualSeconds: ActualSeconds;
  /** Whether decisions know what changes cost; they do when left out. */
  readonly weighing?: DecisionMeans["costsOfChange"];
}

/** What simulations are made with. */
export interface ScenarioMeans {
  readonly solver: SolverPort;
  /** Reads a clock of the outside world in seconds, to time decisions with. */
  readonly stopwatch: () => number;
  /** Is told how many of the jobs have completed. */
  readonly onProgress: (completedJobs: number, allJobs: number) => void;
}

/** Runs it. Throws when jobs are left that the policy never starts. */
export async function simulateScenario(
  { settings, jobs, actualSeconds, weighing = "weighed", ...decided }: ScenarioTask,
  { solver, stopwatch, onProgress }: ScenarioMeans,
): Promise<{ readonly metrics: SimulationMetrics; readonly history: History }> {
  const { policy, relativeGap, maxTreeNodes, seed } = decided;
  const recorder = historyRecorder(settings.vmTypes);
  let completed = 0;
  const { state } = await simulate({
    settings,
    jobs,
    means: {
      policy,
      solver,
      costsOfChange: weighing,
      limits: { relativeGap, maxTreeNodes, deadlineSeconds: null, seed },
    },
    untilSeconds: null,
    actualSeconds,
    stopwatch,
    onDecision: (decision, events, decisionSeconds) => {
      recorder.record(decision, events, decisionSeconds);
      completed += events.filter((event) => event.kind === "job-completed").length;
      onProgress(completed, jobs.length);
    },
  });
  const history = recorder.history();
  const lowerBoundUsd = fluidBoundUsd({ ...settings, jobs, actualSeconds });
  return { metrics: metricsOf(state, history, lowerBoundUsd), history };
}
