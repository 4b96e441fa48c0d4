import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/domain/seeded-random.ts";
import { fitRandomForest, predictForest } from "../../src/performance/random-forest.ts";

const random = seededRandom(11);
const inputs = Array.from({ length: 200 }, () => [random(), random(), random()]);
/** A step in the first feature, a slope in the second; the third says nothing. */
const truth = ([first = 0, second = 0]: readonly number[]): number => (first > 0.5 ? 10 : 0) + 4 * second;

describe("random forest", () => {
  const forest = fitRandomForest(inputs, inputs.map(truth), seededRandom(1));

  it("finds a step and a slope", () => {
    const points = [
      [0.2, 0.3, 0.5],
      [0.8, 0.3, 0.5],
      [0.2, 0.8, 0.1],
      [0.9, 0.9, 0.9],
    ];
    for (const point of points) expect(Math.abs(predictForest(forest, point) - truth(point))).toBeLessThan(2);
  });

  it("is decided by its seed", () => {
    const again = fitRandomForest(inputs, inputs.map(truth), seededRandom(1));
    const other = fitRandomForest(inputs, inputs.map(truth), seededRandom(2));
    const point = [0.45, 0.6, 0.2];
    expect(predictForest(again, point)).toBe(predictForest(forest, point));
    expect(predictForest(other, point)).not.toBe(predictForest(forest, point));
  });

  it("stays within what it has seen", () => {
    const values = inputs.map(truth);
    const far = predictForest(forest, [100, 100, 100]);
    expect(far).toBeLessThanOrEqual(Math.max(...values));
    expect(predictForest(fitRandomForest([[1], [2]], [5, 5], random), [9])).toBe(5);
  });

  it("needs rows", () => {
    expect(() => fitRandomForest([], [], random)).toThrow(/no rows/);
  });
});
