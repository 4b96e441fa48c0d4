import { DateTime } from "luxon";
import { describe, expect, it } from "vitest";
import { InvalidInput } from "../../src/catalog/input-problem.ts";
import { parseInput } from "../../src/catalog/parse-json-file.ts";
import type { PriceCalendar } from "../../src/catalog/price-calendar.ts";
import {
  applyPriceCalendar,
  nextPriceChangeAfter,
  priceCalendarSchema,
  priceFactorAt,
} from "../../src/catalog/price-calendar.ts";
import { WEEKDAYS } from "../../src/catalog/weekly-window.ts";
import { testVmType } from "../support/random-problem.ts";

const containing = (text: string): unknown => expect.stringContaining(text);

const seconds = (iso: string): number => DateTime.fromISO(iso, { setZone: true }).toSeconds();
const WORKING_DAYS = WEEKDAYS.slice(0, 5);

const workingHours: PriceCalendar = {
  zone: "Europe/Rome",
  windows: [{ days: WORKING_DAYS, from: "08:00", until: "20:00", factor: 1.2 }],
  factorOutsideWindows: 0.8,
};
/** A window every day at these times, at twice the price. */
const daily = (from: string, until: string, zone = "Europe/Rome"): PriceCalendar => ({
  zone,
  windows: [{ days: [...WEEKDAYS], from, until, factor: 2 }],
  factorOutsideWindows: 1,
});

/** Times at which the price changes, from one to another, as local times. */
function changes(calendar: PriceCalendar, fromIso: string, untilIso: string): readonly string[] {
  const found: string[] = [];
  let at: number | null = seconds(fromIso);
  for (;;) {
    at = nextPriceChangeAfter(calendar, at);
    if (at === null || at > seconds(untilIso)) return found;
    const local = DateTime.fromSeconds(at, { zone: calendar.zone });
    found.push(`${local.toFormat("dd'T'HH:mmZZ")} ${priceFactorAt(calendar, at)}`);
  }
}

describe("the price factor", () => {
  it("is the window's from its first to before its last minute, on its days, in its zone", () => {
    const at = (iso: string): number => priceFactorAt(workingHours, seconds(iso));
    // 2027-01-15 is a Friday; Rome is one hour ahead of UTC.
    expect(at("2027-01-15T06:59:59Z")).toBe(0.8);
    expect(at("2027-01-15T07:00:00Z")).toBe(1.2);
    expect(at("2027-01-15T18:59:59Z")).toBe(1.2);
    expect(at("2027-01-15T19:00:00Z")).toBe(0.8);
    expect(at("2027-01-16T12:00:00Z")).toBe(0.8);
    expect(at("2027-07-15T06:30:00Z")).toBe(1.2);
  });

  it("goes on after midnight when the window ends before it begins, also from Sunday to Monday", () => {
    const night: PriceCalendar = {
      zone: "UTC",
      windows: [{ days: ["sunday"], from: "22:00", until: "06:00", factor: 0.5 }],
      factorOutsideWindows: 1,
    };
    // 2027-01-17 is a Sunday.
    expect(changes(night, "2027-01-15T00:00:00Z", "2027-01-20T00:00:00Z")).toEqual([
      "17T22:00+00:00 0.5",
      "18T06:00+00:00 1",
    ]);
  });

  it("changes next at a window's begin or end, over a weekend too", () => {
    // A Thursday to a Monday.
    expect(changes(workingHours, "2027-01-14T12:00:00Z", "2027-01-18T12:00:00Z")).toEqual([
      "14T20:00+01:00 0.8",
      "15T08:00+01:00 1.2",
      "15T20:00+01:00 0.8",
      "18T08:00+01:00 1.2",
    ]);
  });

  it("never changes without windows, with a whole week, or with equal factors", () => {
    const at = seconds("2027-01-14T12:00:00Z");
    expect(nextPriceChangeAfter({ zone: "UTC", windows: [], factorOutsideWindows: 1 }, at)).toBeNull();
    expect(nextPriceChangeAfter(daily("00:00", "24:00"), at)).toBeNull();
    expect(nextPriceChangeAfter({ ...daily("08:00", "09:00"), factorOutsideWindows: 2 }, at)).toBeNull();
  });

  it("does not change between two windows that adjoin at one price", () => {
    const calendar: PriceCalendar = {
      zone: "UTC",
      windows: [
        { days: ["friday"], from: "20:00", until: "24:00", factor: 0.5 },
        { days: ["saturday"], from: "00:00", until: "06:00", factor: 0.5 },
      ],
      factorOutsideWindows: 1,
    };
    expect(changes(calendar, "2027-01-15T00:00:00Z", "2027-01-17T00:00:00Z")).toEqual([
      "15T20:00+00:00 0.5",
      "16T06:00+00:00 1",
    ]);
  });
});

