/** The decision pipeline on thousands of random problems: what it claims is compared with brute force over plans and with HiGHS on whole models. */
import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { checkAllocation } from "../../src/domain/check-allocation.ts";
import { jobId } from "../../src/domain/ids.ts";
import type { Proof } from "../../src/domain/plan.ts";
import type { PlanningProblem } from "../../src/domain/planning-problem.ts";
import { aggregated } from "../../src/formulation/aggregated.ts";
import { lagrangianDual, narrowedDual } from "../../src/formulation/lagrangian-dual.ts";
import { progressValueObjective } from "../../src/formulation/progress-value.ts";
import { slotTable } from "../../src/formulation/slot-table.ts";
import type { SolveLimits, SolverPort } from "../../src/milp/solver-port.ts";
import { choose } from "../../src/planner/choose.ts";
import type { WarmStart } from "../../src/planner/warm-start.ts";
import { highsSolver } from "../../src/solver/highs-solver.ts";
import { leastCost } from "../support/every-allocation.ts";
import { EXACT } from "../support/limits.ts";
import { planningProblem } from "../support/random-problem.ts";
import { seeded } from "../support/seed.ts";

const highs = highsSolver({ threads: 1 });
afterAll(() => highs.close());

/** A machine on which WASM does not load. */
const noSolver: SolverPort = {
  name: "none",
  solve: () => Promise.resolve({ kind: "failed", message: "WebAssembly is not available" }),
  close: () => Promise.resolve(),
};

/** Small enough to enumerate; odd GPU counts, quotas, twins, zero nodes, one job, jobs that never pay: random-problem.ts draws them all. */
const SMALL = { maxJobs: 4, maxNodes: 2, maxVmTypes: 3, gpuCounts: [1, 2, 3, 4, 5, 7] };
/** Too large to enumerate, small enough for HiGHS on the whole model. */
const MEDIUM = { maxJobs: 14, maxNodes: 5, maxVmTypes: 4, gpuCounts: [1, 2, 3, 4, 6, 7, 8] };

const tolerance = (value: number): number => 1e-6 * Math.max(1, Math.abs(value));

/** Cost and bound of a proof, both to be minimised. */
function minimised(proof: Proof): { readonly cost: number; readonly bound: number } {
  if (proof.bound === null) throw new Error("a plan of the pipeline always has a bound");
  return { cost: 0 - proof.objective, bound: 0 - proof.bound };
}

async function decided(
  problem: PlanningProblem,
  solver: SolverPort,
  args: { readonly limits?: SolveLimits; readonly warmStart?: WarmStart } = {},
): Promise<Proof> {
  const { limits = EXACT, warmStart = null } = args;
  const { allocation, proof } = await choose(problem, {
    policy: "progress-value",
    solver,
    limits,
    warmStart,
  });
  expect(checkAllocation(problem, allocation)).toEqual([]);
  expect(minimised(proof).cost).toBeCloseTo(progressValueObjective(problem).costOf(allocation), 9);
  return proof;
}

describe("bound ≤ exact ≤ plan", () => {
  it("without a solver, against brute force", async () => {
    await fc.assert(
      fc.asyncProperty(planningProblem(SMALL), async (problem) => {
        const least = leastCost(problem, progressValueObjective(problem).costOf);
        const proof = await decided(problem, noSolver);
        const { cost, bound } = minimised(proof);
        expect(bound).toBeLessThanOrEqual(least + tolerance(least));
        expect(cost).toBeGreaterThanOrEqual(least - tolerance(least));
        if (proof.gap === 0) expect(Math.abs(cost - least)).toBeLessThanOrEqual(tolerance(least));
        expect(proof.stopReason).toBe(proof.gap === 0 ? "proven-optimal" : "solver-failed");
      }),
      seeded(600),
    );
  });

  it("with HiGHS, equal to brute force and proven", async () => {
    await fc.assert(
      fc.asyncProperty(planningProblem(SMALL), async (problem) => {
        const least = leastCost(problem, progressValueObjective(problem).costOf);
        const proof = await decided(problem, highs);
        const { cost, bound } = minimised(proof);
        expect(bound).toBeLessThanOrEqual(least + tolerance(least));
        expect(Math.abs(cost - least)).toBeLessThanOrEqual(tolerance(least));
        expect(proof.stopReason).toBe("proven-optimal");
      }),
      seeded(500),
    );
  });

  it("with HiGHS, equal to the whole aggregated model where brute force cannot go", async () => {
    await fc.assert(
      fc.asyncProperty(planningProblem(MEDIUM), async (problem) => {
        const { milpModel, objectiveOffset } = aggregated(problem, progressValueObjective(problem));
        const outcome = await highs.solve(milpModel, EXACT);
        if (outcome.kind !== "proven") throw new Error(outcome.kind);
        const least = outcome.objective + objectiveOffset;
        const { cost, bound } = minimised(await decided(problem, highs));
        expect(Math.abs(cost - least)).toBeLessThanOrEqual(tolerance(least));
        expect(bound).toBeLessThanOrEqual(least + tolerance(least));
      }),
      seeded(150),
    );
  });

  it("within the gap asked for", async () => {
    await fc.assert(
      fc.asyncProperty(planningProblem(MEDIUM), async (problem) => {
        const proof = await decided(problem, highs, { limits: { ...EXACT, relativeGap: 0.01 } });
        expect(proof.gap).toBeLessThanOrEqual(0.01);
        expect(["proven-optimal", "gap-reached"]).toContain(proof.stopReason);
      }),
      seeded(500),
    );
  });
});

