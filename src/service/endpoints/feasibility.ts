/** The endpoint about what could run at once, as data. */
import { z } from "zod";
import { idSchema, jobSpecSchema } from "../../catalog/job-spec.ts";
import { feasibilitySchema } from "../../report/feasibility-view.ts";
import { endpoint } from "../endpoint.ts";
import { JOB_SPEC_EXAMPLE } from "./examples.ts";
import { noParameters } from "./parameters.ts";

/** Jobs of one question at most: a hundred take seconds. */
export const MAX_FEASIBILITY_JOBS = 100;

const bodySchema = z
  .strictObject({
    jobIds: z
      .array(idSchema)
      .min(1)
      .max(MAX_FEASIBILITY_JOBS)
      .optional()
      .meta({ description: "Jobs that wait or run; what is left of them counts.", example: ["JJ1"] }),
    allActive: z
      .boolean()
      .optional()
      .meta({ description: "All jobs that wait or run, in place of jobIds.", example: false }),
    jobs: z
      .array(jobSpecSchema)
      .min(1)
      .max(MAX_FEASIBILITY_JOBS)
      .optional()
      .meta({ description: "Further jobs as they would be submitted; nothing of them is kept." }),
  })
  .refine(({ jobIds, allActive, jobs }) => jobIds !== undefined || allActive === true || jobs !== undefined, {
    message: "no job is asked for",
    params: { fix: "Give jobIds, allActive: true, jobs, or both of one of the first two and jobs." },
  })
  .refine(({ jobIds, allActive }) => jobIds === undefined || allActive !== true, {
    path: ["jobIds"],
    message: "jobIds and allActive exclude each other",
    params: { fix: "Leave one of the two out." },
  })
  .meta({ id: "FeasibilityQuestion", description: "Jobs that would have to run at once." });

/** A question as parsed. */
export type FeasibilityBody = z.output<typeof bodySchema>;

/** POST /feasibility */
export const postFeasibility = endpoint({
  operationId: "askFeasibility",
  method: "post",
  scope: "cluster",
  access: "plan",
  path: "/feasibility",
  tag: "Planning",
  summary: "Ask whether jobs could run at once",
  description:
    "Whether some jobs of the cluster, or new ones, could all run at once within the limits, no other job running; if not, the smallest relaxation: the fewest limits that have to be raised, each by the least, with every alternative of one limit. " +
    `At most ${MAX_FEASIBILITY_JOBS} jobs. Nothing is kept, and nothing that runs is touched. It may take up to 20 s; without a proof by then the answer is of the kind unknown. ` +
    "400: the body does not fit the schema. 422: a job has ended or is not known, a new one cannot be planned for, or there are too many.",
  body: {
    schema: bodySchema,
    isRequired: true,
    examples: {
      oneMore: {
        summary: "All that wait or run, and one more",
        value: { allActive: true, jobs: [JOB_SPEC_EXAMPLE] },
      },
      some: { summary: "Some jobs of the cluster", value: { jobIds: ["JJ1", "JJ2"] } },
    },
  },
  query: noParameters,
  params: noParameters,
  headers: noParameters,
  reply: {
    status: 200,
    description: "The answer.",
    schema: feasibilitySchema,
    example: {
      kind: "raise" as const,
      jobCount: 3,
      sentence:
        "The 3 jobs cannot run at once within the limits, even with no other job running. Raise the hourly budget from 1.00 to 1.24 USD per hour.",
      alternatives: [
        {
          sentence: "Raise the hourly budget from 1.00 to 1.24 USD per hour.",
          relativeIncrease: 0.24,
          changes: [
            {
              kind: "node-limit" as const,
              limitId: "budget-per-hour",
              vmType: null,
              jobId: null,
              from: 1,
              to: 1.24,
              unit: "USD per hour" as const,
              words: "the hourly budget from 1.00 to 1.24 USD per hour",
            },
          ],
        },
      ],
    },
  },
  problems: [422],
});
