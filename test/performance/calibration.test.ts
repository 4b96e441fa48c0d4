import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { durationFitSchema } from "../../src/catalog/fit-schema.ts";
import { parseLayerProfile, type LayerProfileRow } from "../../src/catalog/layer-profile-csv.ts";
import { parseInput } from "../../src/catalog/parse-json-file.ts";
import { calibrate, type Calibration } from "../../src/performance/calibration.ts";
import { frameworkScale, scaledToFramework } from "../../src/performance/framework-scale.ts";
import { implausibleTime } from "../../src/performance/implausible-times.ts";
import { layerPredictor } from "../../src/performance/layer-duration.ts";
import { caffeProfiles } from "../../tools/convert-caffe-titanx.ts";
import { handFit, shippedGpus } from "./fit-fixture.ts";

const dataFolder = join(import.meta.dirname, "..", "..", "..", "shared", "data");
const absent = !existsSync(dataFolder);
if (absent)
  console.warn("The measured data (../shared/data) is absent: calibration is checked on made-up rows only.");

const titanX = shippedGpus.find(({ name }) => name === "TitanX-Maxwell");
const header =
  "network,batch,layer,kind,input,output,kernel,stride,pad,groups,forwardMilliseconds,backwardMilliseconds";

function parse(text: string): readonly LayerProfileRow[] {
  return parseLayerProfile(text, "test.csv", { times: "required", unknownKinds: "refuse" }).rows;
}

function calibrated(rows: readonly LayerProfileRow[], gpu = titanX): Calibration {
  return calibrate({
    gpuName: "TitanX-Maxwell",
    gpu,
    framework: "caffe",
    rows,
    source: "test",
    licence: "MIT",
  });
}

/** Predicted over measured milliseconds of the rows of some kinds. */
function ratio(fit: Calibration["fit"], rows: readonly LayerProfileRow[], kinds?: readonly string[]): number {
  const predict = layerPredictor(fit, "complexity+traffic");
  let measured = 0;
  let predicted = 0;
  for (const { layer, kind, batchSize, forwardSeconds, backwardSeconds } of rows) {
    if (kinds !== undefined && !kinds.includes(kind)) continue;
    const prediction = predict(layer, batchSize);
    if (prediction.kind === "unknown") throw new Error(`${layer.name} has no model.`);
    measured += (forwardSeconds ?? 0) + (backwardSeconds ?? 0);
    predicted += prediction.duration.total.seconds;
  }
  return predicted / measured;
}

describe("calibrate", () => {
  const made = parse(
    [
      header,
      ...[16, 32, 64, 128].map(
        (width) =>
          `n,8,relu${width},relu,${width}x56x56,${width}x56x56,,,,,${(0.02 + width * 0.001).toFixed(4)},${(0.02 + width * 0.0015).toFixed(4)}`,
      ),
      "n,8,fc,fc,4096,1000,,,,,0.3,0.5",
    ].join("\n"),
  );

  it("recovers launch and rate of made-up layers", () => {
    const work = calibrated(made).fit.work.find(
      (w) => w.model === "complexity+traffic" && w.workKind === "elementwise" && w.direction === "forward",
    );
    expect(work?.coefficients.launches).toBeCloseTo(2e-5, 5);
    expect((work?.coefficients.bytes ?? 0) * 8 * 8 * 56 * 56).toBeCloseTo(1e-6, 7);
  });

  it("gives a fit that loads, prices biases within their layers and no optimiser step", () => {
    const { fit } = calibrated(made);
    expect(parseInput(durationFitSchema, JSON.parse(JSON.stringify(fit)), "fit.json")).toEqual(fit);
    const prediction = layerPredictor(fit, "complexity+traffic")(
      { kind: "fc", name: "fc", inputs: ["x"], input: [4096], output: [1000], bias: true },
      8,
    );
    if (prediction.kind === "unknown") throw new Error("fc has no model.");
    expect(prediction.duration.updateSeconds).toBe(0);
    expect(prediction.duration.forwardSeconds).toBeCloseTo(3e-4, 4);
  });

  it("works without a data sheet, and says so", () => {
    const { fit } = calibrate({
      gpuName: "Unheard-of",
      gpu: undefined,
      framework: "pytorch",
      rows: made,
      source: "test",
      licence: "MIT",
    });
    expect(fit.method).toContain("no data sheet");
    expect(ratio(fit, made)).toBeCloseTo(1, 0);
  });

  it("refuses rows without forward times", () => {
    expect(() => calibrated(made.map((row) => ({ ...row, forwardSeconds: undefined })))).toThrow(
      /without forward/,
    );
  });
});

describe.skipIf(absent)("calibrate on Caffe's layer times", () => {
  const profiles = absent ? new Map<string, string>() : caffeProfiles(dataFolder);
  const rowsOf = (name: string): readonly LayerProfileRow[] => parse(profiles.get(name) ?? header);

  it("fitted on GoogLeNet alone predicts Overfeat within 5 %, its convolutions within 6 %", () => {
    const { fit } = calibrated(rowsOf("googlenet"));
    expect(Math.abs(ratio(fit, rowsOf("overfeat")) - 1)).toBeLessThan(0.05);
    expect(Math.abs(ratio(fit, rowsOf("overfeat"), ["conv"]) - 1)).toBeLessThan(0.06);
    expect(Math.abs(ratio(fit, rowsOf("overfeat"), ["fc"]) - 1)).toBeLessThan(0.3);
  });

  it("fitted on both is within 5 % of either", () => {
    const { fit } = calibrated([...rowsOf("googlenet"), ...rowsOf("overfeat")]);
    expect(Math.abs(ratio(fit, rowsOf("googlenet")) - 1)).toBeLessThan(0.05);
    expect(Math.abs(ratio(fit, rowsOf("overfeat")) - 1)).toBeLessThan(0.02);
  });

  it("finds every time of it plausible, and none where seconds or microseconds are taken for milliseconds", () => {
    const rows = rowsOf("overfeat").filter(({ kind }) => kind === "conv");
    expect(rows.every((row) => implausibleTime(row, titanX) === undefined)).toBe(true);
    const inUnit = (factor: number) => (row: LayerProfileRow) => ({
      ...row,
      forwardSeconds: (row.forwardSeconds ?? 0) * factor,
    });
    expect(rows.map(inUnit(1e-3)).every((row) => implausibleTime(row, titanX) !== undefined)).toBe(true);
    expect(rows.map(inUnit(1e3)).some((row) => implausibleTime(row, titanX) !== undefined)).toBe(true);
  });
});

describe("frameworkScale", () => {
  it("is the geometric median of measured / predicted", () => {
    const observe = (measuredSeconds: number): { measuredSeconds: number; predictedSeconds: number } => ({
      measuredSeconds,
      predictedSeconds: 1,
    });
    expect(frameworkScale([observe(0.5), observe(2), observe(8)])).toBeCloseTo(2, 12);
    expect(frameworkScale([observe(1), observe(4)])).toBeCloseTo(2, 12);
  });

  it("multiplies every time of a fit", () => {
    const fit = handFit([
      { workKind: "fc", direction: "forward", coefficients: { launches: 1, operations: 2 } },
    ]);
    const scaled = scaledToFramework(fit, { framework: "pytorch", factor: 3, source: "one run" });
    expect(scaled).toMatchObject({
      framework: "pytorch",
      work: [{ coefficients: { launches: 3, operations: 6 } }],
    });
    expect(() => scaledToFramework(fit, { framework: "pytorch", factor: 0, source: "" })).toThrow(/above 0/);
  });
});
