import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nonNegativeLeastSquares, relativeLeastSquares } from "../../src/performance/regression.ts";

describe("nonNegativeLeastSquares", () => {
  it("finds the exact solution when it is non-negative", () => {
    const design = [
      [1, 0],
      [1, 1],
      [1, 2],
    ];
    const [intercept, slope] = nonNegativeLeastSquares({ design, target: [1, 3, 5] });
    expect(intercept).toBeCloseTo(1, 10);
    expect(slope).toBeCloseTo(2, 10);
  });

  it("puts at zero the coefficient that would be negative, and refits the other", () => {
    // Unconstrained the line is 5 − 2x; without the slope the best constant is the mean, 3.
    const design = [
      [1, 0],
      [1, 1],
      [1, 2],
    ];
    const [intercept, slope] = nonNegativeLeastSquares({ design, target: [5, 3, 1] });
    expect(intercept).toBeCloseTo(3, 10);
    expect(slope).toBe(0);
  });

  it("keeps lower bounds", () => {
    const design = [[1], [2]];
    expect(nonNegativeLeastSquares({ design, target: [1, 2], lowerBounds: [3] })).toEqual([3]);
    expect(nonNegativeLeastSquares({ design, target: [4, 8], lowerBounds: [3] })[0]).toBeCloseTo(4, 10);
  });

  it("does not mind columns of very different size, nor a column of zeros", () => {
    const design = [
      [1, 1e12, 0],
      [1, 3e12, 0],
      [1, 7e12, 0],
    ];
    const [intercept, slope, absent] = nonNegativeLeastSquares({ design, target: [2e-3, 4e-3, 8e-3] });
    expect(intercept).toBeCloseTo(1e-3, 9);
    expect(slope).toBeCloseTo(1e-15, 20);
    expect(absent).toBe(0);
  });

  it("meets the Karush-Kuhn-Tucker conditions on random problems", () => {
    const problem = fc
      .record({ rows: fc.integer({ min: 3, max: 12 }), columns: fc.integer({ min: 1, max: 5 }) })
      .chain(({ rows, columns }) => {
        const number = fc.integer({ min: -20, max: 20 });
        return fc.record({
          design: fc.array(fc.array(number, { minLength: columns, maxLength: columns }), {
            minLength: rows,
            maxLength: rows,
          }),
          target: fc.array(number, { minLength: rows, maxLength: rows }),
        });
      });
    fc.assert(
      fc.property(problem, ({ design, target }) => {
        const solution = nonNegativeLeastSquares({ design, target });
        const residual = design.map(
          (row, i) => (target[i] ?? 0) - row.reduce((s, a, j) => s + a * (solution[j] ?? 0), 0),
        );
        solution.forEach((value, column) => {
          const gradient = design.reduce((s, row, i) => s + (row[column] ?? 0) * (residual[i] ?? 0), 0);
          expect(value).toBeGreaterThanOrEqual(0);
          expect(gradient).toBeLessThanOrEqual(1e-5);
          if (value > 1e-9) expect(Math.abs(gradient)).toBeLessThanOrEqual(1e-5);
        });
      }),
      { seed: 20260101, numRuns: 300 },
    );
  });

  it("refuses rows of unequal length", () => {
    expect(() => nonNegativeLeastSquares({ design: [[1], [1, 2]], target: [1, 2] })).toThrow(/Row 1/);
    expect(() => nonNegativeLeastSquares({ design: [[1]], target: [1, 2] })).toThrow(/1 rows and 2 targets/);
  });
});

describe("relativeLeastSquares", () => {
  it("weighs each row by its target", () => {
    // One coefficient on targets 1 and 100: minimises (x − 1)² + (x/100 − 1)², x = (1 + 1/100) / (1 + 1/100²).
    const [value] = relativeLeastSquares({ design: [[1], [1]], target: [1, 100] });
    expect(value).toBeCloseTo(1.01 / 1.0001, 10);
  });

  it("refuses an observation that is not above zero", () => {
    expect(() => relativeLeastSquares({ design: [[1]], target: [0] })).toThrow(/Observation 0 is 0/);
  });
});
