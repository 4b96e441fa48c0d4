/** Cursors of pages: opaque to clients, so that what they hold may change. */
import { z } from "zod";

const NO_CURSOR = {
  code: "custom",
  message: "is no cursor of this list",
  params: { fix: "Use nextCursor of the page before, as it is." },
} as const;

/** The number of the last item of a page as a cursor. */
export const cursorAfter = (number: number): string => Buffer.from(`n${number}`).toString("base64url");

/** The id of the last item of a page as a cursor. */
export const cursorAfterId = (id: string): string => Buffer.from(`i${id}`).toString("base64url");

/** A cursor from a query, read as the id of the last item of the page before. */
export const idCursorSchema = z
  .string()
  .max(100)
  .transform((text, context) => {
    const id = /^i([A-Za-z0-9._-]{1,64})$/.exec(Buffer.from(text, "base64url").toString("utf8"))?.[1];
    if (id !== undefined) return id;
    context.addIssue(NO_CURSOR);
    return z.NEVER;
  })
  .meta({ override: { type: "string", example: "aXRlYW0tYQ" } });

/** A cursor from a query, read as the number of the last item of the page before. */
export const cursorSchema = z
  .string()
  .max(40)
  .transform((text, context) => {
    const number = /^n(\d{1,15})$/.exec(Buffer.from(text, "base64url").toString("utf8"))?.[1];
    if (number !== undefined) return Number(number);
    context.addIssue(NO_CURSOR);
    return z.NEVER;
  })
  .meta({ override: { type: "string", example: "bjEwMA" } });
