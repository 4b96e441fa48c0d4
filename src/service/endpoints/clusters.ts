/** Endpoints about clusters, as data. */
import { z } from "zod";
import { idSchema } from "../../catalog/job-spec.ts";
import { idField, timeField, usdField } from "../../report/view-fields.ts";
import { clusterConfigurationSchema, configurationChangeSchema } from "../clusters/cluster-configuration.ts";
import { idCursorSchema } from "../cursor.ts";
import { NO_BODY, endpoint } from "../endpoint.ts";
import { etagHeaders } from "./accepted.ts";
import { idempotencyHeaders, idempotencyReplyHeaders } from "./idempotency.ts";
import { clusterParameters, ifMatchHeaders, noParameters, pageLimit } from "./parameters.ts";
import { readEndpoint } from "./read-endpoint.ts";

/** Clusters of one page at most, and when a request does not say. */
const MAX_PAGE_CLUSTERS = 100;
export const PAGE_CLUSTERS = 20;

const clusterViewSchema = z
  .strictObject({
    id: idField,
    configuration: clusterConfigurationSchema,
    configurationVersion: z.int().min(1).meta({
      description: "Grows with every change of the configuration; the ETag to change it with.",
      example: 1,
    }),
    createdAt: timeField,
    planRevision: z
      .int()
      .min(0)
      .nullable()
      .meta({ description: "Revision of the plan in force; null before the first.", example: 4 }),
    jobCounts: z
      .strictObject({
        waiting: z.int().min(0),
        running: z.int().min(0),
        completed: z.int().min(0),
        cancelled: z.int().min(0),
      })
      .meta({
        description: "Jobs by state.",
        example: { waiting: 0, running: 1, completed: 0, cancelled: 0 },
      }),
    nodeCount: z.int().min(0).meta({ description: "Nodes that are rented now.", example: 1 }),
    paidAnywayPerHourUsd: usdField.meta({
      description: "What reservations cost now, used or not, in USD per hour.",
      example: 0,
    }),
    plannerTrouble: z
      .string()
      .nullable()
      .meta({ description: "Why the last decision failed; null while decisions succeed.", example: null }),
  })
  .meta({ id: "Cluster", description: "A cluster: how it is planned, and how it stands." });

/** A cluster as JSON. */
export type ClusterView = z.output<typeof clusterViewSchema>;

const CONFIGURATION_EXAMPLE = {
  catalog: { kind: "shipped" as const, name: "slides-2019", region: "slides-2019" },
  maxNodes: 2,
  replanIntervalSeconds: 3600,
  policy: "progress-value" as const,
};

const CLUSTER_EXAMPLE: ClusterView = {
  id: "team-a",
  configuration: {
    ...CONFIGURATION_EXAMPLE,
    durationPercentile: "P50",
    limits: { budgetPerHourUsd: 20 },
    bootSeconds: 180,
    minimumBillingSeconds: 60,
    pricePlan: null,
    priceCalendar: null,
    blackoutWindows: [],
    schedules: [],
  },
  configurationVersion: 1,
  createdAt: "2026-11-20T18:00:00Z",
  planRevision: 4,
  jobCounts: { waiting: 0, running: 1, completed: 0, cancelled: 0 },
  nodeCount: 1,
  paidAnywayPerHourUsd: 0,
  plannerTrouble: null,
};

/** GET /v1/clusters */
export const getClusters = readEndpoint({
  operationId: "listClusters",
  scope: "service",
  access: "submit",
  path: "/v1/clusters",
  tag: "Clusters",
  summary: "List clusters",
  description: "Clusters by id; those that the key may touch.",
  query: z.strictObject({
    limit: pageLimit({ most: MAX_PAGE_CLUSTERS, usual: PAGE_CLUSTERS, what: "Clusters" }).optional(),
    cursor: idCursorSchema
      .optional()
      .meta({ description: "Only clusters after the page that gave this nextCursor." }),
  }),
  params: noParameters,
  reply: {
    description: "One page of clusters.",
    schema: z
      .strictObject({
        clusters: z.array(clusterViewSchema),
        nextCursor: z
          .string()
          .nullable()
          .meta({ description: "cursor of the next page; null when this is the last." }),
      })
      .meta({ id: "ClusterPage" }),
    example: { clusters: [CLUSTER_EXAMPLE], nextCursor: null },
  },
  problems: [],
});

