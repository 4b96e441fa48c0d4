import { z } from "zod";
import { timeField } from "../../report/view-fields.ts";

/** What an acknowledged event is answered with. */
export const acceptedFields = {
  acceptedAt: timeField.meta({ description: "Time of the event." }),
  revision: z.int().min(0).meta({
    description: "The event is in every plan (GET /v1/plan) whose revision is at least this.",
    example: 5,
  }),
};

/** An acknowledged event. */
export const acceptedSchema = z
  .strictObject(acceptedFields)
  .meta({ id: "Accepted", description: "The event is taken in; a new plan follows." });

/** Version of what an answer shows. */
export const etagHeaders = z.object({
  ETag: z.string().meta({
    description: "Version of what is shown; with If-None-Match it is not sent again.",
    example: 'W/"4"',
  }),
});

/** An example of it. */
export const ACCEPTED_EXAMPLE = { acceptedAt: "2026-11-20T18:00:00Z", revision: 5 };
