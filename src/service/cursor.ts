/** Cursors of pages: opaque to clients, so that what they hold may change. */
import { z } from "zod";

/** The number of the last item of a page as a cursor. */
export const cursorAfter = (number: number): string => Buffer.from(`n${number}`).toString("base64url");

/** A cursor from a query, read as the number of the last item of the page before. */
export const cursorSchema = z
  .string()
  .max(40)
  .transform((text, context) => {
    const number = /^n(\d{1,15})$/.exec(Buffer.from(text, "base64url").toString("utf8"))?.[1];
    if (number !== undefined) return Number(number);
    context.addIssue({
      code: "custom",
      message: "is no cursor of this list: use nextCursor of the page before",
    });
    return z.NEVER;
  })
  .meta({ override: { type: "string", example: "bjEwMA" } });
