/** Single decisions compared, as JSON. */
import { z } from "zod";
import { isoTime } from "../catalog/time.ts";
import type { ComparedDecision, DecisionComparison } from "../comparison/compare-decisions.ts";
import type { DecisionDifference, JobSituation } from "../comparison/decision-differences.ts";
import type { MarginalValue } from "../comparison/marginal-values.ts";
import { OBJECTIVE_NOTE } from "../comparison/objective-comparability.ts";
import { budgetRaisesSchema, budgetRaisesView } from "./budget-raise-view.ts";
import {
  causeField,
  countField,
  limitFields,
  nodeDifferencesField,
  reasonField,
  secondsChangeField,
  usdChangeField,
  utilisationField,
  variantFields,
  variantView,
} from "./comparison-fields.ts";
import { jobExplanationSchema } from "./explanation-view.ts";
import { planViewSchema } from "./plan-view.ts";
import { gpusField, idField, secondsField, timeField, usdField, vmTypeField } from "./view-fields.ts";

const { verdict: verdictSchema } = jobExplanationSchema.shape.alternatives.element.shape;
const { proof: proofSchema } = planViewSchema.shape;
const unitField = proofSchema.shape.unit;

const situationSchema = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("running"),
      vmType: vmTypeField,
      gpus: gpusField,
      remainingSeconds: secondsField,
      tardinessSeconds: secondsField,
      costUsd: usdField.meta({ description: "Expected rent share and tardiness." }),
    }),
    z.strictObject({
      kind: z.literal("waiting"),
      slackSeconds: z.number().meta({ description: "Seconds that it can still wait; negative when late." }),
      tardinessSeconds: secondsField.meta({ description: "Tardiness that cannot be avoided any more." }),
      costUsd: usdField.meta({ description: "What it will cost at the least." }),
    }),
    z.strictObject({ kind: z.literal("left-out"), reason: z.string() }),
  ])
  .meta({ id: "JobSituation", description: "What a plan does with a job." });

const jobDifferenceSchema = z
  .strictObject({
    jobId: idField,
    from: situationSchema,
    to: situationSchema,
    costChangeUsd: usdChangeField.nullable().meta({ description: "null for a job left out of either plan." }),
    tardinessChangeSeconds: secondsChangeField.nullable(),
    cause: causeField,
    reason: reasonField,
    verdictInVariant: verdictSchema.nullable().meta({
      description: "What stands against the first plan's configuration here; null if nobody looked.",
    }),
    verdictInFirst: verdictSchema.nullable().meta({
      description: "What stood against this configuration in the first plan; null if nobody looked.",
    }),
  })
  .meta({ id: "JobDifference", description: "A job that is treated otherwise, with the reason." });

const differenceSchema = z
  .strictObject({
    totalCostChangeUsd: usdChangeField,
    tardinessChangeSeconds: secondsChangeField,
    rentPerHourChangeUsd: usdChangeField,
    objectiveChange: z
      .number()
      .nullable()
      .meta({ description: "In the objective's unit; null where the two measure different things." }),
    nodes: nodeDifferencesField,
    jobs: z.array(jobDifferenceSchema).meta({ description: "Largest change of cost first." }),
    unchangedJobs: countField,
  })
  .meta({ id: "DecisionDifference", description: "What is otherwise than in the first variant." });

const marginalValueSchema = z
  .strictObject({
    ...limitFields,
    unit: unitField,
    dualPrice: z.number().min(0).nullable().meta({
      description: "From the Lagrangian dual, in the unit; null where the policy has no prices.",
    }),
    resolvedGain: z.number().min(0).meta({
      description: "Improvement of the objective when the decision is made again with one more, in the unit.",
    }),
    gainUncertainty: z.number().min(0).nullable().meta({
      description: "What the proofs leave open, in the unit; null where there is no bound.",
    }),
    remark: z.string().meta({ description: "Why the two agree or differ." }),
  })
  .meta({ id: "MarginalValue", description: "What one more of a limit is worth to this decision." });

