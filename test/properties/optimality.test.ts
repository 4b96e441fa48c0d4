import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { checkAllocation } from "../../src/domain/check-allocation.ts";
import type { PlanningProblem } from "../../src/domain/planning-problem.ts";
import { aggregated } from "../../src/formulation/aggregated.ts";
import { firstCompletionObjective } from "../../src/formulation/first-completion.ts";
import type { SeparableObjective } from "../../src/formulation/objective.ts";
import { inOwnSense } from "../../src/formulation/objective.ts";
import { perNode } from "../../src/formulation/per-node.ts";
import { progressValueObjective } from "../../src/formulation/progress-value.ts";
import { checkPoint } from "../../src/milp/check-point.ts";
import { objectiveAt } from "../../src/milp/milp-model.ts";
import { choose } from "../../src/planner/decide.ts";
import { greedy } from "../../src/planner/greedy.ts";
import { place } from "../../src/planner/place.ts";
import { highsSolver } from "../../src/solver/highs-solver.ts";
import { leastCost } from "../support/every-allocation.ts";
import { EXACT } from "../support/limits.ts";
import { planningProblem } from "../support/random-problem.ts";
import { seeded } from "../support/seed.ts";

const solver = highsSolver({ threads: 2 });
afterAll(() => solver.close());

/** Small enough to enumerate; GPU counts include odd ones, for which capacity alone would be wrong. */
const SMALL = { maxJobs: 4, maxNodes: 2, maxVmTypes: 3, gpuCounts: [1, 2, 3, 4] };
const RUNS = 1000;
/** Problems that are solved at the same time, so that both of the solver's threads are busy. */
const BATCH = 5;
const tolerance = (value: number): number => 1e-6 * Math.max(1, Math.abs(value));

/** Holds a property of single problems to `runs` of them, a batch at a time; a failure names its problem's place in the batch. */
async function onProblems<Drawn>(
  arbitrary: fc.Arbitrary<Drawn>,
  runs: number,
  holds: (drawn: Drawn) => Promise<void>,
): Promise<void> {
  const batches = fc.array(arbitrary, { minLength: BATCH, maxLength: BATCH });
  const named = (drawn: Drawn, index: number): Promise<void> =>
    holds(drawn).catch((cause: unknown) => {
      throw new Error(`problem ${index} of the batch: ${String(cause)}`, { cause });
    });
  await fc.assert(
    fc.asyncProperty(batches, async (batch) => {
      await Promise.all(batch.map(named));
    }),
    seeded(runs / BATCH),
  );
}

describe("on every small problem", () => {
  it("progress-value equals brute force, and its bound is at least as low", async () => {
    await onProblems(planningProblem(SMALL), RUNS, async (problem) => {
      const objective = progressValueObjective(problem);
      const { allocation, proof } = await choose(problem, {
        policy: "progress-value",
        solver,
        limits: EXACT,
      });
      const least = leastCost(problem, objective.costOf);
      expect(checkAllocation(problem, allocation)).toEqual([]);
      expect(Math.abs(objective.costOf(allocation) - least)).toBeLessThanOrEqual(tolerance(least));
      expect(proof.objective).toBeCloseTo(inOwnSense(objective, objective.costOf(allocation)), 9);
      expect(proof.bound).not.toBeNull();
      expect(inOwnSense(objective, proof.bound ?? NaN)).toBeLessThanOrEqual(least + tolerance(least));
    });
  });

  it("the per-node formulation equals brute force under the literature's objective", async () => {
    await onProblems(planningProblem(SMALL), RUNS * 0.75, async (problem) => {
      const objective = firstCompletionObjective(problem);
      const { allocation, proof } = await choose(problem, { policy: "per-node", solver, limits: EXACT });
      const least = leastCost(problem, objective.costOf);
      expect(checkAllocation(problem, allocation)).toEqual([]);
      expect(Math.abs(objective.costOf(allocation) - least)).toBeLessThanOrEqual(tolerance(least));
      expect(Math.abs((proof.bound ?? NaN) - least)).toBeLessThanOrEqual(tolerance(least));
    });
  });

  it("the aggregated formulation equals the per-node one, and brute force where that is quick", async () => {
    await onProblems(planningProblem({ ...SMALL, maxJobs: 6, maxNodes: 3 }), RUNS * 0.4, async (problem) => {
      const objective = progressValueObjective(problem);
      const costs = [aggregated, perNode].map(async (formulate) => {
        const { milpModel, objectiveOffset } = formulate(problem, objective);
        const outcome = await solver.solve(milpModel, EXACT);
        if (outcome.kind !== "proven") throw new Error(outcome.kind);
        return outcome.objective + objectiveOffset;
      });
      const [a, b] = await Promise.all(costs);
      expect(Math.abs((a ?? NaN) - (b ?? NaN))).toBeLessThanOrEqual(tolerance(a ?? NaN));
      if (problem.jobs.length > SMALL.maxJobs || problem.maxNodes > SMALL.maxNodes) return;
      const least = leastCost(problem, objective.costOf);
      expect(Math.abs((a ?? NaN) - least)).toBeLessThanOrEqual(tolerance(least));
    });
  });
});

