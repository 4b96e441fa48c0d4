import { afterAll, expect, it } from "vitest";
import { times } from "../../src/milp/linear-expression.ts";
import type { MilpModel } from "../../src/milp/milp-model.ts";
import { atMost, binary, equal } from "../../src/milp/milp-model.ts";
import { highsSolver } from "../../src/solver/highs-solver.ts";
import { EXACT } from "../support/limits.ts";

const solver = highsSolver({ threads: 1 });
afterAll(() => solver.close());

const knapsack: MilpModel = {
  name: "knapsack",
  columns: [binary("x", -3), binary("y", -2)],
  rows: [atMost("capacity", [...times(2, 0), ...times(1, 1)], 2.5)],
};

it("lets no integer cheat: HiGHS's own tolerance of 1e-6 would give −24.833336 here instead of −24.833333", async () => {
  const column = (upper: number, cost: number, domain: "integer" | "continuous") =>
    ({ lower: 0, upper, domain, cost }) as const;
  const model: MilpModel = {
    name: "found by test/contract",
    columns: [
      column(3, 5, "integer"),
      column(1, -4, "integer"),
      column(1, -3, "integer"),
      column(4, 1, "continuous"),
      column(7, -3, "continuous"),
    ].map((entry, index) => ({ ...entry, name: `c${index}` })),
    rows: [
      equal(
        "r0",
        [4, -5, 9, 6, 3].flatMap((coefficient, index) => times(coefficient, index)),
        17,
      ),
    ],
  };
  const outcome = await solver.solve(model, EXACT);
  expect(outcome.kind === "proven" ? outcome.objective : NaN).toBeCloseTo(-24 - 5 / 6, 8);
});

it("counts the time in the queue: of more calls than threads each is answered, and the pool lives on", async () => {
  const outcomes = await Promise.all(
    Array.from({ length: 6 }, () => solver.solve(knapsack, { ...EXACT, deadlineSeconds: 1e-6 })),
  );
  for (const outcome of outcomes) expect(["proven", "incumbent", "no-incumbent"]).toContain(outcome.kind);
  expect(await solver.solve(knapsack, EXACT)).toMatchObject({ kind: "proven", objective: -3 });
});

it("starts no worker again after it was closed", async () => {
  const closed = highsSolver({ threads: 1 });
  await closed.solve(knapsack, EXACT);
  await closed.close();
  expect(await closed.solve(knapsack, EXACT)).toMatchObject({ kind: "failed" });
});
