/**
 * Event-driven simulation on the one engine: jobs arrive, run as long as they really take, and end; at every event the engine decides, as in
 * the live service. Nothing here knows how decisions are made, and the engine does not know that it is simulated.
 *
 * Two accounts are kept apart: what the engine believes (its state, from predictions) and what is true (the job clocks). A job that ends early completes
 * early; one that outlasts its prediction stays almost done in the engine's eyes until its completion is reported.
 */
import type { ClusterSettings, ClusterState } from "../domain/cluster-state.ts";
import { activeJobs, emptyCluster } from "../domain/cluster-state.ts";
import type { ClusterEvent } from "../domain/event.ts";
import { compareIds } from "../domain/ids.ts";
import type { Job } from "../domain/job.ts";
import type { Decision, DecisionMeans } from "../planner/decide.ts";
import { decide } from "../planner/decide.ts";
import type { ActualSeconds } from "./actual-durations.ts";
import { asPredicted } from "./actual-durations.ts";
import type { JobClocks } from "./job-clocks.ts";
import { jobClocks } from "./job-clocks.ts";

/** What to simulate. */
export interface SimulationInput {
  readonly settings: ClusterSettings;
  readonly jobs: readonly Job[];
  readonly means: DecisionMeans;
  /** Stop after the events of this time; null runs until every job has completed. */
  readonly untilSeconds: number | null;
  /** A cluster in the middle of its work to begin with, at its own time; its settings are those above. Left out: an empty one. */
  readonly initial?: ClusterState;
  /** How long jobs really take; as predicted when left out. */
  readonly actualSeconds?: ActualSeconds;
  /** Reads a clock of the outside world in seconds, to time decisions with; without it they are not timed. */
  readonly stopwatch?: () => number;
  /** Is told of every decision as it is made, and how long it took (null when not timed). */
  readonly onDecision?: (
    decision: Decision,
    events: readonly ClusterEvent[],
    decisionSeconds: number | null,
  ) => void;
  /** Awaited after every decision, so that a long simulation lets others work; "stop" ends it there. */
  readonly pause?: () => Promise<"go-on" | "stop">;
}

/** Where a simulation ended; `last` is null when no event happened. */
export interface SimulationResult {
  readonly state: ClusterState;
  readonly last: Decision | null;
  readonly decisionCount: number;
}

/** Decisions without any event but the timer after which a simulation is taken for stuck. */
const MAX_IDLE_DECISIONS = 10_000;

/** Runs a simulation. Throws when jobs are left that the policy never starts. */
export async function simulate(input: SimulationInput): Promise<SimulationResult> {
  const { initial } = input;
  const clocks = clocksFrom(initial, input.actualSeconds ?? asPredicted);
  const arrivals = arrivalQueue(input.jobs);
  let state = initial ?? emptyCluster(input.settings);
  let last: Decision | null = null;
  let decisionCount = 0;
  let idleDecisions = 0;
  for (;;) {
    const at = Math.min(
      arrivals.nextAtSeconds(),
      clocks.nextCompletionAtSeconds(),
      (last === null ? initial?.nowSeconds : last.plan.wakeUpAtSeconds) ?? Infinity,
    );
    if (at === Infinity || (input.untilSeconds !== null && at > input.untilSeconds)) {
      return { state, last, decisionCount };
    }
    const events = eventsAt(at, clocks, arrivals);
    const startedAt = input.stopwatch?.();
    last = await decide(state, events, { ...input.means, warmStart: last?.warmStart ?? null });
    const decisionSeconds = startedAt === undefined ? null : (input.stopwatch?.() ?? startedAt) - startedAt;
    state = last.state;
    clocks.follow(state.allocation, at);
    decisionCount += 1;
    input.onDecision?.(last, events, decisionSeconds);
    if ((await input.pause?.()) === "stop") return { state, last, decisionCount };
    idleDecisions = events.every((event) => event.kind === "timer-elapsed") ? idleDecisions + 1 : 0;
    if (idleDecisions > MAX_IDLE_DECISIONS) {
      throw new Error(
        `${activeJobs(state).length} jobs are left and policy ${input.means.policy} starts none of them`,
      );
    }
  }
}

/** Clocks of the jobs that a cluster has already: what is left of each is the whole that its clock knows. */
function clocksFrom(initial: ClusterState | undefined, actualSeconds: ActualSeconds): JobClocks {
  if (initial === undefined) return jobClocks(actualSeconds);
  const active = activeJobs(initial);
  const left = new Map(active.map((entry) => [entry.id, 1 - entry.completedShare]));
  const clocks = jobClocks(
    (job, vmTypeId, gpus) => actualSeconds(job, vmTypeId, gpus) * (left.get(job.id) ?? 1),
  );
  clocks.arrive(active.map((entry) => entry.job));
  if (initial.nowSeconds !== null) clocks.follow(initial.allocation, initial.nowSeconds);
  return clocks;
}

interface ArrivalQueue {
  readonly nextAtSeconds: () => number;
  /** Takes out the jobs submitted by a time. */
  readonly take: (atSeconds: number) => readonly Job[];
}

function arrivalQueue(jobs: readonly Job[]): ArrivalQueue {
  const sorted = [...jobs].sort(
    (a, b) => a.submittedAtSeconds - b.submittedAtSeconds || compareIds(a.id, b.id),
  );
  let next = 0;
  return {
    nextAtSeconds: () => sorted[next]?.submittedAtSeconds ?? Infinity,
    take: (atSeconds) => {
      const from = next;
      while ((sorted[next]?.submittedAtSeconds ?? Infinity) <= atSeconds) next += 1;
      return sorted.slice(from, next);
    },
  };
}

/** All events of one moment: completions before arrivals, the timer only when nothing else happens. */
function eventsAt(atSeconds: number, clocks: JobClocks, arrivals: ArrivalQueue): readonly ClusterEvent[] {
  const completions = clocks
    .takeCompleted(atSeconds)
    .map((jobId): ClusterEvent => ({ kind: "job-completed", jobId, atSeconds }));
  const jobs = arrivals.take(atSeconds);
  clocks.arrive(jobs);
  const events: readonly ClusterEvent[] =
    jobs.length === 0 ? completions : [...completions, { kind: "jobs-arrived", jobs, atSeconds }];
  return events.length > 0 ? events : [{ kind: "timer-elapsed", atSeconds }];
}
