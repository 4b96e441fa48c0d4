import type { Direction, DurationFit, DurationModel, WorkFit } from "../../src/performance/fit.ts";
import { FEATURES, layerWork, type FeatureCounts, type WorkKind } from "../../src/performance/layer-work.ts";
import type { Observation } from "../../src/performance/prediction-error.ts";
import type { TimedLayer } from "./cdecatapult-rows.ts";

/** Predicts timed layers as the benchmark ran them: the layer, and its loss, activation and updates at the fit's rate. */
export function predictTimed(
  rows: readonly TimedLayer[],
  fit: DurationFit,
  model: DurationModel,
): readonly Observation[] {
  const find = (workKind: WorkKind, direction: Direction): WorkFit => {
    const found = fit.work.find(
      (work) => work.model === model && work.workKind === workKind && work.direction === direction,
    );
    if (found === undefined) throw new Error(`The ${fit.gpu} fit has no ${model} ${workKind} ${direction}.`);
    return found;
  };
  const kind = rows[0]?.layer.kind ?? "conv";
  const forward = find(kind, "forward");
  const backward = find(kind, "backward");
  const secondsPerByte = find(kind, "update").coefficients.bytes ?? 0;
  return rows.map(({ layer, batchSize, pass, harnessBytes, seconds }) => {
    const training = pass === "training";
    const { parts } = layerWork(layer, batchSize);
    const predictions = parts.map((part) => {
      if (part.workKind === kind)
        return cost(forward, part.forward) + (training ? cost(backward, part.backward) : 0);
      return secondsPerByte * ((part.forward.bytes ?? 0) + (training ? (part.backward.bytes ?? 0) : 0));
    });
    return {
      measuredSeconds: seconds,
      predictedSeconds: predictions.reduce((sum, value) => sum + value, harnessBytes * secondsPerByte),
    };
  });
}

function cost(fit: WorkFit, counts: FeatureCounts): number {
  return FEATURES.reduce(
    (sum, feature) => sum + (fit.coefficients[feature] ?? 0) * (counts[feature] ?? 0),
    0,
  );
}
