import { describe, expect, test } from "vitest";
import { jobId, vmTypeId } from "../../src/domain/ids.ts";
import { asPredicted, measuredDurationsOr, noisyDurations } from "../../src/simulator/actual-durations.ts";
import { testJob } from "../support/simulation.ts";

const BIG = vmTypeId("big");
const jobs = Array.from({ length: 3000 }, (_, index) =>
  testJob(`j${index}`, { seconds: { "big 1": 1000, "big 2": 600 } }),
);

describe("noisyDurations", () => {
  const noisy = noisyDurations({ seed: 5, sigma: 0.2 });
  const logs = jobs.map((job) => Math.log(noisy(job, BIG, 1) / 1000));
  const mean = logs.reduce((total, value) => total + value, 0) / logs.length;

  test("the prediction is the median, σ the spread of the logarithm", () => {
    expect(Math.abs(mean)).toBeLessThan(0.015);
    const variance = logs.reduce((total, value) => total + (value - mean) ** 2, 0) / logs.length;
    expect(Math.sqrt(variance)).toBeCloseTo(0.2, 1);
  });

  test("half of the variance is the job's own", () => {
    const others = jobs.map((job) => Math.log(noisy(job, BIG, 2) / 600));
    const covariance =
      logs.reduce((total, value, index) => total + value * (others[index] ?? 0), 0) / logs.length;
    expect(covariance / 0.04).toBeGreaterThan(0.4);
    expect(covariance / 0.04).toBeLessThan(0.6);
  });

  test("depends on seed and job only", () => {
    const [first] = jobs;
    if (first === undefined) throw new Error("no job");
    expect(noisyDurations({ seed: 5, sigma: 0.2 })(first, BIG, 1)).toBe(noisy(first, BIG, 1));
    expect(noisyDurations({ seed: 6, sigma: 0.2 })(first, BIG, 1)).not.toBe(noisy(first, BIG, 1));
  });
});

test("measured durations count where there are some", () => {
  const job = testJob("a", { seconds: { "big 1": 1000, "big 2": 600 } });
  const actual = measuredDurationsOr(asPredicted, [
    { jobId: jobId("a"), vmTypeId: BIG, gpus: 2, actualSeconds: 777 },
  ]);
  expect([actual(job, BIG, 1), actual(job, BIG, 2)]).toEqual([1000, 777]);
  expect(() => actual(job, BIG, 4)).toThrow("a has no duration on 4 GPUs of big");
});
