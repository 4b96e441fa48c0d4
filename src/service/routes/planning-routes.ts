import { placements } from "../../domain/allocation.ts";
import type { ClusterEvent } from "../../domain/event.ts";
import { nodeId } from "../../domain/ids.ts";
import { explain, explainJobs } from "../../planner/explain.ts";
import { jobExplanationView } from "../../report/explanation-view.ts";
import type { ClusterRecord } from "../../store/clusters.ts";
import type { StoreParts } from "../../store/store.ts";
import type { ReportedEvent } from "../endpoints/planning.ts";
import { getExplanation, getPlan, postEventBatch, postEvents, postReplan } from "../endpoints/planning.ts";
import { configurationOf } from "../clusters/cluster-configuration.ts";
import { planReader } from "../plan-reader.ts";
import { RequestProblem } from "../problem-details.ts";
import { answerOnce } from "../idempotent.ts";
import { eventTime, recordEvent, recordEvents } from "../recording/record-event.ts";
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
  return [
    route(postEvents, (request) =>
      record(context, { ...request, operation: postEvents.operationId }, (parts, atSeconds) =>
        reportedEvent(parts, request.clusterId, { reported: request.body, atSeconds }),
      ),
    ),
    route(postEventBatch, ({ body, clusterId, principalId, requestId, headers }) => {
      const cause = { principal: principalId, requestId };
      const repeatable = {
        clusterId,
        principalId,
        key: headers["idempotency-key"],
        content: { operation: postEventBatch.operationId, body },
        reply: postEventBatch.reply,
        atSeconds: clock.nowSeconds(),
      };
      return answerOnce(store, repeatable, async (locked) => {
        const atSeconds = eventTime(locked, clock.nowSeconds());
        const makers = body.events.map(
          (reported, index) => (parts: StoreParts) =>
            reportedEvent(parts, clusterId, { reported, atSeconds }).catch(namedAs(index, reported)),
        );
        return acceptedJson(await recordEvents(locked, makers, cause));
      });
    }),
    route(postReplan, (request) =>
      record(context, { ...request, operation: postReplan.operationId }, (_, atSeconds) =>
        Promise.resolve({ kind: "timer-elapsed", atSeconds }),
      ),
    ),
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

/** A request that reports one event. */
interface EventRequest {
  readonly clusterId: string;
  readonly principalId: string;
  readonly requestId: string;
  readonly operation: string;
  readonly body?: unknown;
  readonly headers: { readonly "idempotency-key"?: string | undefined };
}

/** Takes one event in, once for each Idempotency-Key. */
function record(
  { store, clock }: Pick<ServiceContext, "store" | "clock">,
  request: EventRequest,
  make: (parts: StoreParts, atSeconds: number) => Promise<ClusterEvent>,
): ReturnType<typeof answerOnce<ReturnType<typeof acceptedJson>>> {
  const { clusterId, principalId, requestId, operation, headers } = request;
  const repeatable = {
    clusterId,
    principalId,
    key: headers["idempotency-key"],
    content: { operation, body: request.body ?? null },
    reply: postEvents.reply,
    atSeconds: clock.nowSeconds(),
  };
  return answerOnce(store, repeatable, async (locked) => {
    const event = await make(locked, eventTime(locked, clock.nowSeconds()));
    const cause = { principal: principalId, requestId };
    return acceptedJson(await recordEvent(locked, { event, cause }));
  });
}

/** A reported event, if it can have happened; throws a RequestProblem (404, 409) otherwise. */
async function reportedEvent(
  parts: StoreParts,
  clusterId: string,
  { reported, atSeconds }: { readonly reported: ReportedEvent; readonly atSeconds: number },
): Promise<ClusterEvent> {
  if (reported.kind === "node-lost") {
    const nodes = await parts.clusters.nodes(clusterId);
    if (!nodes.some(({ id }) => id === reported.nodeId))
      throw new RequestProblem("conflict", `Node "${reported.nodeId}" is not rented.`);
    return { kind: "node-lost", nodeId: nodeId(reported.nodeId), atSeconds };
  }
  const { state } = await unfinishedJob(parts, clusterId, reported.jobId);
  return { ...reported, jobId: state.id, atSeconds };
}

/** Says which event of a batch a problem is about. */
const namedAs =
  (index: number, reported: ReportedEvent) =>
  (error: unknown): never => {
    if (!(error instanceof RequestProblem)) throw error;
    const isNode = reported.kind === "node-lost";
    throw new RequestProblem(error.kind, `No event of the batch is taken in. ${error.message}`, {
      problems: [
        {
          path: `/events/${index}/${isNode ? "nodeId" : "jobId"}`,
          value: isNode ? reported.nodeId : reported.jobId,
          message: error.message,
          fix: "Leave this event out, or correct its id.",
        },
      ],
    });
  };

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
