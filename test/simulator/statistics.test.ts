import { describe, expect, test } from "vitest";
import { meanWithInterval, quantile } from "../../src/simulator/statistics.ts";

describe("quantile", () => {
  test("is a value that is there", () => {
    const sorted = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    expect([0, 0.5, 0.95, 1].map((p) => quantile(sorted, p))).toEqual([1, 5, 10, 10]);
  });

  test("of no values is refused", () => {
    expect(() => quantile([], 0.5)).toThrow("no values");
  });
});

describe("meanWithInterval", () => {
  test("five values: Student's t of 2.776", () => {
    const { mean, halfWidth } = meanWithInterval([1, 2, 3, 4, 5]);
    expect(mean).toBe(3);
    expect(halfWidth).toBeCloseTo((2.776 * Math.sqrt(2.5)) / Math.sqrt(5), 9);
  });

  test("thirty values: Student's t of 2.045", () => {
    const values = Array.from({ length: 30 }, (_, index) => index % 2);
    const deviation = Math.sqrt(values.reduce((total, value) => total + (value - 0.5) ** 2, 0) / 29);
    expect(meanWithInterval(values).halfWidth).toBeCloseTo((2.045 * deviation) / Math.sqrt(30), 3);
  });

  test("one value has no interval", () => {
    expect(meanWithInterval([4])).toEqual({ mean: 4, halfWidth: null });
  });
});
