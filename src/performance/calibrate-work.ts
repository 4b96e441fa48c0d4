/** Fits one kind of work and direction of a profile: regression with priors, cross-validation by whole shapes, learned correction. */
import { boostedCorrection, LEAST_BOOSTING_ROWS } from "./boosted-correction.ts";
import type { Direction, DurationModel, MeasuredRange, WorkFit } from "./fit.ts";
import { correctionOf, type CorrectionInputs, type LogCorrection } from "./log-correction.ts";
import type { Layer } from "./network.ts";
import {
  mapePercent,
  residualQuantiles,
  type Observation,
  type ResidualQuantiles,
} from "./prediction-error.ts";
import { relativeLeastSquares, type CoefficientPrior } from "./regression.ts";
import { shapeFolds } from "./shape-folds.ts";
import type { Feature, FeatureCounts, WorkKind } from "./work-counts.ts";

/** One timed pass of one layer. */
export interface WorkRow {
  readonly layer: Layer;
  readonly batchSize: number;
  readonly counts: FeatureCounts;
  readonly correctionInputs: CorrectionInputs | undefined;
  readonly seconds: number;
}

/** What to fit. */
export interface WorkRequest {
  readonly model: DurationModel;
  readonly workKind: WorkKind;
  readonly direction: Exclude<Direction, "update">;
  readonly features: readonly Feature[];
  readonly rows: readonly WorkRow[];
  /** Given the rows fitted on, so that a fold's belief rests on the fold's rows alone. */
  readonly priorsOf: (rows: readonly WorkRow[]) => readonly CoefficientPrior[];
  readonly provenance: string;
}

/** A fit with its predictions of every row. */
export interface CalibratedWork {
  readonly fit: WorkFit;
  readonly inSample: readonly Observation[];
  readonly heldOut: readonly Observation[];
}

/** Weights between relative and absolute errors: totals of a network are what a profile is for (regression.ts). */
const EXPONENT = 0.5;
/** Quantiles of fewer rows say little: their interval is at least this wide. Supplied. */
const FEW_ROWS = 10;
const FEW_ROWS_RESIDUALS: ResidualQuantiles = { lower: 1 / 1.5, median: 1, upper: 1.5 };

interface Trained {
  readonly coefficients: readonly number[];
  readonly correction: LogCorrection | undefined;
}

/** Fits the coefficients; throws on no rows. */
export function calibrateWork(request: WorkRequest): CalibratedWork {
  const { model, workKind, direction, features, rows, provenance } = request;
  const trained = train(request, rows);
  const folds = shapeFolds(rows).filter((fold) => fold.size > 0);
  const heldOut = folds.flatMap((fold) => {
    const seen = rows.filter((_row, index) => !fold.has(index));
    // Without belief and without rows there is nothing to predict from.
    if (seen.length === 0 && request.priorsOf(seen).length === 0) return [];
    const foldTrained = train(request, seen);
    return rows.filter((_row, index) => fold.has(index)).map((row) => observe(row, features, foldTrained));
  });
  const inSample = rows.map((row) => observe(row, features, trained));
  return {
    inSample,
    heldOut,
    fit: {
      model,
      workKind,
      direction,
      status: "measured",
      provenance,
      coefficients: named(features, trained.coefficients),
      ...(trained.correction === undefined ? {} : { correction: trained.correction }),
      rows: rows.length,
      measuredRange: ranges(features, rows),
      error:
        heldOut.length === 0
          ? null
          : {
              inSampleMapePercent: rounded(mapePercent(inSample)),
              crossValidatedMapePercent: rounded(mapePercent(heldOut)),
            },
      residuals: intervalOf(heldOut),
    },
  };
}

function train({ model, features, priorsOf }: WorkRequest, rows: readonly WorkRow[]): Trained {
  const priors = priorsOf(rows);
  const coefficients =
    rows.length === 0
      ? priors.map(({ value }) => value)
      : relativeLeastSquares({
          design: rows.map(({ counts }) => features.map((feature) => counts[feature] ?? 0)),
          target: rows.map(({ seconds }) => seconds),
          exponent: model === "complexity" ? 1 : EXPONENT,
          priors,
        });
  const learnable = rows.flatMap((row) =>
    row.correctionInputs === undefined
      ? []
      : [
          {
            inputs: row.correctionInputs,
            baseSeconds: linear(row.counts, features, coefficients),
            otherSeconds: 0,
            seconds: row.seconds,
          },
        ],
  );
  const enough = model !== "complexity" && learnable.length >= LEAST_BOOSTING_ROWS;
  return { coefficients, correction: enough ? boostedCorrection(learnable) : undefined };
}

function linear(
  counts: FeatureCounts,
  features: readonly Feature[],
  coefficients: readonly number[],
): number {
  return features.reduce(
    (sum, feature, index) => sum + (counts[feature] ?? 0) * (coefficients[index] ?? 0),
    0,
  );
}

function observe(
  row: WorkRow,
  features: readonly Feature[],
  { coefficients, correction }: Trained,
): Observation {
  const factor =
    correction === undefined || row.correctionInputs === undefined
      ? 1
      : Math.exp(correctionOf(correction, row.correctionInputs));
  return {
    measuredSeconds: row.seconds,
    predictedSeconds: factor * linear(row.counts, features, coefficients),
  };
}

function intervalOf(heldOut: readonly Observation[]): ResidualQuantiles {
  const predicted = heldOut.filter(({ predictedSeconds }) => predictedSeconds > 0);
  if (predicted.length === 0) return FEW_ROWS_RESIDUALS;
  const { lower, median, upper } = residualQuantiles(predicted);
  const least = heldOut.length < FEW_ROWS ? FEW_ROWS_RESIDUALS : { lower: median, upper: median };
  return {
    lower: significant(Math.min(lower, least.lower, median)),
    median: significant(median),
    upper: significant(Math.max(upper, least.upper, median)),
  };
}

function named(features: readonly Feature[], values: readonly number[]): WorkFit["coefficients"] {
  const found: Partial<Record<Feature, number>> = {};
  for (const [index, feature] of features.entries()) found[feature] = significant(values[index] ?? 0);
  return found;
}

function ranges(features: readonly Feature[], rows: readonly WorkRow[]): WorkFit["measuredRange"] {
  const found: Partial<Record<Feature, MeasuredRange>> = {};
  for (const feature of features) {
    if (feature === "launches" || feature === "stemElements") continue;
    const values = rows.flatMap(({ counts }) => counts[feature] ?? []);
    if (values.length === 0) continue;
    found[feature] = {
      min: values.reduce((least, value) => Math.min(least, value), Infinity),
      max: values.reduce((most, value) => Math.max(most, value), 0),
    };
  }
  return found;
}

const significant = (value: number): number => Number(value.toPrecision(6));
const rounded = (value: number): number => Number(value.toFixed(2));
