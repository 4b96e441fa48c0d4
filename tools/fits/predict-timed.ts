import type { Direction, DurationFit, DurationModel, WorkFit } from "../../src/performance/fit.ts";
import { layerWork } from "../../src/performance/layer-work.ts";
import { correctionOf, type CorrectionInputs } from "../../src/performance/log-correction.ts";
import type { Observation } from "../../src/performance/prediction-error.ts";
import { FEATURES, type FeatureCounts, type WorkKind } from "../../src/performance/work-counts.ts";
import type { TimedLayer } from "./cdecatapult-rows.ts";

/** Predicts timed layers as the benchmark ran them: the layer, and its loss, activation and updates at the fit's rates. */
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
  const rates = find(kind, "update").benchmarkSecondsPerByte ?? {};
  const elementwiseRate = rates["elementwise"] ?? 0;
  return rows.map(({ layer, batchSize, pass, harnessBytes, updateBytes, optimizer, seconds }) => {
    const training = pass === "training";
    const predictions = layerWork(layer, batchSize).parts.map((part) => {
      if (part.workKind === kind) {
        return (
          cost(forward, part.forward, part.correctionInputs) +
          (training ? cost(backward, part.backward, part.correctionInputs) : 0)
        );
      }
      return elementwiseRate * ((part.forward.bytes ?? 0) + (training ? (part.backward.bytes ?? 0) : 0));
    });
    const harness = elementwiseRate * harnessBytes + (rates[optimizer] ?? 0) * updateBytes;
    return {
      measuredSeconds: seconds,
      predictedSeconds: predictions.reduce((sum, value) => sum + value, harness),
    };
  });
}

function cost(fit: WorkFit, counts: FeatureCounts, inputs: CorrectionInputs | undefined): number {
  const linear = FEATURES.reduce(
    (sum, feature) => sum + (fit.coefficients[feature] ?? 0) * (counts[feature] ?? 0),
    0,
  );
  return fit.correction === undefined || inputs === undefined
    ? linear
    : linear * Math.exp(correctionOf(fit.correction, inputs));
}
