/** Tables on whole networks and on several GPUs. */
import { loadNetworks } from "../../src/catalog/load-networks.ts";
import { chooseFit } from "../../src/performance/choose-fit.ts";
import { allReduceSeconds, chooseAllReduceFit } from "../../src/performance/data-parallel.ts";
import type { DurationFit, DurationModel, WorkFit } from "../../src/performance/fit.ts";
import { layerWork } from "../../src/performance/layer-work.ts";
import { networkComplexity } from "../../src/performance/network-complexity.ts";
import { networkDuration, type NetworkDuration } from "../../src/performance/network-duration.ts";
import type { Network } from "../../src/performance/network.ts";
import { mapePercent } from "../../src/performance/prediction-error.ts";
import { fixed, table } from "./markdown-table.ts";
import { readNetworkRows, readScalingRows, type TimedNetwork } from "./network-rows.ts";
import { workOf, type ReportInput } from "./report-input.ts";

/** Measured and predicted iterations of whole networks. */
export function networkTable(input: ReportInput): string {
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
  const scaled = rows.filter(({ row }) => row.gpu === "T4");
  const summary = [
    `MAPE on measured GPUs (K80, P100): complexity+traffic ${errorOf(["K80", "P100"], (row) => row.predicted)} %,`,
    `without Σ β0 ${errorOf(["K80", "P100"], (row) => row.withoutFixed)} %, complexity ${errorOf(["K80", "P100"], (row) => row.slides)} %;`,
    `inside the interval ${measured.filter(({ inside }) => inside).length} of ${measured.length}.`,
    `On the scaled GPU (T4): ${errorOf(["T4"], (row) => row.predicted)} %, inside ${scaled.filter(({ inside }) => inside).length} of ${scaled.length}.`,
  ].join(" ");
  return `${body}\n\n${summary}`;
}

/** What an iteration takes however small the batch, measured and as the sum of the layers' launches. */
export function fixedTimeTable(input: ReportInput): string {
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

/** What more GPUs add to an iteration. */
export function communicationTable(input: ReportInput): string {
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