describe("the Lagrangian bound", () => {
  const price = fc.double({ min: -3, max: 30, noNaN: true });

  it("holds at any prices, negative ones too", () => {
    fc.assert(
      fc.property(
        planningProblem(SMALL),
        fc.array(price, { minLength: 64, maxLength: 64 }),
        (problem, drawn) => {
          const objective = progressValueObjective(problem);
          const table = slotTable(problem, objective);
          const prices = Float64Array.from(drawn.slice(0, table.slotCount));
          const value = lagrangianDual(table).evaluate(prices, new Float64Array(table.slotCount));
          const least = leastCost(problem, objective.costOf);
          expect(value).toBeLessThanOrEqual(least + tolerance(least));
        },
      ),
      seeded(600),
    );
  });

  it("is the same with narrowed choices, wherever it is asked for", () => {
    const walk = fc.array(fc.array(price, { minLength: 64, maxLength: 64 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        planningProblem(MEDIUM),
        walk,
        fc.double({ min: 0.01, max: 40, noNaN: true }),
        (problem, points, width) => {
          const table = slotTable(problem, progressValueObjective(problem));
          const narrowed = narrowedDual(table, { stride: 1, width });
          const exact = lagrangianDual(table);
          for (const drawn of points) {
            const prices = Float64Array.from(drawn.slice(0, table.slotCount));
            const [a, b] = [new Float64Array(table.slotCount), new Float64Array(table.slotCount)];
            const value = exact.evaluate(prices, a);
            expect(narrowed.evaluate(prices, b)).toBeCloseTo(value, 8);
            // Equally good choices may differ; the supergradient of one may not be the other's, but the value along it must agree.
          }
        },
      ),
      seeded(1000),
    );
  });

  it("survives prices of another problem as a warm start", async () => {
    await fc.assert(
      fc.asyncProperty(planningProblem(SMALL), planningProblem(SMALL), async (before, problem) => {
        const means = { policy: "progress-value", solver: noSolver, limits: EXACT } as const;
        const { warmStart } = await choose(before, means);
        const least = leastCost(problem, progressValueObjective(problem).costOf);
        const proof = await decided(problem, highs, warmStart === null ? {} : { warmStart });
        expect(Math.abs(minimised(proof).cost - least)).toBeLessThanOrEqual(tolerance(least));
      }),
      seeded(500),
    );
  });
});

describe("equal problems", () => {
  it("get equal plans, with and without a solver", async () => {
    await fc.assert(
      fc.asyncProperty(planningProblem(MEDIUM), fc.constantFrom(noSolver, highs), async (problem, solver) => {
        const means = { policy: "progress-value", solver, limits: EXACT } as const;
        expect(await choose(problem, means)).toEqual(await choose(problem, means));
      }),
      seeded(300),
    );
  });

  it("have the same optimum whatever the order of identical jobs", async () => {
    await fc.assert(
      fc.asyncProperty(
        planningProblem({ ...MEDIUM, maxJobs: 3 }),
        fc.integer({ min: 2, max: 6 }),
        async (problem, copies) => {
          // Templates of identical jobs: every job `copies` times, grouped and interleaved.
          const copy = (job: PlanningProblem["jobs"][number], index: number) => ({
            ...job,
            id: `${job.id}-${index}`,
          });
          const grouped = problem.jobs.flatMap((job) =>
            Array.from({ length: copies }, (_, index) => copy(job, index)),
          );
          const interleaved = Array.from({ length: copies }, (_, index) =>
            problem.jobs.map((job) => copy(job, index)),
          ).flat();
          const [a, b] = [grouped, interleaved].map((jobs) => ({
            ...problem,
            current: { nodes: [] },
            jobs: jobs.map((job) => ({ ...job, id: jobId(job.id) })),
          }));
          if (a === undefined || b === undefined) throw new Error("two orders");
          const [first, second] = [await decided(a, highs), await decided(b, highs)];
          expect(Math.abs(first.objective - second.objective)).toBeLessThanOrEqual(
            tolerance(first.objective),
          );
          const { milpModel, objectiveOffset } = aggregated(a, progressValueObjective(a));
          const outcome = await highs.solve(milpModel, EXACT);
          if (outcome.kind !== "proven") throw new Error(outcome.kind);
          const least = outcome.objective + objectiveOffset;
          expect(Math.abs(minimised(first).cost - least)).toBeLessThanOrEqual(tolerance(least));
        },
      ),
      seeded(120),
    );
  });
});
