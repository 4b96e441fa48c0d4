import { placements } from "../../domain/allocation.ts";
import type { ClusterEvent } from "../../domain/event.ts";
import { nodeId } from "../../domain/ids.ts";
import { explain, explainJobs } from "../../planner/explain.ts";
import { jobExplanationView } from "../../report/explanation-view.ts";
import type { ClusterRecord } from "../../store/clusters.ts";
import type { LockedCluster } from "../../store/store.ts";
import { getExplanation, getPlan, postEvents, postReplan } from "../endpoints/planning.ts";
import { configurationOf } from "../clusters/cluster-configuration.ts";
import { planReader } from "../plan-reader.ts";
import { RequestProblem } from "../problem-details.ts";
import { eventTime, recordEvent } from "../recording/record-event.ts";
import type { Route } from "../route.ts";
import { Tagged, route } from "../route.ts";
import { acceptedJson } from "./accepted-json.ts";
import { unfinishedJob } from "./known-job.ts";
import type { ServiceContext } from "./service-context.ts";
import { jobsNow, knownCluster } from "./service-context.ts";

/** Jobs that are explained at most when none is named. */
const MAX_EXPLAINED_JOBS = 200;

/** Answers events, replanning, and everything under /plan of a cluster. */
export function planningRoutes(context: ServiceContext): readonly Route[] {
  const { store, clock } = context;
  const plans = planReader(store);
  const record = async (
    request: { readonly clusterId: string; readonly principalId: string; readonly requestId: string },
    make: (locked: LockedCluster, atSeconds: number) => Promise<ClusterEvent> | ClusterEvent,
  ): Promise<ReturnType<typeof acceptedJson>> =>
    store.write(request.clusterId, async (locked) => {
      const event = await make(locked, eventTime(locked, clock.nowSeconds()));
      const cause = { principal: request.principalId, requestId: request.requestId };
      return acceptedJson(await recordEvent(locked, { event, cause }));
    });
  return [
    route(postEvents, (request) =>
      record(request, async (locked, atSeconds): Promise<ClusterEvent> => {
        const { body, clusterId } = request;
        if (body.kind === "node-lost") {
          const nodes = await locked.clusters.nodes(clusterId);
          if (!nodes.some(({ id }) => id === body.nodeId))
            throw new RequestProblem("conflict", `Node "${body.nodeId}" is not rented.`);
          return { kind: "node-lost", nodeId: nodeId(body.nodeId), atSeconds };
        }
        const { state } = await unfinishedJob(locked, clusterId, body.jobId);
        return { ...body, jobId: state.id, atSeconds };
      }),
    ),
    route(postReplan, (request) => record(request, (_, atSeconds) => ({ kind: "timer-elapsed", atSeconds }))),
    route(getPlan, async ({ clusterId }) => {
      const revision = planInForce({ planRevision: await plans.revision(clusterId) });
      return new Tagged(`${revision}`, () => plans.json(clusterId, revision));
    }),
    route(getExplanation, async ({ query, clusterId }) => {
      const cluster = await knownCluster(store, clusterId);
      const revision = planInForce(cluster);
      const { policy } = configurationOf(cluster);
      const state = await jobsNow(context, cluster, await store.jobs.active(clusterId));
      const explained = { state, plan: { allocation: state.allocation }, policy };
      if (query.jobId !== undefined) {
        const [explanation] = explainJobs(explained, [query.jobId]);
        if (explanation === undefined)
          throw new RequestProblem("unknown-job", `No job "${query.jobId}" is waiting or running.`);
        return { revision, jobs: [jobExplanationView(explanation)], omittedJobCount: 0 };
      }
      const shown = mostTelling(
        state.jobs.map(({ id }) => id),
        placements(state.allocation),
      );
      const explanations =
        shown.length === state.jobs.length
          ? explain(state, explained.plan, policy)
          : explainJobs(explained, shown);
      return {
        revision,
        jobs: explanations.map(jobExplanationView),
        omittedJobCount: state.jobs.length - shown.length,
      };
    }),
  ];
}

/** Jobs that run first. */
function mostTelling(ids: readonly string[], placed: ReadonlyMap<string, unknown>): readonly string[] {
  const running = ids.filter((id) => placed.has(id));
  const waiting = ids.filter((id) => !placed.has(id));
  return [...running, ...waiting].slice(0, MAX_EXPLAINED_JOBS);
}

/** Revision of the plan in force; throws a RequestProblem (503) before the first. */
export function planInForce({ planRevision }: Pick<ClusterRecord, "planRevision">): number {
  if (planRevision !== null) return planRevision;
  throw new RequestProblem("not-ready", "No plan has been decided yet.", {
    headers: { "Retry-After": "1" },
  });
}