describe("in spring (Rome, 28 March 2027: 02:00 is 03:00)", () => {
  const [from, until] = ["2027-03-27T12:00:00+01:00", "2027-03-28T12:00:00+02:00"];

  it("a window within the skipped hour does not come up that day", () => {
    expect(changes(daily("02:15", "02:45"), from, until)).toEqual([]);
    expect(nextPriceChangeAfter(daily("02:15", "02:45"), seconds(from))).toBe(
      seconds("2027-03-29T02:15:00+02:00"),
    );
  });

  it("a window of that Sunday only comes up a week later", () => {
    const sundays: PriceCalendar = {
      zone: "Europe/Rome",
      windows: [{ days: ["sunday"], from: "02:15", until: "02:45", factor: 2 }],
      factorOutsideWindows: 1,
    };
    expect(nextPriceChangeAfter(sundays, seconds("2027-03-21T02:45:00+01:00"))).toBe(
      seconds("2027-04-04T02:15:00+02:00"),
    );
  });

  it("a window that begins or ends within the skipped hour does so when the clock is put forward", () => {
    expect(changes(daily("02:30", "05:00"), from, until)).toEqual(["28T03:00+02:00 2", "28T05:00+02:00 1"]);
    expect(changes(daily("01:00", "02:30"), from, until)).toEqual(["28T01:00+01:00 2", "28T03:00+02:00 1"]);
  });
});

describe("in autumn (Rome, 31 October 2027: 03:00 is 02:00 again)", () => {
  const [from, until] = ["2027-10-30T12:00:00+02:00", "2027-10-31T12:00:00+01:00"];

  it("a window within the repeated hour comes up twice, as the clock on the wall shows it", () => {
    expect(changes(daily("02:15", "02:45"), from, until)).toEqual([
      "31T02:15+02:00 2",
      "31T02:45+02:00 1",
      "31T02:15+01:00 2",
      "31T02:45+01:00 1",
    ]);
  });

  it("a window over the whole repeated hour lasts an hour longer", () => {
    expect(changes(daily("01:00", "04:00"), from, until)).toEqual(["31T01:00+02:00 2", "31T04:00+01:00 1"]);
  });

  it("a window that begins in the repeated hour pauses when the clock is put back", () => {
    expect(changes(daily("02:30", "05:00"), from, until)).toEqual([
      "31T02:30+02:00 2",
      "31T02:00+01:00 1",
      "31T02:30+01:00 2",
      "31T05:00+01:00 1",
    ]);
  });
});

