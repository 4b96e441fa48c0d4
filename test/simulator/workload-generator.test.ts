import { describe, expect, test } from "vitest";
import type { GeneratorSettings, JobTemplate } from "../../src/simulator/workload-generator.ts";
import { generateJobs } from "../../src/simulator/workload-generator.ts";

const TEMPLATES: readonly JobTemplate[] = [
  { network: "alexnet", framework: "tensorflow", batchSize: 128, samples: 1000, fastestEpochSeconds: 100 },
  { network: "vgg19", framework: "pytorch", batchSize: 8, samples: 1000, fastestEpochSeconds: 3600 },
];
const SETTINGS: GeneratorSettings = {
  nodes: 10,
  jobs: 4000,
  lambdaSeconds: 30_000,
  seed: 3,
  startAtSeconds: 500,
  fastestHours: [12, 24],
  measuredArrivals: null,
};

describe("generateJobs", () => {
  const jobs = generateJobs(SETTINGS, TEMPLATES);

  test("draws one job at the start and the others after it, λ/N seconds apart in the mean", () => {
    expect(jobs).toHaveLength(4001);
    expect(jobs[0]?.submittedAtSeconds).toBe(500);
    const mean = ((jobs.at(-1)?.submittedAtSeconds ?? 0) - 500) / 4000;
    expect(mean / 3000).toBeGreaterThan(0.95);
    expect(mean / 3000).toBeLessThan(1.05);
    // Of an exponential 63 % of the gaps are below the mean.
    const gaps = jobs
      .slice(1)
      .map((job, index) => job.submittedAtSeconds - (jobs[index]?.submittedAtSeconds ?? 0));
    expect(gaps.filter((gap) => gap < 3000).length / 4000).toBeCloseTo(1 - Math.exp(-1), 1);
  });

  test("durations, due dates and weights keep to the literature's ranges", () => {
    const fastest = (job: (typeof jobs)[number]): number => job.epochs * job.template.fastestEpochSeconds;
    const rounding = (job: (typeof jobs)[number]): number => job.template.fastestEpochSeconds / 2;
    expect(jobs.filter((job) => fastest(job) < 12 * 3600 - rounding(job))).toEqual([]);
    expect(jobs.filter((job) => fastest(job) > 24 * 3600 + rounding(job))).toEqual([]);
    const factors = jobs.map((job) => (job.dueAtSeconds - job.submittedAtSeconds) / fastest(job));
    expect(Math.min(...factors)).toBeGreaterThanOrEqual(1 - 1e-9);
    expect(Math.max(...factors)).toBeLessThanOrEqual(3);
    const weights = jobs.map((job) => job.tardinessCostPerSecondUsd);
    expect(Math.min(...weights)).toBeGreaterThanOrEqual(0.003);
    expect(Math.max(...weights)).toBeLessThanOrEqual(0.015);
    expect(new Set(jobs.map((job) => job.id)).size).toBe(jobs.length);
  });

  test("equal seeds give equal jobs, other seeds others", () => {
    expect(generateJobs(SETTINGS, TEMPLATES)).toEqual(jobs);
    expect(generateJobs({ ...SETTINGS, seed: 4 }, TEMPLATES)).not.toEqual(jobs);
  });

  test("measured arrivals keep their rhythm, stretched to the mean", () => {
    const measuredArrivals = [0, 1, 1, 1, 100];
    const bursty = generateJobs({ ...SETTINGS, nodes: 1, jobs: 4, measuredArrivals }, TEMPLATES);
    const gaps = bursty
      .slice(1)
      .map((job, index) => job.submittedAtSeconds - (bursty[index]?.submittedAtSeconds ?? 0));
    [1200, 0, 0, 118_800].forEach((gap, index) => {
      expect(gaps[index]).toBeCloseTo(gap, 6);
    });
  });

  test("too few measured arrivals are refused", () => {
    expect(() => generateJobs({ ...SETTINGS, jobs: 4, measuredArrivals: [1, 2] }, TEMPLATES)).toThrow(
      "5 are needed",
    );
  });
});
