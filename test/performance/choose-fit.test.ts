import { describe, expect, it } from "vitest";
import { chooseFit, type FitChoice } from "../../src/performance/choose-fit.ts";
import { shippedFits, shippedGpus } from "./fit-fixture.ts";

const request = {
  gpuShare: 1,
  framework: "tensorflow",
  durationFits: shippedFits.durationFits,
  gpus: shippedGpus,
} as const;

function found(choice: FitChoice): Extract<FitChoice, { kind: "found" }> {
  if (choice.kind === "missing") throw new Error(choice.reason);
  return choice;
}

describe("chooseFit", () => {
  it("takes a measured GPU's own fit as it is", () => {
    const choice = found(chooseFit({ ...request, gpuType: "K80" }));
    expect(choice).toMatchObject({ widening: 1, warnings: [], fit: { gpu: "K80", status: "measured" } });
  });

  it("scales an unmeasured GPU from the nearest one, says so and widens", () => {
    const choice = found(chooseFit({ ...request, gpuType: "A100-40GB" }));
    expect(choice.fit).toMatchObject({ gpu: "A100-40GB", status: "scaled" });
    expect(choice.fit.work.every((work) => work.status === "scaled")).toBe(true);
    expect(choice.widening).toBeGreaterThan(1);
    expect(choice.warnings.join()).toContain("V100 fit is scaled");
  });

  it("divides operations by the ratio of peaks, traffic by that of bandwidths, and keeps launches", () => {
    const source = found(chooseFit({ ...request, gpuType: "V100" })).fit.work;
    const target = found(chooseFit({ ...request, gpuType: "A100-40GB" })).fit.work;
    source.forEach((work, index) => {
      const scaled = target[index]?.coefficients ?? {};
      expect(scaled.launches).toBe(work.coefficients.launches);
      if (work.coefficients.operations !== undefined) {
        expect(scaled.operations).toBeCloseTo((work.coefficients.operations * 14) / 19.5, 20);
      }
      if (work.coefficients.bytes !== undefined) {
        expect(scaled.bytes).toBeCloseTo((work.coefficients.bytes * 900) / 1555, 20);
      }
    });
  });

  it("does not scale a newer GPU from a Kepler one", () => {
    expect(found(chooseFit({ ...request, gpuType: "T4" })).warnings.join()).toContain(
      "GTX1080Ti fit is scaled",
    );
    expect(found(chooseFit({ ...request, gpuType: "P600" })).warnings.join()).toContain("M60 fit is scaled");
  });

  it("has no fit for a GPU without data sheet, and says what to add", () => {
    expect(chooseFit({ ...request, gpuType: "B999" })).toEqual({
      kind: "missing",
      reason: "no fit for GPU B999, and models/gpus.json has no data sheet to scale one by; add either",
    });
  });

  it("uses the tensorflow fit for another framework, with a warning and a wider interval", () => {
    const choice = found(chooseFit({ ...request, gpuType: "K80", framework: "pytorch" }));
    expect(choice.widening).toBeGreaterThan(1);
    expect(choice.warnings).toEqual([
      "no fit for pytorch: the tensorflow fit is used, its interval stretched",
    ]);
  });

  it("gives a slice its share of the speed", () => {
    const whole = found(chooseFit({ ...request, gpuType: "A10" }));
    const slice = found(chooseFit({ ...request, gpuType: "A10", gpuShare: 1 / 3 }));
    const rate = (choice: Extract<FitChoice, { kind: "found" }>): number =>
      choice.fit.work.find((work) => work.workKind === "conv" && work.direction === "forward")?.coefficients
        .operations ?? 0;
    expect(rate(slice)).toBeCloseTo(3 * rate(whole), 20);
    expect(slice.widening).toBeGreaterThan(whole.widening);
    expect(slice.warnings).toContain("a slice of 1/3 A10 is taken for that share of its speed");
  });
});
