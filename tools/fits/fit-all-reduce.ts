/** Ring all-reduce coefficients from Baidu's DeepBench, up to 8 GPUs (one node; larger runs cross nodes or PCIe roots). */
import { join } from "node:path";
import { millisecondsToSeconds } from "../../src/domain/units.ts";
import { FIT_FORMAT_VERSION, type AllReduceFit } from "../../src/performance/fit.ts";
import { residualQuantiles } from "../../src/performance/prediction-error.ts";
import { readCsv } from "./csv.ts";
import { fitRows, rounded, errorOf, roundedQuantiles, significant, type FitRow } from "./fit-rows.ts";

/** DeepBench's device names of GPUs that a catalogue may hold. Its T4 and V100 rows are empty. */
const DEVICES = new Map([
  ["NV_P100", "P100"],
  ["NV_1080Ti", "GTX1080Ti"],
]);
const BYTES_PER_FLOAT = 4;
const MAX_GPUS_OF_A_NODE = 8;

/** One fit for each GPU with rows. */
export function fitAllReduce(dataFolder: string): readonly AllReduceFit[] {
  const rows = readCsv(join(dataFolder, "layer-times", "deepbench", "allreduce.csv"));
  return [...DEVICES].map(([device, gpu]) => {
    const chosen = rows
      .filter((row) => row.text("device") === device && row.number("num_devices") <= MAX_GPUS_OF_A_NODE)
      .map((row) => ({
        bytes: row.number("floats") * BYTES_PER_FLOAT,
        gpus: row.number("num_devices"),
        seconds: millisecondsToSeconds(row.number("mean_ms")),
      }));
    const design: readonly FitRow[] = chosen.map(({ bytes, gpus, seconds }) => ({
      design: [2 * (gpus - 1), ((2 * (gpus - 1)) / gpus) * bytes],
      seconds,
      pass: "forward",
    }));
    const fit = fitRows(design, [0, 0]);
    return {
      formatVersion: FIT_FORMAT_VERSION,
      gpu,
      source: `baidu-research/DeepBench da81ba7, all-reduce, ${device}`,
      licence: "Apache-2.0",
      method: `ring all-reduce on 2 to ${MAX_GPUS_OF_A_NODE} GPUs of one node; relative NNLS of latency per step and seconds per byte`,
      latencySecondsPerStep: significant(fit.coefficients[0] ?? 0),
      secondsPerByte: significant(fit.coefficients[1] ?? 0),
      rows: chosen.length,
      measuredBytes: rangeOf(chosen.map(({ bytes }) => bytes)),
      measuredGpus: rangeOf(chosen.map(({ gpus }) => gpus)),
      error: { inSampleMapePercent: rounded(errorOf(fit, "forward").inSampleMapePercent) },
      residuals: roundedQuantiles(residualQuantiles(fit.heldOut)),
    };
  });
}

function rangeOf(values: readonly number[]): { readonly min: number; readonly max: number } {
  return { min: Math.min(...values), max: Math.max(...values) };
}
