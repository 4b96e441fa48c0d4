import { describe, expect, it } from "vitest";
import type { Allocation } from "../../src/domain/allocation.ts";
import type { Proof } from "../../src/domain/plan.ts";
import type { Objective } from "../../src/formulation/objective.ts";
import type { SolveOutcome } from "../../src/milp/solver-port.ts";
import { cheapestFeasible, proofOf } from "../../src/planner/settle.ts";
import { testVmType } from "../support/random-problem.ts";
import { node, writtenJob, writtenProblem } from "../support/written-problem.ts";

const problem = writtenProblem({
  vmTypes: [testVmType("NC12", { gpuCount: 2, pricePerHourUsd: 2 })],
  jobs: [writtenJob("a", { NC12: [100, 60] }, { dueInSeconds: 1000, costPerSecondUsd: 0.01 })],
  maxNodes: 1,
});
const waits: Allocation = { nodes: [] };
const onOne: Allocation = { nodes: [node("node-1", "NC12", { a: 1 })] };
const onTwo: Allocation = { nodes: [node("node-1", "NC12", { a: 2 })] };
const onThree: Allocation = { nodes: [node("node-1", "NC12", { a: 3 })] };

const priced = (prices: ReadonlyMap<Allocation, number>): Objective => ({
  name: "priced",
  sense: "minimize",
  unit: "USD",
  costOf: (allocation) => prices.get(allocation) ?? NaN,
});

describe("cheapestFeasible", () => {
  it("takes the cheapest", () => {
    const objective = priced(
      new Map([
        [waits, 9],
        [onOne, 5],
        [onTwo, 7],
      ]),
    );
    expect(cheapestFeasible(problem, objective, [waits, onOne, onTwo])).toEqual({
      allocation: onOne,
      cost: 5,
    });
  });

  it("never takes an infeasible one, however cheap", () => {
    const objective = priced(
      new Map([
        [onThree, -100],
        [waits, 9],
      ]),
    );
    expect(cheapestFeasible(problem, objective, [onThree, waits]).allocation).toBe(waits);
  });

  it("takes the earlier one among equals, so that what runs is kept", () => {
    const objective = priced(
      new Map([
        [onOne, 5],
        [onTwo, 5 - 1e-9],
      ]),
    );
    expect(cheapestFeasible(problem, objective, [onOne, onTwo]).allocation).toBe(onOne);
    expect(cheapestFeasible(problem, objective, [onTwo, onOne]).allocation).toBe(onTwo);
  });

  it("throws when none is feasible", () => {
    expect(() => cheapestFeasible(problem, priced(new Map()), [onThree])).toThrow(
      "No candidate plan is feasible",
    );
  });
});

describe("proofOf", () => {
  const minimised = priced(new Map());
  const maximised: Objective = { ...minimised, sense: "maximize" };
  const proof = (
    outcome: SolveOutcome | null,
    cost = 10,
    objective = minimised,
    objectiveOffset = 0,
  ): Proof => proofOf({ objective, cost, objectiveOffset, outcome });
  const proven = (bound: number | null): SolveOutcome => ({
    kind: "proven",
    point: [],
    objective: 10,
    bound,
  });

  it("is optimal when the bound is the cost", () => {
    expect(proof(proven(10))).toMatchObject({
      objective: 10,
      bound: 10,
      gap: 0,
      stopReason: "proven-optimal",
    });
    expect(proof(proven(10 - 1e-9))).toMatchObject({ gap: 0, stopReason: "proven-optimal" });
  });

  it("adds the MILP's offset to its bound", () => {
    expect(proof(proven(3), 10, minimised, 7)).toMatchObject({ bound: 10, gap: 0 });
  });

  it("states the gap when it was reached before proof", () => {
    expect(proof(proven(9))).toMatchObject({ bound: 9, gap: 0.1, stopReason: "gap-reached" });
  });

  it("turns cost and bound into the objective's own sense: of what is maximised, the bound is above", () => {
    expect(proof(proven(-11), -10, maximised)).toMatchObject({ objective: 10, bound: 11, gap: 0.1 });
  });

  it("states no bound where the plan itself refutes the solver's, and does not call that optimal", () => {
    expect(proof(proven(12))).toMatchObject({ bound: null, gap: null, stopReason: "solver-failed" });
  });

  it("takes a bound that only rounding puts above the cost for the cost", () => {
    expect(proof(proven(10 + 1e-6))).toMatchObject({ bound: 10, gap: 0, stopReason: "proven-optimal" });
  });

  it("knows no gap relative to a cost of 0", () => {
    expect(proof(proven(-5), 0)).toMatchObject({ objective: 0, bound: -5, gap: null });
    expect(proof(proven(0), 0)).toMatchObject({ gap: 0, stopReason: "proven-optimal" });
  });

  it.each(["time-limit", "node-limit", "deadline"] as const)(
    "passes on %s, with the bound so far",
    (reason) => {
      expect(proof({ kind: "incumbent", point: [], objective: 10, bound: 5, reason })).toMatchObject({
        gap: 0.5,
        stopReason: reason,
      });
      expect(proof({ kind: "no-incumbent", bound: null, reason })).toMatchObject({
        bound: null,
        gap: null,
        stopReason: reason,
      });
    },
  );

  it("calls it a failure of the solver when it finds a decision problem infeasible: everybody may wait", () => {
    for (const outcome of [{ kind: "infeasible" }, { kind: "failed", message: "no" }] as const) {
      expect(proof(outcome)).toMatchObject({ bound: null, gap: null, stopReason: "solver-failed" });
    }
  });

  it("a rule proves nothing", () => {
    expect(proof(null)).toMatchObject({ objective: 10, bound: null, gap: null, stopReason: "rule" });
  });
});
