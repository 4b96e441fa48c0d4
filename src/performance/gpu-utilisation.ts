/**
 * GPU utilisation of a run that has never run, from its network's graph: the first step to co-location (Yeung et al., HotCloud 2020).
 *
 * A model answers only where it has shown that it can: on networks that it was not fitted on it must beat a constant by a
 * fifth in RMSLE, with at least MIN_NETWORKS networks behind it, on the GPU that was measured and within the range of its features.
 * Otherwise the answer is "unsupported", with the reason. The data that Berth has does not carry a model so far
 * (docs/performance/utilisation.md), so that Berth ships none: callers pass their own.
 */
import type { Random } from "../domain/seeded-random.ts";
import { quantile } from "./prediction-error.ts";
import { UTILISATION_FEATURES, type UtilisationFeatures } from "./utilisation-features.ts";
import {
  fitUtilisation,
  leaveOneNetworkOut,
  rmsle,
  UTILISATION_REGRESSORS,
  type UtilisationPredictor,
  type UtilisationRegressor,
  type UtilisationRow,
} from "./utilisation-regressors.ts";

/** Networks below which leaving one out says little. */
export const MIN_NETWORKS = 8;
/** A model's RMSLE must be below this share of the constant's. */
export const MAX_SHARE_OF_CONSTANT = 0.8;

/** A fitted model with what it showed on networks that it did not see. */
export interface UtilisationModel {
  /** Canonical name of the GPU that was measured. */
  readonly gpu: string;
  readonly regressor: UtilisationRegressor;
  readonly predict: UtilisationPredictor;
  readonly rows: number;
  readonly networks: readonly string[];
  readonly leaveOneNetworkOutRmsle: number;
  readonly constantRmsle: number;
  /** Quantiles 0.1 and 0.9 of ln(predicted + 1) − ln(measured + 1), networks left out. */
  readonly logErrors: { readonly lower: number; readonly upper: number };
  readonly range: readonly {
    readonly name: keyof UtilisationFeatures;
    readonly min: number;
    readonly max: number;
  }[];
}

/** Percent of the time that a kernel runs, with an 80 % interval, or why none can be given. */
export type UtilisationPrediction =
  | {
      readonly kind: "predicted";
      readonly utilisationPercent: number;
      readonly lowerPercent: number;
      readonly upperPercent: number;
      readonly regressor: UtilisationRegressor;
    }
  | { readonly kind: "unsupported"; readonly reason: string };

/** Fits linear and forest and keeps the better on networks left out. Throws on runs of fewer than two networks. */
export function fitUtilisationModel(
  gpu: string,
  rows: readonly UtilisationRow[],
  random: Random,
): UtilisationModel {
  const networks = [...new Set(rows.map(({ network }) => network))].sort();
  if (networks.length < 2) {
    throw new Error(`Runs of ${networks.length} networks were given; leaving one out needs 2 or more.`);
  }
  const judged = UTILISATION_REGRESSORS.map((regressor) => {
    const errors = leaveOneNetworkOut(regressor, rows, random);
    return { regressor, errors, rmsle: rmsle(errors) };
  });
  const constant = judged.find(({ regressor }) => regressor === "constant");
  const [best] = judged.filter(({ regressor }) => regressor !== "constant").sort((a, b) => a.rmsle - b.rmsle);
  if (best === undefined || constant === undefined) throw new Error("No regressor was judged.");
  return {
    gpu,
    regressor: best.regressor,
    predict: fitUtilisation(best.regressor, rows, random),
    rows: rows.length,
    networks,
    leaveOneNetworkOutRmsle: best.rmsle,
    constantRmsle: constant.rmsle,
    logErrors: { lower: quantile(best.errors, 0.1), upper: quantile(best.errors, 0.9) },
    range: UTILISATION_FEATURES.map((name) => {
      const values = rows.map(({ features }) => features[name]);
      return { name, min: Math.min(...values), max: Math.max(...values) };
    }),
  };
}

/** The utilisation of a run on a GPU type; `model` is undefined where none was fitted. */
export function predictUtilisation(
  features: UtilisationFeatures,
  gpuType: string,
  model: UtilisationModel | undefined,
): UtilisationPrediction {
  if (model === undefined) {
    return {
      kind: "unsupported",
      reason:
        "no utilisation model is shipped: the public data is too thin (docs/performance/utilisation.md)",
    };
  }
  const reason = refusal(features, gpuType, model);
  if (reason !== undefined) return { kind: "unsupported", reason };
  const utilisationPercent = model.predict(features);
  const shifted = (logError: number): number =>
    Math.min(100, Math.max(0, Math.expm1(Math.log1p(utilisationPercent) - logError)));
  return {
    kind: "predicted",
    utilisationPercent,
    lowerPercent: Math.min(utilisationPercent, shifted(model.logErrors.upper)),
    upperPercent: Math.max(utilisationPercent, shifted(model.logErrors.lower)),
    regressor: model.regressor,
  };
}

function refusal(
  features: UtilisationFeatures,
  gpuType: string,
  model: UtilisationModel,
): string | undefined {
  if (gpuType !== model.gpu) return `utilisation was measured on ${model.gpu}, not on ${gpuType}`;
  if (model.networks.length < MIN_NETWORKS) {
    return `the model rests on ${model.networks.length} networks; ${MIN_NETWORKS} are needed to judge it`;
  }
  if (!(model.leaveOneNetworkOutRmsle < MAX_SHARE_OF_CONSTANT * model.constantRmsle)) {
    return (
      `on networks left out the model's RMSLE is ${model.leaveOneNetworkOutRmsle.toFixed(3)}, ` +
      `a constant's ${model.constantRmsle.toFixed(3)}: it knows no more than the mean`
    );
  }
  const outside = model.range.find(({ name, min, max }) => features[name] < min || features[name] > max);
  return outside === undefined
    ? undefined
    : `${outside.name} ${features[outside.name]} is outside the measured range ${outside.min}–${outside.max}`;
}
