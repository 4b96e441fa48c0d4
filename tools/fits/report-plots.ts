/** Plots of docs/performance/plots, by file name: predicted over measured by kind of layer, GPU and network, all of them held out. */
import { secondsToMilliseconds } from "../../src/domain/units.ts";
import type { Observation } from "../../src/performance/prediction-error.ts";
import { MEASURED_GPUS, readConvRows, readDenseRows } from "./cdecatapult-rows.ts";
import { fitProducts } from "./fit-products.ts";
import { networkObservations } from "./network-scale-table.ts";
import type { ReportInput } from "./report-input.ts";
import { scatterSvg, type Series } from "./scatter-svg.ts";
import { transferObservations } from "./transfer-table.ts";

/** Points drawn of each GPU: every so-many-th row, in the data's order, which is random. */
const POINTS = 100;

/** SVG text of every plot by file name. */
export function reportPlots(input: ReportInput): ReadonlyMap<string, string> {
  const plots = new Map<string, string>();
  for (const kind of ["conv", "fc"] as const) {
    const heldOut = MEASURED_GPUS.map((name) => {
      const gpu = input.gpus.find((candidate) => candidate.name === name);
      if (gpu === undefined) throw new Error(`models/gpus.json lacks ${name}.`);
      const rows =
        kind === "conv" ? readConvRows(input.dataFolder, name) : readDenseRows(input.dataFolder, name);
      return { name, rows: fitProducts("complexity+traffic", kind, rows, gpu).heldOut };
    });
    for (const pass of ["forward", "training"] as const) {
      const series = heldOut.map(({ name, rows }) =>
        seriesOf(
          name,
          rows.filter((row) => row.pass === pass),
        ),
      );
      plots.set(`${kind}-${pass}.svg`, scatterSvg(`${kind}, ${pass}: held-out shapes`, series));
    }
  }
  const byLabel = new Map<string, Observation[]>();
  for (const { label, ...observation } of networkObservations(input)) {
    byLabel.set(label, [...(byLabel.get(label) ?? []), observation]);
  }
  plots.set(
    "networks.svg",
    scatterSvg(
      "whole networks, one scale per framework and GPU",
      [...byLabel].map(([name, rows]) => seriesOf(name, rows)),
    ),
  );
  const byKind = new Map<string, Observation[]>();
  for (const { kind, ...observation } of transferObservations(input)) {
    byKind.set(kind, [...(byKind.get(kind) ?? []), observation]);
  }
  plots.set(
    "caffe-transfer.svg",
    scatterSvg(
      "Overfeat's layers, fitted on GoogLeNet only",
      [...byKind].map(([name, rows]) => seriesOf(name, rows)),
    ),
  );
  return plots;
}

function seriesOf(name: string, rows: readonly Observation[]): Series {
  const step = Math.max(1, Math.floor(rows.length / POINTS));
  return {
    name,
    points: rows
      .filter((_row, index) => index % step === 0)
      .map(({ measuredSeconds, predictedSeconds }) => ({
        measured: secondsToMilliseconds(measuredSeconds),
        predicted: secondsToMilliseconds(predictedSeconds),
      })),
  };
}
