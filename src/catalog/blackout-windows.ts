/** Times in which no new plan is made, for example during a release: windows of the week, and single intervals. */
import { z } from "zod";
import { assertNever } from "../domain/assert-never.ts";
import { zoneSchema } from "./local-time.ts";
import { isoTimeSeconds, isoTimeTextSchema } from "./time.ts";
import { holdsAt, nextChangeAfter, weeklyWindowFault, weeklyWindowFields } from "./weekly-window.ts";

const MAX_WINDOWS = 100;
const MAX_REASON_CHARACTERS = 200;

/** Any instant will do to find out whether weekly windows cover the whole week: 2027-01-04, a Monday. */
const SOME_MONDAY_SECONDS = 1_799_020_800;
const SECONDS_PER_DAY = 86_400;
/** Weekly windows that have left no gap in three weeks, daylight-saving change or not, leave none at all. */
const ENDLESS_AFTER_SECONDS = 21 * SECONDS_PER_DAY;

const reasonField = z
  .string()
  .min(1)
  .max(MAX_REASON_CHARACTERS)
  .optional()
  .meta({ description: "Why, for people.", example: "weekly release" });

const blackoutWindowSchema = z
  .discriminatedUnion("kind", [
    z
      .strictObject({
        kind: z.literal("weekly"),
        zone: zoneSchema,
        ...weeklyWindowFields,
        reason: reasonField,
      })
      .superRefine((window, context) => {
        const fault = weeklyWindowFault(window);
        if (fault === null) return;
        context.addIssue({
          code: "custom",
          path: [fault.field],
          message: fault.message,
          params: { fix: fault.fix },
        });
      })
      .meta({ id: "WeeklyBlackout", description: "A stretch of local time on some days of every week." }),
    z
      .strictObject({
        kind: z.literal("once"),
        startsAt: isoTimeTextSchema.meta({ description: "First instant, ISO 8601 with zone." }),
        endsAt: isoTimeTextSchema.meta({
          description: "End, itself not included, ISO 8601 with zone.",
          example: "2026-11-21T06:00:00Z",
        }),
        reason: reasonField,
      })
      .superRefine(({ startsAt, endsAt }, context) => {
        if (isoTimeSeconds(startsAt) < isoTimeSeconds(endsAt)) return;
        context.addIssue({
          code: "custom",
          path: ["endsAt"],
          message: `is not after startsAt (${startsAt})`,
          params: { fix: "Give a later time." },
        });
      })
      .meta({ id: "OneOffBlackout", description: "One interval." }),
  ])
  .meta({ id: "BlackoutWindow", description: "A time in which no new plan is made." });

/** Times in which no new plan is made; they may overlap. */
export const blackoutWindowsSchema = z
  .array(blackoutWindowSchema)
  .max(MAX_WINDOWS)
  .superRefine((windows, context) => {
    const weekly = windows.filter((window) => window.kind === "weekly");
    if (weekly.some((window) => weeklyWindowFault(window) !== null)) return;
    if (blackoutEndsAt(weekly, SOME_MONDAY_SECONDS) !== null) return;
    context.addIssue({
      code: "custom",
      message: "together they cover the whole week, so that no plan would ever be made",
      params: { fix: "Leave some time of the week free." },
    });
  })
  .meta({
    id: "BlackoutWindows",
    description:
      "Times in which no new plan is made. Weekly windows go by the clock on the wall: they hold twice in the hour that is repeated in autumn and not at all in the hour that is skipped in spring.",
    example: [
      { kind: "weekly", zone: "Europe/Rome", days: ["friday"], from: "22:00", until: "06:00" },
      { kind: "once", startsAt: "2026-12-24T12:00:00+01:00", endsAt: "2026-12-27T00:00:00+01:00" },
    ],
  });

/** Times in which no new plan is made. */
export type BlackoutWindows = readonly BlackoutWindow[];
type BlackoutWindow = Readonly<z.output<typeof blackoutWindowSchema>>;

/** Whether no new plan is made at an instant (seconds since the Unix epoch). */
export function isBlackedOut(windows: BlackoutWindows, atSeconds: number): boolean {
  return windows.some((window) => holds(window, atSeconds));
}

/**
 * The first instant from `atSeconds` on at which plans are made again: `atSeconds` itself when no window holds, the end of all windows that
 * overlap or adjoin otherwise. null when weekly windows cover the whole week, which blackoutWindowsSchema refuses.
 */
export function blackoutEndsAt(windows: BlackoutWindows, atSeconds: number): number | null {
  const latestOnce = Math.max(
    atSeconds,
    ...windows.map((window) => (window.kind === "once" ? isoTimeSeconds(window.endsAt) : atSeconds)),
  );
  let end = atSeconds;
  while (end <= latestOnce + ENDLESS_AFTER_SECONDS) {
    const holding = windows.filter((window) => holds(window, end));
    if (holding.length === 0) return end;
    // Each of them holds until its own end without a break, so nothing is skipped by going to the latest.
    const from = end;
    end = Math.max(...holding.map((window) => endOf(window, from)));
  }
  return null;
}

function holds(window: BlackoutWindow, atSeconds: number): boolean {
  switch (window.kind) {
    case "weekly":
      return holdsAt(window, window.zone, atSeconds);
    case "once":
      return isoTimeSeconds(window.startsAt) <= atSeconds && atSeconds < isoTimeSeconds(window.endsAt);
    default:
      return assertNever(window);
  }
}

/** When a window that holds at an instant ceases to; Infinity for one that covers the whole week. */
function endOf(window: BlackoutWindow, atSeconds: number): number {
  switch (window.kind) {
    case "weekly": {
      const { zone } = window;
      const change = nextChangeAfter((instant) => holdsAt(window, zone, instant), {
        windows: [window],
        zone,
        atSeconds,
      });
      return change ?? Infinity;
    }
    case "once":
      return isoTimeSeconds(window.endsAt);
    default:
      return assertNever(window);
  }
}
