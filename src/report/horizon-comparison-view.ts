/** Simulated horizons compared, as JSON. */
import { z } from "zod";
import { isoTime } from "../catalog/time.ts";
import type { ComparedHorizon, HorizonComparison, HorizonMarginal } from "../comparison/compare-horizons.ts";
import type { HorizonDifference, JobCourse } from "../comparison/horizon-differences.ts";
import {
  causeField,
  countField,
  gapField,
  limitFields,
  nodeDifferencesField,
  reasonField,
  secondsChangeField,
  usdChangeField,
  utilisationField,
  variantFields,
  variantView,
} from "./comparison-fields.ts";
import { gpusField, idField, secondsField, timeField, usdField, vmTypeField } from "./view-fields.ts";

const COMPARABILITY =
  "All variants meet the same jobs with the same median durations. Costs are those from the beginning of the horizon on; the lower bound is that of the variant's own VM types and prices.";

const courseSchema = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("completed"),
      mostly: z
        .strictObject({ vmType: vmTypeField, gpus: gpusField })
        .nullable()
        .meta({ description: "Where it ran longest; null when it never ran." }),
      configurationCount: countField.meta({ description: "Different configurations that it ran in." }),
      completedAt: timeField,
      waitedSeconds: secondsField,
      tardinessSeconds: secondsField,
      rentUsd: usdField.meta({ description: "Its shares of the rent of its nodes." }),
      costUsd: usdField.meta({ description: "Rent and tardiness." }),
    }),
    z.strictObject({ kind: z.literal("left-out"), reason: z.string() }),
  ])
  .meta({ id: "JobCourse", description: "How a job fared." });

const differenceSchema = z
  .strictObject({
    totalCostChangeUsd: usdChangeField,
    vmCostChangeUsd: usdChangeField,
    tardinessCostChangeUsd: usdChangeField,
    tardinessChangeSeconds: secondsChangeField,
    nodes: nodeDifferencesField.meta({
      description: "Nodes of a VM type at once at most, where they differ.",
    }),
    jobs: z
      .array(
        z
          .strictObject({
            jobId: idField,
            from: courseSchema,
            to: courseSchema,
            costChangeUsd: usdChangeField.nullable(),
            tardinessChangeSeconds: secondsChangeField.nullable(),
            cause: causeField,
            reason: reasonField,
          })
          .meta({ id: "CourseDifference", description: "A job that fared otherwise, with the reason." }),
      )
      .meta({ description: "Largest change of cost first." }),
    unchangedJobs: countField,
  })
  .meta({ id: "HorizonDifference", description: "What is otherwise than in the first variant." });

const comparedHorizonSchema = z
  .strictObject({
    ...variantFields,
    cost: z
      .strictObject({
        totalUsd: usdField,
        rentUsd: usdField,
        tardinessUsd: usdField,
        lowerBoundUsd: usdField.meta({
          description: "The clairvoyant fluid bound: no policy can cost less (docs/simulation.md).",
        }),
        ratioToLowerBound: z.number().min(0).nullable().meta({ description: "null when the bound is 0." }),
      })
      .meta({ id: "HorizonCost", description: "Cost until every job has completed." }),
    tardinessSeconds: secondsField,
    lateJobs: countField,
    completedJobs: countField,
    gpuUtilisation: utilisationField,
    vmMix: z
      .array(
        z.strictObject({
          vmType: vmTypeField,
          nodeHours: z.number().min(0).meta({ example: 12.5 }),
          mostNodes: countField.meta({ description: "At once at most." }),
        }),
      )
      .meta({ description: "Use of each VM type." }),
    largestGap: gapField.meta({
      description: "Largest proven gap of any decision; null when a decision had no bound.",
    }),
    makespanSeconds: secondsField.nullable(),
    decisions: countField,
    moves: countField,
    stops: countField,
    difference: differenceSchema.nullable().meta({ description: "null for the first variant." }),
  })
  .meta({ id: "ComparedHorizon", description: "One variant, simulated until every job has completed." });

