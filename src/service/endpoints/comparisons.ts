/** Endpoints about comparisons, as data. */
import { z } from "zod";
import { comparisonRequestSchema } from "../../report/comparison-request.ts";
import { comparisonViewSchema } from "../../report/comparison-view.ts";
import { NO_BODY, endpoint } from "../endpoint.ts";
import { COMPARISON_ID, SUMMARY_EXAMPLE, summaryFields } from "./comparison-summary.ts";
import { idempotencyHeaders, idempotencyReplyHeaders } from "./idempotency.ts";
import { noParameters } from "./parameters.ts";
import { readEndpoint } from "./read-endpoint.ts";

const summarySchema = z
  .strictObject(summaryFields)
  .meta({ id: "ComparisonSummary", description: "A comparison and how far it is." });

const comparisonParameters = z.strictObject({
  comparisonId: z
    .uuid("must be the id of a comparison")
    .meta({ description: "Id of the comparison.", example: COMPARISON_ID }),
});

/** POST /comparisons */
export const postComparisons = endpoint({
  operationId: "compareVariants",
  method: "post",
  scope: "cluster",
  access: "plan",
  path: "/comparisons",
  tag: "Comparisons",
  summary: "Compare variants",
  description:
    "Compares 2 to 20 variants on copies of the cluster as it is now, or of an empty cluster with its limits and the jobs of the body; the cluster itself is never touched. " +
    "It runs beside planning: ask for it at Location until it is done. " +
    "400: the body does not fit the schema, or a variant names what is not there. 422: a job of the body cannot be planned for. 409: too many comparisons of the cluster are open.",
  body: {
    schema: comparisonRequestSchema,
    isRequired: true,
    examples: {
      decision: {
        summary: "One decision under three variants",
        value: {
          mode: "decision",
          variants: [
            { name: "as it is" },
            { name: "one node", maxNodes: 1 },
            { name: "cheaper NV24", priceFactors: { Standard_NV24: 0.7 } },
          ],
          marginalValues: true,
        },
      },
    },
  },
  query: noParameters,
  params: noParameters,
  headers: idempotencyHeaders,
  reply: {
    status: 202,
    description: "The comparison is queued.",
    headers: idempotencyReplyHeaders.extend({
      Location: z.string().meta({ description: "Where its progress and result are." }),
    }),
    schema: summarySchema,
    example: { ...SUMMARY_EXAMPLE, status: "queued", progress: 0 },
  },
  problems: [409, 422],
});

/** GET /comparisons */
export const getComparisons = readEndpoint({
  operationId: "listComparisons",
  scope: "cluster",
  access: "submit",
  path: "/comparisons",
  tag: "Comparisons",
  summary: "List comparisons",
  description: "The latest 100, the latest first; ended ones are kept 30 days.",
  query: noParameters,
  params: noParameters,
  reply: {
    description: "The comparisons, without their results.",
    schema: z.strictObject({ comparisons: z.array(summarySchema) }).meta({ id: "ComparisonList" }),
    example: { comparisons: [SUMMARY_EXAMPLE] },
  },
  problems: [],
});

/** GET /comparisons/{comparisonId} */
export const getComparison = readEndpoint({
  operationId: "getComparison",
  scope: "cluster",
  access: "submit",
  path: "/comparisons/{comparisonId}",
  tag: "Comparisons",
  summary: "Get one comparison",
  description: "How far it is, and its result once it is done.",
  query: noParameters,
  params: comparisonParameters,
  reply: {
    description: "The comparison.",
    schema: z
      .strictObject({
        ...summaryFields,
        result: comparisonViewSchema.nullable().meta({ description: "null until it is done." }),
      })
      .meta({ id: "ComparisonState" }),
    example: { ...SUMMARY_EXAMPLE, result: null },
  },
  problems: [404],
});

const csv = (example: string) => ({
  description: "CSV (RFC 4180) with a header.",
  contentType: "text/csv",
  schema: z.string(),
  example,
});

/** GET /comparisons/{comparisonId}/variants.csv */
export const getComparisonVariants = readEndpoint({
  operationId: "getComparisonVariants",
  scope: "cluster",
  access: "submit",
  path: "/comparisons/{comparisonId}/variants.csv",
  tag: "Comparisons",
  summary: "Get the variants as CSV",
  description: "One row for each variant. 409: the comparison is not done.",
  query: noParameters,
  params: comparisonParameters,
  reply: csv("variant,changes,policy\r\nas it is,,progress-value\r\n"),
  problems: [404, 409],
});

/** GET /comparisons/{comparisonId}/differences.csv */
export const getComparisonDifferences = readEndpoint({
  operationId: "getComparisonDifferences",
  scope: "cluster",
  access: "submit",
  path: "/comparisons/{comparisonId}/differences.csv",
  tag: "Comparisons",
  summary: "Get the differences as CSV",
  description:
    "One row for each job and VM type that is otherwise than in the first variant. 409: the comparison is not done.",
  query: noParameters,
  params: comparisonParameters,
  reply: csv("variant,kind,id,from,to\r\none node,job,JJ1,1 × Standard_NV24,waits\r\n"),
  problems: [404, 409],
});

/** GET /comparisons/{comparisonId}/marginal-values.csv */
export const getComparisonMarginalValues = readEndpoint({
  operationId: "getComparisonMarginalValues",
  scope: "cluster",
  access: "submit",
  path: "/comparisons/{comparisonId}/marginal-values.csv",
  tag: "Comparisons",
  summary: "Get the marginal values as CSV",
  description:
    "One row for each limit of which one more was asked for, and for each raise of a job's budget that makes a better plan possible; only a header when marginalValues was not. 409: the comparison is not done.",
  query: noParameters,
  params: comparisonParameters,
  reply: csv(
    "variant,limitId,kind,vmType,words,amount,amountUnit\r\nas it is,budget-per-hour,node-limit,,one more dollar per hour of the hourly budget,20,USD per hour\r\n",
  ),
  problems: [404, 409],
});

/** DELETE /comparisons/{comparisonId} */
export const deleteComparison = endpoint({
  operationId: "cancelComparison",
  method: "delete",
  scope: "cluster",
  access: "plan",
  path: "/comparisons/{comparisonId}",
  tag: "Comparisons",
  summary: "Cancel a comparison",
  description: "It ends without a result. 409: it has ended already.",
  body: NO_BODY,
  query: noParameters,
  params: comparisonParameters,
  headers: noParameters,
  reply: {
    status: 200,
    description: "The comparison, cancelled.",
    schema: summarySchema,
    example: { ...SUMMARY_EXAMPLE, status: "cancelled", finishedAt: "2026-11-20T18:01:00Z" },
  },
  problems: [404, 409],
});
