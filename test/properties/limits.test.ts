/** Limits on what nodes count, on random problems: every policy keeps them, every bound and optimum knows them, and none that does not bind changes anything. */
import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { checkAllocation } from "../../src/domain/check-allocation.ts";
import type { PlanningProblem } from "../../src/domain/planning-problem.ts";
import { aggregated } from "../../src/formulation/aggregated.ts";
import { firstCompletionObjective } from "../../src/formulation/first-completion.ts";
import { lagrangianDual, narrowedDual } from "../../src/formulation/lagrangian-dual.ts";
import { perNode } from "../../src/formulation/per-node.ts";
import { progressValueObjective } from "../../src/formulation/progress-value.ts";
import { slotTable } from "../../src/formulation/slot-table.ts";
import { checkPoint } from "../../src/milp/check-point.ts";
import type { SolverPort } from "../../src/milp/solver-port.ts";
import { choose } from "../../src/planner/choose.ts";
import { greedy } from "../../src/planner/greedy.ts";
import { place } from "../../src/planner/place.ts";
import { POLICY_NAMES } from "../../src/planner/policy.ts";
import type { PolicyName } from "../../src/planner/policy.ts";
import { solveSeparable } from "../../src/planner/solve-separable.ts";
import { highsSolver } from "../../src/solver/highs-solver.ts";
import { leastCost } from "../support/every-allocation.ts";
import { EXACT } from "../support/limits.ts";
import { planningProblem } from "../support/random-problem.ts";
import { seeded } from "../support/seed.ts";

const highs = highsSolver({ threads: 1 });
afterAll(() => highs.close());

const noSolver: SolverPort = {
  name: "none",
  solve: () => Promise.resolve({ kind: "failed", message: "WebAssembly is not available" }),
  close: () => Promise.resolve(),
};

const SMALL = { maxJobs: 4, maxNodes: 4, maxVmTypes: 3, gpuCounts: [1, 2, 3, 5], maxLimits: 3 };
const MEDIUM = { maxJobs: 14, maxNodes: 8, maxVmTypes: 4, gpuCounts: [1, 2, 3, 4, 6], maxLimits: 3 };

const tolerance = (value: number): number => 1e-6 * Math.max(1, Math.abs(value));

async function minimised(
  problem: PlanningProblem,
  solver: SolverPort,
): Promise<{ readonly cost: number; readonly bound: number; readonly gap: number | null }> {
  const { allocation, proof } = await choose(problem, { policy: "progress-value", solver, limits: EXACT });
  expect(checkAllocation(problem, allocation)).toEqual([]);
  if (proof.bound === null) throw new Error("a plan of the pipeline always has a bound");
  return { cost: 0 - proof.objective, bound: 0 - proof.bound, gap: proof.gap };
}

async function exactCost(problem: PlanningProblem, formulate: typeof aggregated): Promise<number> {
  const { milpModel, objectiveOffset } = formulate(problem, progressValueObjective(problem));
  const outcome = await highs.solve(milpModel, EXACT);
  if (outcome.kind !== "proven") throw new Error(outcome.kind);
  return outcome.objective + objectiveOffset;
}

