/**
 * Writes docs/performance/multi-gpu.md from the measured data, or checks it.
 *   npx tsx tools/scaling/report.ts [--data ../shared/data] [--write | --check]
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { format } from "prettier";
import { loadFits } from "../../src/catalog/load-fits.ts";
import { measuredDataFolder } from "./measured-iterations.ts";
import { reportTables } from "./report-tables.ts";
import { referenceRing } from "./write-scaling-fits.ts";

/** The whole page. */
export async function multiGpuPage(dataFolder: string, fitsFolder: string): Promise<string> {
  const tables = reportTables(dataFolder, referenceRing(loadFits(fitsFolder).allReduceFits));
  const text = `# More than one GPU, and what feeds them

Written by \`npx tsx tools/scaling/report.ts --write\`; \`--check\` compares. Coefficients: \`models/fits/*-scaling.json\`, written by \`tools/scaling/write-scaling-fits.ts\`.

## Model

One node, g GPUs, b = ⌈B/g⌉ samples on the busiest (\`src/performance/data-parallel.ts\`):

t(g) = t₁(b)·(1 + κ(1 − 1/g)) + α(g − 1) + σ·R(g, bytes), R = 2(g − 1)·latency + 2(g − 1)/g·bytes·secondsPerByte

Several nodes, n: t = t₁(b)·(1 + κ'(1 − 1/g)) + ν(n − 1) + ρ·2(g − 1)/g·bytes. (Plans use single nodes; this is there for what comes.)

κ: what GPUs lose to a shared host; α: what each further GPU costs whatever the network; σ: the share of the all-reduce that the backward pass does not hide, relative to the ring that DeepBench measured on P100 boards (K80 and T4 have no rows there). All are ≥ 0:
no term makes more GPUs faster, only the smaller batch on each does. AlexNet at a batch of 8 comes out slower on eight K80 than on two.

A fit is chosen by framework and GPU, then by framework, then the other; what is not its own, or beyond the GPU counts and gradients measured, is said in the warnings, and \`scalingOrigin\` names the measurements. Without any fit the ring is added in full.

${tables}

## What is known to be missing

- PyTorch was measured on T4 (PCIe, 4 to a node), TensorFlow on K80 (PCIe, 8 to a node). Nothing was measured over NVLink, on Ampere or Hopper, or with Caffe; Gavel's table has one GPU only; PyTorch's older DataParallel (one process), which scales much worse, is in none of the data. A fit that is carried over stretches its interval.
- Pollux's times contain AdaptDL's gradient statistics (its one-GPU \`sync_time_s\` is 0.2–14 ms), and its input pipelines: YOLOv3's augmentation on the CPUs is the likely reason why it scales worst. ResNet-50 was trained in mixed precision.
- All rows keep the batch of each GPU. A plan keeps the global batch; t₁(b) then comes from the per-layer models.
- Input: one machine size, ImageNet JPEGs, one framework. That δ falls with the number of vCPUs is an assumption, and no ceiling shows in the data; \`inputPipeline\` takes the user's own.
`;
  return format(text, { parser: "markdown", printWidth: 110 });
}

async function main(): Promise<void> {
  const root = resolve(import.meta.dirname, "..", "..");
  const { values } = parseArgs({
    options: { data: { type: "string" }, write: { type: "boolean" }, check: { type: "boolean" } },
  });
  const dataFolder = measuredDataFolder(values.data, root);
  if (dataFolder === undefined) throw new Error("There is no measured data; name its folder with --data.");
  const page = join(root, "docs", "performance", "multi-gpu.md");
  const text = await multiGpuPage(dataFolder, join(root, "models", "fits"));
  if (values.write === true) writeFileSync(page, text);
  else if (values.check !== true) console.log(text);
  else if (!existsSync(page) || readFileSync(page, "utf8") !== text) {
    console.error("docs/performance/multi-gpu.md is not what the data gives; run with --write.");
    process.exitCode = 1;
  }
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename) await main();
