/** Fields that several views share: one schema, one unit, one description each. */
import { z } from "zod";

/** A time in an answer: ISO 8601 in UTC, to the second. */
export const timeField = z
  .string()
  .meta({ description: "ISO 8601 time in UTC.", format: "date-time", example: "2026-11-20T18:00:00Z" });

/** An id of a job, a node or a VM type in an answer. */
export const idField = z.string().meta({ example: "job-000001" });

/** Id of a VM type of the service's catalogue. */
export const vmTypeField = z
  .string()
  .meta({ description: "Id of a VM type of the catalogue.", example: "Standard_NC6" });

/** GPUs of one node that a job uses. */
export const gpusField = z.int().min(1).meta({ description: "GPUs of one node.", example: 1 });

/** An amount in USD that is never negative. */
export const usdField = z.number().min(0).meta({ description: "USD.", example: 1.25 });

/** A duration that is never negative. */
export const secondsField = z.number().min(0).meta({ description: "Seconds.", example: 5400 });

/** What makes a prediction weaker than its interval says. */
export const warningsField = z
  .array(z.string())
  .meta({ description: "What makes the prediction weaker than its interval says.", example: [] });
