import { describe, expect, it } from "vitest";
import { studentTProbability, studentTQuantile } from "../../src/performance/student-t.ts";

/** NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, critical values of Student's t (three decimals). */
const TABLE: readonly (readonly [probability: number, degreesOfFreedom: number, t: number])[] = [
  [0.9, 1, 3.078],
  [0.95, 1, 6.314],
  [0.975, 1, 12.706],
  [0.99, 1, 31.821],
  [0.995, 1, 63.657],
  [0.95, 2, 2.92],
  [0.975, 2, 4.303],
  [0.975, 3, 3.182],
  [0.95, 5, 2.015],
  [0.975, 9, 2.262],
  [0.975, 10, 2.228],
  [0.95, 10, 1.812],
  [0.995, 10, 3.169],
  [0.975, 11, 2.201],
  [0.95, 30, 1.697],
  [0.975, 30, 2.042],
  [0.995, 30, 2.75],
  [0.975, 60, 2],
  [0.975, 100, 1.984],
  [0.999, 100, 3.174],
];

describe("Student's t", () => {
  it("has the quantiles of printed tables", () => {
    for (const [probability, degreesOfFreedom, t] of TABLE) {
      expect(
        studentTQuantile(probability, degreesOfFreedom),
        `t(${probability}, ${degreesOfFreedom})`,
      ).toBeCloseTo(t, 2.7);
    }
  });

  it("has closed forms at one and two degrees of freedom, to ten digits", () => {
    for (const probability of [0.6, 0.75, 0.9, 0.975, 0.999, 0.99999]) {
      expect(studentTQuantile(probability, 1) / Math.tan(Math.PI * (probability - 0.5))).toBeCloseTo(1, 10);
      const a = 4 * probability * (1 - probability);
      const two = 2 * (probability - 0.5) * Math.sqrt(2 / a);
      expect(studentTQuantile(probability, 2) / two).toBeCloseTo(1, 10);
    }
  });

  it("nears the normal distribution, and is symmetric", () => {
    expect(studentTQuantile(0.975, 1e6)).toBeCloseTo(1.959966, 5);
    expect(studentTQuantile(0.025, 7)).toBe(-studentTQuantile(0.975, 7));
    expect(studentTQuantile(0.5, 7)).toBeCloseTo(0, 12);
    expect(studentTProbability(-1.5, 4)).toBeCloseTo(1 - studentTProbability(1.5, 4), 14);
  });

  it("refuses what is no probability and no degrees of freedom", () => {
    expect(() => studentTQuantile(1, 5)).toThrow(/probability 1/);
    expect(() => studentTQuantile(0.9, 0)).toThrow(/0 degrees/);
  });
});
