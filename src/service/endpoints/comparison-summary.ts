/** What comparisons of variants and campaigns tell of themselves while they are worked out. */
import { z } from "zod";
import { timeField } from "../../report/view-fields.ts";

/** Id of a comparison in examples. */
export const COMPARISON_ID = "6f0c2f4e-9d3b-4c57-a9d4-0b8f4b1f7f10";

/** See the file's header. */
export const summaryFields = {
  id: z.string().meta({ example: COMPARISON_ID }),
  status: z.enum(["queued", "running", "done", "failed", "cancelled"]),
  createdAt: timeField,
  finishedAt: timeField.nullable().meta({ description: "null until it is done, failed or cancelled." }),
  progress: z.number().min(0).max(1).meta({ description: "Share of the work that is done.", example: 0.4 }),
  failure: z.string().nullable().meta({ description: "Why it failed; null unless it did.", example: null }),
};

/** One under way. */
export const SUMMARY_EXAMPLE = {
  id: COMPARISON_ID,
  status: "running" as const,
  createdAt: "2026-11-20T18:00:00Z",
  finishedAt: null,
  progress: 0.4,
  failure: null,
};

export type SummaryView = z.output<z.ZodObject<typeof summaryFields>>;
