/** Transfer between networks of one framework and GPU: Caffe on a Titan X, calibrated as a user would (berth calibrate). */
import { parseLayerProfile, type LayerProfileRow } from "../../src/catalog/layer-profile-csv.ts";
import { calibrate } from "../../src/performance/calibration.ts";
import { layerPredictor } from "../../src/performance/layer-duration.ts";
import type { Observation } from "../../src/performance/prediction-error.ts";
import { caffeProfiles } from "../convert-caffe-titanx.ts";
import { CAFFE_GPU, CAFFE_SOURCE } from "./caffe-rows.ts";
import { fixed, table } from "./markdown-table.ts";
import type { ReportInput } from "./report-input.ts";

/** Error of sums of forward and backward time, by kind, for every choice of networks to fit on. */
export function transferTable(input: ReportInput): string {
  const rows = profileRows(input);
  const names = [...rows.keys()];
  const choices = [...names.map((name) => [name]), names];
  const body = choices.flatMap((fittedOn) =>
    [false, true].flatMap((withDataSheet) =>
      names.map((name) => {
        const observations = observe(input, { rows, fittedOn, name, withDataSheet });
        const of = (kinds: readonly string[] | undefined): string => {
          const chosen = observations.filter(({ kind }) => kinds?.includes(kind) ?? true);
          const measured = chosen.reduce((sum, row) => sum + row.measuredSeconds, 0);
          const predicted = chosen.reduce((sum, row) => sum + row.predictedSeconds, 0);
          return measured === 0 ? "–" : fixed(100 * (predicted / measured - 1), 1);
        };
        return [
          fittedOn.join(" + "),
          withDataSheet ? "yes" : "no",
          name,
          fittedOn.includes(name) ? "in sample" : "held out",
          of(undefined),
          of(["conv"]),
          of(["fc"]),
          of(["pool"]),
          of(["relu", "concat", "split"]),
        ];
      }),
    ),
  );
  return table(
    ["fitted on", "data sheet", "predicted", "", "iteration, %", "conv", "fc", "pool", "elementwise"],
    body,
  );
}

/** Layers of Overfeat by a fit on GoogLeNet, forward and backward apart. */
export function transferObservations(
  input: ReportInput,
): readonly (Observation & { readonly kind: string })[] {
  return observe(input, {
    rows: profileRows(input),
    fittedOn: ["googlenet"],
    name: "overfeat",
    withDataSheet: true,
  });
}

function profileRows({ dataFolder }: ReportInput): ReadonlyMap<string, readonly LayerProfileRow[]> {
  return new Map(
    [...caffeProfiles(dataFolder)].map(([name, text]) => [
      name,
      parseLayerProfile(text, `${name}.csv`, { times: "required", unknownKinds: "refuse" }).rows,
    ]),
  );
}

interface Transfer {
  readonly rows: ReadonlyMap<string, readonly LayerProfileRow[]>;
  readonly fittedOn: readonly string[];
  readonly name: string;
  readonly withDataSheet: boolean;
}

function observe(
  { gpus }: ReportInput,
  { rows, fittedOn, name, withDataSheet }: Transfer,
): readonly (Observation & { readonly kind: string })[] {
  const { fit } = calibrate({
    gpuName: CAFFE_GPU,
    gpu: withDataSheet ? gpus.find((gpu) => gpu.name === CAFFE_GPU) : undefined,
    framework: "caffe",
    rows: fittedOn.flatMap((network) => rows.get(network) ?? []),
    source: CAFFE_SOURCE,
    licence: "MIT",
  });
  const predict = layerPredictor(fit, "complexity+traffic");
  return (rows.get(name) ?? []).flatMap(({ layer, kind, batchSize, forwardSeconds, backwardSeconds }) => {
    const prediction = predict(layer, batchSize);
    if (prediction.kind === "unknown" || kind === "input") return [];
    const { duration } = prediction;
    return [
      { kind, measuredSeconds: forwardSeconds ?? 0, predictedSeconds: duration.forwardSeconds },
      { kind, measuredSeconds: backwardSeconds ?? 0, predictedSeconds: duration.backwardSeconds },
    ].filter((row) => row.measuredSeconds > 0 && row.predictedSeconds > 0);
  });
}
