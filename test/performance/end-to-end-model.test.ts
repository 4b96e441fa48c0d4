import { describe, expect, it } from "vitest";
import {
  fitEndToEndModel,
  predictEndToEnd,
  type MeasuredJob,
} from "../../src/performance/end-to-end-model.ts";
import { augmentedValue, augmentFeatures } from "../../src/performance/feature-augmentation.ts";

describe("augmentFeatures", () => {
  it("adds inverses and products, and no x·(1/x)", () => {
    const columns = augmentFeatures([
      { name: "a", values: [1, 2] },
      { name: "b", values: [4, 5] },
    ]);
    expect(columns.map(({ name }) => name)).toEqual([
      "a",
      "1/a",
      "b",
      "1/b",
      "a·b",
      "a·1/b",
      "1/a·b",
      "1/a·1/b",
    ]);
    expect(columns.find(({ name }) => name === "a·1/b")?.values).toEqual([0.25, 0.4]);
  });

  it("has no inverse of a feature with a zero, and nothing of one that never varies", () => {
    const columns = augmentFeatures([
      { name: "a", values: [0, 2] },
      { name: "b", values: [4, 4] },
    ]);
    expect(columns.map(({ name }) => name)).toEqual(["a"]);
  });

  it("reads a column's name back", () => {
    expect(augmentedValue("1/a·b", { a: 4, b: 6 })).toBe(1.5);
    expect(() => augmentedValue("c", { a: 4 })).toThrow(/"c"/);
    expect(() => augmentedValue("1/a", { a: 0 })).toThrow(/is 0/);
  });
});

/** t = I·(0.01 + 0.002·B/g) with a small known disturbance. */
const jobs: readonly MeasuredJob[] = [1, 2, 4].flatMap((gpus) =>
  [16, 32, 64, 128].map((batchSize, index) => ({
    features: { iterations: 1000, batchSize, gpus },
    seconds: 1000 * (0.01 + (0.002 * batchSize) / gpus) * (index % 2 === 0 ? 1.002 : 0.998),
  })),
);

describe("the end-to-end model", () => {
  it("finds batch per GPU and carries it to a larger batch", () => {
    const model = fitEndToEndModel(jobs);
    expect(model.terms[0]?.name).toBe("batchSize·1/gpus");
    const { seconds, warnings } = predictEndToEnd(model, { iterations: 1000, batchSize: 256, gpus: 2 });
    expect(Math.abs(seconds / 266 - 1)).toBeLessThan(0.02);
    expect(warnings).toEqual(["batchSize 256 is outside the measured range 16–128"]);
  });

  it("does not warn within the range, and has its error and interval", () => {
    const model = fitEndToEndModel(jobs);
    const prediction = predictEndToEnd(model, { iterations: 1000, batchSize: 64, gpus: 2 });
    expect(prediction.warnings).toEqual([]);
    expect(prediction.lowerSeconds).toBeLessThanOrEqual(prediction.seconds);
    expect(prediction.upperSeconds).toBeGreaterThanOrEqual(prediction.seconds);
    expect(model.inSampleMapePercent).toBeLessThan(1);
  });

  it("says where a line has fallen below zero", () => {
    const falling = [1, 2, 3, 4, 5, 6].map((gpus) => ({
      features: { gpus, batchSize: 8 },
      seconds: 100 - 10 * gpus + (gpus % 2) * 0.01,
    }));
    const model = fitEndToEndModel(falling);
    expect(predictEndToEnd(model, { gpus: 40, batchSize: 8 }).warnings.join()).toContain("fallen to zero");
  });

  it("refuses rows with different features, and times that are not above zero", () => {
    expect(() =>
      fitEndToEndModel([
        { features: { gpus: 1 }, seconds: 1 },
        { features: {}, seconds: 1 },
      ]),
    ).toThrow(/Row 1 lacks gpus/);
    expect(() => fitEndToEndModel([{ features: { gpus: 1 }, seconds: 0 }])).toThrow(/Row 0/);
  });
});
