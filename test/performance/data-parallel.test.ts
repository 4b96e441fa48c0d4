import { describe, expect, it } from "vitest";
import {
  allReduceSeconds,
  batchSizePerGpu,
  chooseAllReduceFit,
  chooseScaling,
  OTHER_SCALING_WIDENING,
  scalingWarnings,
  spreadIteration,
  type ScalingChoice,
} from "../../src/performance/data-parallel.ts";
import type { AllReduceFit } from "../../src/performance/fit.ts";
import type { ScalingFit } from "../../src/performance/scaling-fit.ts";
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

const evidence = {
  rows: 1,
  applications: ["made up"],
  measuredGpus: { min: 2, max: 4 },
  measuredGradientBytes: { min: 1, max: 2 },
  error: {
    inSampleMapePercent: 1,
    leaveOneApplicationOutMedianPercent: 1,
    leaveOneApplicationOutMapePercent: 1,
  },
  residuals: { lower: 0.9, median: 1, upper: 1.2 },
};
const scalingFit: ScalingFit = {
  formatVersion: 1,
  gpu: "TestGpu",
  framework: "pytorch",
  source: "made up",
  licence: "none",
  method: "by hand",
  withinNode: {
    computeShare: 0.1,
    secondsPerGpu: 0.01,
    exposedAllReduceShare: 0.5,
    allReduceGpu: "TestGpu",
    ...evidence,
  },
  acrossNodes: { computeShare: 0.2, secondsPerNode: 0.5, secondsPerByte: 2e-9, ...evidence },
  input: null,
};
const compute = { seconds: 1, lowerSeconds: 0.5, upperSeconds: 2 };

function choiceOf(fits: readonly ScalingFit[], gpuType = "TestGpu"): ScalingChoice {
  const choice = chooseScaling({ gpuType, framework: "pytorch", allReduceFits: [fit], scalingFits: fits });
  if (choice === undefined) throw new Error("There is an all-reduce fit.");
  return choice;
}

describe("scaling", () => {
  it("is t·(1 + κ(1 − 1/g)) + α(g − 1) + σ·R on one node", () => {
    const scaled = spreadIteration({ compute, gpus: 4, gradientBytes: 1e9 }, choiceOf([scalingFit]));
    expect(scaled.total.seconds).toBeCloseTo(1 + 0.075 + 0.03 + 0.5 * 1.506, 10);
    expect(scaled.allReduceSeconds).toBeCloseTo(0.753, 10);
    expect(scaled.addedSeconds).toBeCloseTo(0.858, 10);
  });

  it("is t·(1 + κ(1 − 1/g)) + ν(n − 1) + ρ·2(g − 1)/g·bytes on several nodes", () => {
    const iteration = { compute, gpus: 4, nodes: 2, gradientBytes: 1e9 };
    expect(spreadIteration(iteration, choiceOf([scalingFit])).total.seconds).toBeCloseTo(
      1 + 0.15 + 0.5 + 3,
      10,
    );
    expect(() => spreadIteration(iteration, choiceOf([]))).toThrow(/2 nodes/);
  });

  it("adds the logarithms of independent errors in quadrature", () => {
    const { total } = spreadIteration({ compute, gpus: 4, gradientBytes: 1e9 }, choiceOf([scalingFit]));
    expect(total.upperSeconds / total.seconds).toBeCloseTo(
      Math.exp(Math.hypot(Math.log(2), Math.log(1.2))),
      10,
    );
    expect(total.seconds / total.lowerSeconds).toBeCloseTo(
      Math.exp(Math.hypot(Math.log(2), Math.log(1 / 0.9))),
      10,
    );
  });

  it("leaves one GPU as it is, and without a fit adds the whole ring", () => {
    expect(spreadIteration({ compute, gpus: 1, gradientBytes: 1e9 }, choiceOf([scalingFit])).total).toBe(
      compute,
    );
    const bare = choiceOf([]);
    expect(bare.warnings.join()).toContain("the all-reduce is added in full");
    expect(spreadIteration({ compute, gpus: 4, gradientBytes: 1e9 }, bare).total.seconds).toBeCloseTo(
      2.506,
      10,
    );
  });

  it("takes the fit of the framework and GPU, then of the framework, then any, and says so", () => {
    const tensorflow: ScalingFit = { ...scalingFit, framework: "tensorflow", gpu: "Other" };
    expect(choiceOf([tensorflow, scalingFit]).scalingFit).toBe(scalingFit);
    expect(choiceOf([tensorflow, scalingFit]).warnings).toEqual([]);
    expect(choiceOf([tensorflow, scalingFit]).widening).toBe(1);
    const otherGpu = choiceOf([tensorflow, { ...scalingFit, gpu: "Third" }]);
    expect(otherGpu.scalingFit?.gpu).toBe("Third");
    expect(otherGpu.widening).toBe(OTHER_SCALING_WIDENING);
    expect(choiceOf([tensorflow]).warnings.join()).toContain("measured for tensorflow on Other");
  });

  it("warns beyond the GPU counts and gradients that were measured", () => {
    const choice = choiceOf([scalingFit]);
    expect(scalingWarnings(choice, { gpus: 4, gradientBytes: 1.5 })).toEqual([]);
    expect(scalingWarnings(choice, { gpus: 1, gradientBytes: 9 })).toEqual([]);
    expect(scalingWarnings(choice, { gpus: 8, gradientBytes: 3e6 })).toEqual([
      "scaling over GPUs was measured on up to 4 of a node, not on 8",
      "3 MB of gradients are outside the 0–0 MB that scaling was measured with",
    ]);
  });

  it("never makes an iteration of the same batch faster by adding GPUs, in any shipped fit", () => {
    for (const shipped of shippedFits.scalingFits ?? []) {
      const choice = chooseScaling({
        gpuType: shipped.gpu,
        framework: shipped.framework,
        allReduceFits: shippedFits.allReduceFits,
        scalingFits: shippedFits.scalingFits ?? [],
      });
      if (choice === undefined) throw new Error("There is an all-reduce fit.");
      const seconds = [1, 2, 3, 4, 8].map(
        (gpus) => spreadIteration({ compute, gpus, gradientBytes: 1e8 }, choice).total.seconds,
      );
      expect([...seconds].sort((a, b) => a - b)).toEqual(seconds);
    }
  });
});
