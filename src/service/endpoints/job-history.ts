/** What happened to a job, as an endpoint. */
import { z } from "zod";
import { timeField } from "../../report/view-fields.ts";
import { cursorSchema } from "../cursor.ts";
import { JOB_HISTORY_KINDS } from "../recording/history-kinds.ts";
import { jobParameters, pageLimit } from "./parameters.ts";
import { readEndpoint } from "./read-endpoint.ts";

/** Entries of one page at most. */
const MAX_PAGE_ENTRIES = 1000;
/** The page size when a request does not say. */
export const PAGE_ENTRIES = 100;

const historyEntrySchema = z
  .strictObject({
    at: timeField,
    kind: z
      .enum(JOB_HISTORY_KINDS)
      .meta({ description: "What happened: an event, or what a plan did.", example: "started" }),
    reason: z.string().meta({
      description: "Why, in words.",
      example: "It starts on 1 GPU of node-1 (Standard_NC6).",
    }),
    principal: z
      .string()
      .nullable()
      .meta({ description: "Who caused it; null where the service did.", example: null }),
    planRevision: z
      .int()
      .nullable()
      .meta({ description: "The plan that caused it; null where no plan did.", example: 4 }),
  })
  .meta({ id: "JobHistoryEntry", description: "One thing that happened to a job, and why." });

/** GET /jobs/{jobId}/history */
export const getJobHistory = readEndpoint({
  operationId: "getJobHistory",
  scope: "cluster",
  access: "submit",
  path: "/jobs/{jobId}/history",
  tag: "Jobs",
  summary: "What happened to a job, and why",
  description: "Every change of the job, oldest first.",
  query: z.strictObject({
    limit: pageLimit({ most: MAX_PAGE_ENTRIES, usual: PAGE_ENTRIES, what: "Entries" }).optional(),
    cursor: cursorSchema
      .optional()
      .meta({ description: "Only entries after the page that gave this nextCursor." }),
  }),
  params: jobParameters,
  reply: {
    description: "One page of entries.",
    schema: z
      .strictObject({
        entries: z.array(historyEntrySchema),
        nextCursor: z
          .string()
          .nullable()
          .meta({ description: "cursor of the next page; null when this is the last." }),
      })
      .meta({ id: "JobHistory" }),
    example: {
      entries: [
        {
          at: "2026-11-20T18:00:00Z",
          kind: "started" as const,
          reason: "It starts on 1 GPU of node-1 (Standard_NC6).",
          principal: null,
          planRevision: 4,
        },
      ],
      nextCursor: null,
    },
  },
  problems: [404],
});
