import type { z } from "zod";
import { inlineNetworksOf } from "../../catalog/inline-network.ts";
import { isoTime } from "../../catalog/time.ts";
import type { JobsArrived } from "../../domain/event.ts";
import { perHourToPerSecond } from "../../domain/units.ts";
import { jobDetail, jobViews } from "../../report/job-view.ts";
import type { ClusterRecord } from "../../store/clusters.ts";
import type { Cause } from "../../store/history.ts";
import type { LockedCluster } from "../../store/store.ts";
import type { JobDraft, RefusedJob } from "../admit-jobs.ts";
import { draftJobs, registerJobs } from "../admit-jobs.ts";
import { cursorAfter } from "../cursor.ts";
import { PAGE_JOBS, deleteJob, getJob, getJobs, patchJob, postJobs } from "../endpoints/jobs.ts";
import { matches } from "../endpoints/parameters.ts";
import { PAGE_ENTRIES, getJobHistory } from "../endpoints/job-history.ts";
import { answerOnce } from "../idempotent.ts";
import { offerOf } from "../job-makers.ts";
import { RequestProblem, itemJson } from "../problem-details.ts";
import { jobHistoryKind } from "../recording/history-kinds.ts";
import { keptRequest } from "../recording/posted-job.ts";
import { eventTime, recordEvent } from "../recording/record-event.ts";
import type { Route } from "../route.ts";
import { Tagged, route } from "../route.ts";
import { acceptedJson } from "./accepted-json.ts";
import { knownJob, unfinishedJob } from "./known-job.ts";
import type { ServiceContext } from "./service-context.ts";
import { jobsNow, knownCluster } from "./service-context.ts";

/** Answers everything under /jobs of a cluster. */
export function jobRoutes(context: ServiceContext): readonly Route[] {
  const { store, clock, jobMakers } = context;
  return [
    route(postJobs, async ({ body, clusterId, principalId, requestId, headers }) => {
      const request = {
        clusterId,
        principalId,
        key: headers["idempotency-key"],
        content: { operation: postJobs.operationId, body },
        reply: postJobs.reply,
        atSeconds: clock.nowSeconds(),
      };
      const cause = { principal: principalId, requestId };
      for (;;) {
        const { settings } = await knownCluster(store, clusterId);
        const drafted = await draftJobs(body.jobs, jobMakers(clusterId, settings));
        const answer = await answerOnce(store, request, async (locked) => {
          if (offerOf(locked.cluster.settings) !== offerOf(settings)) throw new OfferChanged();
          return admit(locked, { drafted, cause, batch: body, nowSeconds: clock.nowSeconds() });
        }).catch(ifOfferChanged);
        if (answer !== null) return answer;
      }
    }),
    route(getJobs, async ({ query, clusterId }) => {
      const cluster = await knownCluster(store, clusterId);
      return new Tagged(`${cluster.lastSequence}-${cluster.planCount}`, async () =>
        JSON.stringify(await jobPage(context, cluster, query)),
      );
    }),
    route(getJob, async ({ params, clusterId }) => {
      const cluster = await knownCluster(store, clusterId);
      const record = await knownJob(store, clusterId, params.jobId);
      return new Tagged(`${record.version}`, async () => {
        const state = await jobsNow(context, cluster, [record]);
        const [entry] = state.jobs;
        if (entry === undefined) throw new Error(`Job ${params.jobId} has no state`);
        return JSON.stringify(jobDetail(state, entry));
      });
    }),
    route(patchJob, async ({ params, body, headers, clusterId, principalId, requestId }) =>
      store.write(clusterId, async (locked) => {
        const { state, version } = await unfinishedJob(locked, clusterId, params.jobId);
        if (!matches(headers["if-match"], `${version}`))
          throw new RequestProblem(
            "precondition-failed",
            `Job "${params.jobId}" is at version ${version}; get it again, and base the change on it.`,
          );
        const { dueAt = state.job.dueAtSeconds, tardinessCostPerHourUsd } = body;
        const recorded = await recordEvent(locked, {
          event: {
            kind: "job-changed",
            atSeconds: eventTime(locked, clock.nowSeconds()),
            jobId: state.id,
            dueAtSeconds: dueAt,
            tardinessCostPerSecondUsd:
              tardinessCostPerHourUsd === undefined
                ? state.job.tardinessCostPerSecondUsd
                : perHourToPerSecond(tardinessCostPerHourUsd),
          },
          cause: { principal: principalId, requestId },
        });
        return acceptedJson(recorded);
      }),
    ),
    route(deleteJob, async ({ params, clusterId, principalId, requestId }) =>
      store.write(clusterId, async (locked) => {
        const { state } = await unfinishedJob(locked, clusterId, params.jobId);
        const atSeconds = eventTime(locked, clock.nowSeconds());
        const recorded = await recordEvent(locked, {
          event: { kind: "job-cancelled", atSeconds, jobId: state.id },
          cause: { principal: principalId, requestId },
        });
        return acceptedJson(recorded);
      }),
    ),
    route(getJobHistory, async ({ params, query, clusterId }) => {
      await knownCluster(store, clusterId);
      await knownJob(store, clusterId, params.jobId);
      const { limit = PAGE_ENTRIES, cursor: afterEntry = 0 } = query;
      const found = await store.jobHistory.page(clusterId, params.jobId, { afterEntry, limit: limit + 1 });
      const page = found.slice(0, limit);
      const last = page.at(-1);
      return {
        entries: page.map(({ atSeconds, kind, reason, principal, planRevision }) => ({
          at: isoTime(atSeconds),
          kind: jobHistoryKind(kind),
          reason,
          principal,
          planRevision,
        })),
        nextCursor: found.length > limit && last !== undefined ? cursorAfter(last.entry) : null,
      };
    }),
  ];
}

