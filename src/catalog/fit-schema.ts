import { z } from "zod";
import { FRAMEWORKS } from "../domain/job.ts";
import {
  DIRECTIONS,
  DURATION_MODELS,
  FIT_FORMAT_VERSION,
  FIT_STATUSES,
  type AllReduceFit,
  type DurationFit,
} from "../performance/fit.ts";
import { CORRECTION_VARIABLES, MAX_CORRECTION_LEVELS } from "../performance/log-correction.ts";
import { FEATURES, WORK_KINDS } from "../performance/work-counts.ts";

const measuredRangeSchema = z
  .strictObject({ min: z.number().nonnegative(), max: z.number().nonnegative() })
  .refine(({ min, max }) => min <= max, { message: "min is above max", params: { fix: "Swap the two." } });

const residualsSchema = z
  .strictObject({ lower: z.number().positive(), median: z.number().positive(), upper: z.number().positive() })
  .refine(({ lower, median, upper }) => lower <= median && median <= upper, {
    message: "lower, median and upper are not in order",
    params: { fix: "Give quantiles 0.1, 0.5 and 0.9 of measured / predicted." },
  });

const featureSchema = z.enum(FEATURES);

const MAX_CORRECTION_TREES = 1000;

const correctionVariableSchema = z.enum(CORRECTION_VARIABLES);

const correctionTreeSchema = z
  .strictObject({
    variables: z.array(correctionVariableSchema).min(1).max(MAX_CORRECTION_LEVELS),
    thresholds: z.array(z.number()),
    leaves: z.array(z.number()),
  })
  .refine(
    ({ variables, thresholds, leaves }) =>
      thresholds.length === variables.length && leaves.length === 2 ** variables.length,
    {
      message: "a tree of n variables has n thresholds and 2^n leaves",
      params: { fix: "Write the fit again with the tool that made it." },
    },
  );

const correctionSchema = z.strictObject({
  ranges: z.partialRecord(correctionVariableSchema, z.strictObject({ min: z.number(), max: z.number() })),
  trees: z.array(correctionTreeSchema).max(MAX_CORRECTION_TREES),
});

const workFitSchema = z.strictObject({
  model: z.enum(DURATION_MODELS),
  workKind: z.enum(WORK_KINDS),
  direction: z.enum(DIRECTIONS),
  status: z.enum(FIT_STATUSES),
  provenance: z.string().min(1),
  coefficients: z.partialRecord(featureSchema, z.number().nonnegative()),
  correction: correctionSchema.exactOptional(),
  benchmarkSecondsPerByte: z.record(z.string().min(1), z.number().nonnegative()).exactOptional(),
  rows: z.int().nonnegative(),
  measuredRange: z.partialRecord(featureSchema, measuredRangeSchema),
  error: z
    .strictObject({
      inSampleMapePercent: z.number().nonnegative(),
      crossValidatedMapePercent: z.number().nonnegative(),
    })
    .nullable(),
  residuals: residualsSchema,
});

const provenance = {
  formatVersion: z.literal(FIT_FORMAT_VERSION),
  gpu: z.string().min(1),
  source: z.string().min(1),
  licence: z.string().min(1),
  method: z.string().min(1),
};

/** models/fits/<gpu>-<framework>.json; the fields are documented at DurationFit. */
export const durationFitSchema: z.ZodType<DurationFit> = z.strictObject({
  ...provenance,
  framework: z.enum(FRAMEWORKS),
  status: z.enum(["measured", "scaled"]),
  work: z
    .array(workFitSchema)
    .min(1)
    .superRefine((work, context) => {
      const seen = new Set<string>();
      work.forEach(({ model, workKind, direction }, index) => {
        const key = `${model} ${workKind} ${direction}`;
        if (seen.has(key)) {
          context.addIssue({
            code: "custom",
            path: [index],
            message: `${key} is given twice`,
            params: { fix: "Remove one of the two." },
          });
        }
        seen.add(key);
      });
    }),
});

/** models/fits/<gpu>-all-reduce.json; the fields are documented at AllReduceFit. */
export const allReduceFitSchema: z.ZodType<AllReduceFit> = z.strictObject({
  ...provenance,
  latencySecondsPerStep: z.number().nonnegative(),
  secondsPerByte: z.number().nonnegative(),
  rows: z.int().nonnegative(),
  measuredBytes: measuredRangeSchema,
  measuredGpus: measuredRangeSchema,
  error: z.strictObject({ inSampleMapePercent: z.number().nonnegative() }),
  residuals: residualsSchema,
});
