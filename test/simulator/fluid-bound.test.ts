import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { atLeast, columnList, equal } from "../../src/milp/milp-model.ts";
import { asPredicted } from "../../src/simulator/actual-durations.ts";
import type { PureRun } from "../../src/simulator/fluid-bound.ts";
import { fluidBoundUsd, jobFluidBoundUsd } from "../../src/simulator/fluid-bound.ts";
import { javascriptLpSolver } from "../../src/solver/javascript-lp-solver.ts";
import { EXACT } from "../support/limits.ts";
import { SETTINGS, testJob } from "../support/simulation.ts";

const terms = (dueAtSeconds: number, tardinessCostPerSecondUsd: number) => ({
  submittedAtSeconds: 0,
  dueAtSeconds,
  tardinessCostPerSecondUsd,
});

describe("jobFluidBoundUsd", () => {
  const runs: readonly PureRun[] = [
    { durationSeconds: 100, rentUsd: 10 },
    { durationSeconds: 300, rentUsd: 4 },
  ];

  test("without pressure the cheapest configuration counts", () => {
    expect(jobFluidBoundUsd(terms(1000, 1), runs)).toBe(4);
  });

  test("where the due date binds, a mixture beats both configurations", () => {
    // Half of the work in each takes exactly 200 s and costs 7; fast alone costs 10, slow alone 4 + 100.
    expect(jobFluidBoundUsd(terms(200, 1), runs)).toBeCloseTo(7, 12);
  });

  test("a low weight makes lateness cheaper than speed", () => {
    expect(jobFluidBoundUsd(terms(200, 0.001), runs)).toBeCloseTo(4.1, 12);
  });

  test("a due date that nothing meets leaves the best single configuration", () => {
    expect(jobFluidBoundUsd(terms(50, 1), runs)).toBe(60);
  });

  test("equals its linear program, solved by javascript-lp-solver", async () => {
    const solver = javascriptLpSolver();
    const run = fc.record({
      durationSeconds: fc.integer({ min: 1, max: 500 }),
      rentUsd: fc.integer({ min: 1, max: 100 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(run, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 600 }),
        fc.integer({ min: 0, max: 30 }),
        async (drawn, due, weight) => {
          const columns = columnList();
          const shares = drawn.map((entry, index) => ({
            entry,
            column: columns.add({
              name: `f${index}`,
              lower: 0,
              upper: Infinity,
              domain: "continuous",
              cost: entry.rentUsd,
            }),
          }));
          const late = columns.add({
            name: "late",
            lower: 0,
            upper: Infinity,
            domain: "continuous",
            cost: weight / 10,
          });
          const rows = [
            equal(
              "work",
              shares.map(({ column }) => ({ column, coefficient: 1 })),
              1,
            ),
            atLeast(
              "due",
              [
                { column: late, coefficient: 1 },
                ...shares.map(({ entry, column }) => ({ column, coefficient: -entry.durationSeconds })),
              ],
              -due,
            ),
          ];
          const outcome = await solver.solve({ name: "fluid", columns: columns.all(), rows }, EXACT);
          expect(outcome.kind).toBe("proven");
          const objective = outcome.kind === "proven" ? outcome.objective : NaN;
          expect(jobFluidBoundUsd(terms(due, weight / 10), drawn)).toBeCloseTo(objective, 5);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("fluidBoundUsd", () => {
  const job = testJob("a", { seconds: { "small 1": 3600, "big 1": 3600, "big 4": 1800 } });

  test("a job pays for its share of a full node", () => {
    // small: 1 USD; big with one GPU: 2 · 1/4 = 0.5 USD; big with four: 1 USD.
    expect(fluidBoundUsd({ ...SETTINGS, jobs: [job, { ...job }], actualSeconds: asPredicted })).toBeCloseTo(
      1,
      12,
    );
  });

  test("VM types that may not be rented do not count", () => {
    const vmTypes = SETTINGS.vmTypes.map((vmType) =>
      vmType.id === "big" ? { ...vmType, quotaNodes: 0 } : vmType,
    );
    expect(fluidBoundUsd({ ...SETTINGS, vmTypes, jobs: [job], actualSeconds: asPredicted })).toBeCloseTo(
      1,
      12,
    );
  });
});
