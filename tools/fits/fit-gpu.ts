import { FIT_FORMAT_VERSION, type DurationFit, type WorkFit } from "../../src/performance/fit.ts";
import type { GpuSpec } from "../../src/performance/gpu.ts";
import type { CaffeRow } from "./caffe-rows.ts";
import { CDECATAPULT_LICENCE, CDECATAPULT_SOURCE, type TimedLayer } from "./cdecatapult-rows.ts";
import { fitElementwiseUpdate, fitMemoryBound } from "./fit-memory-bound.ts";
import { fitProducts, type ProductFits } from "./fit-products.ts";

/** Measurements behind the fit of one GPU. */
export interface GpuMeasurements {
  readonly gpu: GpuSpec;
  readonly convRows: readonly TimedLayer[];
  readonly denseRows: readonly TimedLayer[];
  readonly caffeRows: readonly CaffeRow[];
}

/** The fit file of one measured GPU. */
export function fitGpu({ gpu, convRows, denseRows, caffeRows }: GpuMeasurements): DurationFit {
  const conv = fitProducts("complexity+traffic", "conv", convRows, gpu);
  const products: readonly ProductFits[] = [
    fitProducts("complexity", "conv", convRows, gpu),
    fitProducts("complexity", "fc", denseRows, gpu),
    conv,
    fitProducts("complexity+traffic", "fc", denseRows, gpu),
  ];
  const work: readonly WorkFit[] = [
    ...products.flatMap((fit) => fit.work),
    ...fitMemoryBound(caffeRows, conv.elementwiseSecondsPerByte),
    ...fitElementwiseUpdate(conv.elementwiseSecondsPerByte),
  ];
  return {
    formatVersion: FIT_FORMAT_VERSION,
    gpu: gpu.name,
    framework: "tensorflow",
    status: "measured",
    source: CDECATAPULT_SOURCE,
    licence: CDECATAPULT_LICENCE,
    method: `relative non-negative least squares, 5-fold cross-validation (tools/fits/write-fits.ts); peak ${gpu.peakFp32Tflops} TFLOPS as floor (${gpu.source})`,
    work: [...work].sort((a, b) => workKey(a).localeCompare(workKey(b), "en")),
  };
}

function workKey({ model, workKind, direction }: WorkFit): string {
  return `${model} ${workKind} ${direction}`;
}
