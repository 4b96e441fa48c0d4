/**
 * Event-driven simulation on the one engine: jobs arrive, run as predicted, and end; at every event `decide` decides, as in the live
 * service. Nothing here knows how decisions are made, and the engine does not know that it is simulated.
 */
import { placements } from "../domain/allocation.ts";
import type { ClusterSettings, ClusterState } from "../domain/cluster-state.ts";
import { activeJobs, emptyCluster } from "../domain/cluster-state.ts";
import type { ClusterEvent } from "../domain/event.ts";
import { compareIds } from "../domain/ids.ts";
import type { Job } from "../domain/job.ts";
import type { Decision, DecisionMeans } from "../planner/decide.ts";
import { decide } from "../planner/decide.ts";

/** What to simulate. */
export interface SimulationInput {
  readonly settings: ClusterSettings;
  readonly jobs: readonly Job[];
  readonly means: DecisionMeans;
  /** Stop after the events of this time; null runs until every job has completed. */
  readonly untilSeconds: number | null;
  /** Is told of every decision as it is made. */
  readonly onDecision?: (decision: Decision, events: readonly ClusterEvent[]) => void;
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
  const arrivals = [...input.jobs].sort(
    (a, b) => a.submittedAtSeconds - b.submittedAtSeconds || compareIds(a.id, b.id),
  );
  let state = emptyCluster(input.settings);
  let last: Decision | null = null;
  let decisionCount = 0;
  let idleDecisions = 0;
  for (;;) {
    const events = nextEvents(state, last, arrivals);
    const at = events[0]?.atSeconds;
    if (at === undefined || (input.untilSeconds !== null && at > input.untilSeconds)) {
      return { state, last, decisionCount };
    }
    for (const event of events) if (event.kind === "jobs-arrived") arrivals.splice(0, event.jobs.length);
    last = await decide(state, events, input.means);
    state = last.state;
    decisionCount += 1;
    input.onDecision?.(last, events);
    idleDecisions = events.every((event) => event.kind === "timer-elapsed") ? idleDecisions + 1 : 0;
    if (idleDecisions > MAX_IDLE_DECISIONS) {
      throw new Error(
        `${activeJobs(state).length} jobs are left and policy ${input.means.policy} starts none of them`,
      );
    }
  }
}

/** All events of the next moment at which one happens: completions before arrivals, the timer only when nothing else does. */
function nextEvents(
  state: ClusterState,
  last: Decision | null,
  arrivals: readonly Job[],
): readonly ClusterEvent[] {
  const completions = completionTimes(state);
  const nextArrival = arrivals[0]?.submittedAtSeconds ?? Infinity;
  const timer = last?.plan.wakeUpAtSeconds ?? Infinity;
  const at = Math.min(nextArrival, timer, ...completions.map((completion) => completion.atSeconds));
  if (at === Infinity) return [];
  const ended = completions.filter((completion) => completion.atSeconds <= at);
  const arrived = arrivals.filter((job) => job.submittedAtSeconds <= at);
  const events: ClusterEvent[] = ended.map(({ jobId }) => ({ kind: "job-completed", jobId, atSeconds: at }));
  if (arrived.length > 0) events.push({ kind: "jobs-arrived", jobs: arrived, atSeconds: at });
  return events.length > 0 ? events : [{ kind: "timer-elapsed", atSeconds: at }];
}

function completionTimes(
  state: ClusterState,
): readonly { readonly jobId: Job["id"]; readonly atSeconds: number }[] {
  const placed = placements(state.allocation);
  return activeJobs(state).flatMap(({ id, job, completedShare }) => {
    const placement = placed.get(id);
    const duration = job.durations.entries.find(
      (row) => row.vmTypeId === placement?.vmTypeId && row.gpus === placement.gpus,
    );
    if (duration === undefined || state.nowSeconds === null) return [];
    return [{ jobId: id, atSeconds: state.nowSeconds + duration.durationSeconds * (1 - completedShare) }];
  });
}
