/**
 * Writes models/fits from the measured data, or checks that the files there are what the data gives.
 *   npx tsx tools/fits/write-fits.ts [--data ../shared/data] [--check]
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { format } from "prettier";
import { loadGpus } from "../../src/catalog/load-gpus.ts";
import { parseLayerProfile } from "../../src/catalog/layer-profile-csv.ts";
import { calibrate } from "../../src/performance/calibration.ts";
import type { DurationFit } from "../../src/performance/fit.ts";
import type { GpuSpec } from "../../src/performance/gpu.ts";
import { CAFFE_GPU, CAFFE_SOURCE, readCaffeRows } from "./caffe-rows.ts";
import { MEASURED_GPUS, readConvRows, readDenseRows } from "./cdecatapult-rows.ts";
import { caffeProfiles } from "../convert-caffe-titanx.ts";
import { fitAllReduce } from "./fit-all-reduce.ts";
import { fitGpu } from "./fit-gpu.ts";

/** Files of models/fits by name, as text; `measured` names the GPUs of the TensorFlow fits to make. */
export async function fitFiles(
  dataFolder: string,
  gpus: readonly GpuSpec[],
  measured: readonly string[] = MEASURED_GPUS,
): Promise<ReadonlyMap<string, string>> {
  const caffeRows = readCaffeRows(dataFolder);
  const files = new Map<string, string>();
  for (const name of measured) {
    const gpu = gpus.find((candidate) => candidate.name === name);
    if (gpu === undefined) throw new Error(`models/gpus.json lacks ${name}; add its data sheet.`);
    const fit = fitGpu({
      gpu,
      convRows: readConvRows(dataFolder, name),
      denseRows: readDenseRows(dataFolder, name),
      caffeRows,
    });
    files.set(`${name}-tensorflow.json`, await asJson(fit));
  }
  files.set(`${CAFFE_GPU}-caffe.json`, await asJson(fitCaffeProfiles(dataFolder, gpus)));
  for (const fit of fitAllReduce(dataFolder)) files.set(`${fit.gpu}-all-reduce.json`, await asJson(fit));
  return files;
}

/** The Titan X as a user would calibrate it: `berth calibrate` on the layer profiles of GoogLeNet and Overfeat. */
function fitCaffeProfiles(dataFolder: string, gpus: readonly GpuSpec[]): DurationFit {
  const rows = [...caffeProfiles(dataFolder)].flatMap(
    ([name, text]) =>
      parseLayerProfile(text, `${name}.csv`, { times: "required", unknownKinds: "refuse" }).rows,
  );
  return calibrate({
    gpuName: CAFFE_GPU,
    gpu: gpus.find((gpu) => gpu.name === CAFFE_GPU),
    framework: "caffe",
    rows,
    source: CAFFE_SOURCE,
    licence: "MIT",
  }).fit;
}

async function asJson(value: unknown): Promise<string> {
  return format(JSON.stringify(value), { parser: "json", printWidth: 110 });
}

async function main(): Promise<void> {
  const root = resolve(import.meta.dirname, "..", "..");
  const { values } = parseArgs({ options: { data: { type: "string" }, check: { type: "boolean" } } });
  const dataFolder = resolve(values.data ?? join(root, "..", "shared", "data"));
  if (!existsSync(dataFolder)) throw new Error(`There is no data folder ${dataFolder}; name it with --data.`);
  const folder = join(root, "models", "fits");
  const files = await fitFiles(dataFolder, loadGpus(join(root, "models", "gpus.json")));
  if (values.check === true) {
    const stale = [...files].filter(([name, text]) => {
      const path = join(folder, name);
      return !existsSync(path) || readFileSync(path, "utf8") !== text;
    });
    if (stale.length > 0) {
      console.error(
        `Not what the data gives: ${stale.map(([name]) => name).join(", ")}. Run tools/fits/write-fits.ts.`,
      );
      process.exitCode = 1;
    }
    return;
  }
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
  console.log(`Wrote ${files.size} files to models/fits.`);
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename) await main();
