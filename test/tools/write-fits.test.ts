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

const SLOW_MILLISECONDS = 600_000;
/** Fastest and slowest of the benchmark's repetitions differ by 15 to 30 % in the median of these rows (docs, "Errors"). */
const NOISY_FC_FORWARD: ReadonlySet<string> = new Set(["GTX1080Ti", "K40"]);

describe.skipIf(absent)("shipped fits and the measured data", () => {
  // All six take minutes: tools/fits/write-fits.ts --check compares them.
  it("are what tools/fits/write-fits.ts gives", { timeout: SLOW_MILLISECONDS }, async () => {
    const files = await fitFiles(dataFolder, shippedGpus, ["M60"]);
    expect([...files.keys()].sort()).toEqual([
      "GTX1080Ti-all-reduce.json",
      "M60-tensorflow.json",
      "P100-all-reduce.json",
      "TitanX-Maxwell-caffe.json",
    ]);
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

  it("reach the targets on held-out shapes: conv 20 %, fc 6 %, but for fc forward where the data is noisier than that", () => {
    for (const fit of shippedFits.durationFits.filter(({ framework }) => framework === "tensorflow")) {
      for (const work of fit.work) {
        if (work.model !== "complexity+traffic" || work.status !== "measured") continue;
        const mape = work.error?.crossValidatedMapePercent ?? NaN;
        const name = `${fit.gpu} ${work.workKind} ${work.direction}`;
        const missed =
          NOISY_FC_FORWARD.has(fit.gpu) && work.workKind === "fc" && work.direction === "forward";
        expect(mape, name).toBeLessThan(work.workKind === "conv" ? 20 : missed ? 9 : 6);
        expect(work.residuals.median, name).toBeCloseTo(1, 1);
      }
    }
  });

  it(
    "cover 75 to 88 % of rows that were not fitted with the 80 % interval",
    { timeout: SLOW_MILLISECONDS },
    () => {
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
    },
  );

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
