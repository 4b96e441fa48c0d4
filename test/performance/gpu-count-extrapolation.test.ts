import { describe, expect, it } from "vitest";
import { calibrateGpuCounts, extrapolatedSeconds } from "../../src/performance/gpu-count-extrapolation.ts";

describe("from measured GPU counts to others", () => {
  it("meets the row with the fewest GPUs exactly", () => {
    const calibration = calibrateGpuCounts([
      { gpus: 1, measuredSeconds: 3, computeSeconds: 2, addedSeconds: 0 },
    ]);
    expect(calibration).toEqual({ computeFactor: 1.5, addedFactor: 1 });
    expect(extrapolatedSeconds(calibration, { computeSeconds: 2, addedSeconds: 0 })).toBe(3);
  });

  it("corrects the addition half-way on the log scale", () => {
    const { computeFactor, addedFactor } = calibrateGpuCounts([
      { gpus: 1, measuredSeconds: 2, computeSeconds: 2, addedSeconds: 0 },
      { gpus: 2, measuredSeconds: 2.4, computeSeconds: 2, addedSeconds: 0.1 },
    ]);
    expect(computeFactor).toBeCloseTo(1, 12);
    expect(addedFactor).toBeCloseTo(2, 10);
  });

  it("does not take two noisy rows for perfect scaling", () => {
    const { addedFactor } = calibrateGpuCounts([
      { gpus: 1, measuredSeconds: 2, computeSeconds: 2, addedSeconds: 0 },
      { gpus: 2, measuredSeconds: 1.99, computeSeconds: 2, addedSeconds: 0.1 },
    ]);
    expect(addedFactor).toBeCloseTo(0.1, 12);
  });

  it("works from two counts above one, and refuses nothing and nonsense", () => {
    const calibration = calibrateGpuCounts([
      { gpus: 2, measuredSeconds: 2.1, computeSeconds: 2, addedSeconds: 0.1 },
      { gpus: 4, measuredSeconds: 2.2, computeSeconds: 2, addedSeconds: 0.2 },
    ]);
    expect(calibration.computeFactor).toBeCloseTo(1, 12);
    expect(calibration.addedFactor).toBeCloseTo(1, 12);
    expect(() => calibrateGpuCounts([])).toThrow(/No measured iteration/);
    expect(() =>
      calibrateGpuCounts([{ gpus: 1, measuredSeconds: 0, computeSeconds: 1, addedSeconds: 0 }]),
    ).toThrow(/above 0/);
  });
});