const comparedDecisionSchema = z
  .strictObject({
    ...variantFields,
    cost: z
      .strictObject({
        totalUsd: usdField.meta({ description: "Sum of the three; a lower bound when a job waits." }),
        rentUsd: usdField.meta({ description: "Expected rent of running jobs until each completes." }),
        tardinessUsd: usdField.meta({ description: "Expected tardiness cost of running jobs." }),
        waitingUsd: usdField.meta({ description: "Rent and tardiness of waiting jobs, at least." }),
        rentPerHourUsd: usdField,
      })
      .meta({ id: "DecisionCost", description: "Cost from now on, at median durations." }),
    tardinessSeconds: secondsField.meta({
      description: "Expected of running jobs, unavoidable of waiting ones.",
    }),
    atP90: z.strictObject({ tardinessSeconds: secondsField, tardinessUsd: usdField }).meta({
      id: "TardinessAtP90",
      description: "What the same plan comes to if every job takes its P90 duration; cost of running jobs.",
    }),
    lateJobs: countField,
    runningJobs: countField,
    waitingJobs: countField,
    gpuUtilisation: utilisationField,
    vmMix: z
      .array(z.strictObject({ vmType: vmTypeField, nodes: countField }))
      .meta({ description: "Nodes of each VM type." }),
    proof: proofSchema,
    objectiveComparable: z.boolean().meta({
      description: "Whether the objective may be compared with the first variant's.",
    }),
    gainAtFirstWorthsPerHourUsd: z.number().meta({
      description:
        "Worth of the work done in an hour, at the first variant's worths, minus rent: comparable.",
    }),
    difference: differenceSchema.nullable().meta({ description: "null for the first variant." }),
    marginalValues: z
      .array(marginalValueSchema)
      .nullable()
      .meta({ description: "null when they were not asked for." }),
    budgetRaises: budgetRaisesSchema.nullable().default(null).meta({
      description: "With marginalValues; null where the policy optimises no sum over jobs and nodes.",
    }),
  })
  .meta({ id: "ComparedDecision", description: "One variant, decided." });

/** JSON form of decisions compared. */
export const decisionComparisonSchema = z
  .strictObject({
    mode: z.literal("decision"),
    decidedAt: timeField,
    comparability: z.string().meta({ description: "What may be compared, and what not." }),
    variants: z.array(comparedDecisionSchema),
  })
  .meta({ id: "DecisionComparison", description: "The same decision under every variant." });

export type DecisionComparisonView = z.output<typeof decisionComparisonSchema>;
type ComparedView = DecisionComparisonView["variants"][number];

/** Decisions compared as JSON. */
export function decisionComparisonView(
  comparison: DecisionComparison & { readonly kind: "compared" },
): DecisionComparisonView {
  return {
    mode: "decision",
    decidedAt: isoTime(comparison.decidedAtSeconds),
    comparability: OBJECTIVE_NOTE,
    variants: comparison.variants.map(comparedView),
  };
}

function comparedView(compared: ComparedDecision): ComparedView {
  const { figures, plan, difference, marginals, budgetRaises } = compared;
  return {
    ...variantView(compared.case),
    cost: {
      totalUsd: figures.totalCostUsd,
      rentUsd: figures.rentUsd,
      tardinessUsd: figures.tardinessCostUsd,
      waitingUsd: figures.waitingCostUsd,
      rentPerHourUsd: figures.rentPerHourUsd,
    },
    tardinessSeconds: figures.tardinessSeconds,
    atP90: {
      tardinessSeconds: compared.atP90.tardinessSeconds,
      tardinessUsd: compared.atP90.tardinessCostUsd,
    },
    lateJobs: figures.lateJobs,
    runningJobs: figures.runningJobs,
    waitingJobs: figures.waitingJobs,
    gpuUtilisation: figures.gpuUtilisation,
    vmMix: figures.nodesByVmType.map(({ vmTypeId, nodes }) => ({ vmType: vmTypeId, nodes })),
    proof: plan.proof,
    objectiveComparable: compared.objectiveComparable,
    gainAtFirstWorthsPerHourUsd: compared.gainAtFirstWorthsPerHourUsd,
    difference: difference === null ? null : differenceView(difference),
    marginalValues: marginals === null ? null : marginals.map(marginalView),
    budgetRaises: budgetRaises === null ? null : budgetRaisesView(budgetRaises),
  };
}

function differenceView({
  nodes,
  jobs,
  ...sums
}: DecisionDifference): NonNullable<ComparedView["difference"]> {
  return {
    ...sums,
    nodes: nodes.map(({ vmTypeId, from, to }) => ({ vmType: vmTypeId, from, to })),
    jobs: jobs.map(({ from, to, reason, ...job }) => ({
      ...job,
      from: situationView(from),
      to: situationView(to),
      cause: reason.cause,
      reason: reason.words,
      verdictInVariant: reason.verdictInVariant,
      verdictInFirst: reason.verdictInFirst,
    })),
  };
}

function situationView(situation: JobSituation): z.output<typeof situationSchema> {
  if (situation.kind !== "running") return situation;
  const { vmTypeId, ...rest } = situation;
  return { vmType: vmTypeId, ...rest };
}

const marginalView = ({ vmTypeId, ...value }: MarginalValue): z.output<typeof marginalValueSchema> => ({
  vmType: vmTypeId,
  ...value,
});
