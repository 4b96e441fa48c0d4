/**
 * Cron expressions with a zone, for replanning at fixed times.
 *
 * Daylight saving, for expressions whose minutes and hours have no "*" and no "/" ("30 2 * * *", "0,30 2-4 * * 1-5"): each run takes place
 * once. One within the hour that is skipped in spring takes place at the first instant after it, and one within the hour that is repeated in
 * autumn on its first occurrence. Other expressions ("*" + "/15 * * * *") go by the clock on the wall: nothing within the skipped hour, and
 * everything in both repeated hours, so that the distance of runs stays the same.
 */
import { Cron } from "croner";
import { z } from "zod";
import { millisecondsToSeconds, secondsToMilliseconds } from "../domain/units.ts";
import { zoneSchema } from "./local-time.ts";

const FIELDS = 5;
const MONTH_OR_DAY = /\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat)\b/gi;
/** croner also knows L, W, #, ? and @daily; other cron implementations do not, so they are refused. */
const PORTABLE_FIELD = /^[\d*,/-]+$/;
/** 2027-01-01: an expression that never runs from then on, such as 30 February, never runs. */
const SOME_DAY_SECONDS = 1_798_761_600;

const FIX =
  'Give minute, hour, day of month, month and day of week, for example "30 2 * * 1-5" for 02:30 on working days.';

/** When to decide again: a cron expression in a zone. */
export const cronScheduleSchema = z
  .strictObject({
    expression: z.string().meta({
      description:
        "Minute, hour, day of month, month, day of week; numbers, names, *, lists, ranges and steps. When both days are given, either suffices.",
      example: "30 2 * * 1-5",
    }),
    zone: zoneSchema,
  })
  .superRefine((schedule, context) => {
    const fault = expressionFault(schedule);
    if (fault === null) return;
    context.addIssue({ code: "custom", path: ["expression"], message: fault, params: { fix: FIX } });
  })
  .meta({
    id: "CronSchedule",
    description:
      "A cron expression in a zone. With fixed minutes and hours each run takes place exactly once: in spring a skipped time counts at the end of the gap, in autumn a repeated one the first time.",
    example: { expression: "30 2 * * 1-5", zone: "Europe/Rome" },
  });

/** When to decide again: a cron expression in a zone. */
export type CronSchedule = Readonly<z.output<typeof cronScheduleSchema>>;

/** The first run after an instant (seconds since the Unix epoch), never at it; null when there is none. */
export function nextRunAfter(schedule: CronSchedule, atSeconds: number): number | null {
  const next = cronOf(schedule).nextRun(new Date(secondsToMilliseconds(atSeconds)));
  return next === null ? null : millisecondsToSeconds(next.getTime());
}

function cronOf({ expression, zone }: CronSchedule): Cron {
  // "no-wildcard": lists and ranges are run once as well, not only single times. Without a function nothing is ever scheduled.
  return new Cron(expression, { timezone: zone, mode: "5-part", fixedTimeRule: "no-wildcard", paused: true });
}

function expressionFault(schedule: CronSchedule): string | null {
  const fields = schedule.expression.trim().split(/\s+/);
  if (fields.length !== FIELDS)
    return `has ${schedule.expression.trim() === "" ? 0 : fields.length} fields instead of ${FIELDS}`;
  const strange = fields.find((field) => !PORTABLE_FIELD.test(field.replace(MONTH_OR_DAY, "0")));
  if (strange !== undefined) return `"${strange}" is not a number, name, *, list, range or step`;
  try {
    if (nextRunAfter(schedule, SOME_DAY_SECONDS) === null) return "never comes up";
  } catch (error) {
    // croner throws TypeError and RangeError for what it cannot read, with the field in its message.
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    return `is no cron expression (${error.message.replace(/^CronPattern: /, "")})`;
  }
  return null;
}
