/** The tables of docs/performance-models.md, from the shipped fits and the measured data. */
import { chooseFit } from "../../src/performance/choose-fit.ts";
import { DURATION_MODELS, type DurationFit } from "../../src/performance/fit.ts";
import type { GpuSpec } from "../../src/performance/gpu.ts";
import { scaleFit, speedRatios } from "../../src/performance/scale-fit.ts";
import { mapePercent, residualQuantiles } from "../../src/performance/prediction-error.ts";
import { MEASURED_GPUS, readConvRows, readDenseRows } from "./cdecatapult-rows.ts";
import { fixed, table } from "./markdown-table.ts";
import { communicationTable, fixedTimeTable, networkTable } from "./network-tables.ts";
import { gpuFitTable, networkScaleTable } from "./network-scale-table.ts";
import { predictTimed } from "./predict-timed.ts";
import { workOf, type ReportInput } from "./report-input.ts";
import { transferTable } from "./transfer-table.ts";

/** All tables as Markdown, in the order of the page. */
export function reportTables(input: ReportInput): string {
  const tensorflow = input.fits.durationFits.filter((fit) => fit.framework === "tensorflow");
  return [
    "### Single layers: MAPE in sample / cross-validated (5 folds), %",
    layerErrorTable(tensorflow),
    "### 80 % intervals: measured / predicted of held-out rows, complexity+traffic",
    intervalTable(tensorflow),
    "### Whole networks: seconds of one iteration on one GPU",
    networkTable(input),
    "### Whole networks after one factor for each framework and GPU",
    networkScaleTable(input),
    "### Between networks: Caffe on a Titan X (Maxwell), batch 128; error of the sum of forward and backward times, %",
    transferTable(input),
    "### Where each GPU's fit comes from, and how far its interval is stretched",
    gpuFitTable(input),
    "### Fixed time of an iteration: measured, and Σ β0 of the layers",
    fixedTimeTable(input),
    "### Scaling: each measured GPU predicted from its nearest other one (complexity+traffic)",
    scalingTable(input),
    "### Scaling, all pairs: median of measured / predicted, conv training step",
    pairTable(input),
    "### More GPUs: added seconds of an iteration on K80, measured and by the ring",
    communicationTable(input),
  ].join("\n\n");
}

function layerErrorTable(fits: readonly DurationFit[]): string {
  const columns = DURATION_MODELS.flatMap((model) =>
    (["conv", "fc"] as const).flatMap((workKind) =>
      (["forward", "backward"] as const).map((direction) => ({ model, workKind, direction })),
    ),
  );
  return table(
    [
      "GPU",
      ...columns.map(
        ({ model, workKind, direction }) =>
          `${model}: ${workKind} ${direction === "backward" ? "training step" : "forward"}`,
      ),
    ],
    fits.map((fit) => [
      fit.gpu,
      ...columns.map((column) => {
        const error = workOf(fit, column).error;
        return error === null
          ? "–"
          : `${fixed(error.inSampleMapePercent, 1)} / ${fixed(error.crossValidatedMapePercent, 1)}`;
      }),
    ]),
  );
}

function intervalTable(fits: readonly DurationFit[]): string {
  const columns = (["conv", "fc"] as const).flatMap((workKind) =>
    (["forward", "backward"] as const).map((direction) => ({
      model: "complexity+traffic" as const,
      workKind,
      direction,
    })),
  );
  return table(
    [
      "GPU",
      ...columns.map(
        ({ workKind, direction }) => `${workKind} ${direction === "backward" ? "training step" : "forward"}`,
      ),
    ],
    fits.map((fit) => [
      fit.gpu,
      ...columns.map((column) => {
        const { lower, median, upper } = workOf(fit, column).residuals;
        return `${fixed(lower, 2)}–${fixed(upper, 2)}, median ${fixed(median, 2)}`;
      }),
    ]),
  );
}

function scalingTable(input: ReportInput): string {
  const rows = MEASURED_GPUS.map((gpu) => {
    const choice = chooseFit({
      gpuType: gpu,
      gpuShare: 1,
      framework: "tensorflow",
      durationFits: input.fits.durationFits.filter((fit) => fit.gpu !== gpu),
      gpus: input.gpus,
    });
    if (choice.kind === "missing") throw new Error(choice.reason);
    const quantiles = [readConvRows(input.dataFolder, gpu), readDenseRows(input.dataFolder, gpu)].flatMap(
      (timed) =>
        (["forward", "training"] as const).map((pass) => {
          const observations = predictTimed(
            timed.filter((row) => row.pass === pass),
            choice.fit,
            "complexity+traffic",
          );
          const { lower, median, upper } = residualQuantiles(observations);
          return `${fixed(mapePercent(observations), 0)} % (${fixed(lower, 2)}, ${fixed(median, 2)}, ${fixed(upper, 2)})`;
        }),
    );
    return [gpu, /scaled from (\S+)/.exec(choice.fit.method)?.[1] ?? "", ...quantiles];
  });
  return [
    table(["GPU", "from", "conv forward", "conv training step", "fc forward", "fc training step"], rows),
    "MAPE, and in brackets quantiles 0.1, 0.5, 0.9 of measured / predicted.",
  ].join("\n\n");
}

function pairTable({ dataFolder, fits, gpus }: ReportInput): string {
  const specOf = (name: string): GpuSpec => {
    const spec = gpus.find((gpu) => gpu.name === name);
    if (spec === undefined) throw new Error(`models/gpus.json lacks ${name}.`);
    return spec;
  };
  const sources = fits.durationFits.filter((fit) => fit.framework === "tensorflow");
  return table(
    ["to \\ from", ...sources.map((fit) => fit.gpu)],
    MEASURED_GPUS.map((target) => {
      const rows = readConvRows(dataFolder, target).filter((row) => row.pass === "training");
      return [
        target,
        ...sources.map((fit) => {
          const scaled = scaleFit(fit, target, speedRatios(specOf(fit.gpu), specOf(target)));
          return fixed(residualQuantiles(predictTimed(rows, scaled, "complexity+traffic")).median, 2);
        }),
      ];
    }),
  );
}
