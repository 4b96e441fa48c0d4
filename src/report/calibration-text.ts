/** The report of `berth calibrate`, as text. */
import type { LayerProfile } from "../catalog/layer-profile-csv.ts";
import { secondsToMilliseconds } from "../domain/units.ts";
import type { Calibration } from "../performance/calibration.ts";
import { intervalCoverage } from "../performance/prediction-error.ts";
import { layerPredictor } from "../performance/layer-duration.ts";
import { FEATURES } from "../performance/work-counts.ts";

/** Rows used and left out, errors by kind, totals by network, ranges. */
export function calibrationText(
  { fit, works }: Calibration,
  profiles: readonly LayerProfile[],
  notes: readonly string[],
): string {
  return [
    `Fit of ${fit.gpu}, ${fit.framework}: ${fit.method}.`,
    ...notes,
    "",
    ...profiles.flatMap(rowsText),
    "",
    "Error by kind of work, MAPE in sample / cross-validated over whole shapes, and share of held-out rows in the 80 % interval:",
    ...works.map(({ fit: work, heldOut }) => {
      const error = work.error;
      const percent =
        error === null
          ? "–"
          : `${error.inSampleMapePercent.toFixed(1)} / ${error.crossValidatedMapePercent.toFixed(1)} %`;
      const coverage = (100 * intervalCoverage(heldOut, work.residuals)).toFixed(0);
      return `  ${work.workKind.padEnd(12)} ${work.direction.padEnd(9)} ${String(work.rows).padStart(5)} rows  ${percent.padStart(16)}  ${coverage.padStart(3)} %`;
    }),
    "",
    "Whole networks, in sample, milliseconds of forward and backward measured and predicted:",
    ...profiles.flatMap((profile) => networkLines(profile, fit)),
    "",
    "Measured range (outside it a prediction says so):",
    ...works.flatMap(({ fit: work }) => {
      const ranges = FEATURES.flatMap((feature) => {
        const range = work.measuredRange[feature];
        return range === undefined
          ? []
          : [`${feature} ${range.min.toPrecision(3)}–${range.max.toPrecision(3)}`];
      });
      return ranges.length === 0 ? [] : [`  ${work.workKind} ${work.direction}: ${ranges.join(", ")}`];
    }),
  ].join("\n");
}

function rowsText({ source, rows, skipped }: LayerProfile): readonly string[] {
  return [
    `${source}: ${rows.length} rows used, ${skipped.length} left out.`,
    ...skipped.map(({ line, network, layer, reason }) => `  row ${line}: ${network} ${layer}, ${reason}`),
  ];
}

function networkLines({ rows }: LayerProfile, fit: Calibration["fit"]): readonly string[] {
  const predict = layerPredictor(fit, "complexity+traffic");
  const totals = new Map<string, { measuredSeconds: number; predictedSeconds: number }>();
  for (const { network, batchSize, layer, forwardSeconds, backwardSeconds } of rows) {
    const prediction = predict(layer, batchSize);
    const key = `${network}, batch ${batchSize}`;
    const total = totals.get(key) ?? { measuredSeconds: 0, predictedSeconds: 0 };
    const known = prediction.kind === "known" ? prediction.duration : undefined;
    total.measuredSeconds += (forwardSeconds ?? 0) + (backwardSeconds ?? 0);
    total.predictedSeconds +=
      (forwardSeconds === undefined ? 0 : (known?.forwardSeconds ?? 0)) +
      (backwardSeconds === undefined ? 0 : (known?.backwardSeconds ?? 0));
    totals.set(key, total);
  }
  return [...totals].map(([name, { measuredSeconds, predictedSeconds }]) => {
    const error = (100 * (predictedSeconds / measuredSeconds - 1)).toFixed(1);
    const milliseconds = (seconds: number): string => secondsToMilliseconds(seconds).toFixed(2);
    return `  ${name}: ${milliseconds(measuredSeconds)} measured, ${milliseconds(predictedSeconds)} predicted (${error} %)`;
  });
}
