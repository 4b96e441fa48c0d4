import { z } from "zod";

/** One GPU of models/gpus.json; the numbers' meaning is documented at GpuSpec. `note` says what was corrected and is not loaded. */
export const gpuSpecSchema = z.strictObject({
  name: z.string().min(1),
  peakFp32Tflops: z.number().positive(),
  memoryBandwidthGbPerSecond: z.number().positive(),
  memoryGib: z.number().positive(),
  source: z.string().min(1),
  note: z.string().min(1).optional(),
});

/** models/gpus.json: the GPUs, each name once. */
export const gpuFileSchema = z.strictObject({
  about: z.string().min(1),
  gpus: z
    .array(gpuSpecSchema)
    .min(1)
    .superRefine((gpus, context) => {
      const firstIndex = new Map<string, number>();
      gpus.forEach((gpu, index) => {
        const first = firstIndex.get(gpu.name);
        if (first === undefined) {
          firstIndex.set(gpu.name, index);
          return;
        }
        context.addIssue({
          code: "custom",
          path: [index, "name"],
          message: `"${gpu.name}" is listed twice, first at index ${first}`,
          params: { fix: "Remove one of the two rows." },
        });
      });
    }),
});
