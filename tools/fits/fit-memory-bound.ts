/**
 * Fits of memory-bound work. Caffe on a Titan X (Maxwell) timed pooling, ReLU and concatenation one layer at a time; on the
 * other GPUs only the rate κ of elementwise bytes is measured, within the training rows of conv layers.
 *
 *   elementwise, complexity+traffic   t = launch_TitanX + κ_GPU · bytes
 *   pool, complexity+traffic          t = (κ_GPU / κ_TitanX)·(β_in·input + β_out·output + β_op·operations)
 *   both, complexity                  t = launch + (κ_GPU / κ_TitanX)·β·operations     (ReLU's β stands for all elementwise work)
 *
 * launch and β are relative-NNLS coefficients of the Titan X rows; a launch is the host's doing and is not scaled.
 */
import { layerWork } from "../../src/performance/layer-work.ts";
import type { Feature, FeatureCounts, WorkKind } from "../../src/performance/work-counts.ts";
import type { Direction, DurationModel, WorkFit } from "../../src/performance/fit.ts";
import { residualQuantiles, type ResidualQuantiles } from "../../src/performance/prediction-error.ts";
import { CAFFE_SOURCE, type CaffeRow } from "./caffe-rows.ts";
import {
  errorOf,
  fitRows,
  measuredRange,
  roundedQuantiles,
  significant,
  type FitRow,
  type FittedRows,
} from "./fit-rows.ts";

type Pass = Exclude<Direction, "update">;

/** Bounds for work of which no layer was timed on the GPU: a fused kernel halves the bytes, an unfused one doubles them. Supplied. */
const UNMEASURED_RESIDUALS: ResidualQuantiles = { lower: 0.5, median: 1, upper: 2 };

/** Fit of the Titan X rows of one kind, model and direction. */
export interface CaffeFit {
  readonly features: readonly Feature[];
  readonly counts: readonly FeatureCounts[];
  readonly fitted: FittedRows;
}

/** Coefficients of the Titan X rows of one kind of work. */
export function fitCaffe(
  rows: readonly CaffeRow[],
  workKind: "pool" | "elementwise",
  pass: Pass,
  features: readonly Feature[],
): CaffeFit {
  const chosen = rows.filter(({ layer }) => layer.kind === (workKind === "pool" ? "pool" : "relu"));
  const counts = chosen.map((row) => partCounts(row, workKind, pass));
  const fitRowsOfPass: readonly FitRow[] = chosen.map((row, index) => ({
    design: features.map((feature) => counts[index]?.[feature] ?? 0),
    seconds: pass === "forward" ? row.forwardSeconds : row.backwardSeconds,
    pass: "forward",
  }));
  return {
    features,
    counts,
    fitted: fitRows(
      fitRowsOfPass,
      features.map(() => 0),
    ),
  };
}

function partCounts(row: CaffeRow, workKind: WorkKind, pass: Pass): FeatureCounts {
  const part = layerWork(row.layer, row.batchSize).parts.find((candidate) => candidate.workKind === workKind);
  if (part === undefined) throw new Error(`Layer ${row.layer.name} has no ${workKind} work.`);
  return part[pass];
}

/** All fits of memory-bound work of one GPU, whose elementwise rate is κ_GPU. */
export function fitMemoryBound(caffeRows: readonly CaffeRow[], secondsPerByte: number): readonly WorkFit[] {
  return (["forward", "backward"] as const).flatMap((pass) => {
    const relu = fitCaffe(caffeRows, "elementwise", pass, ["launches", "bytes"]);
    const launchSeconds = relu.fitted.coefficients[0] ?? 0;
    const ratio = secondsPerByte / (relu.fitted.coefficients[1] ?? Infinity);
    const scaled = (
      model: DurationModel,
      workKind: "pool" | "elementwise",
      features: readonly Feature[],
    ): WorkFit =>
      scaledFit({ model, workKind, pass, ratio, caffe: fitCaffe(caffeRows, workKind, pass, features) });
    return [
      {
        model: "complexity+traffic",
        workKind: "elementwise",
        direction: pass,
        status: "derived",
        provenance: `rate of elementwise bytes in this GPU's conv training rows; launch of ReLU from ${CAFFE_SOURCE}`,
        coefficients: { launches: significant(launchSeconds), bytes: significant(secondsPerByte) },
        rows: relu.counts.length,
        measuredRange: {},
        error: null,
        residuals: UNMEASURED_RESIDUALS,
      },
      // No launch of its own: the 17 rows are all long, and a fitted one would be 0.1 to 0.3 ms.
      scaled("complexity+traffic", "pool", ["operations", "inputElements", "outputElements"]),
      scaled("complexity", "pool", ["launches", "operations"]),
      scaled("complexity", "elementwise", ["launches", "operations"]),
    ];
  });
}

/** The update of weights outside conv and fc (normalisation, embedding, recurrent). */
export function fitElementwiseUpdate(secondsPerByte: number): readonly WorkFit[] {
  const shared = {
    workKind: "elementwise",
    direction: "update",
    status: "derived",
    rows: 0,
    measuredRange: {},
    error: null,
    residuals: UNMEASURED_RESIDUALS,
  } as const;
  const provenance = "rate of elementwise bytes in this GPU's conv training rows";
  return (["complexity", "complexity+traffic"] as const).map((model) => ({
    ...shared,
    model,
    provenance,
    coefficients: { bytes: significant(secondsPerByte) },
  }));
}

interface ScaledFitInput {
  readonly model: DurationModel;
  readonly workKind: "pool" | "elementwise";
  readonly pass: Pass;
  readonly ratio: number;
  readonly caffe: CaffeFit;
}

function scaledFit({ model, workKind, pass, ratio, caffe }: ScaledFitInput): WorkFit {
  const coefficients: Partial<Record<Feature, number>> = {};
  for (const [index, feature] of caffe.features.entries()) {
    const value = caffe.fitted.coefficients[index] ?? 0;
    coefficients[feature] = significant(feature === "launches" ? value : value * ratio);
  }
  const measured = roundedQuantiles(residualQuantiles(caffe.fitted.heldOut));
  return {
    model,
    workKind,
    direction: pass,
    status: "scaled",
    provenance: `${workKind === "pool" ? "pooling" : "ReLU"} layers of ${CAFFE_SOURCE}, scaled by the ratio of elementwise rates, ${significant(ratio)}; the error is that on the Titan X`,
    coefficients,
    rows: caffe.counts.length,
    measuredRange: measuredRange(caffe.features, caffe.counts),
    error: errorOf(caffe.fitted, "forward"),
    residuals: {
      lower: Math.min(measured.lower, UNMEASURED_RESIDUALS.lower),
      median: measured.median,
      upper: Math.max(measured.upper, UNMEASURED_RESIDUALS.upper),
    },
  };
}
