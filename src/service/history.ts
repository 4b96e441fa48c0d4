/** The history that a scenario brings along: its jobs arrive one after the other, the last of them now, and each arrival is decided. */
import type { Scenario } from "../catalog/scenario.ts";
import type { ClusterEvent } from "../domain/event.ts";
import type { Job } from "../domain/job.ts";
import type { Decision, DecisionMeans } from "../planner/decide.ts";
import type { SimulationResult } from "../simulator/simulate.ts";
import { simulate } from "../simulator/simulate.ts";

/** Plays a scenario up to its last arrival, moved in time so that this is `nowSeconds`; progress and completions are as predicted. */
export function playHistory(args: {
  readonly scenario: Scenario;
  readonly nowSeconds: number;
  readonly means: DecisionMeans;
  readonly onDecision: (decision: Decision, events: readonly ClusterEvent[]) => void;
}): Promise<SimulationResult> {
  const { scenario, nowSeconds, means, onDecision } = args;
  const last = Math.max(...scenario.jobs.map((job) => job.submittedAtSeconds));
  const jobs = scenario.jobs.map((job) => movedBy(job, nowSeconds - last));
  return simulate({ settings: scenario.settings, jobs, means, untilSeconds: nowSeconds, onDecision });
}

function movedBy(job: Job, seconds: number): Job {
  return {
    ...job,
    submittedAtSeconds: job.submittedAtSeconds + seconds,
    dueAtSeconds: job.dueAtSeconds + seconds,
  };
}
