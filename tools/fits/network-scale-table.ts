/** Whole networks after one scale factor for each framework and GPU, the factor taken from the other networks only. */
import { loadNetworks } from "../../src/catalog/load-networks.ts";
import { chooseFit } from "../../src/performance/choose-fit.ts";
import { frameworkScale } from "../../src/performance/framework-scale.ts";
import { networkTotals } from "../../src/performance/network-totals.ts";
import { mapePercent, type Observation } from "../../src/performance/prediction-error.ts";
import { fixed, table } from "./markdown-table.ts";
import { readNetworkRows, type TimedNetwork } from "./network-rows.ts";
import type { ReportInput } from "./report-input.ts";

interface NetworkObservation extends Observation {
  readonly row: TimedNetwork;
  /** GPU and framework. */
  readonly label: string;
}

function predicted(input: ReportInput): readonly NetworkObservation[] {
  const networks = loadNetworks();
  return readNetworkRows(input.dataFolder).map((row) => {
    const network = networks.get(row.networkName);
    const choice = chooseFit({
      gpuType: row.gpu,
      gpuShare: 1,
      framework: row.framework,
      durationFits: input.fits.durationFits,
      gpus: input.gpus,
    });
    if (network === undefined || choice.kind === "missing")
      throw new Error(`No ${row.networkName} or ${row.gpu}.`);
    const { total } = networkTotals({ network, batchSize: row.batchSize, fit: choice.fit, widening: 1 });
    return {
      row,
      label: `${row.gpu}, ${row.framework}`,
      measuredSeconds: row.seconds,
      predictedSeconds: total.seconds,
    };
  });
}

const times = (observation: NetworkObservation, factor: number): NetworkObservation => ({
  ...observation,
  predictedSeconds: observation.predictedSeconds * factor,
});

/** Every measured network, scaled by the factor of all networks of its GPU and framework. */
export function networkObservations(
  input: ReportInput,
): readonly (Observation & { readonly label: string })[] {
  const all = predicted(input);
  return all.map((observation) =>
    times(observation, frameworkScale(all.filter(({ label }) => label === observation.label))),
  );
}

/** MAPE by GPU and framework: as shipped, with one factor, and with a factor from the other rows or networks only. */
export function networkScaleTable(input: ReportInput): string {
  const all = predicted(input);
  const labels = [...new Set(all.map(({ label }) => label))];
  return table(
    [
      "GPU, framework",
      "rows",
      "networks",
      "MAPE as shipped",
      "factor",
      "MAPE with it",
      "factor of other networks",
      "factor of other rows",
    ],
    labels.map((label) => {
      const own = all.filter((observation) => observation.label === label);
      const factor = frameworkScale(own);
      const heldOut = (isOther: (other: NetworkObservation, row: NetworkObservation) => boolean): string => {
        const scaled = own.flatMap((row) => {
          const others = own.filter((other) => isOther(other, row));
          return others.length === 0 ? [] : [times(row, frameworkScale(others))];
        });
        return scaled.length < own.length ? "–" : `${fixed(mapePercent(scaled), 1)} %`;
      };
      return [
        label,
        String(own.length),
        String(new Set(own.map(({ row }) => row.networkName)).size),
        `${fixed(mapePercent(own), 1)} %`,
        fixed(factor, 2),
        `${fixed(mapePercent(own.map((row) => times(row, factor))), 1)} %`,
        heldOut((other, row) => other.row.networkName !== row.row.networkName),
        heldOut((other, row) => other !== row),
      ];
    }),
  );
}

/** Where the fit of every GPU of models/gpus.json comes from, for each framework. */
export function gpuFitTable({ fits, gpus }: ReportInput): string {
  return table(
    ["GPU", "tensorflow", "pytorch", "caffe"],
    gpus.map((gpu) => [
      gpu.name,
      ...(["tensorflow", "pytorch", "caffe"] as const).map((framework) => {
        const { durationFits } = fits;
        const choice = chooseFit({ gpuType: gpu.name, gpuShare: 1, framework, durationFits, gpus });
        if (choice.kind === "missing") return "none";
        const from = /^scaled from (\S+)/.exec(choice.fit.method)?.[1];
        const other = choice.fit.framework === framework ? "" : `, ${choice.fit.framework}`;
        return `${from === undefined ? "measured" : `scaled from ${from}`}${other} (×/÷ ${fixed(choice.widening, 2)})`;
      }),
    ]),
  );
}
