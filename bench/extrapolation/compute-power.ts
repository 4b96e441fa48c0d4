/** Protocol "compute-power": one GPU type left out, predicted from the others by its peak GFLOP/s. */
import { join } from "node:path";
import type { MeasuredJob } from "../../src/performance/end-to-end-model.ts";
import type { GpuSpec } from "../../src/performance/gpu.ts";
import { readCsv } from "../../tools/fits/csv.ts";
import { table } from "../../tools/fits/markdown-table.ts";
import { PYTORCH_T4, readRows, TENSORFLOW_K80 } from "../../tools/scaling/measured-iterations.ts";
import { iterationsJob, extrapolate, percent, termsOf } from "./held-out.ts";
import { SLIDES_COMPUTE_POWER } from "./slides.ts";

interface PowerRow {
  readonly gpu: string;
  readonly framework: string;
  readonly job: MeasuredJob;
}

/** Errors with one GPU type left out. */
export interface ComputePowerResult {
  readonly leftOut: string;
  readonly fittedOn: readonly string[];
  readonly rows: number;
  readonly terms: string;
  readonly mapePercent: number;
  /** Of seconds per sample of the fitted GPUs, carried over by peak GFLOP/s alone. */
  readonly peakMapePercent: number;
}

export function computePowerResults(
  dataFolder: string,
  gpus: readonly GpuSpec[],
): readonly ComputePowerResult[] {
  const rows = resnet50Rows(dataFolder, gpus);
  const names = [...new Set(rows.map(({ gpu }) => gpu))].sort();
  return names.map((leftOut) => {
    const train = rows.filter(({ gpu }) => gpu !== leftOut).map(({ job }) => job);
    const test = rows.filter(({ gpu }) => gpu === leftOut).map(({ job }) => job);
    const { model, mapePercent } = extrapolate(train, test);
    // Operations that a sample takes at the full data-sheet rate.
    const work = ({ seconds, features }: MeasuredJob): number =>
      (seconds * (features.gigaflopsPerSecond ?? NaN)) / (features.batchSize ?? NaN);
    const meanWork = train.reduce((sum, job) => sum + work(job), 0) / train.length;
    const peakErrors = test.map((job) => Math.abs(meanWork - work(job)) / work(job));
    return {
      leftOut,
      fittedOn: names.filter((name) => name !== leftOut),
      rows: test.length,
      terms: termsOf(model),
      mapePercent,
      peakMapePercent: (100 * peakErrors.reduce((sum, error) => sum + error, 0)) / peakErrors.length,
    };
  });
}

export function computePowerSection(dataFolder: string, gpus: readonly GpuSpec[]): string {
  return [
    "## Compute power",
    "",
    "ResNet-50 is the one network measured on several GPU types: K80 (TensorFlow 2017, synthetic data), P100 (Gavel, PyTorch) and T4 (Pollux, PyTorch), one GPU each. Each type is left out in turn and predicted from the other two by batch size and peak GFLOP/s.",
    "",
    table(
      ["left out", "fitted on", "rows", "terms", "MAPE, %", "MAPE of peak GFLOP/s alone, %"],
      computePowerResults(dataFolder, gpus).map((result) => [
        result.leftOut,
        result.fittedOn.join(", "),
        String(result.rows),
        result.terms,
        percent(result.mapePercent),
        percent(result.peakMapePercent),
      ]),
    ),
    "",
    "The slides' setting is not matched, and these numbers are no estimate of it: each GPU comes with another framework and year; two types in training let GFLOP/s take two values, through which a line can be laid in many ways; and Pollux trained ResNet-50 in mixed precision (its benchmark/models/imagenet/main.py wraps the network with apex amp), so that a T4's float32 peak is the wrong feature for it. Use the per-layer models with data-sheet scaling for a GPU that was not measured.",
    "",
    "The slides, MAPE %:",
    "",
    SLIDES_COMPUTE_POWER,
  ].join("\n");
}

function resnet50Rows(dataFolder: string, gpus: readonly GpuSpec[]): readonly PowerRow[] {
  const row = (gpu: string, framework: string, batchSizePerGpu: number, seconds: number): PowerRow => {
    const spec = gpus.find(({ name }) => name === gpu);
    if (spec === undefined) throw new Error(`models/gpus.json lacks ${gpu}; add its data sheet.`);
    const gigaflopsPerSecond = 1000 * spec.peakFp32Tflops;
    return { gpu, framework, job: iterationsJob(seconds, { batchSizePerGpu, gpus: 1, gigaflopsPerSecond }) };
  };
  const alone = readRows(dataFolder).filter(
    ({ gpus: count, application, data, setting }) =>
      count === 1 &&
      ((setting === TENSORFLOW_K80 && application === "ResNet-50" && data === "synthetic") ||
        (setting === PYTORCH_T4 && application === "imagenet")),
  );
  return [
    ...alone.map(({ setting, batchSizePerGpu, seconds }) =>
      row(setting.gpu, setting.framework, batchSizePerGpu, seconds),
    ),
    ...readCsv(join(dataFolder, "network-times", "gavel-isolated.csv"))
      .filter((line) => line.text("model") === "ResNet-50")
      .map((line) => row("P100", "pytorch", line.number("batch_size"), 1 / line.number("steps_per_sec"))),
  ];
}
