/** Why each job runs where it runs, or waits, as JSON. */
import { z } from "zod";
import { LIMIT_UNITS } from "../domain/node-limit.ts";
import type { Alternative, JobExplanation } from "../planner/explain.ts";
import { gpusField, idField, secondsField, usdField, vmTypeField } from "./view-fields.ts";

const verdictSchema = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("chosen") }),
    z.strictObject({
      kind: z.literal("worse"),
      objectiveLoss: z.number().meta({ description: "By how much the objective would worsen, in its unit." }),
    }),
    z.strictObject({ kind: z.literal("as-good") }),
    z.strictObject({
      kind: z.literal("better"),
      objectiveGain: z
        .number()
        .meta({ description: "By how much it would improve the plan, which is then not optimal." }),
    }),
    z.strictObject({ kind: z.literal("blocked-by-node-limit"), maxNodes: z.int().min(0) }),
    z.strictObject({ kind: z.literal("blocked-by-quota"), quotaNodes: z.int().min(0) }),
    z.strictObject({
      kind: z.literal("blocked-by-limit"),
      limitId: z
        .string()
        .meta({ description: "Which of the cluster's limits.", example: "quota.eastus.NCv3.vCPUs" }),
      label: z.string().meta({ example: "quota of family NCv3 in eastus" }),
      unit: z.enum(LIMIT_UNITS),
      used: z.number().min(0).meta({ description: "What the nodes that stay use, in its unit." }),
      limit: z.number().min(0),
    }),
    z.strictObject({
      kind: z.literal("over-budget"),
      sharedRentUsd: z.number().min(0).meta({ description: "Rent until completion there on a full node." }),
      budgetLeftUsd: z.number().min(0).meta({ description: "What is left of the job's budget." }),
    }),
    z.strictObject({ kind: z.literal("impossible"), reason: z.string() }),
  ])
  .meta({ id: "Verdict", description: "What stands for or against a configuration." });

const alternativeSchema = z
  .strictObject({
    vmType: vmTypeField,
    gpus: gpusField,
    durationSeconds: secondsField
      .nullable()
      .meta({ description: "Remaining seconds there; null if impossible." }),
    tardinessSeconds: secondsField.nullable().meta({ description: "Tardiness if it started now." }),
    tardinessCostUsd: usdField.nullable().meta({ description: "Cost of that tardiness." }),
    sharedRentUsd: usdField
      .nullable()
      .meta({ description: "Rent until completion if the whole node is in use." }),
    aloneRentUsd: usdField.nullable().meta({ description: "Rent until completion alone on the node." }),
    verdict: verdictSchema,
  })
  .meta({ id: "Alternative", description: "One configuration that the job has or could have." });

/** JSON form of one job's explanation. */
export const jobExplanationSchema = z
  .strictObject({
    jobId: idField,
    decision: z.enum(["running", "waiting"]),
    gainOverWaiting: z.number().nullable().meta({
      description:
        "What running is worth against waiting, in the objective's unit; null for a job that waits.",
    }),
    summary: z.string().meta({ description: "One sentence for people." }),
    alternatives: z
      .array(alternativeSchema)
      .meta({ description: "The chosen one first, then by how little worse." }),
  })
  .meta({ id: "JobExplanation", description: "Why a job runs where it runs, or waits." });

export type JobExplanationView = z.output<typeof jobExplanationSchema>;

/** One job's explanation as JSON. */
export function jobExplanationView(explanation: JobExplanation): JobExplanationView {
  return {
    jobId: explanation.jobId,
    decision: explanation.decision,
    gainOverWaiting: explanation.gainOverWaiting,
    summary: explanation.summary,
    alternatives: explanation.alternatives.map(alternativeView),
  };
}

function alternativeView({ vmTypeId, ...rest }: Alternative): JobExplanationView["alternatives"][number] {
  return { vmType: vmTypeId, ...rest };
}
