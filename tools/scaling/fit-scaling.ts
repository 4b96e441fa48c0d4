/**
 * Coefficients of data-parallel.ts from whole iterations: minimise Σ w²·((t_1 + X·β − t) / t)², β ≥ 0, w² = 1 / rows of the
 * application, so that each application weighs the same (NCF has seven times the rows of YOLOv3).
 */
import { allReduceSeconds } from "../../src/performance/data-parallel.ts";
import type { AllReduceFit } from "../../src/performance/fit.ts";
import {
  mapePercent,
  quantile,
  type Observation,
  type ResidualQuantiles,
} from "../../src/performance/prediction-error.ts";
import { nonNegativeLeastSquares } from "../../src/performance/regression.ts";
import {
  SCALING_FORMAT_VERSION,
  type InputFit,
  type ScalingError,
  type ScalingFit,
} from "../../src/performance/scaling-fit.ts";
import type { MeasuredIteration, Setting } from "./measured-iterations.ts";

/** What each coefficient multiplies, in the order of the coefficients. */
export type Design = (row: MeasuredIteration) => readonly number[];

/** κ, α, σ within a node. */
export function withinNodeDesign(ring: AllReduceFit): Design {
  return ({ gpus, aloneSeconds, gradientBytes }) => [
    aloneSeconds * (1 - 1 / gpus),
    gpus - 1,
    allReduceSeconds({ gpus, bytes: gradientBytes }, ring).seconds,
  ];
}

/** κ, ν, ρ across nodes. */
export const acrossNodesDesign: Design = ({ gpus, nodes, aloneSeconds, gradientBytes }) => [
  aloneSeconds * (1 - 1 / gpus),
  nodes - 1,
  ((2 * (gpus - 1)) / gpus) * gradientBytes,
];

/** A prediction of one row by coefficients that were fitted on other applications. */
export interface HeldOut extends Observation {
  readonly row: MeasuredIteration;
}

export function fitCoefficients(rows: readonly MeasuredIteration[], design: Design): readonly number[] {
  const counts = new Map<string, number>();
  for (const { application } of rows) counts.set(application, (counts.get(application) ?? 0) + 1);
  const scaleOf = (row: MeasuredIteration): number =>
    row.seconds * Math.sqrt(counts.get(row.application) ?? 1);
  return nonNegativeLeastSquares({
    design: rows.map((row) => design(row).map((value) => value / scaleOf(row))),
    target: rows.map((row) => (row.seconds - row.aloneSeconds) / scaleOf(row)),
  }).map((value) => Number(value.toPrecision(6)));
}

export function addedSeconds(
  row: MeasuredIteration,
  design: Design,
  coefficients: readonly number[],
): number {
  return design(row).reduce((sum, value, index) => sum + value * (coefficients[index] ?? 0), 0);
}

/** Each application predicted by coefficients that never saw it. */
export function leaveOneApplicationOut(
  rows: readonly MeasuredIteration[],
  design: Design,
): readonly HeldOut[] {
  return applicationsOf(rows).flatMap((application) => {
    const coefficients = fitCoefficients(
      rows.filter((row) => row.application !== application),
      design,
    );
    return rows
      .filter((row) => row.application === application)
      .map((row) => ({
        row,
        measuredSeconds: row.seconds,
        predictedSeconds: row.aloneSeconds + addedSeconds(row, design, coefficients),
      }));
  });
}

/**
 * Share of left-out rows below and above the interval. Rows of one application err alike, so that quantiles 0.1 and 0.9 hold only
 * 70 to 78 % of the rows of an application that they never saw; these hold 80 to 87 % (docs/performance/multi-gpu.md).
 */
const TAIL = 0.06;

/** The 80 % interval of measured / predicted for an application that is in none of the rows. */
export function applicationQuantiles(observations: readonly Observation[]): ResidualQuantiles {
  const ratios = observations.map(
    ({ measuredSeconds, predictedSeconds }) => measuredSeconds / predictedSeconds,
  );
  return {
    lower: Math.min(1, quantile(ratios, TAIL)),
    median: quantile(ratios, 0.5),
    upper: Math.max(1, quantile(ratios, 1 - TAIL)),
  };
}

