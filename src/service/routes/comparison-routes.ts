import { setImmediate } from "node:timers/promises";
import { inlineNetworksOf } from "../../catalog/inline-network.ts";
import type { InputProblem } from "../../catalog/input-problem.ts";
import type { ScenarioJob } from "../../catalog/job-spec.ts";
import { shippedVmTypes } from "../../catalog/shipped-catalog.ts";
import { baseOfCluster, baseOfJobs } from "../../comparison/comparison-base.ts";
import type { ComparisonBase } from "../../comparison/variant.ts";
import { emptyCluster } from "../../domain/cluster-state.ts";
import type { NetworkId } from "../../domain/ids.ts";
import { jobId } from "../../domain/ids.ts";
import type { Job } from "../../domain/job.ts";
import { comparisonCsv, differencesCsv, marginalValuesCsv } from "../../report/comparison-csv.ts";
import type { ComparisonRequestBody } from "../../report/comparison-request.ts";
import { variantsOf } from "../../report/comparison-variants.ts";
import { comparisonViewSchema } from "../../report/comparison-view.ts";
import type { ClusterRecord } from "../../store/clusters.ts";
import type { LockedCluster } from "../../store/store.ts";
import { configurationOf } from "../clusters/cluster-configuration.ts";
import { comparisonInput } from "../comparisons/comparison-input.ts";
import {
  cancelComparison,
  queueComparison,
  summaryView,
  taggedComparison,
  taggedResult,
} from "../comparisons/kept-comparisons.ts";
import {
  deleteComparison,
  getComparison,
  getComparisonDifferences,
  getComparisonMarginalValues,
  getComparisonVariants,
  getComparisons,
  postComparisons,
} from "../endpoints/comparisons.ts";
import { answerOnce, withHeaders } from "../idempotent.ts";
import type { WorkMetrics } from "../operations/work-metrics.ts";
import { RequestProblem } from "../problem-details.ts";
import { clusterOf } from "../recording/job-course.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import type { ServiceContext } from "./service-context.ts";
import { knownCluster, nowOf } from "./service-context.ts";

const LISTED = 100;
const kind = "variants" as const;
/** Predictions take milliseconds where they are new: other requests get their turn between two of them. */
const JOBS_PER_TURN = 10;

/** Answers everything under /comparisons of a cluster. */
export function comparisonRoutes(
  context: ServiceContext,
  metrics: Pick<WorkMetrics, "comparisonEnded">,
): readonly Route[] {
  const { store, clock } = context;
  return [
    route(postComparisons, async ({ body, clusterId, principalId, headers }) => {
      const cluster = await knownCluster(store, clusterId);
      refuseUnknownNames(context, cluster, body);
      const jobs = body.jobs === undefined ? null : await givenJobs(context, cluster, body.jobs);
      const request = {
        clusterId,
        principalId,
        key: headers["idempotency-key"],
        content: ["comparison", body],
        reply: postComparisons.reply,
        atSeconds: clock.nowSeconds(),
      };
      const answered = await answerOnce(store, request, async (locked) => {
        const base =
          jobs === null ? await liveBase(context, locked) : jobsBase(context, locked.cluster, jobs);
        const networks = await layersFor(locked, base, body);
        // What was posted is part of the input; jobs are kept there with their durations.
        const { mode, variants, marginalValues = false } = body;
        return summaryView(
          await queueComparison(locked, {
            kind,
            request: { mode, variants, marginalValues },
            input: comparisonInput({ base, body, networks }),
            nowSeconds: clock.nowSeconds(),
          }),
        );
      });
      await store.ring({ kind: "work", clusterId });
      return withHeaders(answered, ({ id }) => ({
        Location: `/v1/clusters/${clusterId}/comparisons/${id}`,
      }));
    }),
    route(getComparisons, async ({ clusterId }) => {
      await knownCluster(store, clusterId);
      return {
        comparisons: (await store.comparisons.list(clusterId, kind, { limit: LISTED })).map(summaryView),
      };
    }),
    route(getComparison, ({ clusterId, params }) =>
      taggedComparison(store, { clusterId, id: params.comparisonId, kind }, (found) => ({
        ...summaryView(found),
        result: found.result,
      })),
    ),
    route(getComparisonVariants, ({ clusterId, params }) =>
      taggedResult(store, { clusterId, id: params.comparisonId, kind }, (result) =>
        comparisonCsv(comparisonViewSchema.parse(result)),
      ),
    ),
    route(getComparisonDifferences, ({ clusterId, params }) =>
      taggedResult(store, { clusterId, id: params.comparisonId, kind }, (result) =>
        differencesCsv(comparisonViewSchema.parse(result)),
      ),
    ),
    route(getComparisonMarginalValues, ({ clusterId, params }) =>
      taggedResult(store, { clusterId, id: params.comparisonId, kind }, (result) =>
        marginalValuesCsv(comparisonViewSchema.parse(result)),
      ),
    ),
    route(deleteComparison, async ({ clusterId, params }) =>
      summaryView(
        await cancelComparison(
          { store, nowSeconds: clock.nowSeconds() },
          { clusterId, id: params.comparisonId, kind },
          metrics,
        ),
      ),
    ),
  ];
}

