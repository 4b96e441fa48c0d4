/**
 * What one more of each limit is worth to a decision (a node, a node of one VM type, a dollar per hour, a vCPU of a quota), twice:
 *
 *   price      L(λ*; b) − L(λ*; b + 1)      the dual price (limit-prices.ts), λ* maximising the Lagrangian L under the limits b
 *   re-solved  cost(b) − cost(b + 1)        the decision is made again with the limit raised; every worth stays as it is, though one more node makes work less urgent
 *
 * L(λ*; b + 1) ≤ cost of every plan under b + 1, so that re-solving gains at most price + (cost(b) − L(λ*; b)): by more than the duality gap no re-solved value
 * exceeds its price. It may fall short, since nodes are whole. Either is in the unit of the objective; costs are minimised inside.
 */
import type { Allocation } from "../domain/allocation.ts";
import type { ClusterState } from "../domain/cluster-state.ts";
import type { VmTypeId } from "../domain/ids.ts";
import type { LimitUnit } from "../domain/node-limit.ts";
import type { Proof } from "../domain/plan.ts";
import type { PlanningProblem } from "../domain/planning-problem.ts";
import type { SeparableObjective } from "../formulation/objective.ts";
import { inOwnSense, isSeparable } from "../formulation/objective.ts";
import type { DecisionMeans } from "../planner/decide.ts";
import { choose } from "../planner/decide.ts";
import { posePolicy } from "../planner/policy.ts";
import { pose } from "../planner/pose.ts";
import { limitPrices } from "./limit-prices.ts";
import type { RaisableLimit } from "./raisable-limits.ts";
import { isUsedUp, mayBind, raisableLimits, usedOf } from "./raisable-limits.ts";
import type { Resolved } from "./resolved-decision.ts";
import { resolveSeparable } from "./resolved-decision.ts";

/** The worth of one more of a limit, in the objective's unit; at least 0, since nobody has to use it. */
export interface MarginalValue {
  readonly kind: RaisableLimit["kind"];
  readonly limitId: string;
  readonly vmTypeId: VmTypeId | null;
  /** For people, for example "one more node". */
  readonly words: string;
  readonly amount: number;
  readonly amountUnit: LimitUnit;
  /** Whether what is left of it is too little for one more node that counts. */
  readonly isUsedUp: boolean;
  /** Of what one more is worth; the amount has its own. */
  readonly unit: Proof["unit"];
  /** null where the policy has no prices. */
  readonly dualPrice: number | null;
  readonly resolvedGain: number;
  /** What the proofs of both decisions leave open: the true gain is within this of the re-solved one; null where one has no bound. */
  readonly gainUncertainty: number | null;
  /** Why the two agree or differ. */
  readonly remark: string;
}

/** Amounts below this are rounding where a policy has no prices to compare with, in its unit. */
const ROUNDING = 1e-7;
/** Price and gain are equal within this share: decisions stop at equal costs of 10⁻⁶ (planner/settle.ts). */
const SAME_VALUE = 1e-5;

/** Marginal values at a state's decision: of one more node, of one more dollar per hour, and of every other limit that is used up or has a price. */
export async function marginalValues(
  state: ClusterState,
  means: DecisionMeans,
): Promise<readonly MarginalValue[]> {
  const problem = pose(state);
  if (problem.jobs.length === 0) return [];
  const solver = resolver(problem, means);
  const now = await solver.solve(problem, []);
  const values: MarginalValue[] = [];
  for (const limit of raisableLimits(problem)) {
    const dualPrice = solver.dualPrice(limit);
    const used = usedOf(limit, now.allocation.nodes);
    if (!isTold(limit, { used, dualPrice, rounding: solver.rounding })) continue;
    const then = await solver.solve(limit.raise(problem), [now.allocation]);
    const gain = now.cost - then.cost;
    const resolvedGain = gain > solver.rounding ? gain : 0;
    const open = now.gap === null || then.gap === null ? null : now.gap + then.gap;
    const gainUncertainty = open !== null && open <= solver.rounding ? 0 : open;
    values.push({
      kind: limit.kind,
      limitId: limit.limitId,
      vmTypeId: limit.vmTypeId,
      words: limit.words,
      amount: limit.amount,
      amountUnit: limit.amountUnit,
      isUsedUp: isUsedUp(limit, used),
      unit: solver.unit,
      dualPrice,
      resolvedGain,
      gainUncertainty,
      remark: remark({
        dualPrice,
        resolvedGain,
        gainUncertainty,
        rounding: solver.rounding,
        policy: means.policy,
      }),
    });
  }
  return values;
}

/** Nodes and money are asked for whether they are scarce or not. Without prices a limit counts that leaves some VM type no room. */
function isTold(
  limit: RaisableLimit,
  at: { readonly used: number; readonly dualPrice: number | null; readonly rounding: number },
): boolean {
  if (limit.kind === "nodes" || limit.amountUnit === "USD per hour" || isUsedUp(limit, at.used)) return true;
  return at.dualPrice === null ? mayBind(limit, at.used) : at.dualPrice > at.rounding;
}

interface Resolver {
  readonly unit: Proof["unit"];
  readonly rounding: number;
  readonly dualPrice: (limit: RaisableLimit) => number | null;
  /** `known` are further plans that are feasible. */
  readonly solve: (problem: PlanningProblem, known: readonly Allocation[]) => Promise<Resolved>;
}

function resolver(problem: PlanningProblem, means: DecisionMeans): Resolver {
  const { objective, rule } = posePolicy(means.policy, problem, means.limits.seed);
  if (rule === null && isSeparable(objective)) return pricedResolver(problem, objective, means);
  return {
    unit: objective.unit,
    rounding: ROUNDING,
    dualPrice: () => null,
    solve: async (posed) => {
      const { allocation, proof } = await choose(posed, means);
      // At the worths of the decision as it is: the proof's are those of the raised limit.
      const cost = objective.costOf(allocation);
      const bound = proof.bound === null ? null : inOwnSense(objective, proof.bound);
      return { allocation, cost, gap: bound === null ? null : Math.max(0, cost - bound) };
    },
  };
}

function pricedResolver(
  problem: PlanningProblem,
  objective: SeparableObjective,
  means: DecisionMeans,
): Resolver {
  const { priceOf, rounding } = limitPrices(problem, objective, null);
  return {
    unit: objective.unit,
    rounding,
    dualPrice: priceOf,
    solve: (posed, known) => resolveSeparable(posed, objective, { means, known }),
  };
}

function remark(args: {
  readonly dualPrice: number | null;
  readonly resolvedGain: number;
  readonly gainUncertainty: number | null;
  readonly rounding: number;
  readonly policy: string;
}): string {
  const { dualPrice, resolvedGain, rounding } = args;
  if (dualPrice === null) return `Policy ${args.policy} has no prices; decided again with one more.`;
  if (dualPrice === 0 && resolvedGain === 0) return "Not scarce: one more brings nothing.";
  const difference = resolvedGain - dualPrice;
  if (Math.abs(difference) <= (args.gainUncertainty ?? 0) + rounding + SAME_VALUE * dualPrice)
    return "The price and deciding again agree within the gap.";
  return difference < 0
    ? "They differ because nodes are whole: the price is that of a fraction of a node put to its best use, and a whole one finds less to do."
    : "They differ because nodes are whole: a whole node makes a better plan possible than the price of a fraction promises.";
}
