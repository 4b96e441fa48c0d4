/**
 * Windows of the week by the clock on the wall: a window holds whenever that clock, in the window's zone, shows one of its times.
 * So it follows daylight-saving changes: times within the hour that is skipped in spring do not come up, times within the hour that is
 * repeated in autumn come up twice.
 */
import { DateTime } from "luxon";
import { z } from "zod";
import { localEndTimeSchema, localTimeSchema, minuteOfDay } from "./local-time.ts";

/** Days as windows name them, in ISO's order. */
export const WEEKDAYS = [
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
  "sunday",
] as const;

const MINUTES_PER_HOUR = 60;
const MINUTES_PER_DAY = 24 * MINUTES_PER_HOUR;
const MINUTES_PER_WEEK = WEEKDAYS.length * MINUTES_PER_DAY;

/** A window within the hour that is skipped comes up a week later; two weeks and a day therefore hold every change that ever comes. */
const LOOK_AHEAD_DAYS = 15;

/** Fields of every weekly window. */
export const weeklyWindowFields = {
  days: z
    .array(z.enum(WEEKDAYS))
    .min(1)
    .max(WEEKDAYS.length)
    .meta({
      description: "Days on which the window begins.",
      example: ["monday", "tuesday", "wednesday", "thursday", "friday"],
    }),
  from: localTimeSchema.meta({ description: "Local time at which the window begins.", example: "09:00" }),
  until: localEndTimeSchema.meta({
    description:
      "Local time at which the window ends, itself not included; not after `from`, it is of the next day. 24:00 is the end of the day.",
    example: "18:00",
  }),
};

/** Days, and a stretch of local time that begins on each of them. */
export interface WeeklyWindow {
  readonly days: readonly (typeof WEEKDAYS)[number][];
  /** "HH:MM" */
  readonly from: string;
  /** "HH:MM" or "24:00", not included. */
  readonly until: string;
}

/** A stretch of the week in minutes of the wall clock since Monday 00:00; the end is not included. */
interface WeekStretch {
  readonly fromMinute: number;
  readonly untilMinute: number;
}

/** What is wrong with a window by itself; null when nothing is. */
export function weeklyWindowFault({ days, from, until }: WeeklyWindow): {
  readonly field: "days" | "until";
  readonly message: string;
  readonly fix: string;
} | null {
  if (new Set(days).size < days.length)
    return { field: "days", message: "names a day twice", fix: "Name each day once." };
  if (from === until)
    return {
      field: "until",
      message: "is when the window begins, so that it would be empty or a whole day",
      fix: 'Give another time; a whole day is from "00:00" until "24:00".',
    };
  return null;
}

/** Whether two windows of one zone share a minute of the week. */
export function overlap(one: WeeklyWindow, other: WeeklyWindow): boolean {
  return stretches(one).some((a) =>
    stretches(other).some((b) => a.fromMinute < b.untilMinute && b.fromMinute < a.untilMinute),
  );
}

/** Whether the clock of a zone shows a time of the window. */
export function holdsAt(window: WeeklyWindow, zone: string, atSeconds: number): boolean {
  const minute = minuteOfWeek(atSeconds, zone);
  return stretches(window).some(
    ({ fromMinute, untilMinute }) => fromMinute <= minute && minute < untilMinute,
  );
}

/**
 * The first instant after `atSeconds` at which what `valueAt` says of some windows of one zone differs from what it says at `atSeconds`;
 * null when it never changes. `valueAt` may depend on nothing but which of the windows hold.
 */
export function nextChangeAfter(
  valueAt: (atSeconds: number) => number | boolean,
  args: {
    readonly windows: readonly WeeklyWindow[];
    readonly zone: string;
    readonly atSeconds: number;
  },
): number | null {
  const { windows, zone, atSeconds } = args;
  const now = valueAt(atSeconds);
  const minutes = new Set(
    windows.flatMap(stretches).flatMap(({ fromMinute, untilMinute }) => [fromMinute, untilMinute]),
  );
  return (
    instantsAfter(minutes, zone, atSeconds)
      .sort((a, b) => a - b)
      .find((instant) => valueAt(instant) !== now) ?? null
  );
}

function stretches({ days, from, until }: WeeklyWindow): readonly WeekStretch[] {
  const fromOfDay = minuteOfDay(from);
  const untilOfDay = minuteOfDay(until);
  const minutes = untilOfDay > fromOfDay ? untilOfDay - fromOfDay : MINUTES_PER_DAY - fromOfDay + untilOfDay;
  return days.flatMap((day) => {
    const fromMinute = WEEKDAYS.indexOf(day) * MINUTES_PER_DAY + fromOfDay;
    const untilMinute = fromMinute + minutes;
    if (untilMinute <= MINUTES_PER_WEEK) return [{ fromMinute, untilMinute }];
    // What begins on Sunday and ends on Monday is in two pieces.
    return [
      { fromMinute, untilMinute: MINUTES_PER_WEEK },
      { fromMinute: 0, untilMinute: untilMinute - MINUTES_PER_WEEK },
    ];
  });
}

function minuteOfWeek(atSeconds: number, zone: string): number {
  const local = DateTime.fromSeconds(atSeconds, { zone });
  return (local.weekday - 1) * MINUTES_PER_DAY + local.hour * MINUTES_PER_HOUR + local.minute;
}

/** Instants in the days to come at which the zone's clock shows one of these minutes of the week, or is put forward or back. */
function instantsAfter(minutes: ReadonlySet<number>, zone: string, atSeconds: number): number[] {
  const today = DateTime.fromSeconds(atSeconds, { zone }).startOf("day");
  const instants: number[] = [];
  for (let offset = -1; offset <= LOOK_AHEAD_DAYS; offset += 1) {
    const day = today.plus({ days: offset });
    const dayMinute = (day.weekday - 1) * MINUTES_PER_DAY;
    for (const minute of minutes) {
      const ofDay = (minute % MINUTES_PER_WEEK) - dayMinute;
      if (ofDay < 0 || ofDay >= MINUTES_PER_DAY) continue;
      const shown = day.set({ hour: Math.floor(ofDay / MINUTES_PER_HOUR), minute: ofDay % MINUTES_PER_HOUR });
      // A time that is skipped is moved by luxon, to an instant at which nothing changes; a repeated one has two offsets.
      instants.push(...shown.getPossibleOffsets().map((time) => time.toSeconds()));
    }
    const clockChange = clockChangeBetween(day.toSeconds(), day.plus({ days: 1 }).toSeconds(), zone);
    if (clockChange !== null) instants.push(clockChange);
  }
  return instants.filter((instant) => instant > atSeconds);
}

/** The second from which a zone's offset from UTC is that of `toSeconds`; null when it is the same at both. */
function clockChangeBetween(fromSeconds: number, toSeconds: number, zone: string): number | null {
  const offsetAt = (seconds: number): number => DateTime.fromSeconds(seconds, { zone }).offset;
  const after = offsetAt(toSeconds);
  if (offsetAt(fromSeconds) === after) return null;
  let [before, first] = [fromSeconds, toSeconds];
  while (first - before > 1) {
    const middle = Math.floor((before + first) / 2);
    if (offsetAt(middle) === after) first = middle;
    else before = middle;
  }
  return first;
}
