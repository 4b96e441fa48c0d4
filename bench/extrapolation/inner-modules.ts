/** Protocol "inner-modules": a deeper ResNet from a shallower one, as far as the data goes. */
import { networkComplexity } from "../../src/performance/network-complexity.ts";
import type { Network } from "../../src/performance/network.ts";
import { table } from "../../tools/fits/markdown-table.ts";
import { readRows, TENSORFLOW_K80 } from "../../tools/scaling/measured-iterations.ts";
import { percent } from "./held-out.ts";
import { SLIDES_INNER_MODULES } from "./slides.ts";

const SHALLOW = { application: "ResNet-50", network: "resnet50", modules: 16 };
const DEEP = { application: "ResNet-152", network: "resnet152", modules: 50 };
const BATCH_SIZE = 32;

/** Mean seconds of an iteration of both depths, and the errors of carrying the shallow one over. */
export interface InnerModulesResult {
  readonly gpus: number;
  readonly shallowSeconds: number;
  readonly deepSeconds: number;
  readonly errorPercentByModules: number;
  readonly errorPercentByOperations: number;
}

export function innerModulesResults(
  dataFolder: string,
  networks: ReadonlyMap<string, Network>,
): readonly InnerModulesResult[] {
  const rows = readRows(dataFolder).filter(
    ({ setting, data, nodes, batchSizePerGpu }) =>
      setting === TENSORFLOW_K80 && data === "synthetic" && nodes === 1 && batchSizePerGpu === BATCH_SIZE,
  );
  const operations = (name: string): number => {
    const network = networks.get(name);
    if (network === undefined) throw new Error(`models/networks lacks ${name}.`);
    return networkComplexity(network).forwardOperations;
  };
  const secondsOf = (application: string, gpus: number): number => {
    // EC2-distributed repeats ResNet-152 at batch 32 but not ResNet-50: both means are of GCE and EC2.
    const own = rows.filter(
      (row) => row.application === application && row.gpus === gpus && !row.variant.includes("distributed"),
    );
    return own.reduce((sum, row) => sum + row.seconds, 0) / own.length;
  };
  const byOperations = operations(DEEP.network) / operations(SHALLOW.network);
  return [1, 2, 4, 8].map((gpus) => {
    const shallowSeconds = secondsOf(SHALLOW.application, gpus);
    const deepSeconds = secondsOf(DEEP.application, gpus);
    const errorOf = (factor: number): number => (100 * (factor * shallowSeconds - deepSeconds)) / deepSeconds;
    return {
      gpus,
      shallowSeconds,
      deepSeconds,
      errorPercentByModules: errorOf(DEEP.modules / SHALLOW.modules),
      errorPercentByOperations: errorOf(byOperations),
    };
  });
}

export function innerModulesSection(dataFolder: string, networks: ReadonlyMap<string, Network>): string {
  return [
    "## Inner modules",
    "",
    "The data cannot support the slides' protocol. It needs one ResNet at several depths, and only ResNet-50 (16 modules) and ResNet-152 (50) were measured alike (K80, TensorFlow, batch 32); a regression on the number of modules cannot be fitted on one depth. Gavel's ResNet-18 is trained on CIFAR-10 images and is no third depth. What can be said is how far the shallow network carries over without any fitting (error of the iteration, predicted − measured, means of GCE and EC2):",
    "",
    table(
      ["GPUs", "ResNet-50, s", "ResNet-152, s", "by modules (50 / 16), %", "by operations, %"],
      innerModulesResults(dataFolder, networks).map((result) => [
        String(result.gpus),
        result.shallowSeconds.toFixed(3),
        result.deepSeconds.toFixed(3),
        percent(result.errorPercentByModules),
        percent(result.errorPercentByOperations),
      ]),
    ),
    "",
    "A deeper network is better predicted from its layers (docs/performance-models.md): modules are not alike, and operations weigh them.",
    "",
    "The slides, MAPE %:",
    "",
    SLIDES_INNER_MODULES,
  ].join("\n");
}
