/** The tables of docs/performance-models.md, from the shipped fits and the measured data. */
import { loadNetworks } from "../../src/catalog/load-networks.ts";
import { chooseFit } from "../../src/performance/choose-fit.ts";
import { allReduceSeconds, chooseAllReduceFit } from "../../src/performance/data-parallel.ts";
import {
  DURATION_MODELS,
  type DurationFit,
  type DurationModel,
  type FitLibrary,
  type WorkFit,
} from "../../src/performance/fit.ts";
import type { GpuSpec } from "../../src/performance/gpu.ts";
import { layerWork } from "../../src/performance/layer-work.ts";
import { networkComplexity } from "../../src/performance/network-complexity.ts";
import { networkDuration, type NetworkDuration } from "../../src/performance/network-duration.ts";
import type { Network } from "../../src/performance/network.ts";
import { mapePercent, residualQuantiles } from "../../src/performance/prediction-error.ts";
import { MEASURED_GPUS, readConvRows, readDenseRows } from "./cdecatapult-rows.ts";
import { readNetworkRows, readScalingRows, type TimedNetwork } from "./network-rows.ts";
import { predictTimed } from "./predict-timed.ts";

/** What the tables are made from. */
export interface ReportInput {
  readonly dataFolder: string;
  readonly fits: FitLibrary;
  readonly gpus: readonly GpuSpec[];
}

