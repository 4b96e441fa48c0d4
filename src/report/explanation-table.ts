/** Explanations as text for people. */
import { assertNever } from "../domain/assert-never.ts";
import type { Alternative, JobExplanation, Verdict } from "../planner/explain.ts";
import { durationText, tableText, usdText } from "./text.ts";

/** One block for each job: the sentence, then its alternatives; `most` alternatives at most. */
export function explanationText(explanations: readonly JobExplanation[], most: number): string {
  return explanations
    .map((explanation) => {
      const hidden = explanation.alternatives.length - most;
      const more = hidden > 0 ? [`… and ${hidden} more (--json lists all)`] : [];
      return [
        `${explanation.jobId}: ${explanation.summary}`,
        alternativesTable(explanation.alternatives.slice(0, most)),
        ...more,
      ].join("\n");
    })
    .join("\n\n");
}

function alternativesTable(alternatives: readonly Alternative[]): string {
  const rows = alternatives.map((alternative) => [
    alternative.vmTypeId,
    `${alternative.gpus}`,
    alternative.durationSeconds === null ? "–" : durationText(alternative.durationSeconds),
    alternative.sharedRentUsd === null ? "–" : usdText(alternative.sharedRentUsd),
    alternative.aloneRentUsd === null ? "–" : usdText(alternative.aloneRentUsd),
    alternative.tardinessCostUsd === null ? "–" : usdText(alternative.tardinessCostUsd),
    verdictText(alternative.verdict),
  ]);
  return tableText(["VM type", "GPUs", "time", "USD shared", "USD alone", "late USD", "verdict"], rows);
}

/** Sums of prices without their rounding. */
const amount = (value: number): string => `${Number(value.toPrecision(6))}`;

function verdictText(verdict: Verdict): string {
  switch (verdict.kind) {
    case "chosen":
      return "chosen";
    case "worse":
      return `worse by ${verdict.objectiveLoss.toPrecision(3)}`;
    case "as-good":
      return "as good";
    case "better":
      return `better by ${verdict.objectiveGain.toPrecision(3)}: the plan is not optimal`;
    case "blocked-by-node-limit":
      return `all ${verdict.maxNodes} nodes are rented`;
    case "blocked-by-quota":
      return `quota of ${verdict.quotaNodes} is used up`;
    case "blocked-by-limit":
      return `${verdict.label}: ${amount(verdict.used)} of ${amount(verdict.limit)} ${verdict.unit} in use`;
    case "over-budget":
      return `${usdText(verdict.budgetLeftUsd)} USD of its budget left`;
    case "impossible":
      return verdict.reason;
    default:
      return assertNever(verdict);
  }
}
