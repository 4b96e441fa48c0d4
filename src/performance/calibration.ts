/**
 * A fit from a user's own layer profile (docs/layer-profile.md): each kind of work and direction by itself, with priors
 * (calibration-priors.ts) that hold the kinds of which the profile has few layers.
 *
 *   conv         launches, tiled operations, input, output, unfolded elements; backward also the stem
 *   fc           launches, operations, weights
 *   pool         launches, operations, input, output
 *   elementwise  launches, bytes: over all memory-bound layers together; relu, norm, concat, … also by themselves
 *   recurrent, attention   launches, operations, bytes of the layer as a whole
 *
 * The bias of conv and fc is timed within them. A profile does not time the optimiser's step: it is priced at 0, and said so.
 */
import type { Framework } from "../domain/job.ts";
import {
  convPriors,
  fcPriors,
  memoryBoundPriors,
  rooflineOf,
  widerPriors,
  type Roofline,
} from "./calibration-priors.ts";
import { calibrateWork, type CalibratedWork, type WorkRequest, type WorkRow } from "./calibrate-work.ts";
import {
  DURATION_MODELS,
  FIT_FORMAT_VERSION,
  type DurationFit,
  type DurationModel,
  type WorkFit,
} from "./fit.ts";
import type { GpuSpec } from "./gpu.ts";
import { layerWork } from "./layer-work.ts";
import type { Layer } from "./network.ts";
import type { CoefficientPrior } from "./regression.ts";
import type { Feature, LayerPart, WorkKind } from "./work-counts.ts";

/** One timed layer. */
export interface ProfiledLayer {
  readonly layer: Layer;
  readonly batchSize: number;
  readonly forwardSeconds: number | undefined;
  readonly backwardSeconds: number | undefined;
}

/** What a fit is made of. */
export interface CalibrationRequest {
  readonly gpuName: string;
  /** Data sheet, where models/gpus.json has one: the roofline prior. */
  readonly gpu: GpuSpec | undefined;
  readonly framework: Framework;
  readonly rows: readonly ProfiledLayer[];
  readonly source: string;
  readonly licence: string;
}

/** The fit and how it did on its own rows. */
export interface Calibration {
  readonly fit: DurationFit;
  /** Of the default model, one for each kind of work and direction that had rows. */
  readonly works: readonly CalibratedWork[];
}

type Pass = "forward" | "backward";
const PASSES: readonly Pass[] = ["forward", "backward"];

const TRAFFIC_FEATURES: Readonly<Record<Pass, Readonly<Record<"conv" | "fc" | "pool", readonly Feature[]>>>> =
  {
    forward: {
      conv: ["launches", "tiledOperations", "inputElements", "outputElements", "unfoldedElements"],
      fc: ["launches", "operations", "weights"],
      pool: ["launches", "operations", "inputElements", "outputElements"],
    },
    backward: {
      conv: ["launches", "tiledOperations", "inputElements", "outputElements", "weights", "stemElements"],
      fc: ["launches", "operations", "weights"],
      pool: ["launches", "operations", "inputElements", "outputElements"],
    },
  };
const ELEMENTWISE_FEATURES: readonly Feature[] = ["launches", "bytes"];
const WHOLE_FEATURES: readonly Feature[] = ["launches", "operations", "bytes"];
const COMPLEXITY_FEATURES: readonly Feature[] = ["launches", "operations"];

/** A kind with at least so many rows that move data is fitted by itself too. */
const LEAST_REFINED_ROWS = 2;

/** Fits every kind of work of a profile. Throws when no row has a forward time. */
export function calibrate(request: CalibrationRequest): Calibration {
  const { gpu, gpuName, framework, rows, source, licence } = request;
  if (rows.every(({ forwardSeconds }) => forwardSeconds === undefined)) {
    throw new Error("A profile without forward times cannot be fitted; give measured rows.");
  }
  const roofline = gpu === undefined ? seenRoofline(rows) : rooflineOf(gpu);
  const calibrated = PASSES.flatMap((pass) =>
    DURATION_MODELS.flatMap((model) =>
      passWorks({ model, pass, rows, roofline, fromDataSheet: gpu !== undefined }),
    ),
  );
  const work = [...calibrated.map(({ fit }) => fit), ...freeWorks(calibrated)];
  return {
    fit: {
      formatVersion: FIT_FORMAT_VERSION,
      gpu: gpuName,
      framework,
      status: "measured",
      source,
      licence,
      method: `berth calibrate: non-negative least squares with ${gpu === undefined ? "priors from the profile's own best rates (no data sheet of this GPU)" : `roofline priors (${gpu.source})`}, cross-validation by whole shapes; the optimiser's step was not timed and is not priced`,
      work: [...work].sort((a, b) => workKey(a).localeCompare(workKey(b), "en")),
    },
    works: calibrated.filter(({ fit }) => fit.model !== "complexity"),
  };
}

const workKey = ({ model, workKind, direction }: WorkFit): string => `${model} ${workKind} ${direction}`;

interface PassRequest {
  readonly model: DurationModel;
  readonly pass: Pass;
  readonly rows: readonly ProfiledLayer[];
  readonly roofline: Roofline;
  readonly fromDataSheet: boolean;
}

