/** Endpoints about jobs, as data. */
import { z } from "zod";
import { InvalidInput } from "../../catalog/input-problem.ts";
import { idSchema, jobSpecSchema } from "../../catalog/job-spec.ts";
import { isoTimeSchema } from "../../catalog/time.ts";
import { JOB_STATUSES, jobDetailSchema, jobViewSchema } from "../../report/job-view.ts";
import { FRAMEWORKS } from "../../domain/job.ts";
import { idField } from "../../report/view-fields.ts";
import { NO_BODY, endpoint } from "../endpoint.ts";
import { ACCEPTED_EXAMPLE, acceptedFields, acceptedSchema } from "./accepted.ts";
import { JOB_DETAIL_EXAMPLE, JOB_EXAMPLE, JOB_SPEC_EXAMPLE } from "./examples.ts";
import { cursorSchema } from "../cursor.ts";
import { problemItemSchema } from "../problem-details.ts";
import { idempotencyHeaders, idempotencyReplyHeaders } from "./idempotency.ts";
import { ifMatchHeaders, jobParameters, noParameters, pageLimit } from "./parameters.ts";
import { readEndpoint } from "./read-endpoint.ts";

/** Jobs of one batch at most; more must be split into several requests. */
const MAX_BATCH_JOBS = 1000;
/** Jobs of one page at most. */
const MAX_PAGE_JOBS = 1000;
const DEFAULT_PAGE_JOBS = 100;

const outcomeSchema = z
  .strictObject({
    index: z.int().min(0).meta({ description: "Place in the batch, from 0." }),
    outcome: z.enum(["accepted", "refused"]),
    jobId: idField
      .nullable()
      .meta({ description: "Id of the job; made if left out. null if it was refused." }),
    problems: z.array(problemItemSchema).meta({ description: "Why it was refused." }),
  })
  .meta({ id: "JobOutcome", description: "What became of one job of a batch." });

/** POST /jobs */
export const postJobs = endpoint({
  operationId: "submitJobs",
  method: "post",
  scope: "cluster",
  access: "submit",
  path: "/jobs",
  tag: "Jobs",
  summary: "Submit jobs",
  description:
    "Submits a batch of training jobs and triggers a decision. All or nothing: when one job is refused, none is registered; " +
    "with onRefusal=keep-others the others are. " +
    "400: the body does not fit the schema. 422: it does, but a network or VM type is unknown, or a job fits no VM type (memory, GPUs); the reasons are listed. " +
    "409: an id is taken, or used twice in the batch, or the Idempotency-Key came with another body before.",
  body: {
    schema: z
      .strictObject({
        jobs: z.array(jobSpecSchema).min(1).max(MAX_BATCH_JOBS).meta({ description: "The batch." }),
        onRefusal: z.enum(["refuse-all", "keep-others"]).default("refuse-all").meta({
          description: "What to do with the others when a job is refused.",
        }),
      })
      .meta({ id: "JobBatch", description: "Jobs to submit together." }),
    isRequired: true,
    precheck: refuseLargeBatch,
    examples: { oneJob: { summary: "One job", value: { jobs: [JOB_SPEC_EXAMPLE] } } },
  },
  query: noParameters,
  params: noParameters,
  headers: idempotencyHeaders,
  reply: {
    status: 202,
    description: "The accepted jobs are registered; a new plan follows.",
    headers: idempotencyReplyHeaders,
    schema: z
      .strictObject({
        jobIds: z.array(idField).meta({ description: "Of the accepted jobs, in the order of the batch." }),
        results: z.array(outcomeSchema).meta({ description: "One for each job, in the order of the batch." }),
        ...acceptedFields,
      })
      .meta({ id: "AcceptedJobs" }),
    example: {
      jobIds: ["JJ1"],
      results: [{ index: 0, outcome: "accepted", jobId: "JJ1", problems: [] }],
      ...ACCEPTED_EXAMPLE,
    },
  },
  problems: [409, 422],
});

