import { compareIds } from "../domain/ids.ts";
import type { Framework } from "../domain/job.ts";
import type { DurationFit } from "./fit.ts";
import type { GpuSpec } from "./gpu.ts";
import { scaleFit, specDistance, speedRatios, type SpeedRatios } from "./scale-fit.ts";

/** What a fit is wanted for. */
export interface FitRequest {
  /** Canonical GPU name. */
  readonly gpuType: string;
  /** Share of a physical GPU, in (0, 1]. */
  readonly gpuShare: number;
  readonly framework: Framework;
  readonly durationFits: readonly DurationFit[];
  readonly gpus: readonly GpuSpec[];
}

/** The fit to use, or why there is none. */
export type FitChoice =
  | {
      readonly kind: "found";
      readonly fit: DurationFit;
      /** Factor by which the interval is stretched on both sides. */
      readonly widening: number;
      readonly warnings: readonly string[];
    }
  | { readonly kind: "missing"; readonly reason: string };

/**
 * Stretch of the interval of a scaled fit: predicting each measured GPU from its nearest other one by data sheet, most
 * medians are off by less than this factor (docs/performance-models.md, "Scaling").
 */
export const SCALED_WIDENING = 1.5;
/** Stretch where the framework is not the fit's. Supplied: on the slides, frameworks differ by less than this on the same GPU. */
export const OTHER_FRAMEWORK_WIDENING = 1.25;
/** Stretch where a slice of a GPU is taken for that share of its speed. Supplied: no slice was measured. */
export const SLICE_WIDENING = 1.25;

/**
 * The fit of a GPU and framework: measured on both; else measured on this GPU with the reference framework; else the nearest
 * measured GPU by data sheet, of either framework, scaled. A slice has its share of the speed.
 */
export function chooseFit(request: FitRequest): FitChoice {
  const { gpuType, gpuShare, framework } = request;
  const base = fitOfGpu(request);
  if (base.kind === "missing") return base;
  const otherFramework = base.fit.framework !== framework;
  const slice = gpuShare < 1;
  return {
    kind: "found",
    fit: slice ? scaleFit(base.fit, gpuType, { peak: gpuShare, bandwidth: gpuShare }) : base.fit,
    widening: base.widening * (otherFramework ? OTHER_FRAMEWORK_WIDENING : 1) * (slice ? SLICE_WIDENING : 1),
    warnings: [
      ...base.warnings,
      ...(otherFramework
        ? [
            `no fit for ${framework}${request.durationFits.some((fit) => fit.framework === framework) ? ` on ${gpuType}` : ""}: the ${base.fit.framework} fit is used, its interval stretched`,
          ]
        : []),
      ...(slice
        ? [
            `a slice of 1/${Number((1 / gpuShare).toFixed(2))} ${gpuType} is taken for that share of its speed`,
          ]
        : []),
    ],
  };
}

/** Framework whose fits stand in for others: the one with most GPUs measured. */
const REFERENCE_FRAMEWORK: Framework = "tensorflow";

function fitOfGpu({ gpuType, gpus, framework, durationFits }: FitRequest): FitChoice {
  const candidates = durationFits.filter(
    (fit) => fit.framework === framework || fit.framework === REFERENCE_FRAMEWORK,
  );
  const ofGpu = candidates.filter((fit) => fit.gpu === gpuType);
  const own = ofGpu.find((fit) => fit.framework === framework) ?? ofGpu[0];
  if (own !== undefined) return { kind: "found", fit: own, widening: 1, warnings: [] };
  const target = gpus.find((gpu) => gpu.name === gpuType);
  if (target === undefined) {
    return {
      kind: "missing",
      reason: `no fit for GPU ${gpuType}, and models/gpus.json has no data sheet to scale one by; add either`,
    };
  }
  const nearest = nearestFit(candidates, { target, framework, gpus });
  if (nearest === undefined) {
    return {
      kind: "missing",
      reason: `no fit for GPU ${gpuType}, and no measured GPU with a data sheet to scale one from`,
    };
  }
  return {
    kind: "found",
    fit: scaledFit(nearest.fit, gpuType, speedRatios(nearest.spec, target)),
    widening: SCALED_WIDENING,
    warnings: [
      `${gpuType} was not measured: the ${nearest.fit.gpu} fit is scaled by peak FLOP/s and memory bandwidth`,
    ],
  };
}

/** Scaled fits by their source and target, made once: a catalogue asks for the same GPU again and again. */
const scaledFits = new WeakMap<DurationFit, Map<string, DurationFit>>();

function scaledFit(fit: DurationFit, target: string, ratios: SpeedRatios): DurationFit {
  const key = `${target} ${ratios.peak} ${ratios.bandwidth}`;
  const known = scaledFits.get(fit) ?? new Map<string, DurationFit>();
  scaledFits.set(fit, known);
  const scaled = known.get(key) ?? scaleFit(fit, target, ratios);
  known.set(key, scaled);
  return scaled;
}

/**
 * NVIDIA's Kepler GPUs (2012) reach about half the share of their peak that later ones do: fits carried across that line err
 * by a factor of two, within either side by a quarter (docs/performance-models.md, "Scaling").
 */
const KEPLER_GPUS: ReadonlySet<string> = new Set(["K40", "K80"]);

const sameSide = (left: GpuSpec, right: GpuSpec): boolean =>
  KEPLER_GPUS.has(left.name) === KEPLER_GPUS.has(right.name);

/** Another framework counts as much as two GPUs that differ by the factor that its interval is stretched by. */
const OTHER_FRAMEWORK_DISTANCE = Math.log(OTHER_FRAMEWORK_WIDENING);

interface NearestRequest {
  readonly target: GpuSpec;
  readonly framework: Framework;
  readonly gpus: readonly GpuSpec[];
}

/** The measured GPU nearest by data sheet, on the same side of the Kepler line if there is one. */
function nearestFit(
  candidates: readonly DurationFit[],
  { target, framework, gpus }: NearestRequest,
): { readonly fit: DurationFit; readonly spec: GpuSpec } | undefined {
  const measured = candidates.flatMap((fit) => {
    const spec = gpus.find((gpu) => gpu.name === fit.gpu);
    if (spec === undefined || fit.status !== "measured") return [];
    const penalty = fit.framework === framework ? 0 : OTHER_FRAMEWORK_DISTANCE;
    return [{ fit, spec, distance: specDistance(spec, target) + penalty }];
  });
  const alike = measured.filter(({ spec }) => sameSide(spec, target));
  return [...(alike.length > 0 ? alike : measured)].sort(
    (a, b) => a.distance - b.distance || compareIds(a.fit.gpu, b.fit.gpu),
  )[0];
}
