/** Times at the edge: ISO 8601 with a zone; inside they are seconds since the Unix epoch. */
import { DateTime } from "luxon";
import { z } from "zod";
import { millisecondsToSeconds, secondsToMilliseconds } from "../domain/units.ts";

/** A zone is required: "2026-11-20T18:00" means another instant on every machine. */
const WITH_ZONE = /(Z|[+-]\d{2}:?\d{2})$/i;

/** A date alone needs a time of day before the zone. */
const zoneFix = (text: string): string =>
  /T/i.test(text)
    ? `Append "Z" for UTC or an offset such as "+01:00", for example "${text}Z".`
    : `Append a time of day and a zone, for example "${text}T00:00:00Z".`;

/** Times beyond these years would not be RFC 3339 when they are written again. */
const FIRST_YEAR = 1970;
const LAST_YEAR = 9999;

/** An ISO 8601 time with zone, checked and kept as text: what is stored and shown again as it was given. */
export const isoTimeTextSchema = z
  .string()
  .superRefine((text, context) => {
    const time = DateTime.fromISO(text, { zone: "utc" });
    if (!time.isValid) {
      context.addIssue({
        code: "custom",
        message: "is not an ISO 8601 time",
        continue: false,
        params: { fix: 'Give a date, a time and a zone, for example "2026-11-20T18:00:00Z".' },
      });
    } else if (!WITH_ZONE.test(text)) {
      context.addIssue({
        code: "custom",
        message: "has no time zone",
        continue: false,
        params: { fix: zoneFix(text) },
      });
    } else if (time.year < FIRST_YEAR || time.year > LAST_YEAR) {
      context.addIssue({
        code: "custom",
        message: "is outside the years 1970 to 9999",
        continue: false,
        params: { fix: "Give a year from 1970 to 9999." },
      });
    }
  })
  .meta({
    description: "ISO 8601 time with zone.",
    example: "2026-11-20T18:00:00Z",
    format: "date-time",
  });

/** Seconds since the Unix epoch of a text that isoTimeTextSchema has passed. */
export function isoTimeSeconds(text: string): number {
  return millisecondsToSeconds(DateTime.fromISO(text, { setZone: true }).toMillis());
}

/** An ISO 8601 time with zone, given as text and parsed to seconds since the Unix epoch. */
export const isoTimeSchema = isoTimeTextSchema.transform(isoTimeSeconds).meta({
  description: "ISO 8601 time with zone.",
  example: "2026-11-20T18:00:00Z",
  type: "string",
  format: "date-time",
});

/** Seconds since the Unix epoch as ISO 8601 in UTC, to the second. */
export function isoTime(atSeconds: number): string {
  const milliseconds = Math.round(secondsToMilliseconds(atSeconds));
  const time = new Date(milliseconds);
  if (Number.isNaN(time.getTime())) throw new RangeError(`${atSeconds} s is outside the calendar`);
  return time.toISOString().replace(/\.\d+Z$/, "Z");
}
