/** Runs with a measured utilisation, from the co-location data. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { UtilisationRow } from "../../src/performance/utilisation-regressors.ts";
import { readCsv } from "../fits/csv.ts";
import { NETWORK_FACTS } from "./network-facts.ts";

/** Training does a forward pass and a backward pass of about twice its operations. */
const TRAINING_FACTOR = 3;

/** KACE: share of the time that a kernel ran on a V100 (nvidia-smi), each of 15 runs alone. The header has commas in no name but % signs and spaces. */
export function readKaceRows(dataFolder: string): readonly UtilisationRow[] {
  const rows = new Map<string, UtilisationRow>();
  for (const row of readCsv(join(dataFolder, "colocation", "kace-v100-pairs.csv"))) {
    for (const side of ["1", "2"]) {
      const workload = row.text(`workload${side}`);
      const match = /^(?<network>.+)_batch(?<batch>\d+)-(?<run>inf|train)$/.exec(workload);
      const { network, batch, run } = match?.groups ?? {};
      if (network === undefined || batch === undefined || run === undefined) {
        throw new Error(`kace-v100-pairs.csv: "${workload}" is not <network>_batch<n>-<inf|train>.`);
      }
      const measured = row.number(`w${side}sm%`);
      rows.set(
        workload,
        utilisationRow(network, { batchSize: Number(batch), training: run === "train", measured }),
      );
    }
  }
  return [...rows.values()];
}

/**
 * Orion: streaming multiprocessors that the kernels need, weighted by time, of the V100's 80. Profiles without times ("fb0"), repeated
 * ones ("_new") and networks whose variant is not named (transformer-xl, EfficientNet, RetinaNet's input) are left out.
 */
export function readOrionRows(dataFolder: string): readonly UtilisationRow[] {
  return readCsv(join(dataFolder, "colocation", "orion-v100-job-summary.csv")).flatMap((row) => {
    const match = /^(?<network>bert|mobilenetv2|resnet101|resnet50)_(?<batch>\d+)_(?<run>fwd|fb1)$/.exec(
      row.text("profile"),
    );
    const { network, batch, run } = match?.groups ?? {};
    if (network === undefined || batch === undefined) return [];
    const training = run === "fb1";
    const facts = network === "bert" ? (training ? "bert-base" : "bert-large") : network;
    const measured = (100 * row.number("time_weighted_sm_needed_cap80")) / V100_MULTIPROCESSORS;
    // Both sizes of BERT are one network for leaving out.
    return [{ ...utilisationRow(facts, { batchSize: Number(batch), training, measured }), network }];
  });
}

const V100_MULTIPROCESSORS = 80;

function utilisationRow(
  network: string,
  run: { readonly batchSize: number; readonly training: boolean; readonly measured: number },
): UtilisationRow {
  const facts = NETWORK_FACTS[network];
  if (facts === undefined)
    throw new Error(`The graph of ${network} is not known; add it to network-facts.ts.`);
  const { forwardOperations, ...counts } = facts;
  return {
    network,
    features: {
      ...counts,
      operations: forwardOperations * run.batchSize * (run.training ? TRAINING_FACTOR : 1),
      batchSize: run.batchSize,
    },
    utilisationPercent: run.measured,
  };
}

/** Rows of Gavel's pairs, for the count alone: throughputs, no utilisation. */
export function gavelPairCount(dataFolder: string): number {
  const text = readFileSync(join(dataFolder, "colocation", "gavel-pairs-p100.csv"), "utf8");
  return text.split("\n").filter((line) => line !== "").length - 1;
}
