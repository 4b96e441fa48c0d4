import { describe, expect, test } from "vitest";
import { loadReferenceData, shippedScenarioPath } from "../../src/catalog/reference-data.ts";
import { loadScenario } from "../../src/catalog/scenario.ts";
import type { BenchmarkTimes } from "../../src/simulator/gpu-priority.ts";
import {
  bySensitivity,
  change,
  evenAssignment,
  priorityAssignment,
} from "../../src/simulator/gpu-priority.ts";

describe("GPU priority assignment of the nine MLPerf benchmarks", () => {
  const { jobs, settings } = loadScenario(shippedScenarioPath("mlperf-p100-v100"), loadReferenceData());
  const benchmarks = jobs.flatMap((job): readonly BenchmarkTimes[] => {
    const [name = "", copy] = job.id.split("-");
    const secondsOn = (id: string): number =>
      job.durations.entries.find((entry) => entry.vmTypeId === id)?.durationSeconds ?? NaN;
    return copy === "01"
      ? [{ name, oldSeconds: secondsOn("Standard_NC6s_v2"), newSeconds: secondsOn("Standard_NC6s_v3") }]
      : [];
  });

  test("the shipped scenario has ten jobs of each and equal pools", () => {
    expect(benchmarks).toHaveLength(9);
    expect(jobs).toHaveLength(90);
    expect(settings.vmTypes.map((vmType) => vmType.quotaNodes)).toEqual([10, 10]);
  });

  test("the four that gain most are IC, TL, RT and SR", () => {
    expect(
      bySensitivity(benchmarks)
        .slice(0, 4)
        .map(({ name }) => name),
    ).toEqual(["IC", "TL", "RT", "SR"]);
  });

  test("they on the V100 save 9.24 % of GPU-time and 9.41 % of makespan against half and half", () => {
    const even = evenAssignment(benchmarks);
    const priority = priorityAssignment(benchmarks, 4);
    expect(change("gpuSeconds", priority, even)).toBeCloseTo(-0.0924, 4);
    expect(change("makespanSeconds", priority, even)).toBeCloseTo(-0.0941, 4);
  });
});
