import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { batchSizeResults } from "../../bench/extrapolation/batch-size.ts";
import { gpuCountResults, medianOf } from "../../bench/extrapolation/gpu-count.ts";
import { innerModulesResults } from "../../bench/extrapolation/inner-modules.ts";
import { endToEndPage } from "../../bench/extrapolation.ts";
import { loadNetworks } from "../../src/catalog/load-networks.ts";
import {
  leaveOneApplicationOut,
  medianErrorPercent,
  withinNodeDesign,
} from "../../tools/scaling/fit-scaling.ts";
import {
  measuredDataFolder,
  PYTORCH_T4,
  readMeasuredIterations,
  TENSORFLOW_K80,
} from "../../tools/scaling/measured-iterations.ts";
import { coverageOf, fittedRows } from "../../tools/scaling/report-tables.ts";
import { multiGpuPage } from "../../tools/scaling/report.ts";
import { referenceRing, scalingFiles } from "../../tools/scaling/write-scaling-fits.ts";
import { shippedFits } from "../performance/fit-fixture.ts";

const repository = join(import.meta.dirname, "..", "..");
const found = measuredDataFolder(undefined, repository);
if (found === undefined) {
  console.warn(
    "The measured data (../shared/data) is absent: scaling and extrapolation are not checked against it.",
  );
}

describe.skipIf(found === undefined)("scaling and the measured data", () => {
  const dataFolder = found ?? "";
  const ring = referenceRing(shippedFits.allReduceFits);

  it("ships what tools/scaling/write-scaling-fits.ts gives", async () => {
    for (const [name, text] of await scalingFiles(dataFolder, ring)) {
      expect(readFileSync(join(repository, "models", "fits", name), "utf8"), name).toBe(text);
    }
  });

  it("has the pages that the scripts give", async () => {
    const page = (name: string): string =>
      readFileSync(join(repository, "docs", "performance", name), "utf8");
    expect(page("multi-gpu.md")).toBe(await multiGpuPage(dataFolder, join(repository, "models", "fits")));
    expect(page("end-to-end.md")).toBe(await endToEndPage(dataFolder));
  });

  it("predicts larger GPU counts within 8 % (median): from one GPU, and from one and two", () => {
    const results = gpuCountResults(dataFolder, ring);
    for (const setting of [TENSORFLOW_K80, PYTORCH_T4]) {
      const own = results.filter((result) => result.setting === setting);
      expect(medianOf(own, "one GPU"), `${setting.gpu}, one GPU`).toBeLessThan(8);
      expect(medianOf(own, "one and two GPUs"), `${setting.gpu}, one and two`).toBeLessThan(4);
      expect(medianOf(own, "one GPU")).toBeLessThan(medianOf(own, "no cost of more GPUs"));
    }
  });

  it("covers 75 to 88 % of the rows of applications left out with the 80 % interval", () => {
    const rows = readMeasuredIterations(dataFolder);
    for (const setting of [TENSORFLOW_K80, PYTORCH_T4]) {
      const own = fittedRows(rows, setting).filter(({ nodes }) => nodes === 1);
      const heldOut = leaveOneApplicationOut(own, withinNodeDesign(ring));
      const applications = [...new Set(own.map(({ application }) => application))];
      const inside = applications.reduce(
        (sum, application) =>
          sum +
          coverageOf(heldOut, application) *
            heldOut.filter(({ row }) => row.application === application).length,
        0,
      );
      expect(inside / heldOut.length, setting.gpu).toBeGreaterThan(0.75);
      expect(inside / heldOut.length, setting.gpu).toBeLessThan(0.88);
      expect(medianErrorPercent(heldOut), setting.gpu).toBeLessThan(8);
    }
  });

  it("extrapolates the batch of networks that grow as a line: CIFAR-10 and ResNet-50 on T4 within 3 %", () => {
    const results = batchSizeResults(dataFolder);
    for (const application of ["cifar10", "imagenet"]) {
      const result = results.find((one) => one.application === application);
      for (const [gpus, mape] of result?.mapePercentByGpus ?? []) {
        expect(mape, `${application} on ${gpus} GPUs`).toBeLessThan(3);
      }
    }
    expect(results).toHaveLength(10);
  });

  it("carries ResNet-50 to ResNet-152 better by operations than by modules", () => {
    for (const result of innerModulesResults(dataFolder, loadNetworks())) {
      expect(Math.abs(result.errorPercentByOperations)).toBeLessThan(Math.abs(result.errorPercentByModules));
    }
  });
});
