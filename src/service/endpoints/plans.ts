/** Endpoints about plans over time and about following them, as data. */
import { z } from "zod";
import { commandSchema, planSummarySchema } from "../../report/plan-summary-view.ts";
import { planChangeSchema } from "../../report/plan-change-view.ts";
import { planViewSchema } from "../../report/plan-view.ts";
import { timeField } from "../../report/view-fields.ts";
import { cursorSchema } from "../cursor.ts";
import { NO_BODY, endpoint } from "../endpoint.ts";
import { PLAN_EXAMPLE } from "./examples.ts";
import { noParameters } from "./parameters.ts";
import { readEndpoint } from "./read-endpoint.ts";

const wholeNumber = (description: string) =>
  z
    .string()
    .regex(/^\d{1,15}$/, "must be a whole number")
    .transform(Number)
    .meta({ description, override: { type: "integer", minimum: 0, pattern: undefined }, example: 4 });

const revisionParameters = z.strictObject({ revision: wholeNumber("Revision of a plan.") });

const SUMMARY_EXAMPLE = {
  revision: 4,
  decidedAt: "2026-11-20T18:00:00Z",
  policy: "progress-value",
  rentPerHourUsd: PLAN_EXAMPLE.rentPerHourUsd,
  proof: PLAN_EXAMPLE.proof,
  movedJobIds: [],
  stoppedJobIds: [],
  commands: [
    { kind: "rent-node" as const, nodeId: "node-1", vmType: "Standard_NC6" },
    { kind: "start-job" as const, jobId: "JJ1", nodeId: "node-1", gpus: 1 },
  ],
};

/** GET /plans */
export const getPlans = readEndpoint({
  operationId: "listPlans",
  scope: "cluster",
  access: "submit",
  path: "/plans",
  tag: "Planning",
  summary: "List plans",
  description: "Plans in short, the latest first.",
  query: z.strictObject({
    limit: z
      .string()
      .regex(/^\d{1,3}$/, "must be a whole number below 1000")
      .transform(Number)
      .pipe(z.int().min(1).max(100))
      .optional()
      .meta({
        description: "Plans to give at most; 20 if left out.",
        override: { type: "integer", minimum: 1, maximum: 100, default: 20, pattern: undefined },
      }),
    cursor: cursorSchema
      .optional()
      .meta({ description: "Only plans before the page that gave this nextCursor." }),
  }),
  params: noParameters,
  reply: {
    description: "One page of plans.",
    schema: z
      .strictObject({
        plans: z.array(planSummarySchema),
        nextCursor: z
          .string()
          .nullable()
          .meta({ description: "cursor of the next page; null when this is the last." }),
      })
      .meta({ id: "PlanPage" }),
    example: { plans: [SUMMARY_EXAMPLE], nextCursor: null },
  },
  problems: [],
});

/** GET /plans/{revision} */
export const getPlanOfRevision = readEndpoint({
  operationId: "getPlanOfRevision",
  scope: "cluster",
  access: "submit",
  path: "/plans/{revision}",
  tag: "Planning",
  summary: "Get one plan",
  description:
    "A plan as it was decided. 404: no plan has this revision. 410: it is so old that only its summary and its commands are kept.",
  query: noParameters,
  params: revisionParameters,
  reply: {
    description: "The plan.",
    schema: planViewSchema,
    example: PLAN_EXAMPLE,
  },
  problems: [404, 410],
});

/** GET /plans/{revision}/changes */
export const getPlanChanges = readEndpoint({
  operationId: "getPlanChanges",
  scope: "cluster",
  access: "submit",
  path: "/plans/{revision}/changes",
  tag: "Planning",
  summary: "Compare two plans",
  description: "What a plan changed against an earlier one. 404, 410: as for the plans themselves.",
  query: z.strictObject({ since: wholeNumber("Revision of the earlier plan.") }),
  params: revisionParameters,
  reply: {
    description: "The difference.",
    schema: planChangeSchema,
    example: {
      fromRevision: 2,
      toRevision: 4,
      fromDecidedAt: "2026-11-20T17:00:00Z",
      toDecidedAt: "2026-11-20T18:00:00Z",
      rentPerHourChangeUsd: 0.56,
      rentedNodes: [{ nodeId: "node-1", vmType: "Standard_NC6" }],
      releasedNodes: [],
      jobs: [
        {
          jobId: "JJ1",
          change: "started" as const,
          from: null,
          to: { nodeId: "node-1", vmType: "Standard_NC6", gpus: 1 },
        },
      ],
    },
  },
  problems: [404, 410],
});

