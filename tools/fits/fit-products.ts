/**
 * Fits of the layers that are matrix products, conv and fc, from single layers timed forward only or as a training step.
 *
 *   t = F·e^f + [training]·(B·e^b + κ_o·U) + κ·H        F = Σ β_f·forward counts, B = Σ β_b·backward counts
 *
 * H: bytes of the benchmark's own elementwise work (bias, activation, loss), all at one rate κ; U: bytes of its updates, at a rate
 * κ_o of each optimiser's kernels. β, κ ≥ 0, by relative least squares over all rows at once (linear-products.ts); then the
 * corrections f and b are learned from what is left (boosted-correction.ts), f on forward rows, b on training rows.
 * F and B are at last scaled so that held-out measured / predicted has median 1: the prediction is the median.
 *
 * "complexity", the slides' model, has launches and operations only: no κ, no correction, no scaling.
 */
import type { GpuSpec } from "../../src/performance/gpu.ts";
import { boostedCorrection } from "../../src/performance/boosted-correction.ts";
import type { DurationModel, WorkFit } from "../../src/performance/fit.ts";
import { correctionOf, type LogCorrection } from "../../src/performance/log-correction.ts";
import {
  mapePercent,
  quantile,
  residualQuantiles,
  type Observation,
} from "../../src/performance/prediction-error.ts";
import type { TimedLayer } from "./cdecatapult-rows.ts";
import { countedRow, linearProducts, type CountedRow, type LinearProducts } from "./linear-products.ts";
import { measuredRange, namedCoefficients, rounded, roundedQuantiles, significant } from "./fit-rows.ts";
import { shapeFolds } from "../../src/performance/shape-folds.ts";

/** Fits of one kind, and the elementwise rate that came with them. */
export interface ProductFits {
  readonly work: readonly WorkFit[];
  readonly elementwiseSecondsPerByte: number;
  /** Every row, predicted by a fit that never saw its shape. */
  readonly heldOut: readonly (Observation & Pick<TimedLayer, "pass">)[];
}

/** A linear model and its corrections. */
interface ProductModel {
  readonly linear: LinearProducts;
  readonly forward: LogCorrection | undefined;
  readonly backward: LogCorrection | undefined;
}

/** Seconds of one row by what they are spent on. */
interface RowParts {
  readonly row: CountedRow;
  readonly forwardSeconds: number;
  readonly backwardSeconds: number;
  readonly otherSeconds: number;
}

/** Fits one model to all timed layers of one kind on one GPU. */
export function fitProducts(
  model: DurationModel,
  kind: "conv" | "fc",
  rows: readonly TimedLayer[],
  gpu: GpuSpec,
): ProductFits {
  const counted = rows.map((timed) => countedRow(timed, kind));
  const train = (chosen: readonly CountedRow[]): ProductModel => trained(model, kind, chosen, gpu);
  const whole = train(counted);
  const folds = shapeFolds(rows.map(({ layer, batchSize }) => ({ layer, batchSize })));
  const foldModels = folds.map((heldOut) => train(counted.filter((_row, index) => !heldOut.has(index))));
  const heldOut = folds.flatMap((indices, fold) => {
    const foldModel = foldModels[fold] ?? whole;
    return [...indices]
      .flatMap((index) => counted.slice(index, index + 1))
      .map((row) => rowParts(row, foldModel));
  });
  const inSample = counted.map((row) => rowParts(row, whole));
  const centre = model === "complexity" ? { forward: 1, backward: 1 } : centres(heldOut);
  const errors = (pass: TimedLayer["pass"]): Pick<WorkFit, "error" | "residuals"> => {
    const observe = (parts: readonly RowParts[]): readonly Observation[] =>
      parts.filter(({ row }) => row.timed.pass === pass).map((part) => observation(part, centre));
    return {
      error: {
        inSampleMapePercent: rounded(mapePercent(observe(inSample))),
        crossValidatedMapePercent: rounded(mapePercent(observe(heldOut))),
      },
      residuals: roundedQuantiles(residualQuantiles(observe(heldOut))),
    };
  };
  return {
    elementwiseSecondsPerByte: significant(whole.linear.elementwiseSecondsPerByte),
    heldOut: heldOut.map((part) => ({ ...observation(part, centre), pass: part.row.timed.pass })),
    work: (["forward", "backward"] as const)
      .map((direction) =>
        passFit({ model, kind, direction, whole, counted, centre: centre[direction], errors }),
      )
      .concat([updateFit({ model, kind, whole, counted, errors })]),
  };
}

