/** Whether a change of data makes a configuration the cheapest of its job: rent of a shared node and tardiness if it started now. */
import type { Alternative, JobExplanation } from "../planner/explain.ts";
import { configurationWords, isSameAmount, usdWords } from "./change-words.ts";
import type { PlacedOn } from "./changed-data.ts";

/** Says so where a configuration is the cheapest in the variant and was not in the first plan; null otherwise. */
export function newlyCheapest(
  placed: PlacedOn,
  first: JobExplanation | undefined,
  other: JobExplanation | undefined,
): string | null {
  const [before, after] = [leastCostUsd(first), leastCostUsd(other)];
  const costUsd = costOf(other?.alternatives.find((row) => isAt(row, placed)));
  const beforeUsd = costOf(first?.alternatives.find((row) => isAt(row, placed)));
  if (before === null || after === null || costUsd === null) return null;
  const isCheapest = isSameAmount(costUsd, after.costUsd);
  const wasCheapest = beforeUsd !== null && isSameAmount(beforeUsd, before.costUsd);
  if (!isCheapest || wasCheapest) return null;
  const name = configurationWords(placed);
  return `that makes ${name} its cheapest with ${usdWords(costUsd)} USD, which was ${configurationWords(before)} with ${usdWords(before.costUsd)} USD`;
}

const isAt = (row: Alternative, { vmTypeId, gpus }: PlacedOn): boolean =>
  row.vmTypeId === vmTypeId && row.gpus === gpus;

const costOf = (row: Alternative | undefined): number | null =>
  row === undefined || row.sharedRentUsd === null || row.tardinessCostUsd === null
    ? null
    : row.sharedRentUsd + row.tardinessCostUsd;

function leastCostUsd(
  explanation: JobExplanation | undefined,
): (PlacedOn & { readonly costUsd: number }) | null {
  let least: (PlacedOn & { readonly costUsd: number }) | null = null;
  for (const row of explanation?.alternatives ?? []) {
    const costUsd = costOf(row);
    if (costUsd !== null && (least === null || costUsd < least.costUsd))
      least = { vmTypeId: row.vmTypeId, gpus: row.gpus, costUsd };
  }
  return least;
}
