import { DateTime } from "luxon";
import { describe, expect, it } from "vitest";
import type { BlackoutWindows } from "../../src/catalog/blackout-windows.ts";
import { blackoutEndsAt, blackoutWindowsSchema, isBlackedOut } from "../../src/catalog/blackout-windows.ts";
import { InvalidInput } from "../../src/catalog/input-problem.ts";
import { parseInput } from "../../src/catalog/parse-json-file.ts";
import { WEEKDAYS } from "../../src/catalog/weekly-window.ts";

const containing = (text: string): unknown => expect.stringContaining(text);

type Weekday = (typeof WEEKDAYS)[number];
const seconds = (iso: string): number => DateTime.fromISO(iso, { setZone: true }).toSeconds();
const weekly = (days: readonly Weekday[], from: string, until: string, zone = "Europe/Rome") => ({
  kind: "weekly" as const,
  zone,
  days: [...days],
  from,
  until,
});
const once = (startsAt: string, endsAt: string) => ({ kind: "once" as const, startsAt, endsAt });

/** When plans are made again, as a local time of Rome; null when no window holds. */
function endOf(windows: BlackoutWindows, iso: string): string | null {
  const at = seconds(iso);
  const end = blackoutEndsAt(windows, at);
  expect(isBlackedOut(windows, at)).toBe(end !== at);
  if (end === at) return null;
  if (end === null) return "never";
  expect(isBlackedOut(windows, end)).toBe(false);
  expect(isBlackedOut(windows, end - 1)).toBe(true);
  return DateTime.fromSeconds(end, { zone: "Europe/Rome" }).toFormat("dd'T'HH:mmZZ");
}

describe("a blackout", () => {
  // 2027-01-15 is a Friday.
  it("holds on its days from its begin to its end over midnight", () => {
    const windows = [weekly(["friday"], "22:00", "06:00")];
    expect(endOf(windows, "2027-01-15T21:59:59+01:00")).toBeNull();
    expect(endOf(windows, "2027-01-15T22:00:00+01:00")).toBe("16T06:00+01:00");
    expect(endOf(windows, "2027-01-16T05:59:59+01:00")).toBe("16T06:00+01:00");
    expect(endOf(windows, "2027-01-16T06:00:00+01:00")).toBeNull();
    expect(endOf(windows, "2027-01-16T22:00:00+01:00")).toBeNull();
  });

  it("may be one interval", () => {
    const windows = [once("2027-01-15T10:00:00Z", "2027-01-15T12:30:30Z")];
    expect(endOf(windows, "2027-01-15T09:59:59Z")).toBeNull();
    expect(blackoutEndsAt(windows, seconds("2027-01-15T10:00:00Z"))).toBe(seconds("2027-01-15T12:30:30Z"));
    expect(isBlackedOut(windows, seconds("2027-01-15T12:30:30Z"))).toBe(false);
  });

  it("ends when the last of several that overlap or adjoin ends, of whatever kind and zone", () => {
    const windows = [
      weekly(["friday"], "20:00", "24:00"),
      weekly(["saturday"], "00:00", "04:00"),
      once("2027-01-16T02:30:00Z", "2027-01-16T09:00:00Z"),
      weekly(["saturday"], "02:00", "05:00", "America/New_York"),
    ];
    // 24:00 is 00:00 of Saturday; 04:00 is past 02:30Z; 09:00Z is past 02:00 in New York, which ends at 05:00 (10:00Z).
    expect(endOf(windows, "2027-01-15T20:00:00+01:00")).toBe("16T11:00+01:00");
    expect(endOf(windows, "2027-01-16T11:00:00+01:00")).toBeNull();
  });

  it("does not hold without windows", () => {
    expect(endOf([], "2027-01-15T20:00:00+01:00")).toBeNull();
  });

  it("never ends where windows cover the whole week", () => {
    expect(endOf([weekly(WEEKDAYS, "00:00", "24:00")], "2027-01-15T20:00:00+01:00")).toBe("never");
    expect(
      endOf(
        [weekly(WEEKDAYS, "00:00", "12:00"), weekly(WEEKDAYS, "12:00", "24:00")],
        "2027-01-15T20:00:00+01:00",
      ),
    ).toBe("never");
  });

  it("ends after an interval of months, however many weekly windows it contains", () => {
    const windows = [
      once("2027-01-01T00:00:00Z", "2027-12-31T12:00:00Z"),
      weekly(WEEKDAYS, "13:00", "14:00"),
    ];
    // 2027-12-31T12:00Z is 13:00 in Rome.
    expect(endOf(windows, "2027-01-15T20:00:00+01:00")).toBe("31T14:00+01:00");
  });
});