/** All tables as Markdown, in the order of the page. */
export function reportTables(input: ReportInput): string {
  return [
    "### Single layers: MAPE in sample / cross-validated (5 folds), %",
    layerErrorTable(input.fits.durationFits),
    "### 80 % intervals: measured / predicted of held-out rows, complexity+traffic",
    intervalTable(input.fits.durationFits),
    "### Whole networks: seconds of one iteration on one GPU",
    networkTable(input),
    "### Fixed time of an iteration: measured, and Σ β0 of the layers",
    fixedTimeTable(input),
    "### Scaling: each measured GPU predicted from its nearest other one (complexity+traffic)",
    scalingTable(input),
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

function networkTable(input: ReportInput): string {
  const networks = loadNetworks();
  const rows = readNetworkRows(input.dataFolder).map((row) => {
    const predicted = predictNetwork(input, networkOf(networks, row), row, "complexity+traffic");
    const withoutFixed = predicted.total.seconds - fixedSeconds(input, networkOf(networks, row), row);
    const slides = predictNetwork(input, networkOf(networks, row), row, "complexity");
    const inside = row.seconds >= predicted.total.lowerSeconds && row.seconds <= predicted.total.upperSeconds;
    return {
      row,
      predicted: predicted.total.seconds,
      withoutFixed,
      slides: slides.total.seconds,
      interval: predicted.total,
      inside,
    };
  });
  const errorOf = (gpus: readonly string[], of: (row: (typeof rows)[number]) => number): string =>
    fixed(
      mapePercent(
        rows
          .filter(({ row }) => gpus.includes(row.gpu))
          .map((row) => ({ measuredSeconds: row.row.seconds, predictedSeconds: of(row) })),
      ),
      1,
    );
  const body = table(
    [
      "GPU",
      "framework",
      "network",
      "batch",
      "measured",
      "predicted",
      "ratio",
      "80 % interval",
      "inside",
      "ratio without Σ β0",
      "ratio, complexity",
    ],
    rows.map(({ row, predicted, withoutFixed, slides, interval, inside }) => [
      row.gpu,
      row.framework,
      row.networkName,
      String(row.batchSize),
      fixed(row.seconds, 3),
      fixed(predicted, 3),
      fixed(predicted / row.seconds, 2),
      `${fixed(interval.lowerSeconds, 3)}–${fixed(interval.upperSeconds, 3)}`,
      inside ? "yes" : "no",
      fixed(withoutFixed / row.seconds, 2),
      fixed(slides / row.seconds, 2),
    ]),
  );
  const measured = rows.filter(({ row }) => row.gpu !== "T4");
  const summary = [
    `MAPE on measured GPUs (K80, P100): complexity+traffic ${errorOf(["K80", "P100"], (row) => row.predicted)} %,`,
    `without Σ β0 ${errorOf(["K80", "P100"], (row) => row.withoutFixed)} %, complexity ${errorOf(["K80", "P100"], (row) => row.slides)} %;`,
    `inside the interval ${measured.filter(({ inside }) => inside).length} of ${measured.length}.`,
    `On the scaled GPU (T4): ${errorOf(["T4"], (row) => row.predicted)} %.`,
  ].join(" ");
  return `${body}\n\n${summary}`;
}

function fixedTimeTable(input: ReportInput): string {
  const networks = loadNetworks();
  const groups = new Map<string, TimedNetwork[]>();
  for (const row of readNetworkRows(input.dataFolder)) {
    const key = `${row.gpu} ${row.networkName}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const several = [...groups.values()].filter((rows) => rows.length > 1);
  return table(
    [
      "GPU",
      "network",
      "batches",
      "measured time at batch 0 (line through the two smallest batches), s",
      "Σ β0, s",
    ],
    several.map((rows) => {
      const [first, second] = [...rows].sort((a, b) => a.batchSize - b.batchSize);
      if (first === undefined || second === undefined)
        throw new Error("A group of several rows has fewer than two.");
      const slope = (second.seconds - first.seconds) / (second.batchSize - first.batchSize);
      return [
        first.gpu,
        first.networkName,
        `${first.batchSize}, ${second.batchSize}`,
        fixed(first.seconds - slope * first.batchSize, 3),
        fixed(fixedSeconds(input, networkOf(networks, first), first), 3),
      ];
    }),
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

function communicationTable(input: ReportInput): string {
  const networks = loadNetworks();
  const rows = readScalingRows(input.dataFolder);
  const choice = chooseAllReduceFit("K80", input.fits.allReduceFits);
  if (choice === undefined) throw new Error("models/fits has no all-reduce fit.");
  return table(
    ["network", "batch per GPU", "GPUs", "measured, s", "ring, s", "measured share of the iteration"],
    rows
      .filter((row) => row.gpus > 1)
      .flatMap((row) => {
        const alone = rows.find(
          (other) =>
            other.gpus === 1 && other.networkName === row.networkName && other.batchSize === row.batchSize,
        );
        if (alone === undefined) return [];
        const bytes = 4 * networkComplexity(networkOf(networks, row)).weightCount;
        const added = row.seconds - alone.seconds;
        return [
          [
            row.networkName,
            String(row.batchSize),
            String(row.gpus),
            fixed(added, 3),
            fixed(allReduceSeconds({ gpus: row.gpus, bytes }, choice.fit).seconds, 3),
            `${fixed((100 * added) / row.seconds, 0)} %`,
          ],
        ];
      }),
  );
}

function predictNetwork(
  input: ReportInput,
  network: Network,
  row: TimedNetwork,
  model: DurationModel,
): NetworkDuration {
  const choice = chosenFit(input, row);
  return networkDuration({
    network,
    batchSize: row.batchSize,
    fit: choice.fit,
    widening: choice.widening,
    model,
  });
}

/** Seconds of an iteration that do not depend on the batch: launches · β0 over all layers and directions. */
function fixedSeconds(input: ReportInput, network: Network, row: TimedNetwork): number {
  const { fit } = chosenFit(input, row);
  const launchSeconds = (workKind: WorkFit["workKind"], direction: WorkFit["direction"]): number =>
    workOf(fit, { model: "complexity+traffic", workKind, direction }).coefficients.launches ?? 0;
  return network.layers
    .flatMap((layer) => layerWork(layer, row.batchSize).parts)
    .reduce(
      (sum, { workKind, forward, backward }) =>
        sum +
        (forward.launches ?? 0) * launchSeconds(workKind, "forward") +
        (backward.launches ?? 0) * launchSeconds(workKind, "backward"),
      0,
    );
}

function chosenFit(
  input: ReportInput,
  row: TimedNetwork,
): { readonly fit: DurationFit; readonly widening: number } {
  const choice = chooseFit({
    gpuType: row.gpu,
    gpuShare: 1,
    framework: row.framework,
    durationFits: input.fits.durationFits,
    gpus: input.gpus,
  });
  if (choice.kind === "missing") throw new Error(choice.reason);
  return choice;
}

function networkOf(networks: ReadonlyMap<string, Network>, row: TimedNetwork): Network {
  const network = networks.get(row.networkName);
  if (network === undefined) throw new Error(`models/networks lacks ${row.networkName}.`);
  return network;
}

function workOf(fit: DurationFit, wanted: Pick<WorkFit, "model" | "workKind" | "direction">): WorkFit {
  const found = fit.work.find(
    (work) =>
      work.model === wanted.model && work.workKind === wanted.workKind && work.direction === wanted.direction,
  );
  if (found === undefined)
    throw new Error(`The ${fit.gpu} fit has no ${wanted.model} ${wanted.workKind} ${wanted.direction}.`);
  return found;
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

const fixed = (value: number, digits: number): string => value.toFixed(digits);
