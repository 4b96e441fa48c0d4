/** What every solver behind SolverPort must do, whatever it is made of. */
import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { checkPoint } from "../../src/milp/check-point.ts";
import type { MilpModel } from "../../src/milp/milp-model.ts";
import { atLeast, atMost, binary, equal, objectiveAt } from "../../src/milp/milp-model.ts";
import type { SolveOutcome, SolverPort } from "../../src/milp/solver-port.ts";
import { times } from "../../src/milp/linear-expression.ts";
import { bruteForceSolver } from "../../src/solver/brute-force-solver.ts";
import { highsSolver } from "../../src/solver/highs-solver.ts";
import { javascriptLpSolver } from "../../src/solver/javascript-lp-solver.ts";
import { EXACT } from "../support/limits.ts";
import { boundedMilp } from "../support/random-milp.ts";
import { seeded } from "../support/seed.ts";

const highs = highsSolver({ threads: 2 });
const bruteForce = bruteForceSolver();
const solvers: readonly SolverPort[] = [highs, javascriptLpSolver(), bruteForce];
afterAll(() => Promise.all(solvers.map((solver) => solver.close())));

const optimum = (outcome: SolveOutcome): number | string =>
  outcome.kind === "proven" ? outcome.objective : outcome.kind;
/** javascript-lp-solver rounds its point to 8 decimals. */
const PRECISION = 1e-6;

const empty: MilpModel = { name: "empty", columns: [], rows: [] };
const continuous = (name: string, cost: number, upper: number) =>
  ({ name, lower: 0, upper, domain: "continuous", cost }) as const;
/** min −3x − 2y; 2x + y ≤ 3.5; x, y ∈ {0..2}: x = 0 and y = 2, or x = 1 and y = 1; the LP's optimum is −6.25. */
const knapsack: MilpModel = {
  name: "knapsack",
  columns: [
    { ...binary("x", -3), upper: 2 },
    { ...binary("y", -2), upper: 2 },
  ],
  rows: [atMost("capacity", [...times(2, 0), ...times(1, 1)], 3.5)],
};

describe.each(solvers)("$name", (solver) => {
  it("proves the optimum of a knapsack, with a bound", async () => {
    const outcome = await solver.solve(knapsack, EXACT);
    expect(outcome).toMatchObject({ kind: "proven", objective: -5, bound: -5, point: [1, 1] });
  });

  it("solves the empty model", async () => {
    expect(await solver.solve(empty, EXACT)).toEqual({ kind: "proven", point: [], objective: 0, bound: 0 });
  });

  it("solves a model without rows", async () => {
    const model: MilpModel = { ...knapsack, rows: [] };
    expect(await solver.solve(model, EXACT)).toMatchObject({ kind: "proven", objective: -10, bound: -10 });
  });

  it("says infeasible of integers, of a continuous model, and of both", async () => {
    const halves = equal("halves", times(2, 0), 1);
    const above = atLeast("above", times(1, 1), 9);
    for (const model of [
      { ...knapsack, rows: [halves] },
      { ...knapsack, rows: [above] },
      { name: "lp", columns: [continuous("x", 1, 2), continuous("y", 1, 2)], rows: [above] },
      { name: "mixed", columns: [binary("x", 1), continuous("y", 1, 2)], rows: [halves] },
    ]) {
      expect(await solver.solve(model, EXACT)).toEqual({ kind: "infeasible" });
    }
  });

  it("states a bound of a model without integers that is its optimum, not 0", async () => {
    const model: MilpModel = {
      name: "lp",
      columns: [continuous("x", -2, 3)],
      rows: [atMost("half", times(2, 0), 3)],
    };
    expect(await solver.solve(model, EXACT)).toMatchObject({ kind: "proven", objective: -3, bound: -3 });
  });

  it("begins at a feasible start, and does not mind an infeasible or a suboptimal one", async () => {
    for (const start of [
      [1, 1],
      [0, 0],
      [2, 2],
      [0.5, 0.5],
    ]) {
      expect(optimum(await solver.solve(knapsack, EXACT, start))).toBe(-5);
    }
  });

  it("answers equal input with equal output", async () => {
    const [model] = fc.sample(boundedMilp({ integers: 4, continuous: 1, maxRows: 2 }), {
      numRuns: 1,
      seed: 4,
    });
    if (model === undefined) throw new Error("no model");
    const first = await solver.solve(model, EXACT);
    expect(await solver.solve(model, EXACT)).toEqual(first);
  });

  it("answers many calls at once, each its own", async () => {
    const models = [1, 2, 3, 4, 5, 6].map((factor): MilpModel => ({
      ...knapsack,
      columns: knapsack.columns.map((column) => ({ ...column, cost: column.cost * factor })),
    }));
    const outcomes = await Promise.all(models.map((model) => solver.solve(model, EXACT)));
    expect(outcomes.map(optimum)).toEqual([-5, -10, -15, -20, -25, -30]);
  });
});