describe("with random limits", () => {
  it.each([SMALL, MEDIUM])("often has some that bind as rows, quotas and node limits: %j", (size) => {
    const counts = { rows: 0, quotas: 0, nodeLimits: 0 };
    fc.assert(
      fc.property(planningProblem(size), (problem) => {
        const table = slotTable(problem, progressValueObjective(problem));
        if (table.limits.length > 0) counts.rows += 1;
        if (table.vmTypes.some(({ quotaOrigin }) => quotaOrigin !== null)) counts.quotas += 1;
        if (table.maxNodesOrigin !== null) counts.nodeLimits += 1;
      }),
      seeded(300),
    );
    // Else the properties below would say little.
    expect(counts.rows).toBeGreaterThan(30);
    expect(counts.quotas).toBeGreaterThan(60);
    expect(counts.nodeLimits).toBeGreaterThan(15);
  });

  it("bound ≤ brute force ≤ plan without a solver, and all equal with one", async () => {
    await fc.assert(
      fc.asyncProperty(planningProblem(SMALL), async (problem) => {
        const least = leastCost(problem, progressValueObjective(problem).costOf);
        const alone = await minimised(problem, noSolver);
        expect(alone.bound).toBeLessThanOrEqual(least + tolerance(least));
        expect(alone.cost).toBeGreaterThanOrEqual(least - tolerance(least));
        const solved = await minimised(problem, highs);
        expect(solved.gap).toBe(0);
        expect(Math.abs(solved.cost - least)).toBeLessThanOrEqual(tolerance(least));
        expect(solved.bound).toBeLessThanOrEqual(least + tolerance(least));
      }),
      seeded(200),
    );
  });

  it("every stage keeps them: what the pipeline hands over is feasible before anybody checks it", async () => {
    await fc.assert(
      fc.asyncProperty(planningProblem(MEDIUM), fc.constantFrom(noSolver, highs), async (problem, solver) => {
        const objective = progressValueObjective(problem);
        const means = { solver, limits: EXACT, warmStart: null, secondsLeft: () => null };
        const { assignment } = await solveSeparable(problem, objective, means);
        expect(checkAllocation(problem, place(problem, assignment))).toEqual([]);
      }),
      seeded(150),
    );
  });

  it("multipliers are kept for the next decision, and those of another problem do no harm", async () => {
    await fc.assert(
      fc.asyncProperty(planningProblem(SMALL), planningProblem(SMALL), async (before, problem) => {
        const means = { policy: "progress-value", solver: noSolver, limits: EXACT } as const;
        const { warmStart } = await choose(before, means);
        const table = slotTable(before, progressValueObjective(before));
        expect(warmStart?.limits.map(({ limitId }) => limitId)).toEqual(
          table.limits.map(({ limitId }) => limitId),
        );
        const least = leastCost(problem, progressValueObjective(problem).costOf);
        const { proof } = await choose(problem, { ...means, solver: highs, warmStart });
        expect(Math.abs(0 - proof.objective - least)).toBeLessThanOrEqual(tolerance(least));
        expect(0 - (proof.bound ?? NaN)).toBeLessThanOrEqual(least + tolerance(least));
      }),
      seeded(60),
    );
  });

  it("the per-node model equals the aggregated one", async () => {
    await fc.assert(
      fc.asyncProperty(planningProblem({ ...SMALL, maxJobs: 6 }), async (problem) => {
        const least = await exactCost(problem, aggregated);
        expect(Math.abs((await exactCost(problem, perNode)) - least)).toBeLessThanOrEqual(tolerance(least));
      }),
      seeded(150),
    );
  });

  it("the aggregated model and the pipeline agree where brute force cannot go", async () => {
    await fc.assert(
      fc.asyncProperty(planningProblem(MEDIUM), async (problem) => {
        const least = await exactCost(problem, aggregated);
        const solved = await minimised(problem, highs);
        expect(Math.abs(solved.cost - least)).toBeLessThanOrEqual(tolerance(least));
        expect(solved.bound).toBeLessThanOrEqual(least + tolerance(least));
      }),
      seeded(60),
    );
  });

  it("the literature's MILP equals brute force", async () => {
    await fc.assert(
      fc.asyncProperty(planningProblem(SMALL), async (problem) => {
        const objective = firstCompletionObjective(problem);
        const { allocation } = await choose(problem, { policy: "per-node", solver: highs, limits: EXACT });
        const least = leastCost(problem, objective.costOf);
        expect(checkAllocation(problem, allocation)).toEqual([]);
        expect(Math.abs(objective.costOf(allocation) - least)).toBeLessThanOrEqual(tolerance(least));
      }),
      seeded(60),
    );
  });

  it("every policy's plan passes the checker", async () => {
    await fc.assert(
      fc.asyncProperty(
        planningProblem({ ...MEDIUM, maxJobs: 6, maxNodes: 3 }),
        fc.constantFrom<PolicyName>(...POLICY_NAMES),
        async (problem, policy) => {
          const { allocation } = await choose(problem, { policy, solver: highs, limits: EXACT });
          expect(checkAllocation(problem, allocation)).toEqual([]);
        },
      ),
      seeded(200),
    );
  });

  it("every rule still has a plan after the limits were lowered below what runs", async () => {
    await fc.assert(
      fc.asyncProperty(
        planningProblem({ ...SMALL, maxLimits: 0 }),
        planningProblem(SMALL),
        fc.constantFrom<PolicyName>("fifo", "edf", "priority", "greedy"),
        async (running, { nodeLimits }, policy) => {
          const problem = { ...running, nodeLimits, maxNodes: Math.max(0, running.maxNodes - 1) };
          const { allocation } = await choose(problem, { policy, solver: highs, limits: EXACT });
          expect(checkAllocation(problem, allocation)).toEqual([]);
        },
      ),
      seeded(200),
    );
  });

  it("encodes the greedy draft as a feasible point of both formulations", () => {
    fc.assert(
      fc.property(planningProblem(MEDIUM), (problem) => {
        const draft = place(problem, greedy(problem));
        expect(checkAllocation(problem, draft)).toEqual([]);
        for (const formulate of [aggregated, perNode]) {
          const formulated = formulate(problem, progressValueObjective(problem));
          expect(checkPoint(formulated.milpModel, formulated.encode(draft))).toEqual([]);
        }
      }),
      seeded(300),
    );
  });

  it("the Lagrangian bound holds at any multipliers, negative ones too, and narrowing changes nothing", () => {
    const price = fc.integer({ min: -30, max: 300 }).map((tenths) => tenths / 10);
    fc.assert(
      fc.property(
        planningProblem(SMALL),
        fc.array(price, { minLength: 64, maxLength: 64 }),
        (problem, drawn) => {
          const objective = progressValueObjective(problem);
          const table = slotTable(problem, objective);
          const point = Float64Array.from(drawn.slice(0, table.slotCount + table.limits.length));
          const gradient = new Float64Array(point.length);
          const value = lagrangianDual(table).evaluate(point, gradient);
          const least = leastCost(problem, objective.costOf);
          expect(value).toBeLessThanOrEqual(least + tolerance(least));
          const narrowed = narrowedDual(table, { stride: 1, width: 5 });
          expect(narrowed.evaluate(point, new Float64Array(point.length))).toBeCloseTo(value, 8);
        },
      ),
      seeded(250),
    );
  });

  it("the supergradient is one: no other point lies above the plane that it spans", () => {
    const price = fc.integer({ min: -30, max: 300 }).map((tenths) => tenths / 10);
    const point = fc.array(price, { minLength: 64, maxLength: 64 });
    fc.assert(
      fc.property(planningProblem(SMALL), point, point, (problem, from, to) => {
        const table = slotTable(problem, progressValueObjective(problem));
        const length = table.slotCount + table.limits.length;
        const [a, b] = [Float64Array.from(from.slice(0, length)), Float64Array.from(to.slice(0, length))];
        const gradient = new Float64Array(length);
        const dual = lagrangianDual(table);
        const here = dual.evaluate(a, gradient);
        const there = dual.evaluate(b, new Float64Array(length));
        const plane = gradient.reduce((total, slope, r) => total + slope * ((b[r] ?? 0) - (a[r] ?? 0)), here);
        expect(there).toBeLessThanOrEqual(plane + tolerance(plane));
      }),
      seeded(250),
    );
  });
});