describe("elsewhere", () => {
  it("a change of half an hour and one at midnight are found", () => {
    // Lord Howe: on 4 April 2027 02:00 is 01:30 again. Cairo: on 30 April 2027 00:00 is 01:00.
    expect(
      changes(daily("01:40", "03:00", "Australia/Lord_Howe"), "2027-04-03T12:00:00Z", "2027-04-04T00:00:00Z"),
    ).toEqual(["04T01:40+11:00 2", "04T01:30+10:30 1", "04T01:40+10:30 2", "04T03:00+10:30 1"]);
    expect(
      changes(daily("00:00", "02:00", "Africa/Cairo"), "2027-04-29T12:00:00Z", "2027-04-30T12:00:00Z"),
    ).toEqual(["30T01:00+03:00 2", "30T02:00+03:00 1"]);
  });

  it("agrees with asking minute by minute, over both changes", () => {
    for (const start of [seconds("2027-03-26T00:00:00Z"), seconds("2027-10-29T00:00:00Z")]) {
      for (const calendar of [workingHours, daily("02:20", "02:50"), daily("22:00", "02:30")]) {
        const minutes = Array.from({ length: 4 * 24 * 60 }, (_, minute) => start + 60 * minute);
        const expected = minutes.filter(
          (at, index) =>
            index > 0 && priceFactorAt(calendar, at) !== priceFactorAt(calendar, minutes[index - 1] ?? at),
        );
        const found: number[] = [];
        for (let at = nextPriceChangeAfter(calendar, start); at !== null && at <= (minutes.at(-1) ?? 0);) {
          found.push(at);
          at = nextPriceChangeAfter(calendar, at);
        }
        expect(found).toEqual(expected);
      }
    }
  });
});

describe("a price calendar", () => {
  it("scales every price, and nothing else", () => {
    const vmTypes = [testVmType("A", { gpuCount: 1, pricePerHourUsd: 2 })];
    expect(applyPriceCalendar(vmTypes, workingHours, seconds("2027-01-15T12:00:00Z"))).toEqual([
      { ...vmTypes[0], pricePerHourUsd: 2.4 },
    ]);
  });

  const refused: readonly (readonly [string, unknown, string, string])[] = [
    ["an unknown zone", { ...workingHours, zone: "Rome" }, "/zone", "is not an IANA time zone"],
    ["no windows", { ...workingHours, windows: undefined }, "/windows", "windows is missing"],
    [
      "no price for the other times",
      { ...workingHours, factorOutsideWindows: undefined },
      "/factorOutsideWindows",
      "factorOutsideWindows is missing",
    ],
    ["a price of 0", { ...workingHours, factorOutsideWindows: 0 }, "/factorOutsideWindows", "above 0"],
    ["a day that is none", withWindow({ days: ["Mon"] }), "/windows/0/days/0", "expected one of"],
    ["a day twice", withWindow({ days: ["monday", "monday"] }), "/windows/0/days", "names a day twice"],
    ["no days", withWindow({ days: [] }), "/windows/0/days", "Too small"],
    ["a time that is none", withWindow({ from: "8:00" }), "/windows/0/from", "is not a time of day"],
    ["24:00 as a begin", withWindow({ from: "24:00" }), "/windows/0/from", "is not a time of day"],
    ["an end beyond the day", withWindow({ until: "24:01" }), "/windows/0/until", "is not a time of day"],
    ["an empty window", withWindow({ until: "08:00" }), "/windows/0/until", "empty or a whole day"],
  ];
  it.each(refused)("with %s is refused", (_name, input, path, message) => {
    const problems = problemsOf(input);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ path, message: containing(message) });
    expect(problems[0]?.fix).not.toBe("");
  });

  it("with windows that overlap is refused, also where one runs over midnight", () => {
    const overlapping = {
      ...workingHours,
      windows: [
        { days: ["monday"], from: "00:00", until: "02:00", factor: 1 },
        { days: ["sunday"], from: "23:00", until: "01:00", factor: 2 },
      ],
    };
    expect(problemsOf(overlapping)).toEqual([
      {
        path: "/windows/1",
        value: overlapping.windows[1],
        message: "overlaps /windows/0, so that some times would have two prices",
        fix: "Give the two windows different times or days.",
      },
    ]);
    expect(
      problemsOf({
        ...overlapping,
        windows: [overlapping.windows[0], { ...overlapping.windows[1], until: "24:00" }],
      }),
    ).toEqual([]);
  });
});

function withWindow(change: Readonly<Record<string, unknown>>): unknown {
  return { ...workingHours, windows: [{ ...workingHours.windows[0], ...change }] };
}

function problemsOf(input: unknown): InvalidInput["problems"] {
  try {
    parseInput(priceCalendarSchema, input, "settings");
    return [];
  } catch (error) {
    if (error instanceof InvalidInput) return error.problems;
    throw error;
  }
}
