/**
 * Local times of day and IANA zones as settings give them. A text that is none ends the check of the object it is in, since nothing can be
 * said about a window or a schedule without its times.
 */
import { IANAZone } from "luxon";
import { z } from "zod";

const MINUTES_PER_HOUR = 60;

/** Names only: an offset such as "+01:00" would be wrong for half of the year. */
const ZONE_NAME = /^[A-Za-z]/;

/** An IANA time zone by name. */
export const zoneSchema = z
  .string()
  .superRefine((text, context) => {
    if (ZONE_NAME.test(text) && IANAZone.isValidZone(text)) return;
    context.addIssue({
      code: "custom",
      message: "is not an IANA time zone",
      continue: false,
      params: { fix: 'Give a name such as "Europe/Rome", "America/New_York" or "UTC".' },
    });
  })
  .meta({
    description: "IANA time zone; local times follow its daylight-saving changes.",
    example: "Europe/Rome",
  });

/** A time of day, 00:00 to 23:59. */
export const localTimeSchema = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: "is not a time of day from 00:00 to 23:59", abort: true })
  .meta({ description: "Local time of day, hours and minutes.", example: "09:00" });

/** A time of day at which something ends, 00:00 to 24:00. */
export const localEndTimeSchema = z
  .string()
  .regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, {
    error: "is not a time of day from 00:00 to 24:00",
    abort: true,
  })
  .meta({
    description: "Local time of day, hours and minutes, itself not included; 24:00 is the end of the day.",
    example: "18:00",
  });

/** Minutes since the day began on the wall clock. */
export function minuteOfDay(localTime: string): number {
  const [hours, minutes] = localTime.split(":").map(Number);
  if (hours === undefined || minutes === undefined) throw new Error(`${localTime} is no local time`);
  return hours * MINUTES_PER_HOUR + minutes;
}