describe("all solvers agree with brute force", () => {
  // Batches keep both workers of HiGHS busy.
  const BATCH = 5;
  it.each([
    { what: "pure-integer", size: { integers: 4, continuous: 0, maxRows: 4 }, runs: 400 },
    { what: "mixed", size: { integers: 3, continuous: 2, maxRows: 3 }, runs: 300 },
    { what: "continuous", size: { integers: 0, continuous: 3, maxRows: 4 }, runs: 200 },
  ])(
    "on $what models: the same optimum at a feasible point, and a bound no higher",
    async ({ size, runs }) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(boundedMilp(size), { minLength: BATCH, maxLength: BATCH }),
          async (models) => {
            await Promise.all(models.map(agree));
          },
        ),
        seeded(runs / BATCH),
      );
    },
  );

  async function agree(model: MilpModel): Promise<void> {
    const expected = optimum(await bruteForce.solve(model, EXACT));
    for (const solver of solvers) {
      const outcome = await solver.solve(model, EXACT);
      if (outcome.kind !== "proven" || typeof expected === "string") {
        expect(`${solver.name}: ${optimum(outcome)}`).toBe(`${solver.name}: ${expected}`);
        continue;
      }
      const slack = PRECISION * Math.max(1, Math.abs(expected));
      expect(Math.abs(outcome.objective - expected), solver.name).toBeLessThanOrEqual(slack);
      expect(checkPoint(model, outcome.point)).toEqual([]);
      expect(Math.abs(objectiveAt(model, outcome.point) - outcome.objective)).toBeLessThanOrEqual(slack);
      expect(outcome.bound, solver.name).not.toBeNull();
      expect(outcome.bound ?? Infinity).toBeLessThanOrEqual(expected + slack);
    }
  }
});

/** Market split (Cornuéjols and Dawande 1998): halve six weights of forty items at once; no branch and bound proves it in reasonable time. */
const marketSplit: MilpModel = (() => {
  const rows = 6;
  const items = 40;
  // A linear congruential generator (Park and Miller), so that the weights have no structure and are the same everywhere.
  let state = 2019;
  const weight = (): number => {
    state = (state * 48_271) % 2_147_483_647;
    return (state % 100) + 1;
  };
  const columns = [
    ...Array.from({ length: items }, (_, item) => binary(`x[${item}]`, 0)),
    ...Array.from({ length: rows }, (_, row) => [
      continuous(`over[${row}]`, 1, Infinity),
      continuous(`under[${row}]`, 1, Infinity),
    ]).flat(),
  ];
  return {
    name: "market split",
    columns,
    rows: Array.from({ length: rows }, (_, row) => {
      const weights = Array.from({ length: items }, weight);
      const half = Math.floor(weights.reduce((a, b) => a + b, 0) / 2);
      const terms = weights.flatMap((value, item) => times(value, item));
      return equal(
        `split[${row}]`,
        [...terms, ...times(-1, items + 2 * row), ...times(1, items + 2 * row + 1)],
        half,
      );
    }),
  };
})();

