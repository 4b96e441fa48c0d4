import { z } from "zod";
import { FRAMEWORKS } from "../domain/job.ts";
import { SCALING_FORMAT_VERSION, type ScalingFit } from "../performance/scaling-fit.ts";

const rangeSchema = z
  .strictObject({ min: z.number().nonnegative(), max: z.number().nonnegative() })
  .refine(({ min, max }) => min <= max, { message: "min is above max", params: { fix: "Swap the two." } });

const residualsSchema = z
  .strictObject({ lower: z.number().positive(), median: z.number().positive(), upper: z.number().positive() })
  .refine(({ lower, median, upper }) => lower <= median && median <= upper, {
    message: "lower, median and upper are not in order",
    params: { fix: "Give quantiles 0.1, 0.5 and 0.9 of measured / predicted." },
  });

const evidence = {
  rows: z.int().positive(),
  applications: z.array(z.string().min(1)).min(1),
  measuredGpus: rangeSchema,
  measuredGradientBytes: rangeSchema,
  error: z.strictObject({
    inSampleMapePercent: z.number().nonnegative(),
    leaveOneApplicationOutMedianPercent: z.number().nonnegative(),
    leaveOneApplicationOutMapePercent: z.number().nonnegative(),
  }),
  residuals: residualsSchema,
};

/** models/fits/<gpu>-<framework>-scaling.json; the fields are documented at ScalingFit. No term may be negative: GPUs add no speed by themselves. */
export const scalingFitSchema: z.ZodType<ScalingFit> = z.strictObject({
  formatVersion: z.literal(SCALING_FORMAT_VERSION),
  gpu: z.string().min(1),
  framework: z.enum(FRAMEWORKS),
  source: z.string().min(1),
  licence: z.string().min(1),
  method: z.string().min(1),
  withinNode: z.strictObject({
    computeShare: z.number().nonnegative(),
    secondsPerGpu: z.number().nonnegative(),
    exposedAllReduceShare: z.number().nonnegative(),
    allReduceGpu: z.string().min(1),
    ...evidence,
  }),
  acrossNodes: z
    .strictObject({
      computeShare: z.number().nonnegative(),
      secondsPerNode: z.number().nonnegative(),
      secondsPerByte: z.number().nonnegative(),
      ...evidence,
    })
    .nullable(),
  input: z
    .strictObject({
      exposedSecondsPerSample: z.number().nonnegative(),
      vcpus: z.int().positive(),
      provenSamplesPerSecond: z.number().positive(),
      sample: z.string().min(1),
      rows: z.int().positive(),
      error: z.strictObject({
        medianPercent: z.number().nonnegative(),
        withoutMedianPercent: z.number().nonnegative(),
      }),
    })
    .nullable(),
});
