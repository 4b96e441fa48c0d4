/** Headers of requests that may be repeated without harm. */
import { z } from "zod";

/** What a client says to make a request repeatable. */
export const idempotencyHeaders = z.object({
  "idempotency-key": z.string().min(1).max(200).optional().meta({
    description:
      "Any text of the client's, new for each request it makes once. Repeated within a day with the same body, it gets the answer that it got before; with another body, 409.",
    example: "4d0e1f9c-batch-17",
  }),
});

/** What the answer says about it. */
export const idempotencyReplyHeaders = z.object({
  "Idempotency-Replayed": z
    .literal("true")
    .optional()
    .meta({ description: "The answer is that of an earlier request with the same Idempotency-Key." }),
});
