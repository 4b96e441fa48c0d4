/** Endpoints about campaigns, as data. */
import { z } from "zod";
import { campaignViewSchema } from "../../report/campaign-view.ts";
import { campaignRequestSchema } from "../campaigns/campaign-request.ts";
import { timeCursorSchema } from "../cursor.ts";
import { NO_BODY, endpoint } from "../endpoint.ts";
import { COMPARISON_ID, SUMMARY_EXAMPLE, summaryFields } from "./comparison-summary.ts";
import { idempotencyHeaders, idempotencyReplyHeaders } from "./idempotency.ts";
import { noParameters, pageLimit } from "./parameters.ts";
import { readEndpoint } from "./read-endpoint.ts";

/** Campaigns of a page. */
export const PAGE_CAMPAIGNS = 20;
const MOST_OF_PAGE = 100;

const summarySchema = z
  .strictObject(summaryFields)
  .meta({ id: "CampaignSummary", description: "A campaign and how far it is." });

const campaignParameters = z.strictObject({
  campaignId: z
    .uuid("must be the id of a campaign")
    .meta({ description: "Id of the campaign.", example: COMPARISON_ID }),
});

const REQUEST_EXAMPLE = {
  nodes: [2, 4],
  lambdaSeconds: [30_000],
  seeds: 2,
  policies: ["progress-value" as const, "edf" as const],
  noiseSigma: 0,
  relativeGap: 0.001,
  maxTreeNodes: 2000,
};

/** POST /campaigns */
export const postCampaigns = endpoint({
  operationId: "runCampaign",
  method: "post",
  scope: "cluster",
  access: "plan",
  path: "/campaigns",
  tag: "Campaigns",
  summary: "Run a campaign",
  description:
    "Simulates every policy on generated scenarios of every size, load and seed, on the VM types, prices and limits that the cluster has now, except its number of nodes; the cluster itself is never touched. " +
    "The literature's workload: 10 jobs for each node and one at the start, exponential arrivals, due after 1 to 3 times the fastest duration. " +
    "Runs are spread over all workers: ask for the campaign at Location until it is done. " +
    "422: none of the literature's workloads runs on the cluster. 409: too many campaigns of the cluster are open.",
  body: {
    schema: campaignRequestSchema,
    isRequired: true,
    examples: {
      small: { summary: "Two sizes, two seeds, an optimiser and a rule: eight runs", value: REQUEST_EXAMPLE },
    },
  },
  query: noParameters,
  params: noParameters,
  headers: idempotencyHeaders,
  reply: {
    status: 202,
    description: "The campaign is queued.",
    headers: idempotencyReplyHeaders.extend({
      Location: z.string().meta({ description: "Where its progress and result are." }),
    }),
    schema: summarySchema,
    example: { ...SUMMARY_EXAMPLE, status: "queued", progress: 0 },
  },
  problems: [409, 422],
});

/** GET /campaigns */
export const getCampaigns = readEndpoint({
  operationId: "listCampaigns",
  scope: "cluster",
  access: "submit",
  path: "/campaigns",
  tag: "Campaigns",
  summary: "List campaigns",
  description: "The latest first; ended ones are kept 30 days.",
  query: z.strictObject({
    limit: pageLimit({ most: MOST_OF_PAGE, usual: PAGE_CAMPAIGNS, what: "Campaigns" }).optional(),
    cursor: timeCursorSchema
      .optional()
      .meta({ description: "Only campaigns after the page that gave this nextCursor." }),
  }),
  params: noParameters,
  reply: {
    description: "One page of campaigns, without their results.",
    schema: z
      .strictObject({
        campaigns: z.array(summarySchema),
        nextCursor: z
          .string()
          .nullable()
          .meta({ description: "cursor of the next page; null when this is the last." }),
      })
      .meta({ id: "CampaignPage" }),
    example: { campaigns: [SUMMARY_EXAMPLE], nextCursor: null },
  },
  problems: [],
});

/** GET /campaigns/{campaignId} */
export const getCampaign = readEndpoint({
  operationId: "getCampaign",
  scope: "cluster",
  access: "submit",
  path: "/campaigns/{campaignId}",
  tag: "Campaigns",
  summary: "Get one campaign",
  description:
    "What was asked for, how far it is, and once it is done each run and the means of each policy.",
  query: noParameters,
  params: campaignParameters,
  reply: {
    description: "The campaign.",
    schema: z
      .strictObject({
        ...summaryFields,
        request: campaignRequestSchema,
        result: campaignViewSchema.nullable().meta({ description: "null until it is done." }),
      })
      .meta({ id: "CampaignState" }),
    example: { ...SUMMARY_EXAMPLE, request: REQUEST_EXAMPLE, result: null },
  },
  problems: [404],
});

const text = (contentType: string, description: string, example: string) => ({
  description,
  contentType,
  schema: z.string(),
  example,
});

/** GET /campaigns/{campaignId}/runs.csv */
export const getCampaignRuns = readEndpoint({
  operationId: "getCampaignRuns",
  scope: "cluster",
  access: "submit",
  path: "/campaigns/{campaignId}/runs.csv",
  tag: "Campaigns",
  summary: "Get the runs as CSV",
  description: "One row for each run. 409: the campaign is not done.",
  query: noParameters,
  params: campaignParameters,
  reply: text(
    "text/csv",
    "CSV (RFC 4180) with a header.",
    "scenario,nodes,lambdaSeconds,seed,policy,totalCostUsd\r\nn02-lambda30000-seed1,2,30000,1,edf,310.2\r\n",
  ),
  problems: [404, 409],
});

/** GET /campaigns/{campaignId}/means.csv */
export const getCampaignMeans = readEndpoint({
  operationId: "getCampaignMeans",
  scope: "cluster",
  access: "submit",
  path: "/campaigns/{campaignId}/means.csv",
  tag: "Campaigns",
  summary: "Get the means as CSV",
  description: "One row for each policy on each size and load. 409: the campaign is not done.",
  query: noParameters,
  params: campaignParameters,
  reply: text(
    "text/csv",
    "CSV (RFC 4180) with a header.",
    "nodes,lambdaSeconds,policy,runCount,totalCostUsd,totalCostHalfWidthUsd\r\n2,30000,edf,2,305.1,64.8\r\n",
  ),
  problems: [404, 409],
});

/** GET /campaigns/{campaignId}/report.html */
export const getCampaignReport = readEndpoint({
  operationId: "getCampaignReport",
  scope: "cluster",
  access: "submit",
  path: "/campaigns/{campaignId}/report.html",
  tag: "Campaigns",
  summary: "Get the report as a page",
  description:
    "The page that `berth campaign` writes: plots of cost over size, and all means. 409: the campaign is not done.",
  query: noParameters,
  params: campaignParameters,
  reply: text("text/html", "A self-contained page.", "<!doctype html>\n"),
  problems: [404, 409],
});

/** DELETE /campaigns/{campaignId} */
export const deleteCampaign = endpoint({
  operationId: "cancelCampaign",
  method: "delete",
  scope: "cluster",
  access: "plan",
  path: "/campaigns/{campaignId}",
  tag: "Campaigns",
  summary: "Cancel a campaign",
  description: "It ends without a result; runs under way are ended. 409: it has ended already.",
  body: NO_BODY,
  query: noParameters,
  params: campaignParameters,
  headers: noParameters,
  reply: {
    status: 200,
    description: "The campaign, cancelled.",
    schema: summarySchema,
    example: { ...SUMMARY_EXAMPLE, status: "cancelled", finishedAt: "2026-11-20T18:01:00Z" },
  },
  problems: [404, 409],
});
