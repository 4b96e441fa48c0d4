import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/domain/seeded-random.ts";
import { ordinaryLeastSquares } from "../../src/performance/ordinary-least-squares.ts";
import { selectStepwise } from "../../src/performance/stepwise-selection.ts";
import { HALD_FEATURES, HALD_HEAT } from "./hald.ts";

describe("selectStepwise", () => {
  it("selects x4 and x1 of Hald's cement data: 103.097 − 0.61395 x4 + 1.43996 x1", () => {
    const { names, line } = selectStepwise(HALD_FEATURES, HALD_HEAT);
    expect(names).toEqual(["x4", "x1"]);
    expect(line.intercept).toBeCloseTo(103.097, 3);
    expect(line.coefficients[0]).toBeCloseTo(-0.61395, 5);
    expect(line.coefficients[1]).toBeCloseTo(1.43996, 5);
    expect(line.degreesOfFreedom).toBe(10);
  });

  it("drops a feature that later ones make needless: y = a + b, and c is that sum blurred", () => {
    const random = seededRandom(3);
    const draw = (): readonly number[] => Array.from({ length: 60 }, () => random() - 0.5);
    const [a, b, blur, noise] = [draw(), draw(), draw(), draw()];
    const sum = a.map((value, index) => value + (b[index] ?? 0));
    const target = sum.map((value, index) => value + 0.01 * (noise[index] ?? 0));
    const features = [
      { name: "a", values: a },
      { name: "b", values: b },
      { name: "c", values: sum.map((value, index) => value + (blur[index] ?? 0)) },
    ];
    expect(selectStepwise([...features.slice(2)], target).names).toEqual(["c"]);
    const { names, line } = selectStepwise(features, target);
    expect([...names].sort()).toEqual(["a", "b"]);
    expect(line.coefficients[0]).toBeCloseTo(1, 1);
  });

  it("selects nothing of noise, and leaves the mean", () => {
    const random = seededRandom(7);
    const noise = (): readonly number[] => Array.from({ length: 40 }, random);
    const target = noise();
    const { names, line } = selectStepwise(
      [
        { name: "a", values: noise() },
        { name: "b", values: noise() },
      ],
      target,
      { enterProbability: 0.001 },
    );
    expect(names).toEqual([]);
    expect(line.intercept).toBeCloseTo(target.reduce((sum, value) => sum + value, 0) / 40, 12);
  });

  it("never selects a feature and its multiple", () => {
    const x = [1, 2, 3, 4, 5, 6, 7, 8];
    const target = x.map((value, index) => 2 * value + (index % 2 === 0 ? 0.1 : -0.1));
    const { names } = selectStepwise(
      [
        { name: "x", values: x },
        { name: "3x", values: x.map((value) => 3 * value) },
      ],
      target,
    );
    expect(names).toHaveLength(1);
  });

  it("needs a degree of freedom for the test, and observations", () => {
    expect(selectStepwise([{ name: "x", values: [1, 2] }], [1, 2]).names).toEqual([]);
    expect(() => selectStepwise([], [])).toThrow(/no observations/);
    expect(() => selectStepwise([{ name: "x", values: [1] }], [1, 2])).toThrow(/x has 1 values/);
  });
});

describe("ordinaryLeastSquares", () => {
  it("has the standard errors of a textbook line: x 1..5, y 2, 4, 5, 4, 5", () => {
    const line = ordinaryLeastSquares([[1, 2, 3, 4, 5]], [2, 4, 5, 4, 5]);
    expect(line?.intercept).toBeCloseTo(2.2, 12);
    expect(line?.coefficients[0]).toBeCloseTo(0.6, 12);
    // s² = 2.4 / 3, se = √(0.8 / 10)
    expect(line?.standardErrors[0]).toBeCloseTo(Math.sqrt(0.08), 12);
  });

  it("is undefined on constant and on dependent columns", () => {
    expect(ordinaryLeastSquares([[3, 3, 3]], [1, 2, 3])).toBeUndefined();
    expect(
      ordinaryLeastSquares(
        [
          [1, 2, 3, 4, 5],
          [2, 4, 6, 8, 10],
        ],
        [1, 2, 3, 4, 5],
      ),
    ).toBeUndefined();
  });
});