describe("a limit", () => {
  it("that does not bind changes nothing at all", async () => {
    await fc.assert(
      fc.asyncProperty(planningProblem({ ...MEDIUM, maxLimits: 0 }), async (problem) => {
        const weights = Object.fromEntries(problem.vmTypes.map(({ id }, index) => [id, index + 1]));
        const limit = problem.maxNodes * problem.vmTypes.length;
        const loose = { id: "loose", label: "loose limit", weights, limit, unit: "vCPUs" as const };
        const means = { policy: "progress-value", solver: highs, limits: EXACT } as const;
        const free = await choose(problem, means);
        const limited = await choose({ ...problem, nodeLimits: [loose] }, means);
        expect(limited.allocation).toEqual(free.allocation);
        expect(limited.proof).toEqual(free.proof);
      }),
      seeded(100),
    );
  });

  it("of N nodes over all VM types is the node limit", async () => {
    await fc.assert(
      fc.asyncProperty(
        planningProblem({ ...MEDIUM, maxLimits: 0 }),
        fc.constantFrom<PolicyName>(...POLICY_NAMES.filter((name) => name !== "per-node")),
        async (problem, policy) => {
          const weights = Object.fromEntries(problem.vmTypes.map(({ id }) => [id, 1]));
          const limit = { id: "n", label: "n", weights, limit: problem.maxNodes, unit: "nodes" as const };
          const limited = { ...problem, maxNodes: 1000, nodeLimits: [limit] };
          const means = { policy, solver: highs, limits: EXACT };
          const [a, b] = [await choose(problem, means), await choose(limited, means)];
          expect(b.allocation).toEqual(a.allocation);
          expect(b.proof).toEqual(a.proof);
        },
      ),
      seeded(100),
    );
  });
});
