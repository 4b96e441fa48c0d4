/** The OpenAPI document, made from the endpoints' schemas; tools/write-openapi.ts writes it to openapi.yaml. */
import { stringify } from "yaml";
import { createDocument } from "zod-openapi";
import type {
  ZodOpenApiOperationObject,
  ZodOpenApiResponseObject,
  ZodOpenApiResponsesObject,
} from "zod-openapi";
import { groupBy } from "../domain/group-by.ts";
import type { Endpoint } from "./endpoint.ts";
import { pathsOf, readsBody } from "./endpoint.ts";
import { deleteKey, getAudit, getKeys, postKeys } from "./endpoints/access.ts";
import { clusterParameters } from "./endpoints/parameters.ts";
import { deleteCluster, getCluster, getClusters, patchCluster, postClusters } from "./endpoints/clusters.ts";
import { postFeasibility } from "./endpoints/feasibility.ts";
import { getHealth, getReadiness } from "./endpoints/health.ts";
import { getJobHistory } from "./endpoints/job-history.ts";
import { deleteJob, getJob, getJobs, patchJob, postJobs } from "./endpoints/jobs.ts";
import { getExplanation, getPlan, postEventBatch, postEvents, postReplan } from "./endpoints/planning.ts";
import {
  getCommands,
  getPlanChanges,
  getPlanOfRevision,
  getPlans,
  getPlanStream,
  putCommand,
} from "./endpoints/plans.ts";
import {
  deleteCampaign,
  getCampaign,
  getCampaignMeans,
  getCampaignReport,
  getCampaignRuns,
  getCampaigns,
  postCampaigns,
} from "./endpoints/campaigns.ts";
import {
  deleteComparison,
  getComparison,
  getComparisonDifferences,
  getComparisonMarginalValues,
  getComparisonVariants,
  getComparisons,
  postComparisons,
} from "./endpoints/comparisons.ts";
import {
  deleteWebhook,
  getWebhook,
  getWebhooks,
  postWebhookSecret,
  postWebhooks,
} from "./endpoints/webhooks.ts";
import { getCatalog, getNetworks, postEstimates } from "./endpoints/reference.ts";
import { PROBLEM_EXAMPLES } from "./endpoints/problem-examples.ts";
import type { ProblemStatus } from "./problem-details.ts";
import { problemSchema } from "./problem-details.ts";

/** All endpoints. */
export const ENDPOINTS: readonly Endpoint[] = [
  getClusters,
  postClusters,
  getCluster,
  patchCluster,
  deleteCluster,
  postJobs,
  getJobs,
  getJob,
  patchJob,
  deleteJob,
  getJobHistory,
  postEvents,
  postEventBatch,
  postReplan,
  getPlan,
  getPlanStream,
  getExplanation,
  getPlans,
  getPlanOfRevision,
  getPlanChanges,
  getCommands,
  putCommand,
  postFeasibility,
  postComparisons,
  getComparisons,
  getComparison,
  getComparisonVariants,
  getComparisonDifferences,
  getComparisonMarginalValues,
  deleteComparison,
  postCampaigns,
  getCampaigns,
  getCampaign,
  getCampaignRuns,
  getCampaignMeans,
  getCampaignReport,
  deleteCampaign,
  postWebhooks,
  getWebhooks,
  getWebhook,
  postWebhookSecret,
  deleteWebhook,
  postEstimates,
  getCatalog,
  getNetworks,
  postKeys,
  getKeys,
  deleteKey,
  getAudit,
  getHealth,
  getReadiness,
];

const TAGS = [
  { name: "Jobs", description: "Training jobs: submit, list, cancel." },
  { name: "Planning", description: "Events, decisions and plans." },
  { name: "Comparisons", description: "What other VM types, prices, limits or rules would change." },
  { name: "Campaigns", description: "Policies over whole horizons of generated scenarios." },
  { name: "Webhooks", description: "Who is told of plans." },
  { name: "Clusters", description: "What is planned independently: a catalogue, limits and jobs each." },
  { name: "Predictions", description: "How long a job takes where." },
  { name: "Reference data", description: "What jobs and plans refer to." },
  { name: "Access", description: "Who may do what, and who did what." },
  { name: "Service", description: "For whoever runs the service." },
] satisfies readonly { readonly name: Endpoint["tag"]; readonly description: string }[];

/** Any request may have an unknown parameter or meet a defect. */
const PROBLEMS_OF_ALL: readonly ProblemStatus[] = [400, 500];
const PROBLEMS_OF_CLUSTERS: readonly ProblemStatus[] = [404];
/** Under /v1 a request may lack a key, a scope or patience. */
const PROBLEMS_OF_GUARDED: readonly ProblemStatus[] = [401, 403, 429];
const PROBLEMS_OF_BODIES: readonly ProblemStatus[] = [413, 415];

const SECURITY_SCHEMES = {
  bearer: {
    type: "http",
    scheme: "bearer",
    description:
      "An API key (berth_…) or, where the service is configured for it, a JWT. On 127.0.0.1 without any key, requests need none.",
  },
} as const;

