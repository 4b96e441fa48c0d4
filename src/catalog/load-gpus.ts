import type { GpuSpec } from "../performance/gpu.ts";
import { gpuFileSchema } from "./gpu-schema.ts";
import { parseJsonFile } from "./parse-json-file.ts";

/** Loads models/gpus.json, in the file's order; throws InvalidInput naming the file, the row and the field. */
export function loadGpus(path: string): readonly GpuSpec[] {
  return parseJsonFile(gpuFileSchema, path).gpus.map((gpu) => ({
    name: gpu.name,
    peakFp32Tflops: gpu.peakFp32Tflops,
    memoryBandwidthGbPerSecond: gpu.memoryBandwidthGbPerSecond,
    memoryGib: gpu.memoryGib,
    source: gpu.source,
  }));
}