function passWorks(request: PassRequest): readonly CalibratedWork[] {
  const { model, pass, roofline, fromDataSheet } = request;
  const slides = model === "complexity";
  const found: CalibratedWork[] = [];
  const fit = (
    workKind: WorkKind,
    features: readonly Feature[],
    rows: readonly WorkRow[],
    priorsOf: WorkRequest["priorsOf"],
  ): CalibratedWork | undefined => {
    if (rows.length === 0) return undefined;
    const provenance = `${rows.length} timed layers of the profile`;
    const work = calibrateWork({
      model,
      workKind,
      direction: pass,
      features: slides ? COMPLEXITY_FEATURES : features,
      rows,
      priorsOf: slides ? noPriors : priorsOf,
      provenance,
    });
    found.push(work);
    return work;
  };
  const rowsOf = (select: (part: LayerPart) => boolean): readonly WorkRow[] => workRows(request, select);
  fit("conv", TRAFFIC_FEATURES[pass].conv, rowsOf(isKind("conv")), (rows) =>
    convPriors(TRAFFIC_FEATURES[pass].conv, rows, fromDataSheet ? roofline : undefined),
  );
  const fcFeatures = TRAFFIC_FEATURES[pass].fc;
  fit("fc", fcFeatures, rowsOf(isKind("fc")), () => fcPriors(fcFeatures, roofline, pass));
  const poolFeatures = TRAFFIC_FEATURES[pass].pool;
  fit("pool", poolFeatures, rowsOf(isKind("pool")), () => memoryBoundPriors(poolFeatures, roofline, pass));
  for (const kind of ["recurrent", "attention"] as const) {
    fit(kind, WHOLE_FEATURES, rowsOf(isKind(kind)), () => memoryBoundPriors(WHOLE_FEATURES, roofline, pass));
  }
  const memoryBound = rowsOf((part) => part.workKind === "elementwise" && (part[pass].bytes ?? 0) > 0);
  const wide = fit("elementwise", ELEMENTWISE_FEATURES, memoryBound, () =>
    memoryBoundPriors(ELEMENTWISE_FEATURES, roofline, pass),
  );
  if (wide === undefined) return found;
  const wider = widerPriors(ELEMENTWISE_FEATURES.map((feature) => wide.fit.coefficients[feature] ?? 0));
  for (const kind of REFINED_KINDS) {
    const rows = rowsOf((part) => part.refinedKind === kind);
    if (rows.length >= LEAST_REFINED_ROWS) fit(kind, ELEMENTWISE_FEATURES, rows, () => wider);
  }
  return found;
}

const REFINED_KINDS = [
  "relu",
  "activation",
  "norm",
  "loss",
  "add",
  "concat",
  "split",
  "dropout",
  "embedding",
] as const;

const noPriors = (): readonly CoefficientPrior[] => [];
const isKind =
  (kind: WorkKind) =>
  (part: LayerPart): boolean =>
    part.workKind === kind;

/** The rows whose main part is wanted, with a time above 0 in this pass. */
function workRows({ rows, pass }: PassRequest, select: (part: LayerPart) => boolean): readonly WorkRow[] {
  return rows.flatMap(({ layer, batchSize, forwardSeconds, backwardSeconds }): readonly WorkRow[] => {
    const seconds = pass === "forward" ? forwardSeconds : backwardSeconds;
    const { parts, whole } = layerWork(layer, batchSize);
    const part = whole ?? parts[0];
    if (seconds === undefined || seconds === 0 || part === undefined || !select(part)) return [];
    return [{ layer, batchSize, counts: part[pass], correctionInputs: part.correctionInputs, seconds }];
  });
}

/** Work that the profile holds within other work, or not at all: bias and updates cost nothing more. */
function freeWorks(calibrated: readonly CalibratedWork[]): readonly WorkFit[] {
  const free = { status: "derived", coefficients: {}, rows: 0, measuredRange: {}, error: null } as const;
  const residuals = { lower: 1, median: 1, upper: 1 };
  const kinds = new Set(calibrated.map(({ fit }) => fit.workKind));
  return DURATION_MODELS.flatMap((model) => [
    ...PASSES.map((direction): WorkFit => ({
      ...free,
      model,
      workKind: "bias",
      direction,
      provenance: "timed within conv and fc",
      residuals,
    })),
    ...(["conv", "fc", "elementwise"] as const)
      .filter((workKind) => kinds.has(workKind))
      .map((workKind): WorkFit => ({
        ...free,
        model,
        workKind,
        direction: "update",
        provenance: "a layer profile does not time the optimiser's step; it is not priced",
        residuals,
      })),
  ]);
}

const FLOPS_PER_BYTE = 15;

/** The best rates that a profile reaches, where no data sheet tells the GPU's. */
function seenRoofline(rows: readonly ProfiledLayer[]): Roofline {
  let flopsPerSecond = 1;
  let bytesPerSecond = 1;
  for (const { layer, batchSize, forwardSeconds } of rows) {
    if (forwardSeconds === undefined || forwardSeconds === 0) continue;
    const { parts } = layerWork(layer, batchSize);
    const counts = parts[0]?.forward ?? {};
    if (layer.kind === "conv" || layer.kind === "fc") {
      flopsPerSecond = Math.max(flopsPerSecond, (2 * (counts.operations ?? 0)) / forwardSeconds);
      continue; // Its elements are reused from caches and say nothing of the memory.
    }
    const elements = (counts.inputElements ?? 0) + (counts.outputElements ?? 0);
    bytesPerSecond = Math.max(bytesPerSecond, (counts.bytes ?? 4 * elements) / forwardSeconds);
  }
  // A profile of one sort of layer shows one of the two; GPUs do 10 to 25 float32 operations for each byte they can move.
  return {
    flopsPerSecond: flopsPerSecond > 1 ? flopsPerSecond : bytesPerSecond * FLOPS_PER_BYTE,
    bytesPerSecond: bytesPerSecond > 1 ? bytesPerSecond : flopsPerSecond / FLOPS_PER_BYTE,
  };
}
