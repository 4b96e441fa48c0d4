/**
 * Why a job is treated otherwise than in the first variant. Evidence are the verdicts of planner/explain.ts: what stands, in the variant's plan, against the
 * configuration of the first plan, and what stood, in the first plan, against the variant's; then the data that differ. Where nothing stands against either
 * and the objectives are equal, the alternatives are equal; where they are not, the change of the objective is stated instead of a reason.
 */
import { assertNever } from "../domain/assert-never.ts";
import type { JobId } from "../domain/ids.ts";
import type { JobExplanation, Verdict } from "../planner/explain.ts";
import { newlyCheapest } from "./cheapest-configuration.ts";
import { allRentedWords, configurationWords, isSameAmount, timeWords } from "./change-words.ts";
import type { PlacedOn } from "./changed-data.ts";
import { changedData } from "./changed-data.ts";
import type { DecidedVariant } from "./compare-decisions.ts";

/** What a reason rests on most. */
export const CHANGE_CAUSES = [
  "left-out",
  "not-offered",
  "node-limit",
  "quota",
  "price",
  "duration",
  "due-date",
  "weight",
  "policy",
  "equal-alternatives",
  "other-jobs",
  "not-examined",
] as const;
export type ChangeCause = (typeof CHANGE_CAUSES)[number];

/** A reason in words, and the verdicts behind it; a verdict is null where there is no such configuration or nobody looked. */
export interface ChangeReason {
  readonly cause: ChangeCause;
  readonly words: string;
  /** Of the first plan's configuration, in the variant's plan. */
  readonly verdictInVariant: Verdict | null;
  /** Of the variant's configuration, in the first plan. */
  readonly verdictInFirst: Verdict | null;
}

/** Where a job is in two plans; null is waiting. */
export interface ChangeOfPlace {
  readonly jobId: JobId;
  readonly from: PlacedOn | null;
  readonly to: PlacedOn | null;
  /** Seconds that a job which waits in the variant can still wait; null where it runs. */
  readonly slackSeconds: number | null;
  /** Of both plans; undefined where a plan does not know the job. */
  readonly explanations: {
    readonly first: JobExplanation | undefined;
    readonly other: JobExplanation | undefined;
  };
}

/** The reason for a change of place. What a variant changes of the job's own data goes first, unless it is its limits. */
export function changeReason(
  first: DecidedVariant,
  other: DecidedVariant,
  { jobId, from, to, slackSeconds, explanations }: ChangeOfPlace,
): ChangeReason {
  const configurations = [from, to].filter((placed) => placed !== null);
  const data = changedData({ first, other, jobId, configurations });
  const limits = data.filter(({ kind }) => kind === "node-limit" || kind === "quota");
  const own = data.filter((found) => !limits.includes(found));
  const { first: before, other: after } = explanations;
  const verdictInVariant = verdictOf(after, from);
  const verdictInFirst = verdictOf(before, to);
  const against = from === null ? null : obstacle(other, from, { verdict: verdictInVariant, where: "" });
  const stoodAgainst =
    to === null
      ? null
      : obstacle(first, to, { verdict: verdictInFirst, where: ` in "${first.case.variant.name}"` });
  const obstacles = [against, stoodAgainst].filter((found) => found !== null);
  const cheapest = to === null || own.length === 0 ? null : newlyCheapest(to, before, after);
  const facts: readonly Fact[] = [
    ...obstacles.filter(({ cause }) => cause === "not-offered"),
    ...own.map(({ kind, words }) => ({ cause: kind, words })),
    ...(cheapest === null || own[0] === undefined ? [] : [{ cause: own[0].kind, words: cheapest }]),
    ...obstacles.filter(({ cause }) => cause !== "not-offered"),
    ...limits.map(({ kind, words }) => ({ cause: kind, words })),
  ];
  const equal = equalAlternatives(first, other, { verdictInVariant, verdictInFirst });
  const known: readonly Fact[] =
    equal !== null
      ? [{ cause: "equal-alternatives", words: equal }, ...facts]
      : facts.length > 0
        ? facts
        : [{ cause: "other-jobs", words: followsOthers(first, other, verdictInVariant) }];
  const words = [
    ...known.map((fact) => fact.words),
    ...(slackSeconds === null ? [] : [waitingWords(slackSeconds)]),
  ];
  return {
    cause: known[0]?.cause ?? "other-jobs",
    words: words.join("; "),
    verdictInVariant,
    verdictInFirst,
  };
}

interface Fact {
  readonly cause: ChangeCause;
  readonly words: string;
}

