/** Endpoints about jobs, as data. */
import { z } from "zod";
import { InvalidInput } from "../../catalog/input-problem.ts";
import { idSchema, jobSpecSchema } from "../../catalog/job-spec.ts";
import { JOB_STATUSES, jobDetailSchema, jobViewSchema } from "../../report/job-view.ts";
import { idField } from "../../report/view-fields.ts";
import { NO_BODY, endpoint } from "../endpoint.ts";
import { ACCEPTED_EXAMPLE, acceptedFields, acceptedSchema } from "./accepted.ts";
import { JOB_DETAIL_EXAMPLE, JOB_EXAMPLE, JOB_SPEC_EXAMPLE } from "./examples.ts";
import { jobParameters, noParameters } from "./parameters.ts";

/** Jobs of one batch at most; more must be split into several requests. */
const MAX_BATCH_JOBS = 1000;
/** Jobs of one page at most. */
const MAX_PAGE_JOBS = 1000;
const DEFAULT_PAGE_JOBS = 100;

/** A whole number in a query is text. */
const limitSchema = z
  .string()
  .regex(/^\d{1,9}$/, "must be a whole number")
  .transform(Number)
  .pipe(z.int().min(1).max(MAX_PAGE_JOBS))
  .meta({
    description: `Jobs to give at most; ${DEFAULT_PAGE_JOBS} if left out.`,
    override: {
      type: "integer",
      minimum: 1,
      maximum: MAX_PAGE_JOBS,
      default: DEFAULT_PAGE_JOBS,
      pattern: undefined,
    },
  });

/** POST /v1/jobs */
export const postJobs = endpoint({
  operationId: "submitJobs",
  method: "post",
  path: "/v1/jobs",
  tag: "Jobs",
  summary: "Submit jobs",
  description:
    "Submits a batch of training jobs and triggers a decision. All or nothing: when one job is refused, none is registered. " +
    "400: the body does not fit the schema. 422: it does, but a network or VM type is unknown, or a job fits no VM type (memory, GPUs); the reasons are listed. " +
    "409: an id is taken, or used twice in the batch.",
  body: {
    schema: z
      .strictObject({
        jobs: z.array(jobSpecSchema).min(1).max(MAX_BATCH_JOBS).meta({ description: "The batch." }),
      })
      .meta({ id: "JobBatch", description: "Jobs to submit together." }),
    isRequired: true,
    precheck: refuseLargeBatch,
    examples: { oneJob: { summary: "One job", value: { jobs: [JOB_SPEC_EXAMPLE] } } },
  },
  query: noParameters,
  params: noParameters,
  reply: {
    status: 202,
    description: "All jobs are registered; a new plan follows.",
    schema: z
      .strictObject({
        jobIds: z.array(idField).meta({ description: "In the order of the batch; ids left out were made." }),
        ...acceptedFields,
      })
      .meta({ id: "AcceptedJobs" }),
    example: { jobIds: ["JJ1"], ...ACCEPTED_EXAMPLE },
  },
  problems: [409, 422],
});

/** GET /v1/jobs */
export const getJobs = endpoint({
  operationId: "listJobs",
  method: "get",
  path: "/v1/jobs",
  tag: "Jobs",
  summary: "List jobs",
  description: "Jobs sorted by id, as of now: predicted progress included.",
  body: NO_BODY,
  query: z.strictObject({
    status: z.enum(JOB_STATUSES).optional().meta({ description: "Only jobs in this state." }),
    limit: limitSchema.optional(),
    afterId: idSchema
      .optional()
      .meta({ description: "Only jobs after this id: the nextAfterId of the page before." }),
  }),
  params: noParameters,
  reply: {
    status: 200,
    description: "One page of jobs.",
    schema: z
      .strictObject({
        jobs: z.array(jobViewSchema),
        nextAfterId: idField
          .nullable()
          .meta({ description: "afterId of the next page; null when this is the last." }),
      })
      .meta({ id: "JobPage" }),
    example: { jobs: [JOB_EXAMPLE], nextAfterId: null },
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
export const getJob = endpoint({
  operationId: "getJob",
  method: "get",
  path: "/v1/jobs/{jobId}",
  tag: "Jobs",
  summary: "Get one job",
  description: "One job as of now, with its duration table.",
  body: NO_BODY,
  query: noParameters,
  params: jobParameters,
  reply: { status: 200, description: "The job.", schema: jobDetailSchema, example: JOB_DETAIL_EXAMPLE },
  problems: [404],
});

/** DELETE /v1/jobs/{jobId} */
export const deleteJob = endpoint({
  operationId: "cancelJob",
  method: "delete",
  path: "/v1/jobs/{jobId}",
  tag: "Jobs",
  summary: "Cancel a job",
  description:
    "Withdraws a waiting or running job and triggers a decision; it stays listed as cancelled. 409: it has ended already.",
  body: NO_BODY,
  query: noParameters,
  params: jobParameters,
  reply: {
    status: 202,
    description: "The job is cancelled.",
    schema: acceptedSchema,
    example: ACCEPTED_EXAMPLE,
  },
  problems: [404, 409],
});
