/**
 * Writes models/fits/*-scaling.json from the measured data, or checks that the files there are what the data gives.
 *   npx tsx tools/scaling/write-scaling-fits.ts [--data ../shared/data] [--check]
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { format } from "prettier";
import { loadFits } from "../../src/catalog/load-fits.ts";
import type { AllReduceFit } from "../../src/performance/fit.ts";
import type { ScalingFit } from "../../src/performance/scaling-fit.ts";
import { fitInput, readInputPairs } from "./fit-input.ts";
import { fitScaling } from "./fit-scaling.ts";
import {
  measuredDataFolder,
  PYTORCH_T4,
  readMeasuredIterations,
  TENSORFLOW_K80,
} from "./measured-iterations.ts";

/** GPU whose ring the exposed share refers to: neither K80 nor T4 has rows of its own in DeepBench. */
export const RING_GPU = "P100";

export function referenceRing(allReduceFits: readonly AllReduceFit[]): AllReduceFit {
  const ring = allReduceFits.find((fit) => fit.gpu === RING_GPU);
  if (ring === undefined) throw new Error(`models/fits has no ${RING_GPU}-all-reduce.json; write it first.`);
  return ring;
}

/** The fits of both settings. */
export function scalingFits(dataFolder: string, ring: AllReduceFit): readonly ScalingFit[] {
  const rows = readMeasuredIterations(dataFolder);
  return [
    fitScaling(TENSORFLOW_K80, rows, ring, fitInput(readInputPairs(dataFolder))),
    fitScaling(PYTORCH_T4, rows, ring, null),
  ];
}

/** Files of models/fits by name, as text. */
export async function scalingFiles(
  dataFolder: string,
  ring: AllReduceFit,
): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const fit of scalingFits(dataFolder, ring)) {
    const text = await format(JSON.stringify(fit), { parser: "json", printWidth: 110 });
    files.set(`${fit.gpu}-${fit.framework}-scaling.json`, text);
  }
  return files;
}

async function main(): Promise<void> {
  const root = resolve(import.meta.dirname, "..", "..");
  const { values } = parseArgs({ options: { data: { type: "string" }, check: { type: "boolean" } } });
  const dataFolder = measuredDataFolder(values.data, root);
  if (dataFolder === undefined) throw new Error("There is no measured data; name its folder with --data.");
  const folder = join(root, "models", "fits");
  const files = await scalingFiles(dataFolder, referenceRing(loadFits(folder).allReduceFits));
  const stale = [...files].filter(([name, text]) => {
    const path = join(folder, name);
    return !existsSync(path) || readFileSync(path, "utf8") !== text;
  });
  if (values.check === true) {
    if (stale.length === 0) return;
    console.error(
      `Not what the data gives: ${stale.map(([name]) => name).join(", ")}. Run tools/scaling/write-scaling-fits.ts.`,
    );
    process.exitCode = 1;
    return;
  }
  for (const [name, text] of stale) writeFileSync(join(folder, name), text);
  console.log(`Wrote ${stale.length} of ${files.size} files to models/fits.`);
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename) await main();