describe("relaxing a problem", () => {
  const literatureCost = async (problem: PlanningProblem): Promise<number> => {
    const { allocation } = await choose(problem, { policy: "per-node", solver, limits: EXACT });
    return firstCompletionObjective(problem).costOf(allocation);
  };

  const leastUnder = async (posed: PlanningProblem, objective: SeparableObjective): Promise<number> => {
    const outcome = await solver.solve(aggregated(posed, objective).milpModel, EXACT);
    if (outcome.kind !== "proven") throw new Error(outcome.kind);
    return outcome.objective;
  };

  it("one more node never raises the optimum, at the same worth of each job", async () => {
    await onProblems(planningProblem(SMALL), RUNS / 5, async (problem) => {
      // The queue that the worth of a job looks at is shorter with more nodes, so both optima are taken under one objective.
      const objective = progressValueObjective(problem);
      const least = await leastUnder(problem, objective);
      const leastOfMore = await leastUnder({ ...problem, maxNodes: problem.maxNodes + 1 }, objective);
      expect(leastOfMore).toBeLessThanOrEqual(least + tolerance(least));
    });
  });

  it("one more VM type never raises the optimum, at the same worth of each job", async () => {
    await onProblems(planningProblem(SMALL), RUNS / 5, async (problem) => {
      // The worth of a job looks at all VM types, so both optima are taken under the objective of the larger problem.
      const objective = progressValueObjective(problem);
      const last = problem.vmTypes.at(-1);
      const fewer = {
        ...problem,
        vmTypes: problem.vmTypes.map((vmType) => (vmType === last ? { ...vmType, quotaNodes: 0 } : vmType)),
      };
      const least = await leastUnder(problem, objective);
      const leastOfFewer = await leastUnder(fewer, objective);
      expect(least).toBeLessThanOrEqual(leastOfFewer + tolerance(least));
    });
  });

  it("a later due date never raises the literature's optimum", async () => {
    const delayed = fc.tuple(planningProblem(SMALL), fc.integer({ min: 1, max: 20_000 }));
    await onProblems(delayed, RUNS / 5, async ([problem, seconds]) => {
      const later = {
        ...problem,
        jobs: problem.jobs.map((job, index) =>
          index === 0 ? { ...job, dueAtSeconds: job.dueAtSeconds + seconds } : job,
        ),
      };
      const least = await literatureCost(problem);
      expect(await literatureCost(later)).toBeLessThanOrEqual(least + tolerance(least));
    });
  });
});

describe("the start point", () => {
  it("encodes the greedy draft as a feasible point that costs no more, in both formulations", () => {
    fc.assert(
      fc.property(planningProblem({ ...SMALL, maxJobs: 8, maxNodes: 4 }), (problem) => {
        const draft = place(problem, greedy(problem));
        expect(checkAllocation(problem, draft)).toEqual([]);
        const progress = progressValueObjective(problem);
        const literature = firstCompletionObjective(problem);
        for (const [formulated, objective] of [
          [aggregated(problem, progress), progress],
          [perNode(problem, progress), progress],
          [perNode(problem, literature), literature],
        ] as const) {
          const point = formulated.encode(draft);
          expect(checkPoint(formulated.milpModel, point)).toEqual([]);
          const cost = objectiveAt(formulated.milpModel, point) + formulated.objectiveOffset;
          expect(cost).toBeLessThanOrEqual(objective.costOf(draft) + tolerance(cost));
        }
      }),
      seeded(RUNS),
    );
  });
});
