/** Makes the same decision under every variant, on copies: each goes through the one engine (planner/decide.ts), nothing is enacted. */
import { placements } from "../domain/allocation.ts";
import type { ClusterState } from "../domain/cluster-state.ts";
import type { Plan } from "../domain/plan.ts";
import type { DecisionMeans } from "../planner/decide.ts";
import { planFor } from "../planner/decide.ts";
import { applyVariant } from "./apply-variant.ts";
import { budgetRaises } from "./budget-raises.ts";
import type { BudgetRaises } from "./budget-raises.ts";
import type { ComparisonWatch } from "./comparison-watch.ts";
import { isStopped, UNWATCHED, watchPart } from "./comparison-watch.ts";
import type { DecisionDifference } from "./decision-differences.ts";
import { decisionDifference } from "./decision-differences.ts";
import type { DecisionFigures } from "./decision-figures.ts";
import { decisionFigures } from "./decision-figures.ts";
import type { MarginalValue } from "./marginal-values.ts";
import { marginalValues } from "./marginal-values.ts";
import { durationQualityNotes } from "./duration-quality.ts";
import { gainAtWorthsOf, hasSameWorths } from "./objective-comparability.ts";
import { plannedState } from "./planned-durations.ts";
import type { ComparisonBase, Variant, VariantCase } from "./variant.ts";

/** How every decision is made; the policy is the variant's, and each starts cold so that their order does not matter. */
export type ComparisonMeans = Omit<DecisionMeans, "policy" | "warmStart">;

/** What to compare. The first variant is what the others are compared with. */
export interface ComparisonRequest {
  readonly base: ComparisonBase;
  readonly variants: readonly Variant[];
  /** Whether to work out what one more of each limit is worth. */
  readonly marginals: "none" | "every-variant";
}

/** One variant, decided. */
export interface DecidedVariant {
  readonly case: VariantCase;
  /** The state that was decided on: with P90 durations if the variant plans with them. */
  readonly planned: ClusterState;
  readonly plan: Plan;
  readonly figures: DecisionFigures;
  /** Whether the plan's objective may be compared with the first variant's. */
  readonly objectiveComparable: boolean;
  readonly gainAtFirstWorthsPerHourUsd: number;
  /** What the same plan comes to if every running job takes its P90 duration: how much it is on the safe side. */
  readonly atP90: Pick<DecisionFigures, "tardinessSeconds" | "tardinessCostUsd">;
}

/** A decided variant beside the first one. */
export interface ComparedDecision extends DecidedVariant {
  /** null for the first variant. */
  readonly difference: DecisionDifference | null;
  /** null when nobody asked for them. */
  readonly marginals: readonly MarginalValue[] | null;
  /** null when nobody asked for them, or the policy has none. */
  readonly budgetRaises: BudgetRaises | null;
}

/** Decisions compared, or given up between two variants. */
export type DecisionComparison =
  | {
      readonly kind: "compared";
      readonly decidedAtSeconds: number;
      readonly variants: readonly ComparedDecision[];
    }
  | { readonly kind: "cancelled"; readonly variantsDone: number };

/** Share of the work that deciding is; the rest is looking for reasons and marginal values. */
const DECIDING_SHARE = 0.6;

/** Compares single decisions at the base's time. Throws before the first event, since there is no time to decide at. */
export async function compareDecisions(
  { base, variants, marginals }: ComparisonRequest,
  means: ComparisonMeans,
  watch: ComparisonWatch = UNWATCHED,
): Promise<DecisionComparison> {
  const decidedAtSeconds = base.state.nowSeconds;
  if (decidedAtSeconds === null)
    throw new Error("No event has happened yet, so there is no time to decide at");
  const cases = variants.map((variant) => applyVariant(base, variant));
  const [firstCase] = cases;
  if (firstCase === undefined) throw new RangeError("A comparison needs variants");
  const gain = gainAtWorthsOf(firstCase.state);
  const deciding = watchPart(watch, 0, DECIDING_SHARE);
  const decided: DecidedVariant[] = [];
  for (const own of cases) {
    if (await isStopped(watch)) return { kind: "cancelled", variantsDone: decided.length };
    deciding.onProgress?.(decided.length / cases.length, `deciding "${own.variant.name}"`);
    const planned = plannedState(own.state, own.plannedDurations);
    const plan = await planFor(planned, { ...means, policy: own.policy });
    const quality = durationQualityNotes(
      own.state.jobs.map(({ job }) => job),
      placements(plan.allocation),
    );
    decided.push({
      case: { ...own, notes: [...own.notes, ...quality] },
      planned,
      plan,
      figures: decisionFigures(own.state, plan),
      objectiveComparable: hasSameWorths(firstCase, own),
      gainAtFirstWorthsPerHourUsd: gain(own.state, plan),
      atP90: decisionFigures(plannedState(own.state, "P90"), plan),
    });
  }
  const explaining = watchPart(watch, DECIDING_SHARE, 1);
  const compared: ComparedDecision[] = [];
  for (const own of decided) {
    if (await isStopped(watch)) return { kind: "cancelled", variantsDone: compared.length };
    explaining.onProgress?.(compared.length / decided.length, `comparing "${own.case.variant.name}"`);
    const [first] = decided;
    const ownMeans = { ...means, policy: own.case.policy };
    compared.push({
      ...own,
      difference: first === undefined || own === first ? null : decisionDifference(first, own),
      marginals: marginals === "none" ? null : await marginalValues(own.planned, ownMeans),
      budgetRaises: marginals === "none" ? null : await budgetRaises(own.planned, ownMeans),
    });
  }
  explaining.onProgress?.(1, "done");
  return { kind: "compared", decidedAtSeconds, variants: compared };
}