describe("in spring (Rome, 28 March 2027: 02:00 is 03:00)", () => {
  it("a blackout within the skipped hour does not hold", () => {
    const windows = [weekly(["sunday"], "02:15", "02:45")];
    for (let minute = 0; minute < 180; minute += 1) {
      expect(isBlackedOut(windows, seconds("2027-03-28T00:30:00+01:00") + 60 * minute)).toBe(false);
    }
    expect(endOf(windows, "2027-04-04T02:15:00+02:00")).toBe("04T02:45+02:00");
  });

  it("a blackout over midnight that ends within the skipped hour ends when the clock is put forward", () => {
    const windows = [weekly(["saturday"], "22:00", "02:30")];
    expect(endOf(windows, "2027-03-27T23:00:00+01:00")).toBe("28T03:00+02:00");
  });
});

describe("in autumn (Rome, 31 October 2027: 03:00 is 02:00 again)", () => {
  it("a blackout within the repeated hour holds twice", () => {
    const windows = [weekly(["sunday"], "02:15", "02:45")];
    expect(endOf(windows, "2027-10-31T02:20:00+02:00")).toBe("31T02:45+02:00");
    expect(endOf(windows, "2027-10-31T02:50:00+02:00")).toBeNull();
    expect(endOf(windows, "2027-10-31T02:20:00+01:00")).toBe("31T02:45+01:00");
  });

  it("a blackout of the whole repeated hour lasts two hours", () => {
    expect(endOf([weekly(["sunday"], "02:00", "03:00")], "2027-10-31T02:00:00+02:00")).toBe("31T03:00+01:00");
  });

  it("two blackouts that adjoin only because the hour is repeated are one", () => {
    const windows = [weekly(["sunday"], "02:00", "02:30"), weekly(["sunday"], "02:30", "02:45")];
    expect(endOf(windows, "2027-10-31T02:10:00+02:00")).toBe("31T02:45+02:00");
    expect(endOf([weekly(["sunday"], "02:00", "03:00")], "2027-10-31T02:59:00+02:00")).toBe("31T03:00+01:00");
  });
});

describe("blackout windows", () => {
  it("stay as they were given", () => {
    const given = [
      { ...weekly(["friday"], "22:00", "06:00"), reason: "release" },
      once("2026-12-24T12:00:00+01:00", "2026-12-27T00:00:00+01:00"),
    ];
    expect(blackoutWindowsSchema.parse(given)).toEqual(given);
  });

  const refused: readonly (readonly [string, unknown, string, string])[] = [
    [
      "an end before the begin",
      [once("2026-12-24T12:00:00Z", "2026-12-24T12:00:00+01:00")],
      "/0/endsAt",
      "is not after startsAt",
    ],
    [
      "a time without zone",
      [once("2026-12-24T12:00:00", "2026-12-25T12:00:00Z")],
      "/0/startsAt",
      "has no time zone",
    ],
    ["a kind that is none", [{ kind: "daily" }], "/0/kind", "Invalid discriminator"],
    [
      "an unknown zone",
      [weekly(["friday"], "22:00", "06:00", "Mars")],
      "/0/zone",
      "is not an IANA time zone",
    ],
    ["a window without length", [weekly(["friday"], "22:00", "22:00")], "/0/until", "empty or a whole day"],
    ["an unknown field", [{ ...weekly(["friday"], "22:00", "23:00"), to: "24:00" }], "/0/to", "not a field"],
    [
      "every time of the week",
      [weekly(WEEKDAYS, "06:00", "18:00"), weekly(WEEKDAYS, "18:00", "06:00")],
      "",
      "cover the whole week",
    ],
    [
      "every time of the week in two zones",
      [
        weekly(WEEKDAYS, "00:00", "13:00", "UTC"),
        weekly(WEEKDAYS, "12:00", "24:00", "UTC"),
        weekly(["friday"], "01:00", "02:00"),
      ],
      "",
      "cover the whole week",
    ],
  ];
  it.each(refused)("with %s are refused", (_name, input, path, message) => {
    const problems = problemsOf(input);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ path, message: containing(message) });
  });
});

function problemsOf(input: unknown): InvalidInput["problems"] {
  try {
    parseInput(blackoutWindowsSchema, input, "settings");
    return [];
  } catch (error) {
    if (error instanceof InvalidInput) return error.problems;
    throw error;
  }
}
