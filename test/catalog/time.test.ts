import { describe, expect, it } from "vitest";
import { isoTime, isoTimeSchema, isoTimeTextSchema } from "../../src/catalog/time.ts";
import { problemsFromIssues } from "../../src/catalog/input-problem.ts";

describe("times at the edge", () => {
  it.each(["2030-01-01", "20300101", "2030-W01", "2030-01-01T08:00", "2030-01-01T08:00:00.5"])(
    "what is proposed instead of %s is taken",
    (text) => {
      const { error } = isoTimeTextSchema.safeParse(text);
      if (error === undefined) throw new Error("was taken without a zone");
      const [problem] = problemsFromIssues(error.issues, text);
      expect(problem?.message).toContain("has no time zone");
      const proposed = /for example "(.*)"/.exec(problem?.fix ?? "")?.[1];
      expect(proposed).toMatch(new RegExp(`^${text}`));
      expect(isoTimeTextSchema.safeParse(proposed).success).toBe(true);
    },
  );

  it("are written to the second, in UTC, never later than they are", () => {
    expect(isoTime(isoTimeSchema.parse("2026-03-29T03:30:00+02:00"))).toBe("2026-03-29T01:30:00Z");
    expect(isoTime(1_774_747_800.9994)).toBe("2026-03-29T01:30:00Z");
    expect(() => isoTime(1e15)).toThrow("1000000000000000 s is outside the calendar");
  });
});