describe("highs, limits", () => {
  it("stops at its node limit with what it has, and a bound below it", async () => {
    const outcome = await highs.solve(marketSplit, { ...EXACT, maxTreeNodes: 1 });
    expect(outcome).toMatchObject({ kind: "incumbent", reason: "node-limit" });
    if (outcome.kind !== "incumbent") return;
    expect(checkPoint(marketSplit, outcome.point)).toEqual([]);
    expect(outcome.bound ?? Infinity).toBeLessThan(outcome.objective);
  });

  it("is at least as good as a feasible start when it stops early", async () => {
    const { columns, rows } = marketSplit;
    // Nothing chosen: each split is short by its right side.
    const start = columns.map((column) => {
      const row = rows.find(({ name }) => column.name === name.replace("split", "under"));
      return row === undefined ? 0 : row.upper;
    });
    expect(checkPoint(marketSplit, start)).toEqual([]);
    const outcome = await highs.solve(marketSplit, { ...EXACT, maxTreeNodes: 1 }, start);
    expect(outcome.kind === "incumbent" ? outcome.objective : NaN).toBeLessThanOrEqual(
      objectiveAt(marketSplit, start),
    );
  });

  it("answers at its deadline and can be used afterwards", async () => {
    for (const deadlineSeconds of [0.001, 0.3]) {
      const outcome = await highs.solve(marketSplit, { ...EXACT, deadlineSeconds });
      expect(["incumbent", "no-incumbent"]).toContain(outcome.kind);
      if (outcome.kind === "incumbent" || outcome.kind === "no-incumbent") {
        expect(["deadline", "time-limit"]).toContain(outcome.reason);
      }
      expect(optimum(await highs.solve(knapsack, EXACT))).toBe(-5);
    }
  });

  it("does not take a deadline beyond what a timer can hold for one that has passed", async () => {
    expect(optimum(await highs.solve(knapsack, { ...EXACT, deadlineSeconds: 1e9 }))).toBe(-5);
  });

  it("says failed of an unbounded model", async () => {
    const model: MilpModel = { name: "unbounded", columns: [continuous("x", -1, Infinity)], rows: [] };
    expect(await highs.solve(model, EXACT)).toMatchObject({ kind: "failed" });
  });
});

describe("javascript-lp-solver, what it does not do", () => {
  const solver = javascriptLpSolver();
  it.each<[string, MilpModel, string]>([
    [
      "a negative lower bound",
      { name: "m", columns: [{ ...continuous("x", 1, 5), lower: -1 }], rows: [] },
      "column x has a negative lower bound",
    ],
    [
      "an unbounded model",
      { name: "m", columns: [continuous("x", -1, Infinity)], rows: [] },
      "the model is unbounded",
    ],
    [
      "more columns than it should",
      { name: "m", columns: Array.from({ length: 2001 }, (_, index) => binary(`x${index}`, 1)), rows: [] },
      "2001 columns, at most 2000 are taken",
    ],
  ])("answers failed to %s", async (_, model, message) => {
    expect(await solver.solve(model, EXACT)).toEqual({ kind: "failed", message });
  });

  it("takes no answer that used up the deadline: it may be fractional", async () => {
    const outcome = await solver.solve(marketSplit, { ...EXACT, deadlineSeconds: 0.05 });
    expect(outcome).toEqual({ kind: "no-incumbent", bound: null, reason: "deadline" });
  });
});

describe("brute force, what it does not do", () => {
  it("answers failed to what it cannot enumerate", async () => {
    const wide: MilpModel = {
      ...knapsack,
      columns: knapsack.columns.map((column) => ({ ...column, upper: 5000 })),
    };
    const open: MilpModel = {
      ...knapsack,
      columns: knapsack.columns.map((column) => ({ ...column, upper: Infinity })),
    };
    for (const model of [marketSplit, wide, open]) {
      expect(await bruteForce.solve(model, EXACT)).toMatchObject({ kind: "failed" });
    }
  });
});