/** Looks names up without any job: predictions for another catalogue are made where the comparison runs. */
function refuseUnknownNames(
  { reference }: ServiceContext,
  { settings }: ClusterRecord,
  { variants }: ComparisonRequestBody,
): void {
  const base: ComparisonBase = { state: emptyCluster(settings), arrivals: [], policy: "greedy" };
  variantsOf(variants, {
    reference,
    networks: new Map(),
    base,
    vmTypesOf: (catalog, region) => shippedVmTypes(catalog, region, reference.gpus),
    source: "body",
  });
}

async function givenJobs(
  { jobMakers }: ServiceContext,
  cluster: ClusterRecord,
  specs: readonly ScenarioJob[],
): Promise<readonly Job[]> {
  const makeJob = jobMakers(cluster.id, cluster.settings);
  const seen = new Set<string>();
  const problems: InputProblem[] = [];
  const jobs: Job[] = [];
  for (const [index, spec] of specs.entries()) {
    if (index % JOBS_PER_TURN === 0) await setImmediate();
    if (seen.has(spec.id))
      problems.push({
        path: `/jobs/${index}/id`,
        value: spec.id,
        message: "another job has this id",
        fix: "Give each job an id of its own.",
      });
    seen.add(spec.id);
    const made = makeJob(spec, { id: jobId(spec.id), submittedAtSeconds: spec.submittedAt });
    if (made.kind === "job") jobs.push(made.job);
    else
      problems.push(
        ...made.problems.map((problem) => ({ ...problem, path: `/jobs/${index}${problem.path}` })),
      );
  }
  if (problems.length === 0) return jobs;
  throw new RequestProblem("unusable-input", "Some jobs of the comparison cannot be planned for.", {
    problems,
  });
}

/** The cluster as it is, in the caller's transaction: jobs and nodes of one moment. */
async function liveBase(
  { clock }: ServiceContext,
  { cluster, jobs, clusters }: LockedCluster,
): Promise<ComparisonBase> {
  const nowSeconds = nowOf(cluster, clock);
  const records = await jobs.active(cluster.id);
  const nodes = await clusters.nodes(cluster.id);
  const state = clusterOf({ settings: cluster.settings, nodes, records }, nowSeconds);
  return baseOfCluster(state, { nowSeconds, policy: configurationOf(cluster).policy });
}

const jobsBase = ({ clock }: ServiceContext, cluster: ClusterRecord, jobs: readonly Job[]): ComparisonBase =>
  baseOfJobs(cluster.settings, jobs, {
    nowSeconds: clock.nowSeconds(),
    policy: configurationOf(cluster).policy,
  });

/** Layers that jobs brought along; none where no variant can offer VM types that jobs have no durations for, since layers are large. */
async function layersFor(
  { networks }: LockedCluster,
  { state, arrivals }: ComparisonBase,
  { variants, jobs }: ComparisonRequestBody,
): Promise<ReadonlyMap<NetworkId, object>> {
  if (variants.every(({ catalog, quotaNodes }) => catalog === undefined && quotaNodes === undefined))
    return new Map();
  if (jobs !== undefined) return inlineNetworksOf(jobs);
  const compared = [...state.jobs.map(({ job }) => job), ...arrivals];
  return networks.load(compared.flatMap(({ workload }) => workload.networkId ?? []));
}
