import { describe, expect, it } from "vitest";
import {
  allReduceSeconds,
  batchSizePerGpu,
  chooseAllReduceFit,
} from "../../src/performance/data-parallel.ts";
import type { AllReduceFit } from "../../src/performance/fit.ts";
import { shippedFits } from "./fit-fixture.ts";

const fit: AllReduceFit = {
  formatVersion: 1,
  gpu: "TestGpu",
  source: "made up",
  licence: "none",
  method: "by hand",
  latencySecondsPerStep: 0.001,
  secondsPerByte: 1e-9,
  rows: 1,
  measuredBytes: { min: 1, max: 1e9 },
  measuredGpus: { min: 2, max: 8 },
  error: { inSampleMapePercent: 0 },
  residuals: { lower: 0.9, median: 1, upper: 1.2 },
};

describe("data parallelism", () => {
  it("gives the busiest GPU the rounded-up share of the batch", () => {
    expect([1, 2, 3, 4].map((gpus) => batchSizePerGpu(10, gpus))).toEqual([10, 5, 4, 3]);
  });

  it("costs 2(g − 1)·latency + 2(g − 1)/g·bytes·secondsPerByte", () => {
    expect(allReduceSeconds({ gpus: 4, bytes: 1e9 }, fit).seconds).toBeCloseTo(0.006 + 1.5, 10);
    expect(allReduceSeconds({ gpus: 1, bytes: 1e9 }, fit).seconds).toBe(0);
  });

  it("stands in with the P100's rate and says so", () => {
    expect(chooseAllReduceFit("P100", shippedFits.allReduceFits)?.warnings).toEqual([]);
    expect(chooseAllReduceFit("H100-80GB", shippedFits.allReduceFits)?.warnings.join()).toContain(
      "H100-80GB was not measured",
    );
    expect(chooseAllReduceFit("K80", [])).toBeUndefined();
  });
});