/** GET /jobs */
export const getJobs = readEndpoint({
  operationId: "listJobs",
  scope: "cluster",
  access: "submit",
  path: "/jobs",
  tag: "Jobs",
  summary: "List jobs",
  description:
    "Jobs in the order of their submission, as of now: predicted progress included. The ETag changes with every event and plan; what is predicted goes on in between.",
  query: z.strictObject({
    status: z.enum(JOB_STATUSES).optional().meta({ description: "Only jobs in this state." }),
    network: z
      .string()
      .min(1)
      .max(200)
      .regex(/^\P{Cc}*$/u, "must not have control characters")
      .optional()
      .meta({ description: "Only jobs of this network.", example: "resnet50" }),
    framework: z.enum(FRAMEWORKS).optional().meta({ description: "Only jobs of this framework." }),
    nodeId: idSchema.optional().meta({ description: "Only jobs that run on this node.", example: "node-1" }),
    dueBefore: isoTimeSchema.optional().meta({ description: "Only jobs that are due before this." }),
    dueFrom: isoTimeSchema.optional().meta({ description: "Only jobs that are due then or later." }),
    submittedFrom: isoTimeSchema
      .optional()
      .meta({ description: "Only jobs that were submitted then or later." }),
    limit: pageLimit({ most: MAX_PAGE_JOBS, usual: DEFAULT_PAGE_JOBS, what: "Jobs" }).optional(),
    cursor: cursorSchema
      .optional()
      .meta({ description: "Only jobs after the page that gave this nextCursor." }),
  }),
  params: noParameters,
  reply: {
    description: "One page of jobs.",
    schema: z
      .strictObject({
        jobs: z.array(jobViewSchema),
        nextCursor: z
          .string()
          .nullable()
          .meta({ description: "cursor of the next page; null when this is the last." }),
      })
      .meta({ id: "JobPage" }),
    example: { jobs: [JOB_EXAMPLE], nextCursor: null },
  },
  problems: [],
});

/** Said before each of thousands of jobs is checked. */
function refuseLargeBatch(body: unknown): void {
  if (typeof body !== "object" || body === null || !("jobs" in body) || !Array.isArray(body.jobs)) return;
  const count = body.jobs.length;
  if (count <= MAX_BATCH_JOBS) return;
  throw new InvalidInput("body", [
    {
      path: "/jobs",
      value: count,
      message: `a batch of ${count} jobs is too large`,
      fix: `Split it into ${Math.ceil(count / MAX_BATCH_JOBS)} batches of at most ${MAX_BATCH_JOBS} jobs.`,
    },
  ]);
}

/** The page size when a request does not say. */
export const PAGE_JOBS = DEFAULT_PAGE_JOBS;

/** GET /v1/jobs/{jobId} */
export const getJob = readEndpoint({
  operationId: "getJob",
  scope: "cluster",
  access: "submit",
  path: "/jobs/{jobId}",
  tag: "Jobs",
  summary: "Get one job",
  description:
    "One job as of now, with its duration table. The ETag changes with every event and plan that changes the job; what is predicted goes on in between.",
  query: noParameters,
  params: jobParameters,
  reply: {
    description: "The job.",
    schema: jobDetailSchema,
    example: JOB_DETAIL_EXAMPLE,
  },
  problems: [404],
});

const { dueAt, tardinessCostPerHourUsd } = jobSpecSchema.shape;

/** PATCH /jobs/{jobId} */
export const patchJob = endpoint({
  operationId: "changeJob",
  method: "patch",
  scope: "cluster",
  access: "submit",
  path: "/jobs/{jobId}",
  tag: "Jobs",
  summary: "Change a job",
  description:
    "Gives a job that has not ended another due date or tardiness weight, and triggers a decision. 409: it has ended. 412: If-Match names an older version.",
  body: {
    schema: z
      .strictObject({ dueAt: dueAt.optional(), tardinessCostPerHourUsd: tardinessCostPerHourUsd.optional() })
      .refine((change) => change.dueAt !== undefined || change.tardinessCostPerHourUsd !== undefined, {
        message: "nothing is to be changed",
        params: { fix: "Give dueAt, tardinessCostPerHourUsd or both." },
      })
      .meta({ id: "JobChange", description: "What is to be another one; what is left out stays." }),
    isRequired: true,
    examples: { later: { summary: "Another due date", value: { dueAt: "2026-11-22T18:00:00Z" } } },
  },
  query: noParameters,
  params: jobParameters,
  headers: ifMatchHeaders,
  reply: {
    status: 202,
    description: "The job is changed; a new plan follows.",
    schema: acceptedSchema,
    example: ACCEPTED_EXAMPLE,
  },
  problems: [404, 409, 412],
});

/** DELETE /v1/jobs/{jobId} */
export const deleteJob = endpoint({
  operationId: "cancelJob",
  method: "delete",
  scope: "cluster",
  access: "submit",
  path: "/jobs/{jobId}",
  tag: "Jobs",
  summary: "Cancel a job",
  description:
    "Withdraws a waiting or running job and triggers a decision; it stays listed as cancelled. 409: it has ended already.",
  body: NO_BODY,
  query: noParameters,
  params: jobParameters,
  headers: noParameters,
  reply: {
    status: 202,
    description: "The job is cancelled.",
    schema: acceptedSchema,
    example: ACCEPTED_EXAMPLE,
  },
  problems: [404, 409],
});
