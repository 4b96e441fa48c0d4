/** What a campaign found, as JSON. */
import { z } from "zod";
import { POLICY_NAMES } from "../planner/policy.ts";
import type { SimulationMetrics } from "../simulator/metrics.ts";
import { campaignMeans } from "./campaign-means.ts";
import { countField } from "./comparison-fields.ts";
import { secondsField, usdField } from "./view-fields.ts";

const ratioField = z.number().min(0).nullable().meta({
  description: "Cost over the clairvoyant bound, which no policy can go below; null where the bound is 0.",
  example: 1.31,
});
const decisionTimes = z.strictObject({ median: secondsField, p95: secondsField, max: secondsField });

const metricsSchema = z
  .strictObject({
    totalCostUsd: usdField.meta({ description: "Rent and tardiness." }),
    vmCostUsd: usdField.meta({ description: "Rent." }),
    tardinessCostUsd: usdField,
    tardinessSeconds: secondsField.meta({ description: "Of all jobs together." }),
    jobsCompleted: countField,
    jobsLate: countField.meta({ description: "Completed after their due date." }),
    lowerBoundUsd: usdField.meta({ description: "The clairvoyant fluid bound." }),
    ratioToLowerBound: ratioField,
    makespanSeconds: secondsField.nullable(),
    gpuUtilisation: z
      .number()
      .min(0)
      .nullable()
      .meta({ description: "GPU seconds in use over GPU seconds rented.", example: 0.93 }),
    nodeHours: z.number().min(0).meta({ description: "Hours that nodes were rented.", example: 61.2 }),
    moves: countField,
    stops: countField,
    decisions: countField,
    decisionSeconds: decisionTimes
      .nullable()
      .meta({ description: "Wall-clock time of decisions; the one figure that is another each time." }),
  })
  .meta({ id: "CampaignMetrics", description: "Figures of one run, as `berth simulate` has them." });

const sizeFields = {
  nodes: z.int().min(1).meta({ description: "N: nodes that may be rented at once.", example: 2 }),
  lambdaSeconds: z.number().meta({ description: "λ: mean inter-arrival time × nodes.", example: 30_000 }),
};
const policyField = z.enum(POLICY_NAMES);

const runSchema = z
  .strictObject({
    scenario: z
      .string()
      .meta({ description: "Name of the generated scenario.", example: "n02-lambda30000-seed1" }),
    ...sizeFields,
    seed: z.int().min(1),
    policy: policyField,
    metrics: metricsSchema,
  })
  .meta({ id: "CampaignRun", description: "One policy on one scenario." });

const meanSchema = z
  .strictObject({
    ...sizeFields,
    policy: policyField,
    runCount: z.int().min(1).meta({ description: "Seeds that the means are over." }),
    totalCostUsd: usdField.meta({ description: "Mean." }),
    totalCostHalfWidthUsd: usdField
      .nullable()
      .meta({ description: "Half width of the 95 % confidence interval of the mean; null for one seed." }),
    vmCostUsd: usdField.meta({ description: "Mean." }),
    tardinessCostUsd: usdField.meta({ description: "Mean." }),
    tardinessSecondsPerJob: secondsField.meta({ description: "Mean." }),
    ratioToLowerBound: ratioField,
    savedByBestShare: z.number().min(0).max(1).meta({
      description: "Share of this cost that the best policy on this size and load saves.",
      example: 0.12,
    }),
    decisionP95Seconds: secondsField.nullable().meta({ description: "Mean of the runs' 95th percentiles." }),
  })
  .meta({ id: "CampaignMean", description: "Means of one policy on one size and load, over the seeds." });

/** Runs in the order of the grid, and their means. */
export const campaignViewSchema = z
  .strictObject({ runs: z.array(runSchema), means: z.array(meanSchema) })
  .meta({ id: "CampaignResult" });

export type CampaignView = z.output<typeof campaignViewSchema>;
export type CampaignRunView = CampaignView["runs"][number];

/** The figures of a simulation that a campaign shows. */
export const campaignMetrics = (metrics: SimulationMetrics): CampaignRunView["metrics"] => ({
  totalCostUsd: metrics.totalCostUsd,
  vmCostUsd: metrics.vmCostUsd,
  tardinessCostUsd: metrics.tardinessCostUsd,
  tardinessSeconds: metrics.tardinessSeconds,
  jobsCompleted: metrics.jobsCompleted,
  jobsLate: metrics.jobsLate,
  lowerBoundUsd: metrics.lowerBoundUsd,
  ratioToLowerBound: metrics.ratioToLowerBound,
  makespanSeconds: metrics.makespanSeconds,
  gpuUtilisation: metrics.gpuUtilisation,
  nodeHours: metrics.nodeHours,
  moves: metrics.moves,
  stops: metrics.stops,
  decisions: metrics.decisions,
  decisionSeconds: metrics.decisionSeconds,
});

/** The runs with their means. */
export const campaignView = (runs: readonly CampaignRunView[]): CampaignView => ({
  runs: [...runs],
  means: [...campaignMeans(runs)],
});
