/** What raises of jobs' own budgets would be worth, as JSON and as a table. */
import { z } from "zod";
import type { BudgetRaises, RunsOn } from "../comparison/budget-raises.ts";
import { alignedTable } from "./aligned-table.ts";
import { planViewSchema } from "./plan-view.ts";
import { gpusField, idField, usdField, vmTypeField } from "./view-fields.ts";

const runsOnField = z
  .strictObject({ vmType: vmTypeField, gpus: gpusField })
  .nullable()
  .meta({ id: "RunsOn", description: "Where a job runs; null where it waits." });
const gainField = z.number().min(0);

const budgetRaiseSchema = z
  .strictObject({
    jobId: idField,
    budgetUsd: usdField.meta({ description: "The budget as it is." }),
    spentUsd: usdField.meta({ description: "What the job has spent of it." }),
    raisedToUsd: usdField.meta({ description: "The smallest budget that makes a better plan possible." }),
    from: runsOnField,
    to: runsOnField,
    unit: planViewSchema.shape.proof.shape.unit,
    gain: gainField.meta({ description: "Improvement of the objective by this raise, in the unit." }),
    unlimitedGain: gainField.meta({
      description: "Improvement without any budget of this job, in the unit.",
    }),
    gainUncertainty: gainField.meta({ description: "What the proofs leave open of the gain, in the unit." }),
  })
  .meta({ id: "BudgetRaise", description: "What the smallest useful raise of one job's budget is worth." });

/** JSON form of raises. */
export const budgetRaisesSchema = z
  .strictObject({
    boundJobs: z.int().min(0).meta({ description: "Jobs whose budget bars a configuration." }),
    triedJobs: z.int().min(0).meta({
      description: "Those that were tried: the ones that would gain most if nothing else stood in their way.",
    }),
    raises: z.array(budgetRaiseSchema).meta({
      description: "Of the jobs that were tried, those that gain; the largest gain first.",
    }),
  })
  .meta({ id: "BudgetRaises", description: "What raises of jobs' own budgets would be worth." });

type BudgetRaisesView = z.output<typeof budgetRaisesSchema>;

/** Raises as JSON. */
export const budgetRaisesView = ({ raises, ...counts }: BudgetRaises): BudgetRaisesView => ({
  ...counts,
  raises: raises.map(({ from, to, ...raise }) => ({ ...raise, from: runsOnView(from), to: runsOnView(to) })),
});

const runsOnView = (runsOn: RunsOn | null): z.output<typeof runsOnField> =>
  runsOn === null ? null : { vmType: runsOn.vmTypeId, gpus: runsOn.gpus };

/** What a raise is, for tables. */
export const raiseWords = ({ jobId, raisedToUsd }: BudgetRaisesView["raises"][number]): string =>
  `the budget of ${jobId} raised to ${usdUpwards(raisedToUsd)} USD`;

/** Raises as a table; nothing where no budget bars anything. */
export function budgetRaisesText({ boundJobs, triedJobs, raises }: BudgetRaisesView): readonly string[] {
  if (boundJobs === 0) return [];
  const bound = `${boundJobs} job${boundJobs === 1 ? "" : "s"} could run elsewhere with a larger budget; ${
    triedJobs === boundJobs ? "all were tried" : `${triedJobs} were tried, ${boundJobs - triedJobs} left out`
  }, ${raises.length} would make a better plan.`;
  if (raises.length === 0) return [bound];
  const table = alignedTable(
    [
      ["job", "left"],
      ["budget USD", "right"],
      ["raised to", "right"],
      ["from", "left"],
      ["to", "left"],
      ["gain", "right"],
      ["±", "right"],
      ["without budget", "right"],
      ["unit", "left"],
    ],
    raises.map((raise) => [
      raise.jobId,
      usdUpwards(raise.budgetUsd),
      usdUpwards(raise.raisedToUsd),
      runsOnWords(raise.from),
      runsOnWords(raise.to),
      raise.gain.toPrecision(4),
      raise.gainUncertainty === 0 ? "0" : raise.gainUncertainty.toPrecision(4),
      raise.unlimitedGain.toPrecision(4),
      raise.unit,
    ]),
  );
  return [bound, table];
}

const runsOnWords = (runsOn: z.output<typeof runsOnField>): string =>
  runsOn === null ? "waits" : `${runsOn.gpus} × ${runsOn.vmType}`;

const BUDGET_DIGITS = 4;
/** Upwards, so that the budget shown is enough. */
const usdUpwards = (usd: number): string =>
  (Math.ceil(usd * 10 ** BUDGET_DIGITS) / 10 ** BUDGET_DIGITS).toFixed(BUDGET_DIGITS);
