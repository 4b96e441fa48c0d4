/** A comparison as JSON: for `POST /v1/comparisons` and for the command line's `--json`. */
import { z } from "zod";
import type { DecisionComparisonView } from "./decision-comparison-view.ts";
import { decisionComparisonSchema } from "./decision-comparison-view.ts";
import type { HorizonComparisonView } from "./horizon-comparison-view.ts";
import { horizonComparisonSchema } from "./horizon-comparison-view.ts";

/** JSON form of a comparison. */
export const comparisonViewSchema = z
  .discriminatedUnion("mode", [decisionComparisonSchema, horizonComparisonSchema])
  .meta({
    id: "Comparison",
    description: "Variants beside each other, and what each does otherwise than the first.",
  });

export type ComparisonView = DecisionComparisonView | HorizonComparisonView;
