/** Works out a comparison that was asked for over HTTP; the engine is that of `berth compare`. */
import type { ReferenceData } from "../../catalog/reference-data.ts";
import { shippedVmTypes } from "../../catalog/shipped-catalog.ts";
import { compareDecisions } from "../../comparison/compare-decisions.ts";
import type { HorizonRunner } from "../../comparison/compare-horizons.ts";
import { compareHorizons } from "../../comparison/compare-horizons.ts";
import type { ComparisonWatch } from "../../comparison/comparison-watch.ts";
import { millisecondsToSeconds } from "../../domain/units.ts";
import type { SolverPort } from "../../milp/solver-port.ts";
import { variantsOf } from "../../report/comparison-variants.ts";
import type { ComparisonView } from "../../report/comparison-view.ts";
import { decisionComparisonView } from "../../report/decision-comparison-view.ts";
import { horizonComparisonView } from "../../report/horizon-comparison-view.ts";
import { baseOfInput, networksOfInput } from "./comparison-input.ts";
import type { ComparisonInput } from "./comparison-input.ts";

const SEED = 1;
/** A decision is proven optimal, or stops after so long with the gap that it has then. */
const DECISION_LIMITS = { relativeGap: 0, maxTreeNodes: null, deadlineSeconds: 60, seed: SEED };
/** No clock stops the decisions of a horizon, so that it can be repeated. */
const HORIZON_LIMITS = { relativeGap: 1e-3, maxTreeNodes: 2000, seed: SEED };

/** Throws InvalidInput where a variant names what is not there. Nothing cancels it but the end of its thread. */
export async function compareInput(
  input: ComparisonInput,
  means: { readonly reference: ReferenceData; readonly solver: SolverPort; readonly run: HorizonRunner },
  watch: ComparisonWatch,
): Promise<ComparisonView> {
  const { reference, solver, run } = means;
  const base = baseOfInput(input);
  const variants = variantsOf(input.variants, {
    reference,
    networks: networksOfInput(input),
    base,
    vmTypesOf: (catalog, region) => shippedVmTypes(catalog, region, reference.gpus),
    source: "body",
  });
  const request = { base, variants, marginals: input.marginals };
  if (input.mode === "decision") {
    const clock = (): number => millisecondsToSeconds(performance.now());
    const compared = await compareDecisions(request, { solver, clock, limits: DECISION_LIMITS }, watch);
    if (compared.kind === "cancelled") throw new Error("Nobody cancels within the thread");
    return decisionComparisonView(compared);
  }
  const compared = await compareHorizons(request, { run, limits: HORIZON_LIMITS }, watch);
  if (compared.kind === "cancelled") throw new Error("Nobody cancels within the thread");
  return horizonComparisonView(compared);
}
