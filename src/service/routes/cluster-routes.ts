import { InvalidInput } from "../../catalog/input-problem.ts";
import { parseInput } from "../../catalog/parse-json-file.ts";
import { isoTime } from "../../catalog/time.ts";
import type { ClusterRecord } from "../../store/clusters.ts";
import type { StoreParts } from "../../store/store.ts";
import { changeConfiguration } from "../clusters/change-configuration.ts";
import type { ClusterConfiguration } from "../clusters/cluster-configuration.ts";
import { clusterConfigurationSchema, configurationOf } from "../clusters/cluster-configuration.ts";
import { paidAnywayPerHourUsd, settingsOf } from "../clusters/cluster-settings.ts";
import { cursorAfterId } from "../cursor.ts";
import { cancelAllComparisons } from "../comparisons/kept-comparisons.ts";
import { DEFAULT_CLUSTER_ID } from "../endpoint.ts";
import type { ClusterView } from "../endpoints/clusters.ts";
import {
  PAGE_CLUSTERS,
  deleteCluster,
  getCluster,
  getClusters,
  patchCluster,
  postClusters,
} from "../endpoints/clusters.ts";
import { matches } from "../endpoints/parameters.ts";
import { RequestProblem } from "../problem-details.ts";
import { answerServiceOnce, withHeaders } from "../idempotent.ts";
import type { WorkMetrics } from "../operations/work-metrics.ts";
import { eventTime } from "../recording/record-event.ts";
import type { Route } from "../route.ts";
import { Answered, Tagged, route } from "../route.ts";
import type { ServiceContext } from "./service-context.ts";
import { knownCluster, nowOf } from "./service-context.ts";

/** Answers everything about clusters themselves. */
export function clusterRoutes(
  context: ServiceContext,
  metrics: Pick<WorkMetrics, "comparisonEnded">,
): readonly Route[] {
  const { store, clock, reference } = context;
  return [
    route(getClusters, async ({ query, clusterAccess: among }) => {
      const { limit = PAGE_CLUSTERS, cursor = "" } = query;
      const found = await store.clusters.page({ among, afterId: cursor, limit: limit + 1 });
      const page = found.slice(0, limit);
      const last = page.at(-1);
      return {
        clusters: await Promise.all(page.map((cluster) => viewOf(context, cluster))),
        nextCursor: found.length > limit && last !== undefined ? cursorAfterId(last.id) : null,
      };
    }),
    route(postClusters, async ({ body, clusterAccess, principalId, headers }) => {
      const { id, ...configuration } = body;
      if (clusterAccess !== "*" && !clusterAccess.includes(id))
        throw new RequestProblem(
          "forbidden",
          `Your key is for the clusters ${clusterAccess.join(", ")}; "${id}" is none of them.`,
        );
      const request = {
        principalId,
        key: headers["idempotency-key"],
        content: { operation: postClusters.operationId, body },
        reply: postClusters.reply,
        atSeconds: clock.nowSeconds(),
      };
      const answered = await answerServiceOnce(store, request, async (parts) => {
        const nowSeconds = clock.nowSeconds();
        const initialSettings = await usable(() => settingsOf(configuration, reference, nowSeconds));
        const isNew = await parts.clusters.create({
          id,
          configuration,
          initialSettings,
          createdAtSeconds: nowSeconds,
        });
        if (!isNew) throw idTaken(id);
        await parts.ring({ kind: "configuration", clusterId: id });
        return viewOf({ store: parts, clock, reference }, await knownCluster(parts, id));
      });
      return withHeaders(answered, () => ({
        ETag: `W/"${NEW_VERSION}"`,
        Location: `/v1/clusters/${id}`,
      }));
    }),
    route(getCluster, async ({ clusterId }) => {
      const cluster = await knownCluster(store, clusterId);
      return new Tagged(versionOf(cluster), async () => JSON.stringify(await viewOf(context, cluster)));
    }),
    route(patchCluster, async ({ clusterId, body, headers, principalId, requestId }) => {
      const changed = await usable(() =>
        changeConfiguration(context, {
          clusterId,
          cause: { principal: principalId, requestId },
          configurationAfter: (cluster) => {
            if (!isCurrent(headers["if-match"], cluster)) throw changedMeanwhile(cluster);
            return merged(configurationOf(cluster), body);
          },
        }),
      );
      return new Answered(await viewOf(context, changed), { ETag: `W/"${versionOf(changed)}"` });
    }),
    route(deleteCluster, async ({ clusterId }) => {
      const { atSeconds, cancelled } = await store.write(clusterId, async (locked) => {
        await refuseWhileInUse(locked, clusterId);
        const at = eventTime(locked, clock.nowSeconds());
        const open = await cancelAllComparisons(locked, at);
        await locked.clusters.archive(clusterId, at);
        await locked.ring("configuration");
        return { atSeconds: at, cancelled: open };
      });
      for (const { kind } of cancelled) metrics.comparisonEnded("cancelled", kind);
      await store.ring({ kind: "work", clusterId });
      return { id: clusterId, archivedAt: isoTime(atSeconds) };
    }),
  ];
}