/** POST /v1/clusters */
export const postClusters = endpoint({
  operationId: "createCluster",
  method: "post",
  scope: "service",
  access: "admin",
  path: "/v1/clusters",
  tag: "Clusters",
  summary: "Create a cluster",
  description:
    "A cluster is planned by itself: it has its own VM types, limits, jobs and plan. 409: the id is taken, perhaps by a cluster that was given up, or the Idempotency-Key came with another body before. " +
    "422: the configuration names a catalogue, region or VM type that is not there.",
  body: {
    schema: clusterConfigurationSchema
      .extend({ id: idSchema.meta({ description: "Id of the cluster; for good.", example: "team-a" }) })
      .meta({ id: "NewCluster", description: "A cluster to create." }),
    isRequired: true,
    examples: {
      shipped: {
        summary: "VM types of a shipped catalogue",
        value: { id: "team-a", ...CONFIGURATION_EXAMPLE },
      },
    },
  },
  query: noParameters,
  params: noParameters,
  headers: idempotencyHeaders,
  reply: {
    status: 201,
    description: "The cluster; its first plan follows.",
    headers: etagHeaders.extend({
      ...idempotencyReplyHeaders.shape,
      Location: z.string().meta({ description: "Where it is.", example: "/v1/clusters/team-a" }),
    }),
    schema: clusterViewSchema,
    example: { ...CLUSTER_EXAMPLE, planRevision: null },
  },
  problems: [409, 422],
});

/** GET /v1/clusters/{clusterId} */
export const getCluster = readEndpoint({
  operationId: "getCluster",
  scope: "service",
  access: "submit",
  path: "/v1/clusters/{clusterId}",
  tag: "Clusters",
  summary: "Get one cluster",
  description: "How a cluster is planned, and how it stands.",
  query: noParameters,
  params: clusterParameters,
  reply: {
    description: "The cluster.",
    schema: clusterViewSchema,
    example: CLUSTER_EXAMPLE,
  },
  problems: [404],
});

/** PATCH /v1/clusters/{clusterId} */
export const patchCluster = endpoint({
  operationId: "changeCluster",
  method: "patch",
  scope: "service",
  access: "admin",
  path: "/v1/clusters/{clusterId}",
  tag: "Clusters",
  summary: "Change a cluster",
  description:
    "Replaces the fields of the configuration that are given, each as a whole, and triggers a decision. Where the VM types change, the durations of all jobs that have not ended are predicted anew. " +
    "409: a job would fit none of the VM types that are left. 412: If-Match names an older configuration. 422: a catalogue, region or VM type is not there.",
  body: {
    schema: configurationChangeSchema,
    isRequired: true,
    examples: { nodes: { summary: "More nodes", value: { maxNodes: 4 } } },
  },
  query: noParameters,
  params: clusterParameters,
  headers: ifMatchHeaders,
  reply: {
    status: 200,
    description: "The cluster as it is from now on; a new plan follows.",
    headers: etagHeaders,
    schema: clusterViewSchema,
    example: { ...CLUSTER_EXAMPLE, configurationVersion: 2 },
  },
  problems: [404, 409, 412, 422],
});

/** DELETE /v1/clusters/{clusterId} */
export const deleteCluster = endpoint({
  operationId: "deleteCluster",
  method: "delete",
  scope: "service",
  access: "admin",
  path: "/v1/clusters/{clusterId}",
  tag: "Clusters",
  summary: "Give a cluster up",
  description:
    "Nobody plans it any more, and it is not found any more. Its history stays in the store, and its id stays taken. Comparisons and campaigns of it that are queued or running are cancelled. 409: it has jobs that have not ended, or nodes, or it is the default cluster.",
  body: NO_BODY,
  query: noParameters,
  params: clusterParameters,
  headers: noParameters,
  reply: {
    status: 200,
    description: "It is given up.",
    schema: z.strictObject({ id: idField, archivedAt: timeField }).meta({ id: "ArchivedCluster" }),
    example: { id: "team-a", archivedAt: "2026-11-20T18:00:00Z" },
  },
  problems: [404, 409],
});