const horizonMarginalSchema = z
  .strictObject({
    ...limitFields,
    isUsedUp: limitFields.isUsedUp.meta({
      description: "Whether what was left of it was at any time too little for one more node that counts.",
    }),
    priceSumUsd: usdField.nullable().meta({
      description:
        "The limit's dual price added up over all decisions, in USD of progress value and not of cost; null where the policy has no such prices.",
    }),
    totalCostChangeUsd: usdChangeField.meta({
      description: "With one more, simulated again, minus as it is; a policy may also do worse with more.",
    }),
    tardinessChangeSeconds: secondsChangeField.meta({ description: "With one more minus as it is." }),
  })
  .meta({ id: "HorizonMarginal", description: "What one more of a limit changes over the horizon." });

/** JSON form of horizons compared. */
export const horizonComparisonSchema = z
  .strictObject({
    mode: z.literal("horizon"),
    comparability: z.string().meta({ description: "What may be compared, and what not." }),
    variants: z.array(comparedHorizonSchema),
    marginalValues: z
      .array(horizonMarginalSchema)
      .nullable()
      .meta({ description: "Of the first variant; null when they were not asked for." }),
  })
  .meta({ id: "HorizonComparison", description: "The same jobs simulated under every variant." });

export type HorizonComparisonView = z.output<typeof horizonComparisonSchema>;
type ComparedView = HorizonComparisonView["variants"][number];

/** Horizons compared as JSON. */
export function horizonComparisonView(
  comparison: HorizonComparison & { readonly kind: "compared" },
): HorizonComparisonView {
  return {
    mode: "horizon",
    comparability: COMPARABILITY,
    variants: comparison.variants.map(comparedView),
    marginalValues: comparison.marginals === null ? null : comparison.marginals.map(marginalView),
  };
}

function comparedView(compared: ComparedHorizon): ComparedView {
  const { figures, difference } = compared;
  const { metrics, largestGap } = compared.run;
  return {
    ...variantView(compared.case),
    cost: {
      totalUsd: metrics.totalCostUsd,
      rentUsd: metrics.vmCostUsd,
      tardinessUsd: metrics.tardinessCostUsd,
      lowerBoundUsd: metrics.lowerBoundUsd,
      ratioToLowerBound: metrics.ratioToLowerBound,
    },
    tardinessSeconds: metrics.tardinessSeconds,
    lateJobs: metrics.jobsLate,
    completedJobs: metrics.jobsCompleted,
    gpuUtilisation: metrics.gpuUtilisation === null ? null : Math.min(1, metrics.gpuUtilisation),
    vmMix: figures.useByVmType.map(({ vmTypeId, ...use }) => ({ vmType: vmTypeId, ...use })),
    largestGap,
    makespanSeconds: metrics.makespanSeconds,
    decisions: metrics.decisions,
    moves: metrics.moves,
    stops: metrics.stops,
    difference: difference === null ? null : differenceView(difference),
  };
}

function differenceView({
  nodes,
  jobs,
  ...sums
}: HorizonDifference): NonNullable<ComparedView["difference"]> {
  return {
    ...sums,
    nodes: nodes.map(({ vmTypeId, from, to }) => ({ vmType: vmTypeId, from, to })),
    jobs: jobs.map(({ from, to, ...job }) => ({ ...job, from: courseView(from), to: courseView(to) })),
  };
}

function courseView(course: JobCourse): z.output<typeof courseSchema> {
  if (course.kind === "left-out") return course;
  const { mostly, completedAtSeconds, ...rest } = course;
  return {
    ...rest,
    completedAt: isoTime(completedAtSeconds),
    mostly: mostly === null ? null : { vmType: mostly.vmTypeId, gpus: mostly.gpus },
  };
}

const marginalView = ({ vmTypeId, ...value }: HorizonMarginal): z.output<typeof horizonMarginalSchema> => ({
  vmType: vmTypeId,
  ...value,
});
