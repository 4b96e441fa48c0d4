/** Whether jobs could all run at once, or what would have to be raised, as JSON with sentences for people. */
import { z } from "zod";
import { changeText, raiseText, unitOf } from "../catalog/relaxation-text.ts";
import { assertNever } from "../domain/assert-never.ts";
import { LIMIT_UNITS } from "../domain/node-limit.ts";
import type { LimitChange, RaisableLimit } from "../domain/relaxation.ts";
import { totalIncrease } from "../domain/relaxation.ts";
import type { RelaxationForAll } from "../planner/smallest-relaxation.ts";
import { idField, vmTypeField } from "./view-fields.ts";

/** Jobs that a sentence names at most. */
const NAMED_JOBS = 3;

const sentenceField = z.string().meta({ description: "The answer in words." });

const changeSchema = z
  .strictObject({
    kind: z.enum(["max-nodes", "vm-type-quota", "node-limit", "job-budget"]),
    limitId: z.string().nullable().meta({
      description:
        "max-nodes, quota-nodes VMTYPE, or the id of a limit, as in marginal values; null for a job's budget.",
      example: "budget-per-hour",
    }),
    vmType: vmTypeField.nullable().meta({ description: "Of a quota of one VM type; null otherwise." }),
    jobId: idField.nullable().meta({ description: "Of a job's budget; null otherwise." }),
    from: z.number().min(0).meta({ description: "The limit as it is.", example: 1 }),
    to: z.number().min(0).meta({ description: "The least that is enough.", example: 1.24 }),
    unit: z.enum([...LIMIT_UNITS, "USD"]),
    words: z.string().meta({ example: "the hourly budget from 1.00 to 1.24 USD per hour" }),
  })
  .meta({ id: "LimitChange", description: "One limit raised." });

const alternativeSchema = z
  .strictObject({
    sentence: sentenceField.meta({ example: "Raise the hourly budget from 1.00 to 1.24 USD per hour." }),
    relativeIncrease: z
      .number()
      .min(0)
      .meta({ description: "Sum of the increases, each relative to its limit.", example: 0.24 }),
    changes: z.array(changeSchema).min(1).meta({ description: "All of them together are enough." }),
  })
  .meta({ id: "RelaxationAlternative", description: "Limits to raise." });

const jobCountField = z.int().min(0).meta({ description: "Jobs that were to run at once.", example: 3 });

/** JSON form of an answer. */
export const feasibilitySchema = z
  .discriminatedUnion("kind", [
    z
      .strictObject({ kind: z.literal("feasible"), jobCount: jobCountField, sentence: sentenceField })
      .meta({ id: "Feasible", description: "All of the jobs could run at once within the limits." }),
    z
      .strictObject({
        kind: z.literal("raise"),
        jobCount: jobCountField,
        sentence: sentenceField,
        alternatives: z
          .array(alternativeSchema)
          .min(1)
          .meta({ description: "Each is enough; the least relative increase first." }),
      })
      .meta({
        id: "SmallestRelaxation",
        description: "They could with some limits raised: the fewest that are enough, each by the least.",
      }),
    z
      .strictObject({
        kind: z.literal("impossible"),
        jobCount: jobCountField,
        sentence: sentenceField,
        jobs: z
          .array(z.strictObject({ jobId: idField, reason: z.string() }))
          .min(1)
          .meta({ description: "Jobs that no VM type of the cluster hosts, whatever the limits." }),
      })
      .meta({ id: "Impossible", description: "No limit stands in the way of some of the jobs." }),
    z
      .strictObject({ kind: z.literal("unknown"), jobCount: jobCountField, sentence: sentenceField })
      .meta({ id: "UnknownFeasibility", description: "The solver had no proof in time." }),
  ])
  .meta({ id: "Feasibility", description: "Whether jobs could all run at once, no other job running." });

export type FeasibilityView = z.output<typeof feasibilitySchema>;

/** An answer as JSON. Jobs without a configuration are given with the reason. */
export function feasibilityView(
  answer: Exclude<RelaxationForAll, { readonly kind: "impossible" }> | Hopeless,
  jobCount: number,
): FeasibilityView {
  const jobs = `${jobCount} job${jobCount === 1 ? "" : "s"}`;
  switch (answer.kind) {
    case "none-needed": {
      const sentence =
        jobCount === 0
          ? "There is no job to run."
          : `The ${jobs} could run at once within the limits, no other job running.`;
      return { kind: "feasible", jobCount, sentence };
    }
    case "raise": {
      const { alternatives } = answer;
      const sentence = `The ${jobs} cannot run at once within the limits, even with no other job running. ${raiseText(alternatives)}`;
      return { kind: "raise", jobCount, sentence, alternatives: alternatives.map(alternativeView) };
    }
    case "impossible":
      return {
        kind: "impossible",
        jobCount,
        sentence: `Whatever the limits, no VM type of the cluster hosts ${namedJobs(answer)}.`,
        jobs: answer.jobs.map((job) => ({ ...job })),
      };
    case "unknown": {
      const sentence = `Whether the ${jobs} could run at once is not known: ${answer.reason}. Ask for fewer of them.`;
      return { kind: "unknown", jobCount, sentence };
    }
    default:
      return assertNever(answer);
  }
}

/** Jobs that have no configuration, and why. */
export interface Hopeless {
  readonly kind: "impossible";
  readonly jobs: readonly { readonly jobId: string; readonly reason: string }[];
}

function namedJobs({ jobs }: Hopeless): string {
  const named = jobs.slice(0, NAMED_JOBS).map(({ jobId, reason }) => `${jobId} (${reason})`);
  const more = jobs.length - named.length;
  return `${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

const alternativeView = (changes: readonly LimitChange[]): z.output<typeof alternativeSchema> => ({
  sentence: raiseText([changes]),
  relativeIncrease: totalIncrease(changes),
  changes: changes.map((change) => ({
    ...namesOf(change.limit),
    from: change.from,
    to: change.to,
    unit: unitOf(change.limit),
    words: changeText(change),
  })),
});

type Names = Pick<z.output<typeof changeSchema>, "kind" | "limitId" | "vmType" | "jobId">;

function namesOf(limit: RaisableLimit): Names {
  const { kind } = limit;
  const none = { kind, limitId: null, vmType: null, jobId: null };
  switch (limit.kind) {
    case "max-nodes":
      return { ...none, limitId: limit.kind };
    case "vm-type-quota":
      return { ...none, limitId: `quota-nodes ${limit.vmTypeId}`, vmType: limit.vmTypeId };
    case "node-limit":
      return { ...none, limitId: limit.limitId };
    case "job-budget":
      return { ...none, jobId: limit.jobId };
    default:
      return assertNever(limit);
  }
}
