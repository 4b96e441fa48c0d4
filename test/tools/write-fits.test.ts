import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { intervalCoverage, mapePercent } from "../../src/performance/prediction-error.ts";
import { loadNetworks } from "../../src/catalog/load-networks.ts";
import { networkDuration } from "../../src/performance/network-duration.ts";
import { MEASURED_GPUS, readConvRows, readDenseRows } from "../../tools/fits/cdecatapult-rows.ts";
import { readCaffeRows } from "../../tools/fits/caffe-rows.ts";
import { fitGpu } from "../../tools/fits/fit-gpu.ts";
import { readNetworkRows } from "../../tools/fits/network-rows.ts";
import { predictTimed } from "../../tools/fits/predict-timed.ts";
import { fitFiles } from "../../tools/fits/write-fits.ts";
import { shippedFits, shippedGpus } from "../performance/fit-fixture.ts";

const repository = join(import.meta.dirname, "..", "..");
const dataFolder = join(repository, "..", "shared", "data");
const absent = !existsSync(dataFolder);
if (absent)
  console.warn("The measured data (../shared/data) is absent: the fits are not checked against it.");

describe.skipIf(absent)("shipped fits and the measured data", () => {
  it("are what tools/fits/write-fits.ts gives", async () => {
    const files = await fitFiles(dataFolder, shippedGpus);
    for (const [name, text] of files) {
      expect(readFileSync(join(repository, "models", "fits", name), "utf8"), name).toBe(text);
    }
  });

  it("err on the data as the files say", () => {
    for (const gpu of MEASURED_GPUS) {
      const fit = shippedFits.durationFits.find((candidate) => candidate.gpu === gpu);
      if (fit === undefined) throw new Error(`No fit of ${gpu}.`);
      for (const model of ["complexity", "complexity+traffic"] as const) {
        for (const [kind, rows] of [
          ["conv", readConvRows(dataFolder, gpu)],
          ["fc", readDenseRows(dataFolder, gpu)],
        ] as const) {
          for (const [pass, direction] of [
            ["forward", "forward"],
            ["training", "backward"],
          ] as const) {
            const work = fit.work.find(
              (w) => w.model === model && w.workKind === kind && w.direction === direction,
            );
            const mape = mapePercent(
              predictTimed(
                rows.filter((row) => row.pass === pass),
                fit,
                model,
              ),
            );
            expect(mape, `${gpu} ${model} ${kind} ${direction}`).toBeCloseTo(
              work?.error?.inSampleMapePercent ?? NaN,
              1,
            );
          }
        }
      }
    }
  });

  it("hold the leads: conv 14 to 24 %, fc 4 to 15 %, cross-validated, complexity+traffic", () => {
    for (const fit of shippedFits.durationFits) {
      for (const work of fit.work.filter(
        (w) => w.model === "complexity+traffic" && w.status === "measured",
      )) {
        const mape = work.error?.crossValidatedMapePercent ?? NaN;
        expect(mape, `${fit.gpu} ${work.workKind} ${work.direction}`).toBeLessThan(
          work.workKind === "conv" ? 24 : 15.5,
        );
      }
    }
  });

  it("cover 75 to 88 % of rows that were not fitted with the 80 % interval", () => {
    const gpu = shippedGpus.find((candidate) => candidate.name === "P100");
    if (gpu === undefined) throw new Error("No data sheet of the P100.");
    const convRows = readConvRows(dataFolder, gpu.name);
    const denseRows = readDenseRows(dataFolder, gpu.name);
    const isEven = (_row: unknown, index: number): boolean => index % 2 === 0;
    const isOdd = (_row: unknown, index: number): boolean => index % 2 === 1;
    const fit = fitGpu({
      gpu,
      convRows: convRows.filter(isEven),
      denseRows: denseRows.filter(isEven),
      caffeRows: readCaffeRows(dataFolder),
    });
    for (const [kind, rows] of [
      ["conv", convRows.filter(isOdd)],
      ["fc", denseRows.filter(isOdd)],
    ] as const) {
      for (const [pass, direction] of [
        ["forward", "forward"],
        ["training", "backward"],
      ] as const) {
        const work = fit.work.find(
          (w) => w.model === "complexity+traffic" && w.workKind === kind && w.direction === direction,
        );
        if (work === undefined) throw new Error(`No ${kind} ${direction}.`);
        const observations = predictTimed(
          rows.filter((row) => row.pass === pass),
          fit,
          "complexity+traffic",
        );
        const coverage = intervalCoverage(observations, work.residuals);
        expect(coverage, `${kind} ${pass}`).toBeGreaterThan(0.75);
        expect(coverage, `${kind} ${pass}`).toBeLessThan(0.88);
      }
    }
  });

  it("predict whole networks on measured GPUs within 20 % on average", () => {
    const networks = loadNetworks();
    const observations = readNetworkRows(dataFolder).flatMap((row) => {
      const fit = shippedFits.durationFits.find((candidate) => candidate.gpu === row.gpu);
      const network = networks.get(row.networkName);
      if (fit === undefined || network === undefined) return [];
      const predicted = networkDuration({ network, batchSize: row.batchSize, fit, widening: 1 });
      return [{ measuredSeconds: row.seconds, predictedSeconds: predicted.total.seconds }];
    });
    expect(observations).toHaveLength(11);
    expect(mapePercent(observations)).toBeLessThan(20);
  });
});
