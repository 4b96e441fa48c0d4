/** Endpoints about events and plans, as data. */
import { z } from "zod";
import { idSchema } from "../../catalog/job-spec.ts";
import { jobExplanationSchema } from "../../report/explanation-view.ts";
import { planViewSchema } from "../../report/plan-view.ts";
import { endpoint } from "../endpoint.ts";
import { ACCEPTED_EXAMPLE, acceptedSchema } from "./accepted.ts";
import { EXPLANATION_EXAMPLE, PLAN_EXAMPLE } from "./examples.ts";
import { idempotencyHeaders, idempotencyReplyHeaders } from "./idempotency.ts";
import { noParameters } from "./parameters.ts";
import { readEndpoint } from "./read-endpoint.ts";

const eventSchema = z
  .discriminatedUnion("kind", [
    z
      .strictObject({ kind: z.literal("job-completed"), jobId: idSchema })
      .meta({ id: "JobCompletedEvent", description: "A job has finished." }),
    z
      .strictObject({
        kind: z.literal("progress-reported"),
        jobId: idSchema,
        completedShare: z.number().min(0).lt(1).meta({
          description: "Share of the whole job's work that is done; it replaces what was predicted.",
          example: 0.4,
        }),
      })
      .meta({ id: "ProgressReportedEvent", description: "A job says how far it has come." }),
    z.strictObject({ kind: z.literal("node-lost"), nodeId: idSchema }).meta({
      id: "NodeLostEvent",
      description:
        "A node is gone. Its jobs wait, and go on from what they last reported or were last stopped at.",
    }),
  ])
  .meta({ id: "Event", description: "What happened; its time is the service's." });

/** POST /v1/events */
export const postEvents = endpoint({
  operationId: "reportEvent",
  method: "post",
  scope: "cluster",
  access: "submit",
  path: "/events",
  tag: "Planning",
  summary: "Report an event",
  description:
    "Reports a completion, progress or a lost node and triggers a decision. Progress also teaches how fast the job really is. 409: the job has ended already, the node is not rented, or the Idempotency-Key came with another body before.",
  body: {
    schema: eventSchema,
    isRequired: true,
    examples: {
      completion: { summary: "A completion", value: { kind: "job-completed", jobId: "JJ1" } },
      progress: {
        summary: "Progress",
        value: { kind: "progress-reported", jobId: "JJ1", completedShare: 0.4 },
      },
    },
  },
  query: noParameters,
  params: noParameters,
  headers: idempotencyHeaders,
  reply: {
    status: 202,
    description: "The event is taken in.",
    headers: idempotencyReplyHeaders,
    schema: acceptedSchema,
    example: ACCEPTED_EXAMPLE,
  },
  problems: [404, 409],
});

/** Events of one batch at most. */
const MAX_BATCH_EVENTS = 500;

/** POST /events/batch */
export const postEventBatch = endpoint({
  operationId: "reportEvents",
  method: "post",
  scope: "cluster",
  access: "submit",
  path: "/events/batch",
  tag: "Planning",
  summary: "Report several events",
  description:
    "Reports events that happened at once, in their order, and triggers one decision. All or nothing: when one is refused, none is taken in. 404, 409: as for a single event; the problem names it.",
  body: {
    schema: z
      .strictObject({
        events: z.array(eventSchema).min(1).max(MAX_BATCH_EVENTS).meta({ description: "In their order." }),
      })
      .meta({ id: "EventBatch", description: "Events to report together." }),
    isRequired: true,
    examples: {
      progress: {
        summary: "Progress of two jobs",
        value: {
          events: [
            { kind: "progress-reported", jobId: "JJ1", completedShare: 0.4 },
            { kind: "progress-reported", jobId: "JJ2", completedShare: 0.7 },
          ],
        },
      },
    },
  },
  query: noParameters,
  params: noParameters,
  headers: idempotencyHeaders,
  reply: {
    status: 202,
    description: "All events are taken in.",
    headers: idempotencyReplyHeaders,
    schema: acceptedSchema,
    example: ACCEPTED_EXAMPLE,
  },
  problems: [404, 409],
});

/** An event as it is reported. */
export type ReportedEvent = z.output<typeof eventSchema>;

/** POST /v1/replan */
export const postReplan = endpoint({
  operationId: "replan",
  method: "post",
  scope: "cluster",
  access: "plan",
  path: "/replan",
  tag: "Planning",
  summary: "Decide again",
  description:
    "Triggers a decision now, as the timer does. 409: the Idempotency-Key came with another request before.",
  body: {
    schema: z
      .strictObject({})
      .optional()
      .meta({ id: "ReplanRequest", description: "Nothing, or an empty object." }),
    isRequired: false,
    examples: { empty: { summary: "Nothing to say", value: {} } },
  },
  query: noParameters,
  params: noParameters,
  headers: idempotencyHeaders,
  reply: {
    status: 202,
    description: "A new plan follows.",
    headers: idempotencyReplyHeaders,
    schema: acceptedSchema,
    example: ACCEPTED_EXAMPLE,
  },
  problems: [409],
});

/** GET /v1/plan */
export const getPlan = readEndpoint({
  operationId: "getPlan",
  scope: "cluster",
  access: "submit",
  path: "/plan",
  tag: "Planning",
  summary: "Get the plan in force",
  description: "The plan that was enacted last, as it was decided. 503: none has been decided yet.",
  query: noParameters,
  params: noParameters,
  reply: {
    description: "The plan.",
    schema: planViewSchema,
    example: PLAN_EXAMPLE,
  },
  problems: [503],
});

/** GET /v1/plan/explanation */
export const getExplanation = readEndpoint({
  operationId: "explainPlan",
  scope: "cluster",
  access: "submit",
  path: "/plan/explanation",
  tag: "Planning",
  summary: "Explain the plan in force",
  description:
    "For every job that waits or runs, as of now: each configuration it could have, what that would take and cost, and what stands against it. " +
    "404: the job asked for neither waits nor runs. 503: no plan has been decided yet.",
  query: z.strictObject({
    jobId: idSchema.optional().meta({ description: "Only this job.", example: "JJ1" }),
  }),
  params: noParameters,
  reply: {
    description: "The explanation.",
    schema: z
      .strictObject({
        revision: z.int().min(0).meta({ description: "Revision of the plan in force.", example: 4 }),
        jobs: z.array(jobExplanationSchema),
        omittedJobCount: z.int().min(0).meta({
          description: "Waiting jobs that are not explained, because there are many; ask for them by jobId.",
          example: 0,
        }),
      })
      .meta({ id: "PlanExplanation" }),
    example: { revision: 4, jobs: [EXPLANATION_EXAMPLE], omittedJobCount: 0 },
  },
  problems: [404, 503],
});
