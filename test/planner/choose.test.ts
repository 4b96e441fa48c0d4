import { describe, expect, it } from "vitest";
import { checkAllocation } from "../../src/domain/check-allocation.ts";
import { EMPTY_ALLOCATION } from "../../src/domain/allocation.ts";
import type { PlanningProblem } from "../../src/domain/planning-problem.ts";
import type { SolverPort } from "../../src/milp/solver-port.ts";
import { choose } from "../../src/planner/choose.ts";
import { EXACT } from "../support/limits.ts";
import { testVmType } from "../support/random-problem.ts";
import { node, writtenJob, writtenProblem } from "../support/written-problem.ts";

/** Two jobs of three GPUs on nodes of four: the LP relaxation splits a node, so that the dual alone never proves the optimum. */
const FOUR = testVmType("FOUR", { gpuCount: 4, pricePerHourUsd: 4 });
const jobs = ["a", "b", "c"].map((id) =>
  writtenJob(id, { FOUR: [null, null, 1000] }, { dueInSeconds: 1000, costPerSecondUsd: 0.002 }),
);
const problem: PlanningProblem = writtenProblem({ vmTypes: [FOUR], jobs, maxNodes: 3 });

const failing: SolverPort = {
  name: "none",
  solve: () => Promise.resolve({ kind: "failed", message: "WebAssembly is not available" }),
  close: () => Promise.resolve(),
};
const unasked: SolverPort = {
  ...failing,
  solve: () => Promise.reject(new Error("asked after the deadline")),
};

/** A clock on which `secondsPerLook` pass between two looks. */
const clock = (secondsPerLook: number): (() => number) => {
  let seconds = 0;
  return () => (seconds += secondsPerLook);
};
const means = { policy: "progress-value", limits: EXACT } as const;

describe("without a solver", () => {
  it("there is a plan, a bound and a gap, and the reason says what is missing", async () => {
    const { allocation, proof } = await choose(problem, { ...means, solver: failing });
    expect(checkAllocation(problem, allocation)).toEqual([]);
    expect(proof.bound).not.toBeNull();
    expect(["proven-optimal", "solver-failed"]).toContain(proof.stopReason);
  });
});

describe("on the deadline", () => {
  const limits = { ...EXACT, deadlineSeconds: 1 };

  it("the best plan so far comes with its bound, and the solver is not asked any more", async () => {
    const { allocation, proof } = await choose(problem, {
      ...means,
      limits,
      solver: unasked,
      clock: clock(2),
    });
    expect(checkAllocation(problem, allocation)).toEqual([]);
    expect(proof.bound).not.toBeNull();
    expect(["proven-optimal", "deadline"]).toContain(proof.stopReason);
  });

  it("what runs is kept where nothing better was found", async () => {
    const current = {
      nodes: [
        node("node-1", "FOUR", { a: 3 }),
        node("node-2", "FOUR", { b: 3 }),
        node("node-3", "FOUR", { c: 3 }),
      ],
    };
    const running = { ...problem, current, nextNodeNumber: 4 };
    const { allocation } = await choose(running, { ...means, limits, solver: unasked, clock: clock(2) });
    expect([current, EMPTY_ALLOCATION]).toContainEqual(allocation);
  });

  it("the solver gets the time that is left", async () => {
    const asked: (number | null)[] = [];
    const spy: SolverPort = {
      ...failing,
      solve: (_, { deadlineSeconds }) => {
        asked.push(deadlineSeconds);
        return Promise.resolve({ kind: "no-incumbent", bound: null, reason: "deadline" });
      },
    };
    const hard = writtenProblem({
      vmTypes: [FOUR],
      jobs: ["a", "b", "c", "d", "e"].map((id, index) =>
        writtenJob(
          id,
          { FOUR: [900, 500, 340 + index] },
          { dueInSeconds: 2000 + index, costPerSecondUsd: 0.001 },
        ),
      ),
      maxNodes: 2,
    });
    const { proof } = await choose(hard, {
      ...means,
      limits: { ...EXACT, deadlineSeconds: 1000 },
      solver: spy,
      clock: clock(0.001),
    });
    for (const seconds of asked) expect(seconds).toBeLessThan(1000);
    expect(proof.bound).not.toBeNull();
    expect(proof.stopReason).toBe(asked.length > 0 ? "deadline" : "proven-optimal");
  });
});

describe("what the next decision may start from", () => {
  it("are the prices of every part that somebody would use, by VM type and size", async () => {
    const { warmStart } = await choose(problem, { ...means, solver: failing });
    expect(warmStart).toMatchObject({
      objectiveName: "progress-value",
      slots: [{ vmTypeId: "FOUR", gpus: 3 }],
    });
  });

  it("is what was given where there is nothing to decide, and nothing for a rule", async () => {
    const { warmStart } = await choose(problem, { ...means, solver: failing });
    const empty = { ...problem, jobs: [] };
    expect((await choose(empty, { ...means, solver: failing, warmStart })).warmStart).toBe(warmStart);
    expect((await choose(problem, { ...means, policy: "greedy", solver: failing })).warmStart).toBeNull();
  });
});
