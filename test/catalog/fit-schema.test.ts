import { describe, expect, it } from "vitest";
import { durationFitSchema } from "../../src/catalog/fit-schema.ts";
import { InvalidInput } from "../../src/catalog/input-problem.ts";
import { parseInput } from "../../src/catalog/parse-json-file.ts";
import { handFit, shippedFits } from "../performance/fit-fixture.ts";

describe("fit files", () => {
  it("ships fits of the measured GPUs with source, licence, rows, range and error", () => {
    const tensorflow = shippedFits.durationFits.filter((fit) => fit.framework === "tensorflow");
    expect(tensorflow.map((fit) => fit.gpu)).toEqual(["GTX1080Ti", "K40", "K80", "M60", "P100", "V100"]);
    expect(shippedFits.durationFits.filter((fit) => fit.framework === "caffe").map((fit) => fit.gpu)).toEqual(
      ["TitanX-Maxwell"],
    );
    for (const fit of tensorflow) {
      expect(fit.licence).toBe("Apache-2.0");
      for (const work of fit.work.filter((candidate) => candidate.status === "measured")) {
        expect(work.rows).toBeGreaterThan(2500);
        expect(work.error).not.toBeNull();
      }
    }
    expect(shippedFits.allReduceFits.map((fit) => fit.gpu)).toEqual(["GTX1080Ti", "P100"]);
  });

  it("names the path of what is wrong", () => {
    const fit = handFit([{ workKind: "fc", direction: "forward", coefficients: { operations: -1 } }]);
    expect(() => parseInput(durationFitSchema, fit, "fit.json")).toThrow(InvalidInput);
    expect(() => parseInput(durationFitSchema, fit, "fit.json")).toThrow(
      /\/work\/0\/coefficients\/operations/,
    );
  });

  it("refuses a feature that it does not know, and work given twice", () => {
    const work = { workKind: "fc", direction: "forward", coefficients: {} } as const;
    expect(() => parseInput(durationFitSchema, handFit([work, work]), "fit.json")).toThrow(/given twice/);
    const unknown = { ...handFit([]), work: [{ ...handFit([work]).work[0], coefficients: { flops: 1 } }] };
    expect(() => parseInput(durationFitSchema, unknown, "fit.json")).toThrow(/flops/);
  });

  it("refuses another format version", () => {
    expect(() => parseInput(durationFitSchema, { ...handFit([]), formatVersion: 2 }, "fit.json")).toThrow(
      /formatVersion/,
    );
  });
});
