/** What an explanation says for people, in one sentence or two. */
import { assertNever } from "../domain/assert-never.ts";
import type { Objective } from "../formulation/objective.ts";
import type { Alternative, Verdict } from "./explain.ts";

/** `gainOverWaiting` is null for a job that waits; alternatives in the order of explain.ts. */
export function summarise(
  gainOverWaiting: number | null,
  alternatives: readonly Alternative[],
  objective: Objective,
): string {
  const chosen = alternatives.find((alternative) => alternative.verdict.kind === "chosen");
  const best = alternatives.find((alternative) => alternative.verdict.kind !== "chosen");
  const against = best === undefined ? null : `${nameOf(best)} ${words(best.verdict, objective)}`;
  if (chosen === undefined || gainOverWaiting === null) return `Waits: ${against ?? "it fits no VM type"}.`;
  const comparison = gainOverWaiting >= 0 ? "more" : "less";
  const worth = `Runs on ${nameOf(chosen)}, worth ${Math.abs(gainOverWaiting).toPrecision(3)} ${objective.unit} ${comparison} than waiting`;
  if (best === undefined || against === null) return `${worth}; it has no alternative.`;
  return isOpen(best.verdict)
    ? `${worth}; next best, ${against}.`
    : `${worth}; no other configuration has room: ${against}.`;
}

const nameOf = ({ vmTypeId, gpus }: Alternative): string =>
  `${gpus} GPU${gpus === 1 ? "" : "s"} of ${vmTypeId}`;

/** Whether a configuration could be had as things stand. */
const isOpen = ({ kind }: Verdict): boolean => kind === "worse" || kind === "as-good" || kind === "better";

/** Sums of prices without their rounding. */
const amount = (value: number): string => `${Number(value.toPrecision(6))}`;

function words(verdict: Verdict, { name, unit }: Objective): string {
  switch (verdict.kind) {
    case "chosen":
      return "is chosen";
    case "worse":
      return `would worsen ${name} by ${verdict.objectiveLoss.toPrecision(3)} ${unit}`;
    case "as-good":
      return "would be just as good";
    case "better":
      return `would improve ${name} by ${verdict.objectiveGain.toPrecision(3)} ${unit}: the plan is not optimal`;
    case "blocked-by-node-limit":
      return `needs one more node, and all ${verdict.maxNodes} that may be rented are`;
    case "blocked-by-quota":
      return `needs one more node of that type, and its quota is ${verdict.quotaNodes}`;
    case "blocked-by-limit":
      return `needs one more node, and the ${verdict.label} of ${amount(verdict.limit)} ${verdict.unit} leaves no room beside the ${amount(verdict.used)} in use`;
    case "over-budget":
      return `would cost ${verdict.sharedRentUsd.toPrecision(3)} USD, and ${verdict.budgetLeftUsd.toPrecision(3)} USD of the job's budget are left`;
    case "impossible":
      return `is impossible: ${verdict.reason}`;
    default:
      return assertNever(verdict);
  }
}
