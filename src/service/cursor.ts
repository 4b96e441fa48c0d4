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

/** Time and id of the last item of a page as a cursor. */
export const cursorAfterTime = ({ createdAtSeconds, id }: TimePlace): string =>
  Buffer.from(`t${createdAtSeconds}_${id}`).toString("base64url");

/** A place in a list that is ordered by time, and by id where times are equal. */
interface TimePlace {
  readonly createdAtSeconds: number;
  readonly id: string;
}

/** A cursor from a query, read as time and id of the last item of the page before. */
export const timeCursorSchema = z
  .string()
  .max(200)
  .transform((text, context): TimePlace => {
    const place = /^t(\d{1,12}(?:\.\d{1,10})?)_([A-Za-z0-9._-]{1,64})$/.exec(
      Buffer.from(text, "base64url").toString("utf8"),
    );
    const [, seconds, id] = place ?? [];
    if (seconds !== undefined && id !== undefined) return { createdAtSeconds: Number(seconds), id };
    context.addIssue(NO_CURSOR);
    return z.NEVER;
  })
  .meta({ override: { type: "string", example: "dDE3OTUxOTc2MDBfYQ" } });

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
