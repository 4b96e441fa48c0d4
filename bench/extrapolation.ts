/**
 * Extrapolation protocols of the slides on the measured data (npm run bench:extrapolation).
 *   npx tsx bench/extrapolation.ts [--protocol batch-size|gpus|compute-power|inner-modules] [--data ../shared/data] [--write | --check]
 * Prints the sections; --write puts all of them into docs/performance/end-to-end.md, --check compares.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { format } from "prettier";
import { loadFits } from "../src/catalog/load-fits.ts";
import { loadGpus } from "../src/catalog/load-gpus.ts";
import { loadNetworks } from "../src/catalog/load-networks.ts";
import { measuredDataFolder } from "../tools/scaling/measured-iterations.ts";
import { referenceRing } from "../tools/scaling/write-scaling-fits.ts";
import { batchSizeSection } from "./extrapolation/batch-size.ts";
import { computePowerSection } from "./extrapolation/compute-power.ts";
import { gpuCountSection } from "./extrapolation/gpu-count.ts";
import { innerModulesSection } from "./extrapolation/inner-modules.ts";

const root = resolve(import.meta.dirname, "..");

const PROTOCOLS: ReadonlyMap<string, (dataFolder: string) => string> = new Map([
  ["batch-size", batchSizeSection],
  [
    "gpus",
    (dataFolder) =>
      gpuCountSection(dataFolder, referenceRing(loadFits(join(root, "models", "fits")).allReduceFits)),
  ],
  [
    "compute-power",
    (dataFolder) => computePowerSection(dataFolder, loadGpus(join(root, "models", "gpus.json"))),
  ],
  ["inner-modules", (dataFolder) => innerModulesSection(dataFolder, loadNetworks())],
]);

const INTRODUCTION = `# End-to-end models

Written by \`npx tsx bench/extrapolation.ts --write\`; \`--check\` compares.

The slides' second kind of model: seconds of a job by linear regression on iterations, batch size, GFLOP/s, GPUs, threads and disk delay, with inverses and products (x·1/x left out), selected stepwise after Draper and Smith
(\`src/performance/stepwise-selection.ts\`: p_enter 0.05, p_remove 0.1, Student's t). It selects {x4, x1} of Hald's cement data: ŷ = 103.097 − 0.61395 x4 + 1.43996 x1.

It is fitted on runs of one application and says nothing about another; plans use the per-layer models and, over GPU counts, the scaling fits (\`multi-gpu.md\`). Below, each protocol of the slides on the data that we have, beside the slides' tables.
Threads and disk delay were varied in none of our data, GFLOP/s only in the third protocol.`;

/** The whole page. */
export async function endToEndPage(dataFolder: string): Promise<string> {
  const sections = [...PROTOCOLS.values()].map((section) => section(dataFolder));
  return format([INTRODUCTION, ...sections].join("\n\n"), { parser: "markdown", printWidth: 110 });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      protocol: { type: "string" },
      data: { type: "string" },
      write: { type: "boolean" },
      check: { type: "boolean" },
    },
  });
  const dataFolder = measuredDataFolder(values.data, root);
  if (dataFolder === undefined) throw new Error("There is no measured data; name its folder with --data.");
  const page = join(root, "docs", "performance", "end-to-end.md");
  if (values.write === true || values.check === true) {
    const text = await endToEndPage(dataFolder);
    const isFresh = existsSync(page) && readFileSync(page, "utf8") === text;
    if (values.check === true && !isFresh) {
      console.error("docs/performance/end-to-end.md is not what the data gives; run with --write.");
      process.exitCode = 1;
    }
    if (values.write === true) {
      mkdirSync(dirname(page), { recursive: true });
      writeFileSync(page, text);
    }
    return;
  }
  const chosen = values.protocol === undefined ? [...PROTOCOLS.keys()] : [values.protocol];
  for (const name of chosen) {
    const section = PROTOCOLS.get(name);
    if (section === undefined) {
      throw new Error(`There is no protocol "${name}"; choose from ${[...PROTOCOLS.keys()].join(", ")}.`);
    }
    console.log(section(dataFolder), "\n");
  }
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename) await main();
