/**
 * The linear part of fit-products.ts: relative non-negative least squares over forward and training rows at once.
 *
 * β of `operations` has a floor: float32 arithmetic does not exceed the data sheet's peak, two floating-point operations per
 * multiply-accumulate. For conv the floor is divided by 2.25, what Winograd's F(2×2, 3×3) saves (Lavin and Gray, CVPR 2016).
 * The shapes measured are small in channels or batch, so that without a floor some fits put all time on traffic, and real
 * layers with 512 channels would run at three times the peak.
 */
import type { DurationModel } from "../../src/performance/fit.ts";
import type { GpuSpec } from "../../src/performance/gpu.ts";
import { layerWork } from "../../src/performance/layer-work.ts";
import { correctionInputs, type CorrectionInputs } from "../../src/performance/log-correction.ts";
import { relativeLeastSquares } from "../../src/performance/regression.ts";
import type { Feature, FeatureCounts } from "../../src/performance/work-counts.ts";
import { CDECATAPULT_OPTIMIZERS, type TimedLayer } from "./cdecatapult-rows.ts";

const FEATURES_BY_MODEL: Readonly<
  Record<DurationModel, Readonly<Record<"conv" | "fc", readonly Feature[]>>>
> = {
  complexity: { conv: ["launches", "operations"], fc: ["launches", "operations"] },
  "complexity+traffic": {
    conv: ["launches", "operations", "inputElements", "outputElements", "weights", "unfoldedElements"],
    fc: ["launches", "operations", "inputElements", "outputElements", "weights"],
  },
};

const FLOPS_PER_MULTIPLY_ACCUMULATE = 2;
const FLOPS_PER_TFLOP = 1e12;
const WINOGRAD_SAVING = 2.25;

/** Counts of one timed layer. */
export interface CountedRow {
  readonly timed: TimedLayer;
  readonly inputs: CorrectionInputs;
  readonly forward: FeatureCounts;
  readonly backward: FeatureCounts;
  /** Of the benchmark's activation and loss, and of the bias. */
  readonly elementwiseBytes: number;
}

/** Coefficients by feature and direction, and what they say of a row. */
export interface LinearProducts {
  readonly features: readonly Feature[];
  readonly forwardCoefficients: readonly number[];
  readonly backwardCoefficients: readonly number[];
  readonly elementwiseSecondsPerByte: number;
  readonly momentumSecondsPerByte: number;
  /** "elementwise" and each optimiser. */
  readonly benchmarkSecondsPerByte: Readonly<Record<string, number>>;
  readonly forwardSeconds: (row: CountedRow) => number;
  readonly backwardSeconds: (row: CountedRow) => number;
  readonly otherSeconds: (row: CountedRow) => number;
}

/** Counts what a row did. */
export function countedRow(timed: TimedLayer, kind: "conv" | "fc"): CountedRow {
  const { parts } = layerWork(timed.layer, timed.batchSize);
  const product = parts.find((part) => part.workKind === kind);
  if (product === undefined) throw new Error(`A ${timed.layer.kind} layer has no work of kind ${kind}.`);
  const training = timed.pass === "training";
  const biasBytes = parts
    .filter((part) => part.workKind === "elementwise")
    .reduce((sum, part) => sum + (part.forward.bytes ?? 0) + (training ? (part.backward.bytes ?? 0) : 0), 0);
  return {
    timed,
    inputs: correctionInputs(timed.layer, timed.batchSize),
    forward: product.forward,
    backward: product.backward,
    elementwiseBytes: timed.harnessBytes + biasBytes,
  };
}

/** Fits the coefficients of one model. */
export function linearProducts(
  model: DurationModel,
  kind: "conv" | "fc",
  rows: readonly CountedRow[],
  gpu: GpuSpec,
): LinearProducts {
  const features = FEATURES_BY_MODEL[model][kind];
  const withTraffic = model === "complexity+traffic";
  const floor = withTraffic ? secondsPerOperationFloor(gpu, kind) : 0;
  const floors = features.map((feature) => (feature === "operations" ? floor : 0));
  const coefficients = relativeLeastSquares({
    design: rows.map((row) => [
      ...countsOf(features, row.forward),
      ...countsOf(features, row.backward, row.timed.pass === "training"),
      ...(withTraffic ? otherCounts(row) : []),
    ]),
    target: rows.map(({ timed }) => timed.seconds),
    lowerBounds: [...floors, ...floors, ...(withTraffic ? [0, ...CDECATAPULT_OPTIMIZERS.map(() => 0)] : [])],
  });
  const forwardCoefficients = coefficients.slice(0, features.length);
  const backwardCoefficients = coefficients.slice(features.length, 2 * features.length);
  const others = coefficients.slice(2 * features.length);
  return {
    features,
    forwardCoefficients,
    backwardCoefficients,
    elementwiseSecondsPerByte: others[0] ?? 0,
    momentumSecondsPerByte: others[1 + CDECATAPULT_OPTIMIZERS.indexOf("momentum")] ?? 0,
    benchmarkSecondsPerByte: Object.fromEntries(
      ["elementwise", ...CDECATAPULT_OPTIMIZERS].map((name, index) => [name, others[index] ?? 0]),
    ),
    forwardSeconds: (row) => dot(countsOf(features, row.forward), forwardCoefficients),
    backwardSeconds: (row) => dot(countsOf(features, row.backward), backwardCoefficients),
    otherSeconds: (row) => (withTraffic ? dot(otherCounts(row), others) : 0),
  };
}

/** Elementwise bytes, and the bytes of the update in the column of its optimiser. */
function otherCounts({ timed, elementwiseBytes }: CountedRow): readonly number[] {
  return [
    elementwiseBytes,
    ...CDECATAPULT_OPTIMIZERS.map((name) => (name === timed.optimizer ? timed.updateBytes : 0)),
  ];
}

function countsOf(features: readonly Feature[], counts: FeatureCounts, present = true): readonly number[] {
  return features.map((feature) => (present ? (counts[feature] ?? 0) : 0));
}

/** Least seconds of one multiply-accumulate; see the header. */
function secondsPerOperationFloor(gpu: GpuSpec, kind: "conv" | "fc"): number {
  const atPeak = FLOPS_PER_MULTIPLY_ACCUMULATE / (gpu.peakFp32Tflops * FLOPS_PER_TFLOP);
  return kind === "conv" ? atPeak / WINOGRAD_SAVING : atPeak;
}

function dot(left: readonly number[], right: readonly number[]): number {
  return left.reduce((sum, value, index) => sum + value * (right[index] ?? 0), 0);
}
