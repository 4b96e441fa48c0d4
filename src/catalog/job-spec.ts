/** How a job is given from outside: over HTTP, in a scenario file. */
import { z } from "zod";
import { FRAMEWORKS } from "../domain/job.ts";
import { inlineNetworkSchema } from "./network-schema.ts";
import { isoTimeSchema } from "./time.ts";

/** Sizes that no real job reaches; they keep durations within what a double holds exactly. */
const MAX_COUNT = 1e9;
const MAX_MEASUREMENTS = 1000;

/** Ids go into URLs, node names and MILP names. */
export const idSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "must be 1 to 64 letters, digits, dots, underscores or hyphens")
  .meta({
    description: "1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit.",
    example: "JJ1",
  });

const measuredEpochSchema = z
  .strictObject({
    vmType: z
      .string()
      .min(1)
      .meta({ description: "Id of a VM type of the catalogue.", example: "Standard_NC6" }),
    gpus: z
      .int()
      .min(1)
      .max(64)
      .meta({ description: "GPUs of one node that it was measured on.", example: 1 }),
    secondsPerEpoch: z
      .number()
      .positive()
      .max(MAX_COUNT)
      .meta({ description: "Measured seconds of one epoch.", example: 812.5 }),
  })
  .meta({
    id: "MeasuredEpoch",
    description: "The user's own measurement of one configuration; it overrides the prediction.",
  });

/** Fields of a job that scenario and API share. */
const jobFields = {
  network: z
    .union([z.string().min(1), inlineNetworkSchema])
    .meta({
      description:
        "Name of a network (GET /v1/networks lists them) or its layers inline. May be left out when measuredSecondsPerEpoch is given; then the job runs only where it was measured.",
      example: "resnet50",
    })
    .optional(),
  framework: z.enum(FRAMEWORKS).meta({ description: "Training framework." }),
  batchSize: z
    .int()
    .min(1)
    .max(MAX_COUNT)
    .meta({ description: "Samples of one iteration, over all GPUs of the job.", example: 64 }),
  samples: z
    .int()
    .min(1)
    .max(MAX_COUNT)
    .meta({ description: "Training samples of one epoch.", example: 130000 }),
  epochs: z.int().min(1).max(MAX_COUNT).meta({ description: "Passes over all samples.", example: 3 }),
  dueAt: isoTimeSchema.meta({
    description: "Due date: ISO 8601 with zone.",
    example: "2026-11-21T18:00:00Z",
  }),
  tardinessCostPerHourUsd: z
    .number()
    .min(0)
    .max(MAX_COUNT)
    .meta({ description: "Tardiness weight: what each hour after the due date costs.", example: 18 }),
  checkpointSeconds: z
    .number()
    .min(0)
    .max(MAX_COUNT)
    .meta({
      description:
        "Seconds that the job holds its GPUs without progress each time it goes on after a stop or a move: loading its checkpoint, warming up. Left out, it is 0: moving the job is free. Its first start is free in any case.",
      example: 120,
    })
    .optional(),
  budgetUsd: z
    .number()
    .min(0)
    .max(MAX_COUNT)
    .meta({
      description:
        "What the job may cost in rent, from its first iteration to its last, counted by its share of the GPUs in use. Once no configuration can finish it within what is left, it waits. Unlimited if left out.",
      example: 25,
    })
    .optional(),
  measuredSecondsPerEpoch: z
    .array(measuredEpochSchema)
    .max(MAX_MEASUREMENTS)
    .meta({ description: "The user's own measurements by VM type and GPU count; they override predictions." })
    .optional(),
};

const needsDurations = {
  check: (job: { network?: unknown; measuredSecondsPerEpoch?: readonly unknown[] | undefined }): boolean =>
    job.network !== undefined || (job.measuredSecondsPerEpoch?.length ?? 0) > 0,
  issue: {
    path: ["network"],
    message: "is missing, and there are no measurements to use instead",
    params: { fix: "Name a network, give its layers, or give measuredSecondsPerEpoch." },
  },
};

/** A job as posted: an id may be left out, then one is made. */
export const jobSpecSchema = z
  .strictObject({ id: idSchema.optional(), ...jobFields })
  .refine(needsDurations.check, needsDurations.issue)
  .meta({ id: "JobSpec", description: "One training job to plan for." });

/** A job of a scenario: with its id and the time it is submitted at. */
export const scenarioJobSchema = z
  .strictObject({ id: idSchema, submittedAt: isoTimeSchema, ...jobFields })
  .refine(needsDurations.check, needsDurations.issue);

/** A job as posted, parsed: times in seconds. */
export type JobSpec = z.output<typeof jobSpecSchema>;
/** A job of a scenario, parsed: times in seconds. */
export type ScenarioJob = z.output<typeof scenarioJobSchema>;
