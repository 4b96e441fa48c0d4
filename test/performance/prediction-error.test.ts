import { describe, expect, it } from "vitest";
import {
  intervalCoverage,
  mapePercent,
  quantile,
  residualQuantiles,
} from "../../src/performance/prediction-error.ts";

const observations = [0.5, 1, 2].map((measuredSeconds) => ({ measuredSeconds, predictedSeconds: 1 }));

describe("prediction error", () => {
  it("averages absolute relative errors", () => {
    expect(mapePercent(observations)).toBeCloseTo((100 * (1 + 0 + 0.5)) / 3, 10);
  });

  it("interpolates quantiles between order statistics", () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([10, 20], 0.1)).toBeCloseTo(11, 10);
    expect(() => quantile([], 0.5)).toThrow(/no values/);
  });

  it("gives the bounds of measured / predicted and counts what they hold", () => {
    expect(residualQuantiles(observations).median).toBe(1);
    expect(intervalCoverage(observations, { lower: 0.9, median: 1, upper: 2 })).toBeCloseTo(2 / 3, 10);
  });
});
