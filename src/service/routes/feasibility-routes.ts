import type { LimitChange } from "../../domain/relaxation.ts";
import type { ClusterState } from "../../domain/cluster-state.ts";
import { findJob } from "../../domain/cluster-state.ts";
import { millisecondsToSeconds } from "../../domain/units.ts";
import type { SolveLimits } from "../../milp/solver-port.ts";
import { poseWithoutBudgets } from "../../planner/pose.ts";
import type { RelaxationForAll } from "../../planner/smallest-relaxation.ts";
import { relaxationForAll } from "../../planner/smallest-relaxation.ts";
import type { Hopeless } from "../../report/feasibility-view.ts";
import { feasibilityView } from "../../report/feasibility-view.ts";
import { postFeasibility } from "../endpoints/feasibility.ts";
import {
  askedRecords,
  freshJobs,
  reasonOf,
  stateOfQuestion,
  withoutLimits,
} from "../feasibility/feasibility-question.ts";
import { withinSeconds } from "../feasibility/lazy-solver.ts";
import { jobMakers } from "../job-makers.ts";
import { clusterOf } from "../recording/job-course.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import type { ServiceContext } from "./service-context.ts";
import { knownCluster, nowOf } from "./service-context.ts";

/** Somebody waits for the answer. */
const MOST_SECONDS = 20;
/** Only a proven optimum is a smallest relaxation. */
const EXACT: SolveLimits = { relativeGap: 0, maxTreeNodes: null, deadlineSeconds: null, seed: 1 };

/** Answers what could run at once. */
export function feasibilityRoutes(context: ServiceContext): readonly Route[] {
  const { store, clock, reference, solver } = context;
  // Of their own: the others predict within a cluster's limits.
  const makers = jobMakers(reference);
  return [
    route(postFeasibility, async ({ body, clusterId }) => {
      const cluster = await knownCluster(store, clusterId);
      const records = await askedRecords(store, clusterId, body);
      const makeJob = withoutLimits(makers, cluster);
      const atSeconds = nowOf(cluster, clock);
      const { jobs: fresh, hopeless } = await freshJobs(makeJob, body.jobs ?? [], {
        takenIds: records.map(({ state }) => state.id),
        submittedAtSeconds: atSeconds,
      });
      // At the same moment as the new jobs: time goes on while they are made.
      const nodes = await store.clusters.nodes(clusterId);
      const now = clusterOf({ settings: cluster.settings, nodes, records }, atSeconds);
      const state = await stateOfQuestion(now, { records, fresh, makeJob, atSeconds });
      const jobCount = state.jobs.length + hopeless.length;
      if (hopeless.length > 0) return feasibilityView({ kind: "impossible", jobs: hopeless }, jobCount);
      if (jobCount === 0) return feasibilityView({ kind: "none-needed" }, jobCount);
      const clockSeconds = (): number => millisecondsToSeconds(performance.now());
      const answer = await relaxationForAll(
        poseWithoutBudgets(state),
        state.jobs.map(({ id }) => id),
        { solver: withinSeconds(solver, MOST_SECONDS, clockSeconds), limits: EXACT },
      );
      return feasibilityView(toldOf(answer, state), jobCount);
    }),
  ];
}

/** With reasons, and with whole budgets in place of what is left of them. */
function toldOf(
  answer: RelaxationForAll,
  state: ClusterState,
): Exclude<RelaxationForAll, { readonly kind: "impossible" }> | Hopeless {
  if (answer.kind === "impossible")
    return {
      kind: "impossible",
      jobs: answer.jobIds.map((jobId) => {
        const job = findJob(state, jobId)?.job;
        if (job === undefined) throw new Error(`Job ${jobId} is not in the question`);
        return { jobId, reason: reasonOf(job, state.settings) };
      }),
    };
  if (answer.kind !== "raise") return answer;
  const alternatives = answer.alternatives.map((changes) =>
    changes.map((change) => wholeBudget(change, state)),
  );
  return { ...answer, alternatives };
}

/** What a job has spent is gone: its budget has to cover that and the rest. */
function wholeBudget(change: LimitChange, state: ClusterState): LimitChange {
  if (change.limit.kind !== "job-budget") return change;
  const entry = findJob(state, change.limit.jobId);
  if (entry === undefined) throw new Error(`Job ${change.limit.jobId} is not in the question`);
  const { job, spentUsd } = entry;
  return { ...change, from: job.budgetUsd ?? change.from, to: spentUsd + change.to };
}
