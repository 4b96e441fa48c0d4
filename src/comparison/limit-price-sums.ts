/** Adds up the dual prices of limits over the decisions of a horizon: price times the hours that the decision held. */
import { secondsToHours } from "../domain/units.ts";
import { isSeparable } from "../formulation/objective.ts";
import type { Decision } from "../planner/decide.ts";
import type { PolicyName } from "../planner/policy.ts";
import { posePolicy } from "../planner/policy.ts";
import { pose } from "../planner/pose.ts";
import { limitPrices } from "./limit-prices.ts";
import { raisableLimits } from "./raisable-limits.ts";

/** One limit's price over a horizon. */
export interface PriceSum {
  readonly limitId: string;
  /** USD of an objective that is in USD per hour. */
  readonly sumUsd: number;
}

/** Is told of every decision; the sums are null where the policy has no prices in USD per hour. */
export interface PriceSums {
  readonly record: (decision: Decision) => void;
  readonly sums: () => readonly PriceSum[] | null;
}

/** Prices of the decision that holds. */
interface Held {
  readonly atSeconds: number;
  readonly rows: readonly (Omit<PriceSum, "sumUsd"> & { readonly pricePerHourUsd: number })[];
}

/** Sums for a horizon under a policy. Each decision's dual is maximised once more, from its own prices. */
export function limitPriceSums(policy: PolicyName): PriceSums {
  const sums = new Map<string, PriceSum>();
  let held: Held | null = null;
  let isPriced = true;
  return {
    record: ({ state, plan, warmStart }) => {
      if (held !== null) addUp(sums, held, plan.decidedAtSeconds);
      held = null;
      const problem = pose(state);
      const { objective, rule } = posePolicy(policy, problem);
      if (rule !== null || !isSeparable(objective) || objective.unit !== "USD per hour") isPriced = false;
      else if (problem.jobs.length > 0) {
        const { priceOf } = limitPrices(problem, objective, warmStart ?? null);
        held = {
          atSeconds: plan.decidedAtSeconds,
          rows: raisableLimits(problem).map((limit) => ({
            limitId: limit.limitId,
            pricePerHourUsd: priceOf(limit),
          })),
        };
      }
    },
    sums: () => (isPriced ? [...sums.values()] : null),
  };
}

function addUp(sums: Map<string, PriceSum>, { atSeconds, rows }: Held, untilSeconds: number): void {
  const hours = secondsToHours(untilSeconds - atSeconds);
  for (const { limitId, pricePerHourUsd } of rows)
    sums.set(limitId, { limitId, sumUsd: (sums.get(limitId)?.sumUsd ?? 0) + pricePerHourUsd * hours });
}