async function jobPage(
  context: ServiceContext,
  cluster: ClusterRecord,
  query: z.output<typeof getJobs.query>,
): Promise<z.output<typeof getJobs.reply.schema>> {
  const { status, network, framework, nodeId, dueBefore, dueFrom, submittedFrom } = query;
  const { cursor, limit = PAGE_JOBS } = query;
  const filter = {
    ...(status === undefined ? {} : { status }),
    ...(network === undefined ? {} : { network }),
    ...(framework === undefined ? {} : { framework }),
    ...(nodeId === undefined ? {} : { nodeId }),
    ...(dueBefore === undefined ? {} : { dueBeforeSeconds: dueBefore }),
    ...(dueFrom === undefined ? {} : { dueFromSeconds: dueFrom }),
    ...(submittedFrom === undefined ? {} : { submittedFromSeconds: submittedFrom }),
    ...(cursor === undefined ? {} : { afterNumber: cursor }),
  };
  const found = await context.store.jobs.page(cluster.id, filter, limit + 1);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const views = new Map(jobViews(await jobsNow(context, cluster, page)).map((view) => [view.id, view]));
  return {
    jobs: page.flatMap(({ state }) => views.get(state.id) ?? []),
    nextCursor: found.length > limit && last !== undefined ? cursorAfter(last.number) : null,
  };
}

/** The cluster offers other VM types than those that durations were predicted for: they are predicted again. */
class OfferChanged extends Error {
  override readonly name = "OfferChanged";
}

function ifOfferChanged(error: unknown): null {
  if (error instanceof OfferChanged) return null;
  throw error;
}

/** Registers the jobs of a batch that can be registered; throws a RequestProblem where the whole batch is refused. */
async function admit(
  locked: LockedCluster,
  args: {
    readonly drafted: Awaited<ReturnType<typeof draftJobs>>;
    readonly cause: Cause;
    readonly batch: { readonly onRefusal: "refuse-all" | "keep-others" };
    readonly nowSeconds: number;
  },
): Promise<z.output<typeof postJobs.reply.schema>> {
  const { drafted, cause, batch, nowSeconds } = args;
  const { id: clusterId, nextJobNumber } = locked.cluster;
  const atSeconds = eventTime(locked, nowSeconds);
  const { registered, refused } = await registerJobs(locked, drafted.drafts, {
    clusterId,
    nextJobNumber,
    atSeconds,
  });
  const allRefused = [...drafted.refused, ...refused];
  if (allRefused.length > 0 && (batch.onRefusal === "refuse-all" || registered.length === 0))
    throw refusal(allRefused);
  const recorded = await recordArrival(locked, registered, { atSeconds, cause });
  return {
    jobIds: registered.map(({ job }) => job.id),
    results: outcomes(registered, allRefused),
    ...acceptedJson(recorded),
  };
}

async function recordArrival(
  locked: LockedCluster,
  registered: readonly JobDraft[],
  args: {
    readonly atSeconds: number;
    readonly cause: Cause;
  },
): ReturnType<typeof recordEvent> {
  const event: JobsArrived = {
    kind: "jobs-arrived",
    atSeconds: args.atSeconds,
    jobs: registered.map(({ job }) => job),
  };
  const requests = new Map(registered.map(({ job, spec }) => [job.id, keptRequest(spec)]));
  const networks = inlineNetworksOf(registered.map(({ spec }) => spec));
  return recordEvent(locked, { event, cause: args.cause, requests, networks });
}

function refusal(refused: readonly RefusedJob[]): RequestProblem {
  const sorted = [...refused].sort((a, b) => a.index - b.index);
  const problems = sorted.flatMap((job) => job.problems);
  return sorted.some(({ kind }) => kind === "unusable")
    ? new RequestProblem(
        "unusable-input",
        "No job of the batch is registered, because some of them cannot be planned for.",
        { problems },
      )
    : new RequestProblem("conflict", "No job of the batch is registered, because ids are taken.", {
        problems,
      });
}

function outcomes(
  registered: readonly JobDraft[],
  refused: readonly RefusedJob[],
): {
  index: number;
  outcome: "accepted" | "refused";
  jobId: string | null;
  problems: ReturnType<typeof itemJson>[];
}[] {
  return [
    ...registered.map(({ index, job }) => ({
      index,
      outcome: "accepted" as const,
      jobId: job.id,
      problems: [],
    })),
    ...refused.map(({ index, problems }) => ({
      index,
      outcome: "refused" as const,
      jobId: null,
      problems: problems.map(itemJson),
    })),
  ].sort((a, b) => a.index - b.index);
}