/** Everything that the view of a cluster shows changes with one of these. */
const versionOf = ({
  configurationVersion,
  lastSequence,
  planCount,
  plannerTrouble,
}: Pick<ClusterRecord, "configurationVersion" | "lastSequence" | "planCount" | "plannerTrouble">): string =>
  `${configurationVersion}-${lastSequence}-${planCount}${plannerTrouble === null ? "" : "-troubled"}`;

/** Of a cluster without events and plans, as its creation answers with it. */
const NEW_VERSION = versionOf({
  configurationVersion: 1,
  lastSequence: 0,
  planCount: 0,
  plannerTrouble: null,
});

const idTaken = (id: string): RequestProblem =>
  new RequestProblem("conflict", `The id "${id}" is taken.`, {
    problems: [
      { path: "/id", value: id, message: "a cluster has this id, or had it", fix: "Use another id." },
    ],
  });

/** A client may name the whole version or only that of the configuration. */
function isCurrent(ifMatch: string | undefined, cluster: ClusterRecord): boolean {
  const version = `${cluster.configurationVersion}`;
  if (matches(ifMatch, version)) return true;
  const tags = (ifMatch ?? "").matchAll(/"(\d+)-[^"]*"/g);
  return [...tags].some(([, named]) => named === version);
}

const changedMeanwhile = ({ id, configurationVersion }: ClusterRecord): RequestProblem =>
  new RequestProblem(
    "precondition-failed",
    `The configuration of cluster "${id}" is at version ${configurationVersion}; get it again, and base the change on it.`,
  );

/** Fields that are not given stay; parsed again, because rules hold across fields. */
function merged(before: ClusterConfiguration, change: object): ClusterConfiguration {
  return parseInput(clusterConfigurationSchema, { ...before, ...change }, "body");
}

/** What a configuration names and is not there, as a problem of a well-formed request. */
async function usable<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InvalidInput && error.source === "configuration")
      throw new RequestProblem("unusable-input", "The cluster cannot be planned with this configuration.", {
        problems: error.problems,
      });
    throw error;
  }
}

async function refuseWhileInUse(
  { jobs, clusters }: Pick<StoreParts, "jobs" | "clusters">,
  clusterId: string,
): Promise<void> {
  if (clusterId === DEFAULT_CLUSTER_ID)
    throw new RequestProblem("conflict", "Paths without a cluster are about the default cluster: it stays.");
  const { waiting, running } = await jobs.counts(clusterId);
  if (waiting + running > 0)
    throw new RequestProblem(
      "conflict",
      `Cluster "${clusterId}" has ${waiting + running} jobs that have not ended; cancel them or let them end.`,
    );
  const nodes = await clusters.nodes(clusterId);
  if (nodes.length > 0)
    throw new RequestProblem(
      "conflict",
      `Cluster "${clusterId}" still rents ${nodes.map(({ id }) => id).join(", ")}; the next plan gives back what nobody uses.`,
    );
}

async function viewOf(
  context: Pick<ServiceContext, "clock" | "reference"> & {
    readonly store: Pick<StoreParts, "jobs" | "clusters">;
  },
  cluster: ClusterRecord,
): Promise<ClusterView> {
  const { store, clock, reference } = context;
  const configuration = configurationOf(cluster);
  // One after the other: in a transaction there is one connection.
  const jobCounts = await store.jobs.counts(cluster.id);
  const nodes = await store.clusters.nodes(cluster.id);
  return {
    id: cluster.id,
    configuration,
    configurationVersion: cluster.configurationVersion,
    createdAt: isoTime(cluster.createdAtSeconds),
    planRevision: cluster.planRevision,
    jobCounts,
    nodeCount: nodes.length,
    paidAnywayPerHourUsd: paidAnywayPerHourUsd(cluster, reference, nowOf(cluster, clock)),
    plannerTrouble: cluster.plannerTrouble,
  };
}
