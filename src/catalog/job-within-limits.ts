/** Whether a cluster's limits and the job's own budget leave a job any configuration, and what to raise where they do not. */
import { shareOfRentUsd } from "../domain/cost.ts";
import type { DurationTable } from "../domain/duration-table.ts";
import type { JobId, VmTypeId } from "../domain/ids.ts";
import { limitWeight, mostWithin } from "../domain/node-limit.ts";
import type { ClusterLimits, Demand } from "../domain/relaxation.ts";
import { relaxationForJob } from "../domain/relaxation.ts";
import type { InputProblem } from "./input-problem.ts";
import type { JobSpec, ScenarioJob } from "./job-spec.ts";
import { limitText, raiseText } from "./relaxation-text.ts";

/** The problem of a job that could run, but not within the limits; null for a job that can. The path starts at the job. */
export function barredByLimits(
  limits: ClusterLimits,
  spec: JobSpec | ScenarioJob,
  { table, id }: { readonly table: DurationTable; readonly id: JobId },
): InputProblem | null {
  const budgetUsd = spec.budgetUsd ?? null;
  const demand = demandOf(limits, table, { jobId: id, budgetUsd });
  const relaxation = relaxationForJob(limits, demand);
  if (relaxation.kind !== "raise") return null;
  const { alternatives } = relaxation;
  const inTheWay = alternatives.flat().map(({ limit }) => limit);
  const isBudgetAlone = inTheWay.every(({ kind }) => kind === "job-budget");
  const names = [...new Set(inTheWay.map(limitText))].join(", ");
  return {
    path: isBudgetAlone ? "/budgetUsd" : "",
    value: isBudgetAlone ? budgetUsd : { network: nameOf(spec), batchSize: spec.batchSize, budgetUsd },
    message: `the job can run in no configuration under the limits; in its way: ${names}`,
    fix: raiseText(alternatives),
  };
}

const nameOf = ({ network }: JobSpec | ScenarioJob): string =>
  typeof network === "string" ? network : network === undefined ? "measured" : "inline";

/** What a job wants: every configuration of a duration table, at the cost of a full node. */
function demandOf(
  { vmTypes }: ClusterLimits,
  table: DurationTable,
  job: Pick<Demand, "jobId" | "budgetUsd">,
): Demand {
  const byId = new Map(vmTypes.map((vmType) => [vmType.id, vmType]));
  return {
    ...job,
    configurations: table.entries.flatMap(({ vmTypeId, gpus, durationSeconds }) => {
      const vmType = byId.get(vmTypeId);
      if (vmType === undefined) return [];
      const { pricePerHourUsd, gpuCount } = vmType;
      const costUsd = shareOfRentUsd({ pricePerHourUsd, durationSeconds, gpus, gpusInUse: gpuCount });
      return [{ vmTypeId, gpus, costUsd }];
    }),
  };
}

/** A VM type of which the limits leave not one node can never be rented, so that a job does not fit it. */
export function withinLimits(table: DurationTable, limits: ClusterLimits): DurationTable {
  const reasons = new Map<VmTypeId, string>();
  for (const { id, quotaNodes } of limits.vmTypes) {
    const barring = limits.nodeLimits.find((limit) => limitWeight(limit, id) > mostWithin(limit));
    if (quotaNodes === 0) reasons.set(id, `the quota of ${id} is 0`);
    else if (barring !== undefined) {
      const { label, limit, unit } = barring;
      reasons.set(id, `the ${label} of ${limit} ${unit} leaves no room for one ${id}`);
    }
  }
  if (reasons.size === 0) return table;
  return {
    entries: table.entries.filter((entry) => !reasons.has(entry.vmTypeId)),
    missing: [
      ...table.missing,
      ...table.entries.flatMap(({ vmTypeId, gpus }) => {
        const reason = reasons.get(vmTypeId);
        return reason === undefined ? [] : [{ vmTypeId, gpus, reason }];
      }),
    ],
  };
}
