/** Times at the edge: ISO 8601 with a zone; inside they are seconds since the Unix epoch. */
import { DateTime } from "luxon";
import { z } from "zod";
import { millisecondsToSeconds, secondsToMilliseconds } from "../domain/units.ts";

/** A zone is required: "2026-11-20T18:00" means another instant on every machine. */
const WITH_ZONE = /(Z|[+-]\d{2}:?\d{2})$/i;

/** An ISO 8601 time with zone, given as text and parsed to seconds since the Unix epoch. */
export const isoTimeSchema = z
  .string()
  .superRefine((text, context) => {
    if (!DateTime.fromISO(text).isValid) {
      context.addIssue({
        code: "custom",
        message: "is not an ISO 8601 time",
        params: { fix: 'Give a date, a time and a zone, for example "2026-11-20T18:00:00Z".' },
      });
    } else if (!WITH_ZONE.test(text)) {
      context.addIssue({
        code: "custom",
        message: "has no time zone",
        params: { fix: `Append "Z" for UTC or an offset such as "+01:00", for example "${text}Z".` },
      });
    }
  })
  .transform((text) => millisecondsToSeconds(DateTime.fromISO(text, { setZone: true }).toMillis()))
  .meta({ description: "ISO 8601 time with zone.", example: "2026-11-20T18:00:00Z", type: "string", format: "date-time" });

/** Seconds since the Unix epoch as ISO 8601 in UTC, to the second. */
export function isoTime(atSeconds: number): string {
  const text = DateTime.fromMillis(Math.round(secondsToMilliseconds(atSeconds)), { zone: "utc" })
    .startOf("second")
    .toISO({ suppressMilliseconds: true });
  if (text === null) throw new RangeError(`${atSeconds} s is outside the calendar`);
  return text;
}
