import { describe, expect, it } from "vitest";
import { unprovenInputWarning, withInput } from "../../src/performance/input-pipeline.ts";
import type { InputFit } from "../../src/performance/scaling-fit.ts";

const fit: InputFit = {
  exposedSecondsPerSample: 1e-4,
  vcpus: 32,
  provenSamplesPerSecond: 3200,
  sample: "made up",
  rows: 1,
  error: { medianPercent: 1, withoutMedianPercent: 2 },
};
const seconds = { seconds: 1, lowerSeconds: 0.8, upperSeconds: 1.5 };

describe("the input pipeline", () => {
  it("adds what the GPUs do not hide, more on fewer vCPUs", () => {
    expect(withInput({ seconds, samples: 1000, vcpuCount: 32 }, {}, fit).seconds.seconds).toBeCloseTo(
      1.1,
      12,
    );
    expect(withInput({ seconds, samples: 1000, vcpuCount: 8 }, {}, fit).seconds.seconds).toBeCloseTo(1.4, 12);
    expect(withInput({ seconds, samples: 1000, vcpuCount: null }, {}, fit).seconds.seconds).toBe(1);
  });

  it("binds by the CPUs, with the interval at the ceiling too", () => {
    const outcome = withInput(
      { seconds, samples: 1000, vcpuCount: 4 },
      { samplesPerSecondPerVcpu: 100 },
      null,
    );
    expect(outcome.bound).toBe("cpu");
    expect(outcome.seconds).toEqual({ seconds: 2.5, lowerSeconds: 2.5, upperSeconds: 2.5 });
    expect(outcome.ceilingSamplesPerSecond).toBe(400);
    expect(outcome.warnings.join()).toContain("400 samples/s");
  });

  it("binds by storage where that is slower", () => {
    const outcome = withInput(
      { seconds, samples: 1000, vcpuCount: 64 },
      { samplesPerSecondPerVcpu: 100, storage: { bytesPerSecond: 5e7, bytesPerSample: 1e5 } },
      null,
    );
    expect(outcome.bound).toBe("storage");
    expect(outcome.seconds.seconds).toBe(2);
  });

  it("leaves the GPUs to bind where input is fast enough, and says when the vCPUs are not known", () => {
    const fast = withInput({ seconds, samples: 10, vcpuCount: 8 }, { samplesPerSecondPerVcpu: 100 }, null);
    expect(fast.bound).toBe("gpu");
    expect(fast.seconds).toEqual(seconds);
    const unknown = withInput(
      { seconds, samples: 10, vcpuCount: null },
      { samplesPerSecondPerVcpu: 100 },
      null,
    );
    expect(unknown.ceilingSamplesPerSecond).toBeNull();
    expect(unknown.warnings.join()).toContain("how many vCPUs");
  });

  it("warns of a rate that was never seen, and of no other", () => {
    expect(unprovenInputWarning({ seconds, samples: 500, vcpuCount: 4 }, fit)).toContain(
      "needs 500 samples/s",
    );
    expect(unprovenInputWarning({ seconds, samples: 400, vcpuCount: 4 }, fit)).toBeUndefined();
    expect(unprovenInputWarning({ seconds, samples: 500, vcpuCount: null }, fit)).toBeUndefined();
    expect(unprovenInputWarning({ seconds, samples: 500, vcpuCount: 4 }, null)).toBeUndefined();
  });

  it("refuses rates that are not above zero", () => {
    expect(() =>
      withInput({ seconds, samples: 1, vcpuCount: 1 }, { samplesPerSecondPerVcpu: 0 }, null),
    ).toThrow(/samplesPerSecondPerVcpu is 0/);
  });
});