/** The reason why a job that stays where it is costs something else. */
export function costChangeReason(
  first: DecidedVariant,
  other: DecidedVariant,
  { jobId, from }: Pick<ChangeOfPlace, "jobId" | "from">,
): ChangeReason {
  const configurations = from === null ? [] : [from];
  const data = changedData({ first, other, jobId, configurations }).filter(
    ({ kind }) => kind !== "policy" && kind !== "node-limit" && kind !== "quota",
  );
  const [most] = data;
  const stays = from === null ? "waits as before" : "runs as before";
  const why =
    data.length > 0
      ? data.map(({ words }) => words).join("; ")
      : from === null
        ? "what it costs at the least has changed with prices or VM types on offer"
        : "it shares its node's rent with other jobs than before";
  return {
    cause: most?.kind ?? "other-jobs",
    words: `${stays}; ${why}`,
    verdictInVariant: null,
    verdictInFirst: null,
  };
}

function verdictOf(explanation: JobExplanation | undefined, placed: PlacedOn | null): Verdict | null {
  if (placed === null) return null;
  const same = explanation?.alternatives.find(
    ({ vmTypeId, gpus }) => vmTypeId === placed.vmTypeId && gpus === placed.gpus,
  );
  return same?.verdict ?? null;
}

/** What makes a configuration impossible in a plan; null where it could be had. */
function obstacle(
  { case: { state } }: DecidedVariant,
  placed: PlacedOn,
  { verdict, where }: { readonly verdict: Verdict | null; readonly where: string },
): { readonly cause: ChangeCause; readonly words: string } | null {
  const offered = state.settings.vmTypes.find((vmType) => vmType.id === placed.vmTypeId);
  const name = configurationWords(placed);
  if (offered === undefined) {
    return {
      cause: "not-offered",
      words: `${placed.vmTypeId} is not offered${where === "" ? " in this variant" : where}`,
    };
  }
  if (offered.quotaNodes === 0)
    return { cause: "quota", words: `the quota of ${placed.vmTypeId} is 0${where}` };
  if (verdict === null) return null;
  switch (verdict.kind) {
    case "blocked-by-node-limit":
      return {
        cause: "node-limit",
        words: `${name} would need one more node${where}, and ${allRentedWords(verdict.maxNodes)}`,
      };
    case "blocked-by-quota":
      return {
        cause: "quota",
        words: `${name} would need one more node of that type${where}, and its quota is ${verdict.quotaNodes}`,
      };
    case "impossible":
      return { cause: "not-offered", words: `${name} cannot be had${where}: ${verdict.reason}` };
    case "chosen":
    case "worse":
    case "as-good":
    case "better":
      return null;
    default:
      return assertNever(verdict);
  }
}

/** Alternatives are equal only if objectives that measure the same are, or if moving back alone changes nothing. */
function equalAlternatives(
  first: DecidedVariant,
  other: DecidedVariant,
  verdicts: { readonly verdictInVariant: Verdict | null; readonly verdictInFirst: Verdict | null },
): string | null {
  const { proof } = first.plan;
  if (other.objectiveComparable && isSameAmount(proof.objective, other.plan.proof.objective))
    return `equal alternatives: both plans have a ${proof.objectiveName} of ${proof.objective.toPrecision(6)} ${proof.unit}`;
  const { verdictInVariant, verdictInFirst } = verdicts;
  return verdictInVariant?.kind === "as-good" && verdictInFirst?.kind === "as-good"
    ? "equal alternatives: either would be just as good in both plans"
    : null;
}

/** Without an obstacle or a datum of its own the job makes room for others or takes the room that they left. */
function followsOthers(first: DecidedVariant, other: DecidedVariant, verdict: Verdict | null): string {
  const { objectiveName, unit } = other.plan.proof;
  const back =
    verdict?.kind === "worse"
      ? `by itself, going back would worsen ${objectiveName} by ${verdict.objectiveLoss.toPrecision(3)} ${unit}`
      : verdict?.kind === "better"
        ? `by itself, going back would improve ${objectiveName} by ${verdict.objectiveGain.toPrecision(3)} ${unit}, within the gap left`
        : null;
  const change = other.objectiveComparable
    ? `the plan's ${objectiveName} changes by ${signed(other.plan.proof.objective - first.plan.proof.objective)} ${unit}`
    : null;
  return ["follows from what other jobs do", ...[back, change].filter((words) => words !== null)].join("; ");
}

const signed = (value: number): string => `${value >= 0 ? "+" : "−"}${Math.abs(value).toPrecision(3)}`;

function waitingWords(slackSeconds: number): string {
  return slackSeconds >= 0
    ? `waits, which its slack of ${timeWords(slackSeconds)} allows`
    : `waits, and is late by ${timeWords(-slackSeconds)} at the least`;
}
