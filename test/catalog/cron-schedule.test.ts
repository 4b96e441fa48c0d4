import { DateTime } from "luxon";
import { describe, expect, it } from "vitest";
import type { CronSchedule } from "../../src/catalog/cron-schedule.ts";
import { cronScheduleSchema, nextRunAfter } from "../../src/catalog/cron-schedule.ts";
import { InvalidInput } from "../../src/catalog/input-problem.ts";
import { parseInput } from "../../src/catalog/parse-json-file.ts";

const containing = (text: string): unknown => expect.stringContaining(text);

const seconds = (iso: string): number => DateTime.fromISO(iso, { setZone: true }).toSeconds();
const inRome = (expression: string): CronSchedule => ({ expression, zone: "Europe/Rome" });

/** Runs from a local time of Rome on, as local times with their offset. */
function runs(expression: string, fromIso: string, count: number): readonly string[] {
  const found: string[] = [];
  let at = seconds(fromIso);
  while (found.length < count) {
    const next = nextRunAfter(inRome(expression), at);
    if (next === null) break;
    found.push(DateTime.fromSeconds(next, { zone: "Europe/Rome" }).toFormat("dd'T'HH:mmZZ"));
    at = next;
  }
  return found;
}

describe("the next run", () => {
  it("is after an instant, never at it", () => {
    const at = seconds("2027-01-15T02:30:00+01:00");
    expect(nextRunAfter(inRome("30 2 * * *"), at - 1)).toBe(at);
    expect(nextRunAfter(inRome("30 2 * * *"), at)).toBe(at + 86_400);
    expect(nextRunAfter(inRome("30 2 * * *"), at - 0.5)).toBe(at);
  });

  it("goes by the clock of the zone", () => {
    const at = seconds("2027-01-15T00:00:00Z");
    const inZone = (zone: string): number | null => nextRunAfter({ expression: "0 9 * * *", zone }, at);
    expect(inZone("UTC")).toBe(seconds("2027-01-15T09:00:00Z"));
    expect(inZone("Asia/Kolkata")).toBe(seconds("2027-01-15T03:30:00Z"));
    expect(inZone("America/New_York")).toBe(seconds("2027-01-15T14:00:00Z"));
  });

  it("on the day of the gap (Rome, 28 March 2027) is at its end: not lost, not doubled", () => {
    const from = "2027-03-27T00:00:00+01:00";
    expect(runs("30 2 * * *", from, 4)).toEqual([
      "27T02:30+01:00",
      "28T03:00+02:00",
      "29T02:30+02:00",
      "30T02:30+02:00",
    ]);
    expect(runs("30 2,14 * * *", from, 4)).toEqual([
      "27T02:30+01:00",
      "27T14:30+01:00",
      "28T03:00+02:00",
      "28T14:30+02:00",
    ]);
  });

  it("on the day of the repeated hour (Rome, 31 October 2027) is the first of the two: not lost, not doubled", () => {
    const from = "2027-10-30T00:00:00+02:00";
    expect(runs("30 2 * * *", from, 4)).toEqual([
      "30T02:30+02:00",
      "31T02:30+02:00",
      "01T02:30+01:00",
      "02T02:30+01:00",
    ]);
    expect(runs("0,30 2-3 * * *", "2027-10-31T00:00:00+02:00", 5)).toEqual([
      "31T02:00+02:00",
      "31T02:30+02:00",
      "31T03:00+01:00",
      "31T03:30+01:00",
      "01T02:00+01:00",
    ]);
  });

  it("of an expression with steps keeps its distance over both changes", () => {
    expect(runs("*/30 * * * *", "2027-03-28T01:15:00+01:00", 3)).toEqual([
      "28T01:30+01:00",
      "28T03:00+02:00",
      "28T03:30+02:00",
    ]);
    expect(runs("*/30 2 * * *", "2027-10-31T01:15:00+02:00", 5)).toEqual([
      "31T02:00+02:00",
      "31T02:30+02:00",
      "31T02:00+01:00",
      "31T02:30+01:00",
      "01T02:00+01:00",
    ]);
  });

  it("takes either of both days, as cron does", () => {
    // 2027-01-13 is a Wednesday.
    expect(runs("0 0 15 * wed", "2027-01-12T00:00:00+01:00", 3)).toEqual([
      "13T00:00+01:00",
      "15T00:00+01:00",
      "20T00:00+01:00",
    ]);
  });
});

describe("a schedule", () => {
  it.each(["30 2 * * 1-5", "*/15 * * * *", "0 0 29 2 *", "0 6 * JAN-MAR Mon,Fri", "  0  0 1 * * "])(
    "may be %j",
    (expression) => {
      expect(cronScheduleSchema.parse(inRome(expression))).toEqual(inRome(expression));
    },
  );

  it.each([
    ["", "has 0 fields instead of 5"],
    ["0 0 * *", "has 4 fields instead of 5"],
    ["0 0 0 * * *", "has 6 fields instead of 5"],
    ["@daily", "has 1 fields instead of 5"],
    ["61 * * * *", "Invalid value for minute: 61"],
    ["0 0 L * *", '"L" is not a number, name, *, list, range or step'],
    ["a b c d e", '"a" is not'],
    ["*/0 * * * *", "is no cron expression"],
    ["5-1 * * * *", "is no cron expression"],
    ["0 0 30 2 *", "never comes up"],
  ])("may not be %j: %s", (expression, message) => {
    const refused = refusal(inRome(expression));
    expect(refused.problems).toEqual([
      expect.objectContaining({
        path: "/expression",
        value: expression,
        message: containing(message),
        fix: containing("for example"),
      }),
    ]);
  });

  it("needs a zone by name, and says one thing about one mistake", () => {
    for (const zone of ["Europe/Roma", "+01:00", ""]) {
      expect(refusal({ expression: "0 0 * * *", zone }).problems).toEqual([
        {
          path: "/zone",
          value: zone,
          message: "is not an IANA time zone",
          fix: 'Give a name such as "Europe/Rome", "America/New_York" or "UTC".',
        },
      ]);
    }
  });
});

function refusal(input: unknown): InvalidInput {
  try {
    parseInput(cronScheduleSchema, input, "settings");
  } catch (error) {
    if (error instanceof InvalidInput) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(input)} was accepted`);
}
