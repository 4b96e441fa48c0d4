/**
 * Fits of the layers that are matrix products, conv and fc, from single layers timed forward only or as a training step.
 *
 *   t = F_f·β_f + [training]·F_b·β_b + κ·B
 *
 * F_f, F_b: counts of the layer forward and backward; B: bytes of elementwise work (bias, activation, loss, updates), all at
 * one rate κ. β, κ ≥ 0; fitted by relative least squares over all rows at once. Backward and update are told apart by the
 * optimisers, which move known and different bytes.
 *
 * β of `operations` has a floor: float32 arithmetic does not exceed the data sheet's peak, two floating-point operations per
 * multiply-accumulate. For conv the floor is divided by 2.25, what Winograd's F(2×2, 3×3) saves (Lavin and Gray, CVPR 2016).
 * The shapes measured are small in channels or batch, so that without a floor some fits put all time on traffic, and real
 * layers with 512 channels would run at three times the peak.
 */
import type { GpuSpec } from "../../src/performance/gpu.ts";
import type { DurationModel, WorkFit } from "../../src/performance/fit.ts";
import { layerWork, type Feature, type FeatureCounts } from "../../src/performance/layer-work.ts";
import { residualQuantiles, type ResidualQuantiles } from "../../src/performance/prediction-error.ts";
import type { TimedLayer } from "./cdecatapult-rows.ts";
import {
  errorOf,
  fitRows,
  measuredRange,
  namedCoefficients,
  rounded,
  significant,
  type FitRow,
  type FittedRows,
} from "./fit-rows.ts";

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

/** Fits of one kind, and the elementwise rate that came with them. */
export interface ProductFits {
  readonly work: readonly WorkFit[];
  readonly elementwiseSecondsPerByte: number;
  readonly trainingResiduals: ResidualQuantiles;
  readonly fitted: FittedRows;
}

/** Counts of one timed layer. */
interface CountedRow {
  readonly timed: TimedLayer;
  readonly forward: FeatureCounts;
  readonly backward: FeatureCounts;
  readonly elementwiseBytes: number;
}

/** Fits one model to all timed layers of one kind on one GPU. */
export function fitProducts(
  model: DurationModel,
  kind: "conv" | "fc",
  rows: readonly TimedLayer[],
  gpu: GpuSpec,
): ProductFits {
  const features = FEATURES_BY_MODEL[model][kind];
  const counted = rows.map((timed) => countedRow(timed, kind));
  const withTraffic = model === "complexity+traffic";
  const floor = withTraffic ? secondsPerOperationFloor(gpu, kind) : 0;
  const floors = features.map((feature) => (feature === "operations" ? floor : 0));
  const fit = fitRows(
    counted.map((row) => designRow(row, features, withTraffic)),
    [...floors, ...floors, ...(withTraffic ? [0] : [])],
  );
  const rate = withTraffic ? significant(fit.coefficients.at(-1) ?? 0) : 0;
  const residuals = (pass: FitRow["pass"]): ResidualQuantiles =>
    roundedQuantiles(residualQuantiles(fit.heldOut.filter((row) => row.pass === pass)));
  const forwardRows = counted.filter(({ timed }) => timed.pass === "forward");
  const trainingRows = counted.filter(({ timed }) => timed.pass === "training");
  const shared = { model, workKind: kind, status: "measured" } as const;
  return {
    elementwiseSecondsPerByte: rate,
    trainingResiduals: residuals("training"),
    fitted: fit,
    work: [
      {
        ...shared,
        direction: "forward",
        provenance: `${kind} layers timed forward only; relative NNLS, jointly with the training rows`,
        coefficients: namedCoefficients(features, fit.coefficients.slice(0, features.length)),
        rows: forwardRows.length,
        measuredRange: measuredRange(
          features,
          forwardRows.map(({ forward }) => forward),
        ),
        error: errorOf(fit, "forward"),
        residuals: residuals("forward"),
      },
      {
        ...shared,
        direction: "backward",
        provenance: `${kind} layers timed as a training step; the error is that of the whole step${withTraffic ? "" : ", whose update is within backward"}`,
        coefficients: namedCoefficients(
          features,
          fit.coefficients.slice(features.length, 2 * features.length),
        ),
        rows: trainingRows.length,
        measuredRange: measuredRange(
          features,
          trainingRows.map(({ backward }) => backward),
        ),
        error: errorOf(fit, "training"),
        residuals: residuals("training"),
      },
      {
        ...shared,
        direction: "update",
        provenance: withTraffic
          ? `rate of the elementwise work in ${kind} training steps; the error is that of the whole step`
          : "nothing: the update is within backward",
        coefficients: withTraffic ? { bytes: rate } : {},
        rows: trainingRows.length,
        measuredRange: {},
        error: errorOf(fit, "training"),
        residuals: residuals("training"),
      },
    ],
  };
}

function countedRow(timed: TimedLayer, kind: "conv" | "fc"): CountedRow {
  const { parts } = layerWork(timed.layer, timed.batchSize);
  const product = parts.find((part) => part.workKind === kind);
  if (product === undefined) throw new Error(`A ${timed.layer.kind} layer has no work of kind ${kind}.`);
  const biasBytes = parts
    .filter((part) => part.workKind === "elementwise")
    .reduce(
      (sum, part) =>
        sum + (part.forward.bytes ?? 0) + (timed.pass === "training" ? (part.backward.bytes ?? 0) : 0),
      0,
    );
  return {
    timed,
    forward: product.forward,
    backward: product.backward,
    elementwiseBytes: timed.harnessBytes + biasBytes,
  };
}

function designRow(row: CountedRow, features: readonly Feature[], withTraffic: boolean): FitRow {
  const { pass, seconds } = row.timed;
  return {
    design: [
      ...features.map((feature) => row.forward[feature] ?? 0),
      ...features.map((feature) => (pass === "training" ? (row.backward[feature] ?? 0) : 0)),
      ...(withTraffic ? [row.elementwiseBytes] : []),
    ],
    seconds,
    pass,
  };
}

/** Least seconds of one multiply-accumulate; see the header. */
function secondsPerOperationFloor(gpu: GpuSpec, kind: "conv" | "fc"): number {
  const atPeak = FLOPS_PER_MULTIPLY_ACCUMULATE / (gpu.peakFp32Tflops * FLOPS_PER_TFLOP);
  return kind === "conv" ? atPeak / WINOGRAD_SAVING : atPeak;
}

/** Quantiles to four digits after the point. */
export function roundedQuantiles({ lower, median, upper }: ResidualQuantiles): ResidualQuantiles {
  return { lower: rounded(lower), median: rounded(median), upper: rounded(upper) };
}
