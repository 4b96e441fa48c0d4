/** What decisions and horizons share when they are compared, as JSON. */
import { z } from "zod";
import { variantWords } from "../comparison/variant-words.ts";
import type { VariantCase } from "../comparison/variant.ts";
import { DURATION_PERCENTILES } from "../comparison/variant.ts";
import { CHANGE_CAUSES } from "../comparison/change-reason.ts";
import { LIMIT_KINDS } from "../comparison/raisable-limits.ts";
import { LIMIT_UNITS } from "../domain/node-limit.ts";
import { POLICY_NAMES } from "../planner/policy.ts";
import { idField, vmTypeField } from "./view-fields.ts";

/** An amount in USD that may be negative: a difference. */
export const usdChangeField = z
  .number()
  .meta({ description: "USD, this variant minus the first.", example: -0.4 });
/** A difference of seconds. */
export const secondsChangeField = z
  .number()
  .meta({ description: "Seconds, this variant minus the first.", example: 600 });
/** Of GPUs in use over GPUs rented. */
export const utilisationField = z
  .number()
  .min(0)
  .max(1)
  .nullable()
  .meta({ description: "GPUs in use over GPUs rented; null when nothing is rented.", example: 0.9 });
/** A proven relative gap. */
export const gapField = z.number().min(0).nullable().meta({ description: "null when unknown.", example: 0 });
/** Jobs that were not treated otherwise. */
export const countField = z.int().min(0).meta({ example: 4 });

/** What every compared variant says of itself. */
export const variantFields = {
  name: z.string().meta({ example: "no NV24" }),
  changes: z
    .array(z.string())
    .meta({ description: "What it changes, in words.", example: ["only Standard_NV12"] }),
  policy: z.enum(POLICY_NAMES),
  durations: z.enum(DURATION_PERCENTILES).meta({ description: "Durations that decisions count on." }),
  leftOutJobs: z
    .array(
      z.strictObject({
        jobId: idField,
        reason: z.string().meta({ example: "fits no VM type of this variant (…)" }),
      }),
    )
    .meta({ description: "Jobs that cannot run in this variant; no figure counts them." }),
  notes: z
    .array(z.string())
    .meta({ description: "What a reader must know to read the figures.", example: [] }),
};

/** The fields of a case. */
export function variantView({ variant, policy, plannedDurations, leftOut, notes }: VariantCase): {
  readonly name: string;
  readonly changes: string[];
  readonly policy: VariantCase["policy"];
  readonly durations: VariantCase["plannedDurations"];
  readonly leftOutJobs: { jobId: string; reason: string }[];
  readonly notes: string[];
} {
  const uncounted =
    leftOut.length === 0
      ? []
      : [`${leftOut.length} job${leftOut.length === 1 ? "" : "s"} cannot run here: the figures are without.`];
  return {
    name: variant.name,
    changes: [...variantWords(variant)],
    policy,
    durations: plannedDurations,
    leftOutJobs: leftOut.map(({ jobId, reason }) => ({ jobId, reason })),
    notes: [...notes, ...uncounted],
  };
}

/** Nodes of one VM type in the first variant and in this one. */
export const nodeDifferencesField = z
  .array(z.strictObject({ vmType: vmTypeField, from: countField, to: countField }))
  .meta({ description: "VM types with more or fewer nodes than in the first variant." });

/** What a reason rests on. */
export const causeField = z
  .enum(CHANGE_CAUSES)
  .meta({ description: "What the reason rests on most.", example: "node-limit" });
/** A reason for people. */
export const reasonField = z.string().meta({
  example: "1 GPU of Standard_NV24 would need one more node, and the only one that may be rented is",
});

/** A limit of which one more is asked for. */
export const limitFields = {
  kind: z.enum(LIMIT_KINDS).meta({
    description:
      "The number of nodes, the quota of one VM type, or a limit on what all nodes count: the hourly budget, a quota of a region or family.",
  }),
  limitId: z.string().meta({
    description: "max-nodes, quota-nodes VMTYPE, or the id of a limit; the same in all variants.",
    example: "budget-per-hour",
  }),
  vmType: vmTypeField.nullable().meta({ description: "Of a quota of one VM type; null otherwise." }),
  words: z.string().meta({ example: "one more dollar per hour of the hourly budget" }),
  amount: z.number().min(0).meta({ description: "The limit as it is, in amountUnit.", example: 20 }),
  amountUnit: z.enum(LIMIT_UNITS).meta({ description: "One of these more is asked for." }),
  isUsedUp: z
    .boolean()
    .meta({ description: "Whether what is left of it is too little for one more node that counts." }),
};
