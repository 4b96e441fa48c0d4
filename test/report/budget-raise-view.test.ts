import { parse } from "csv-parse/sync";
import { afterAll, describe, expect, it } from "vitest";
import { compareDecisions } from "../../src/comparison/compare-decisions.ts";
import { budgetRaisesText } from "../../src/report/budget-raise-view.ts";
import { marginalValuesCsv } from "../../src/report/comparison-csv.ts";
import { comparisonText } from "../../src/report/comparison-table.ts";
import { comparisonViewSchema } from "../../src/report/comparison-view.ts";
import { decisionComparisonView } from "../../src/report/decision-comparison-view.ts";
import { highsSolver } from "../../src/solver/highs-solver.ts";
import { variant } from "../support/comparison.ts";
import { EXACT } from "../support/limits.ts";
import { testVmType } from "../support/random-problem.ts";
import { clusterJob, clusterWith } from "../support/written-cluster.ts";

const solver = highsSolver({ threads: 1 });
afterAll(() => solver.close());

const vmTypes = [
  testVmType("fast", { gpuCount: 1, pricePerHourUsd: 4 }),
  testVmType("slow", { gpuCount: 1, pricePerHourUsd: 1 }),
];
/** 2 h on the slow type for 2 USD, 1 h and a second on the fast one for 4.00111…: due before the slow one ends. */
const late = clusterJob("late", { slow: [7200], fast: [3601] }, { dueInSeconds: 5400, budgetUsd: 3 });
const state = clusterWith({ vmTypes, jobs: [late] });
const compared = await compareDecisions(
  {
    base: { state, arrivals: [], policy: "progress-value" },
    variants: [variant("as it is"), { ...variant("by rule"), policy: "edf" }],
    marginals: "every-variant",
  },
  { solver, limits: EXACT },
);
if (compared.kind === "cancelled") throw new Error("cancelled");
const view = decisionComparisonView(compared);
const raises = view.variants[0]?.budgetRaises;

describe("raises of jobs' budgets", () => {
  it("are what their schema says; a rule has none, and results from before have none", () => {
    expect(raises).toMatchObject({
      boundJobs: 1,
      triedJobs: 1,
      raises: [{ jobId: "late", budgetUsd: 3, from: { vmType: "slow", gpus: 1 }, to: { vmType: "fast" } }],
    });
    expect(view.variants[1]?.budgetRaises).toBeNull();
    expect(comparisonViewSchema.parse(JSON.parse(JSON.stringify(view)))).toEqual(view);
    const before = view.variants.map((decided) => ({ ...decided, budgetRaises: undefined }));
    expect(comparisonViewSchema.parse({ ...view, variants: before })).toMatchObject({
      variants: [{ budgetRaises: null }, { budgetRaises: null }],
    });
  });

  it("as CSV are rows beside those of limits", () => {
    const rows: readonly Readonly<Record<string, string>>[] = parse(marginalValuesCsv(view), {
      columns: true,
    });
    expect(rows.find(({ kind }) => kind === "job-budget")).toMatchObject({
      variant: "as it is",
      limitId: "budget-usd late",
      words: "the budget of late raised to 4.0012 USD",
      amount: "3",
      amountUnit: "USD",
      dualPrice: "",
      resolvedGain: String(raises?.raises[0]?.gain),
    });
  });

  it("as text say the budget that is enough, and how many jobs were left out", () => {
    expect(comparisonText(view, 20)).toMatch(/late +│ +3\.0000 │ +4\.0012 │ 1 × slow │ 1 × fast/);
    const none = { boundJobs: 12, triedJobs: 10, raises: [] };
    expect(budgetRaisesText(none)).toEqual([
      "12 jobs could run elsewhere with a larger budget; 10 were tried, 2 left out, 0 would make a better plan.",
    ]);
    expect(budgetRaisesText({ ...none, boundJobs: 0, triedJobs: 0 })).toEqual([]);
  });
});
