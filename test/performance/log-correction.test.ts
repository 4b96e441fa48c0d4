import { describe, expect, it } from "vitest";
import { boostedCorrection } from "../../src/performance/boosted-correction.ts";
import {
  CORRECTION_VARIABLES,
  correctionInputs,
  correctionOf,
  type LogCorrection,
} from "../../src/performance/log-correction.ts";
import type { ConvLayer } from "../../src/performance/network.ts";

/** Inputs that are 0 but for the named ones. */
function inputs(values: Partial<Record<(typeof CORRECTION_VARIABLES)[number], number>>): readonly number[] {
  return CORRECTION_VARIABLES.map((name) => values[name] ?? 0);
}

const correction: LogCorrection = {
  ranges: { batch: { min: 0, max: 3 } },
  trees: [
    { variables: ["batch", "kernelArea"], thresholds: [1, 2], leaves: [0.1, 0.2, 0.3, 0.4] },
    { variables: ["kernelArea"], thresholds: [2], leaves: [0, 0.05] },
  ],
};

describe("correctionOf", () => {
  it("adds the leaf of each tree, whose bits are the levels' answers", () => {
    expect(correctionOf(correction, inputs({ batch: 1 }))).toBeCloseTo(0.1, 12);
    expect(correctionOf(correction, inputs({ batch: 1.5 }))).toBeCloseTo(0.2, 12);
    expect(correctionOf(correction, inputs({ kernelArea: 2.5 }))).toBeCloseTo(0.35, 12);
    expect(correctionOf(correction, inputs({ batch: 2, kernelArea: 2.5 }))).toBeCloseTo(0.45, 12);
  });

  it("shrinks to nothing a factor of four outside the measured range", () => {
    const at = (batch: number): number => correctionOf(correction, inputs({ batch }));
    expect(at(3)).toBeCloseTo(0.2, 12);
    expect(at(3 + Math.log(2))).toBeCloseTo(0.1, 12);
    expect(at(3 + Math.log(4))).toBe(0);
    expect(at(-10)).toBe(0);
  });

  it("never exceeds a factor of 2.5", () => {
    const wild: LogCorrection = {
      ranges: {},
      trees: [{ variables: ["batch"], thresholds: [0], leaves: [-9, 9] }],
    };
    expect(Math.exp(correctionOf(wild, inputs({ batch: 1 })))).toBeCloseTo(2.5, 12);
    expect(Math.exp(correctionOf(wild, inputs({})))).toBeCloseTo(0.4, 12);
  });

  it("walks many trees as one by one", () => {
    const many: LogCorrection = {
      ranges: {},
      trees: Array.from({ length: 21 }, (_, index) => ({
        variables: ["batch", "stride", "operations", "reduction"],
        thresholds: [index % 5, index % 3, index % 7, index % 2],
        leaves: Array.from({ length: 16 }, (_leaf, leaf) => (leaf * (index + 1)) / 10_000),
      })),
    };
    const z = inputs({ batch: 2.5, stride: 1.5, operations: 3.5, reduction: 0.5 });
    const expected = many.trees.reduce((sum, { thresholds, leaves }) => {
      const leaf = [2.5, 1.5, 3.5, 0.5].reduce(
        (bits, value, level) => bits + (value > (thresholds[level] ?? 0) ? 2 ** level : 0),
        0,
      );
      return sum + (leaves[leaf] ?? 0);
    }, 0);
    expect(correctionOf(many, z)).toBeCloseTo(expected, 12);
  });
});

describe("correctionInputs", () => {
  it("are logarithms of a convolution's shape", () => {
    const conv: ConvLayer = {
      kind: "conv",
      name: "conv",
      inputs: ["x"],
      input: [16, 8, 8],
      output: [48, 4, 4],
      kernel: [3, 3],
      stride: [2, 2],
      padding: [1, 1, 1, 1],
      groups: 2,
      bias: false,
    };
    const z = correctionInputs(conv, 4);
    const of = (name: (typeof CORRECTION_VARIABLES)[number]): number =>
      z[CORRECTION_VARIABLES.indexOf(name)] ?? NaN;
    expect(of("batch")).toBeCloseTo(Math.log(4), 12);
    expect(of("inputChannels")).toBeCloseTo(Math.log(8), 12);
    expect(of("reduction")).toBeCloseTo(Math.log(72), 12);
    expect(of("outputChannelTileFill")).toBeCloseTo(Math.log(48 / 64), 12);
    expect(of("padding")).toBe(1);
  });
});

describe("boostedCorrection", () => {
  const rows = Array.from({ length: 600 }, (_, index) => {
    const batch = Math.log(1 + (index % 30));
    const kernelArea = Math.log([1, 9, 25][index % 3] ?? 1);
    const factor = (kernelArea > 1 ? 1.5 : 0.8) * (batch > 2 ? 1.2 : 1);
    return {
      inputs: inputs({ batch, kernelArea }),
      baseSeconds: 2,
      otherSeconds: 1,
      seconds: 2 * factor + 1,
    };
  });

  it("learns the factor of the part that it applies to", () => {
    const learned = boostedCorrection(rows);
    const errors = rows.map(({ inputs: z, seconds }) =>
      Math.abs((2 * Math.exp(correctionOf(learned, z)) + 1) / seconds - 1),
    );
    expect(Math.max(...errors)).toBeLessThan(0.02);
  });

  it("gives the same trees again", () => {
    expect(boostedCorrection(rows)).toEqual(boostedCorrection(rows));
  });
});