/** Whether an endpoint asks who is there: everything that is about clusters and jobs does, the health checks do not. */
const isGuarded = ({ access }: Endpoint): boolean => access !== "open";

/** The whole document as YAML text. */
export function openapiYaml(): string {
  const document = createDocument({
    openapi: "3.1.0",
    info: {
      title: "Berth",
      version: "1.0.0",
      description:
        "Plans GPU capacity for training jobs: which VMs to rent, how their GPUs are split, who waits, with a proof. " +
        "Times are ISO 8601 with zone; every number's name carries its unit; null means unknown. " +
        "Errors are problem details (RFC 9457).",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/", description: "This service." }],
    tags: TAGS,
    components: { securitySchemes: SECURITY_SCHEMES },
    paths: Object.fromEntries(
      [...groupBy(ENDPOINTS.flatMap(placed), (entry) => entry.path)].map(([path, entries]) => [
        path,
        Object.fromEntries(entries.map((entry) => [entry.endpoint.method, operation(entry)])),
      ]),
    ),
  });
  return stringify(document, { aliasDuplicateObjects: false, lineWidth: 120, version: "1.1" });
}

/** An endpoint at one of its paths. */
interface PlacedEndpoint {
  readonly endpoint: Endpoint;
  readonly path: string;
  readonly namesCluster: "yes" | "no";
}

const placed = (endpoint: Endpoint): readonly PlacedEndpoint[] =>
  pathsOf(endpoint).map((path) => ({
    endpoint,
    path,
    namesCluster: endpoint.scope === "cluster" && path.includes("{clusterId}") ? "yes" : "no",
  }));

function operation({ endpoint, namesCluster }: PlacedEndpoint): ZodOpenApiOperationObject {
  const { body, query, headers } = endpoint;
  const params = namesCluster === "yes" ? clusterParameters.extend(endpoint.params.shape) : endpoint.params;
  return {
    operationId: `${endpoint.operationId}${namesCluster === "yes" ? "OfCluster" : ""}`,
    tags: [endpoint.tag],
    summary: endpoint.summary,
    description: endpoint.description,
    // The empty alternative is the service on 127.0.0.1 without keys.
    security: isGuarded(endpoint) ? [{ bearer: [] }, {}] : [],
    requestParams: { query, path: params, header: headers },
    ...(readsBody(endpoint)
      ? {
          requestBody: {
            required: body.isRequired,
            content: { "application/json": { schema: body.schema, examples: { ...body.examples } } },
          },
        }
      : {}),
    responses: responses(endpoint),
  };
}

function responses(endpoint: Endpoint): ZodOpenApiResponsesObject {
  const { reply, problems } = endpoint;
  const statuses = new Set([
    ...PROBLEMS_OF_ALL,
    ...(endpoint.scope === "cluster" ? PROBLEMS_OF_CLUSTERS : []),
    ...(isGuarded(endpoint) ? PROBLEMS_OF_GUARDED : []),
    ...(readsBody(endpoint) ? PROBLEMS_OF_BODIES : []),
    ...problems,
  ]);
  return {
    [`${reply.status}`]: {
      description: reply.description,
      ...(reply.headers === undefined ? {} : { headers: reply.headers }),
      content: {
        [reply.contentType ?? "application/json"]: { schema: reply.schema, example: reply.example },
      },
    },
    ...("if-none-match" in endpoint.headers.shape ? { "304": NOT_MODIFIED } : {}),
    ...Object.fromEntries(
      [...statuses].sort((a, b) => a - b).map((status) => [`${status}`, PROBLEM_RESPONSES[status]]),
    ),
  };
}

const NOT_MODIFIED: ZodOpenApiResponseObject = {
  id: "NotModified",
  description: "It is as it was when the client got it with the ETag of If-None-Match.",
};

/** One shared response for each status code, with an example of each kind of problem that has it. */
function problemResponse(status: ProblemStatus): ZodOpenApiResponseObject {
  const kinds = Object.entries(PROBLEM_EXAMPLES).filter(([, example]) => example.status === status);
  return {
    id: `Problem${status}`,
    description: kinds.map(([, example]) => example.title).join(", or: "),
    content: {
      "application/problem+json": {
        schema: problemSchema,
        examples: Object.fromEntries(kinds.map(([kind, value]) => [kind, { value }])),
      },
    },
  };
}

/** Shared by all operations: one component each. */
const PROBLEM_RESPONSES = {
  400: problemResponse(400),
  401: problemResponse(401),
  403: problemResponse(403),
  404: problemResponse(404),
  405: problemResponse(405),
  409: problemResponse(409),
  410: problemResponse(410),
  412: problemResponse(412),
  413: problemResponse(413),
  415: problemResponse(415),
  422: problemResponse(422),
  429: problemResponse(429),
  500: problemResponse(500),
  503: problemResponse(503),
} satisfies Record<ProblemStatus, ZodOpenApiResponseObject>;