function trained(
  model: DurationModel,
  kind: "conv" | "fc",
  rows: readonly CountedRow[],
  gpu: GpuSpec,
): ProductModel {
  const linear = linearProducts(model, kind, rows, gpu);
  if (model === "complexity") return { linear, forward: undefined, backward: undefined };
  const plain = (row: CountedRow, forward: LogCorrection | undefined): RowParts =>
    rowParts(row, { linear, forward, backward: undefined });
  const forward = boostedCorrection(
    rows
      .filter(({ timed }) => timed.pass === "forward")
      .map((row) => {
        const { forwardSeconds, otherSeconds } = plain(row, undefined);
        return { inputs: row.inputs, baseSeconds: forwardSeconds, otherSeconds, seconds: row.timed.seconds };
      }),
  );
  const backward = boostedCorrection(
    rows
      .filter(({ timed }) => timed.pass === "training")
      .map((row) => {
        const { forwardSeconds, backwardSeconds, otherSeconds } = plain(row, forward);
        return {
          inputs: row.inputs,
          baseSeconds: backwardSeconds,
          otherSeconds: forwardSeconds + otherSeconds,
          seconds: row.timed.seconds,
        };
      }),
  );
  return { linear, forward, backward };
}

function rowParts(row: CountedRow, { linear, forward, backward }: ProductModel): RowParts {
  const factor = (correction: LogCorrection | undefined): number =>
    correction === undefined ? 1 : Math.exp(correctionOf(correction, row.inputs));
  return {
    row,
    forwardSeconds: linear.forwardSeconds(row) * factor(forward),
    backwardSeconds: row.timed.pass === "training" ? linear.backwardSeconds(row) * factor(backward) : 0,
    otherSeconds: linear.otherSeconds(row),
  };
}

interface Centres {
  readonly forward: number;
  readonly backward: number;
}

function observation(
  { row, forwardSeconds, backwardSeconds, otherSeconds }: RowParts,
  centre: Centres,
): Observation {
  return {
    measuredSeconds: row.timed.seconds,
    predictedSeconds: forwardSeconds * centre.forward + backwardSeconds * centre.backward + otherSeconds,
  };
}

/** Factors on F and B with which held-out measured / predicted has median 1 in either pass; within a factor of two. */
function centres(heldOut: readonly RowParts[]): Centres {
  const medianRatio = (pass: TimedLayer["pass"], centre: Centres): number =>
    quantile(
      heldOut
        .filter(({ row }) => row.timed.pass === pass)
        .map((part) => {
          const { measuredSeconds, predictedSeconds } = observation(part, centre);
          return measuredSeconds / predictedSeconds;
        }),
      0.5,
    );
  const forward = bisect((factor) => medianRatio("forward", { forward: factor, backward: 1 }) - 1);
  const backward = bisect((factor) => medianRatio("training", { forward, backward: factor }) - 1);
  return { forward, backward };
}

/** Zero of a decreasing function between ½ and 2. */
function bisect(decreasing: (factor: number) => number): number {
  let low = 0.5;
  let high = 2;
  for (let round = 0; round < 30; round++) {
    const middle = (low + high) / 2;
    if (decreasing(middle) > 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

interface FitWriting {
  readonly model: DurationModel;
  readonly kind: "conv" | "fc";
  readonly whole: ProductModel;
  readonly counted: readonly CountedRow[];
  readonly errors: (pass: TimedLayer["pass"]) => Pick<WorkFit, "error" | "residuals">;
}

function passFit({
  model,
  kind,
  direction,
  whole,
  counted,
  centre,
  errors,
}: FitWriting & { readonly direction: "forward" | "backward"; readonly centre: number }): WorkFit {
  const pass = direction === "forward" ? "forward" : "training";
  const rows = counted.filter(({ timed }) => timed.pass === pass);
  const { features } = whole.linear;
  const coefficients = whole.linear[direction === "forward" ? "forwardCoefficients" : "backwardCoefficients"];
  const correction = whole[direction];
  return {
    model,
    workKind: kind,
    direction,
    status: "measured",
    provenance:
      direction === "forward"
        ? `${kind} layers timed forward only; relative NNLS, jointly with the training rows`
        : `${kind} layers timed as a training step; the error is that of the whole step${model === "complexity" ? ", whose update is within backward" : ""}`,
    coefficients: namedCoefficients(
      features,
      coefficients.map((value) => value * centre),
    ),
    ...(correction === undefined ? {} : { correction }),
    rows: rows.length,
    measuredRange: measuredRange(
      features,
      rows.map((row) => row[direction]),
    ),
    ...errors(pass),
  };
}

function updateFit({ model, kind, whole, counted, errors }: FitWriting): WorkFit {
  const withRate = model !== "complexity";
  return {
    model,
    workKind: kind,
    direction: "update",
    status: "measured",
    provenance: withRate
      ? `rate of the momentum updates in ${kind} training steps; the error is that of the whole step`
      : "nothing: the update is within backward",
    coefficients: withRate ? { bytes: significant(whole.linear.momentumSecondsPerByte) } : {},
    ...(withRate ? { benchmarkSecondsPerByte: roundedRates(whole.linear.benchmarkSecondsPerByte) } : {}),
    rows: counted.filter(({ timed }) => timed.pass === "training").length,
    measuredRange: {},
    ...errors("training"),
  };
}

function roundedRates(rates: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(rates).map(([name, rate]) => [name, significant(rate)]));
}