/** GET /plan/stream */
export const getPlanStream = endpoint({
  operationId: "streamPlans",
  method: "get",
  scope: "cluster",
  access: "submit",
  path: "/plan/stream",
  tag: "Planning",
  summary: "Follow the plan",
  description:
    "Server-Sent Events: one event named plan for each plan, with its revision as id and a PlanSummary as data. " +
    "With Last-Event-ID all plans since that revision come first, none left out; without it, or where it is ahead of the plan in force, that plan. Comments keep the connection alive.",
  body: NO_BODY,
  query: noParameters,
  params: noParameters,
  headers: z.object({
    "last-event-id": wholeNumber("Revision of the last plan that was seen.").optional(),
  }),
  reply: {
    status: 200,
    description: "The stream; it ends when the service does.",
    contentType: "text/event-stream",
    schema: z.string().meta({ description: "See planSummary for the data of each event." }),
    example: 'id: 4\nevent: plan\ndata: {"revision":4}\n\n',
  },
  problems: [],
});

const commandStateSchema = z
  .strictObject({
    number: z.int().min(1).meta({ description: "Place among the commands of the plan.", example: 1 }),
    command: commandSchema,
    status: z.enum(["pending", "done", "failed"]),
    settledAt: timeField.nullable().meta({ description: "When it was acknowledged; null before." }),
    note: z.string().nullable().meta({ description: "What the executor said.", example: null }),
  })
  .meta({ id: "CommandState", description: "A command and how far it is." });

const COMMAND_EXAMPLE = {
  number: 1,
  command: { kind: "rent-node" as const, nodeId: "node-1", vmType: "Standard_NC6" },
  status: "pending" as const,
  settledAt: null,
  note: null,
};

/** GET /plans/{revision}/commands */
export const getCommands = readEndpoint({
  operationId: "listCommands",
  scope: "cluster",
  access: "submit",
  path: "/plans/{revision}/commands",
  tag: "Planning",
  summary: "List what a plan asks for",
  description: "The commands of a plan in their order, each with how far it is.",
  query: noParameters,
  params: revisionParameters,
  reply: {
    description: "The commands.",
    schema: z.strictObject({ commands: z.array(commandStateSchema) }).meta({ id: "CommandList" }),
    example: { commands: [COMMAND_EXAMPLE] },
  },
  problems: [404],
});

/** PUT /plans/{revision}/commands/{number} */
export const putCommand = endpoint({
  operationId: "acknowledgeCommand",
  method: "put",
  scope: "cluster",
  access: "plan",
  path: "/plans/{revision}/commands/{number}",
  tag: "Planning",
  summary: "Acknowledge a command",
  description:
    "An executor says that it has done a command, or that it could not. A rent-node that failed counts as a lost node: its jobs wait, and a decision follows. " +
    "Saying the same again changes nothing. 409: it was acknowledged otherwise before.",
  body: {
    schema: z
      .strictObject({
        status: z.enum(["done", "failed"]),
        note: z
          .string()
          .max(1000)
          .optional()
          .meta({ description: "Anything worth keeping.", example: "SkuNotAvailable" }),
      })
      .meta({ id: "Acknowledgement" }),
    isRequired: true,
    examples: {
      done: { summary: "It is done", value: { status: "done" } },
      failed: { summary: "It failed", value: { status: "failed", note: "SkuNotAvailable" } },
    },
  },
  query: noParameters,
  params: revisionParameters.extend({ number: wholeNumber("Place of the command in its plan.") }),
  headers: noParameters,
  reply: { status: 200, description: "The command.", schema: commandStateSchema, example: COMMAND_EXAMPLE },
  problems: [404, 409],
});