/** Coefficients with the evidence behind them. */
function fitted(
  rows: readonly MeasuredIteration[],
  design: Design,
): {
  readonly coefficients: readonly number[];
  readonly evidence: Omit<
    NonNullable<ScalingFit["acrossNodes"]>,
    "computeShare" | "secondsPerNode" | "secondsPerByte"
  >;
} {
  const coefficients = fitCoefficients(rows, design);
  const heldOut = leaveOneApplicationOut(rows, design);
  const inSample = rows.map((row) => ({
    measuredSeconds: row.seconds,
    predictedSeconds: row.aloneSeconds + addedSeconds(row, design, coefficients),
  }));
  const error: ScalingError = {
    inSampleMapePercent: rounded(mapePercent(inSample)),
    leaveOneApplicationOutMedianPercent: rounded(medianErrorPercent(heldOut)),
    leaveOneApplicationOutMapePercent: rounded(mapePercent(heldOut)),
  };
  const residuals = applicationQuantiles(heldOut);
  return {
    coefficients,
    evidence: {
      rows: rows.length,
      applications: applicationsOf(rows),
      measuredGpus: rangeOf(rows.map(({ gpus }) => gpus)),
      measuredGradientBytes: rangeOf(rows.map(({ gradientBytes }) => gradientBytes)),
      error,
      residuals: {
        lower: rounded(residuals.lower),
        median: rounded(residuals.median),
        upper: rounded(residuals.upper),
      },
    },
  };
}

/** The scaling fit of one setting. Synthetic rows where both were measured: reading real data is fitted apart (fit-input.ts). */
export function fitScaling(
  setting: Setting,
  allRows: readonly MeasuredIteration[],
  ring: AllReduceFit,
  input: InputFit | null,
): ScalingFit {
  const rows = allRows.filter((row) => row.setting === setting && isFitted(row, input));
  const within = fitted(
    rows.filter(({ nodes }) => nodes === 1),
    withinNodeDesign(ring),
  );
  const acrossRows = rows.filter(({ nodes }) => nodes > 1);
  const across = acrossRows.length === 0 ? null : fitted(acrossRows, acrossNodesDesign);
  return {
    formatVersion: SCALING_FORMAT_VERSION,
    gpu: setting.gpu,
    framework: setting.framework,
    source: setting.source,
    licence: setting.licence,
    method:
      "added seconds of an iteration at a fixed batch per GPU; relative NNLS, each application weighing the same; " +
      "residuals and errors of applications left out",
    withinNode: {
      computeShare: within.coefficients[0] ?? 0,
      secondsPerGpu: within.coefficients[1] ?? 0,
      exposedAllReduceShare: within.coefficients[2] ?? 0,
      allReduceGpu: ring.gpu,
      ...within.evidence,
    },
    acrossNodes:
      across === null
        ? null
        : {
            computeShare: across.coefficients[0] ?? 0,
            secondsPerNode: across.coefficients[1] ?? 0,
            secondsPerByte: across.coefficients[2] ?? 0,
            ...across.evidence,
          },
    input,
  };
}

const isFitted = (row: MeasuredIteration, input: InputFit | null): boolean =>
  input === null || row.data === "synthetic";

/** In the order of the alphabet. */
export function applicationsOf(rows: readonly MeasuredIteration[]): readonly string[] {
  return [...new Set(rows.map(({ application }) => application))].sort();
}

/** Median |predicted − measured| / measured, %. */
export function medianErrorPercent(observations: readonly Observation[]): number {
  return (
    100 *
    quantile(
      observations.map(
        ({ measuredSeconds, predictedSeconds }) =>
          Math.abs(predictedSeconds - measuredSeconds) / measuredSeconds,
      ),
      0.5,
    )
  );
}

function rangeOf(values: readonly number[]): { readonly min: number; readonly max: number } {
  return { min: Math.min(...values), max: Math.max(...values) };
}

const rounded = (value: number): number => Number(value.toFixed(2));
