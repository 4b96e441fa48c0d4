import { checkPoint } from "../milp/check-point.ts";
import type { MilpModel } from "../milp/milp-model.ts";
import type { SolveOutcome } from "../milp/solver-port.ts";

/** A solver's word is not taken: a point that breaks the model is a failure, and its bound is worth nothing. */
export function checkedOutcome(milpModel: MilpModel, outcome: SolveOutcome): SolveOutcome {
  if (outcome.kind !== "proven" && outcome.kind !== "incumbent") return outcome;
  const violation = checkPoint(milpModel, outcome.point)[0];
  if (violation === undefined) return outcome;
  return {
    kind: "failed",
    message: `point breaks ${violation.kind} ${violation.name} by ${violation.amount}`,
  };
}
