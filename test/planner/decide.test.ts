import { describe, expect, it } from "vitest";
import type { SolveOutcome, SolverPort } from "../../src/milp/solver-port.ts";
import type { Decision } from "../../src/planner/decide.ts";
import { decide } from "../../src/planner/decide.ts";
import type { PolicyName } from "../../src/planner/policy.ts";
import { posePolicy } from "../../src/planner/policy.ts";
import { bruteForceSolver } from "../../src/solver/brute-force-solver.ts";
import { EXACT } from "../support/limits.ts";
import { testVmType } from "../support/random-problem.ts";
import { clusterJob, clusterWith } from "../support/written-cluster.ts";
import { node, NOW_SECONDS, sharing, writtenProblem } from "../support/written-problem.ts";

const vmTypes = [testVmType("NC12", { gpuCount: 2, pricePerHourUsd: 1.13, gpuType: "K80" })];
const jobs = ["a", "b"].map((id) => clusterJob(id, { NC12: [1000, 600] }, { dueInSeconds: 900 }));
const state = clusterWith({ vmTypes, jobs, maxNodes: 1 });
const timer = { kind: "timer-elapsed", atSeconds: NOW_SECONDS } as const;

/** A solver that always says the same. */
const saying = (outcome: SolveOutcome): SolverPort => ({
  name: "fake",
  solve: () => Promise.resolve(outcome),
  close: () => Promise.resolve(),
});
const decided = (solver: SolverPort, policy: PolicyName): Promise<Decision> =>
  decide(state, [timer], { policy, solver, limits: EXACT });

describe("decide", () => {
  it("observes, plans and enacts: state, plan and commands fit together", async () => {
    const { state: next, plan, commands } = await decided(bruteForceSolver(), "progress-value");
    expect(sharing(plan.allocation)).toEqual(["NC12: a×1 b×1"]);
    expect(next.allocation).toEqual(plan.allocation);
    expect(next.revision).toBe(plan.revision + 1);
    expect(commands.map(({ kind }) => kind)).toEqual(["rent-node", "start-job", "start-job"]);
    expect(plan.proof).toMatchObject({ gap: 0, stopReason: "proven-optimal" });
    expect(plan.forecasts.map(({ jobId }) => jobId)).toEqual(["a", "b"]);
    expect(plan.rentPerHourUsd).toBeCloseTo(1.13, 12);
  });

  it.each<[string, SolveOutcome]>([
    ["fails", { kind: "failed", message: "out of memory" }],
    ["calls it infeasible", { kind: "infeasible" }],
    ["finds nothing in time", { kind: "no-incumbent", bound: null, reason: "deadline" }],
    [
      "answers with a point that breaks the model",
      { kind: "proven", point: [9, 9, 9], objective: -1e9, bound: -1e9 },
    ],
    ["answers with no point", { kind: "proven", point: [], objective: 0, bound: 0 }],
  ])("falls back on the best draft when the solver %s, and claims no bound", async (_, outcome) => {
    // The literature's MILP has no bound but the solver's; progress value has one of its own.
    const { plan } = await decided(saying(outcome), "per-node");
    expect(plan.allocation.nodes).toHaveLength(1);
    expect(plan.proof).toMatchObject({ bound: null, gap: null });
    expect(plan.proof.stopReason).toBe(outcome.kind === "no-incumbent" ? "deadline" : "solver-failed");
  });

  it("keeps what runs among equally good plans", async () => {
    const [first, second] = jobs;
    if (first === undefined || second === undefined) throw new Error("no jobs");
    const running = clusterWith({
      vmTypes,
      jobs: [first, second],
      maxNodes: 1,
      nodes: [node("node-7", "NC12", { a: 1, b: 1 })],
    });
    const { commands } = await decide(running, [timer], {
      policy: "progress-value",
      solver: bruteForceSolver(),
      limits: EXACT,
    });
    expect(commands).toEqual([]);
  });

  it("gives back nodes that run nothing, and has nothing to decide without jobs", async () => {
    const idle = clusterWith({ vmTypes, jobs: [], nodes: [node("node-1", "NC12", {})] });
    const { plan, commands } = await decide(idle, [timer], {
      policy: "progress-value",
      solver: saying({ kind: "failed", message: "not to be asked" }),
      limits: EXACT,
    });
    expect(commands).toEqual([{ kind: "release-node", nodeId: "node-1", vmTypeId: "NC12" }]);
    expect(plan.proof.stopReason).toBe("nothing-to-decide");
    expect(plan.wakeUpAtSeconds).toBeNull();
  });

  it("a rule claims no proof", async () => {
    const { plan } = await decide(state, [timer], {
      policy: "greedy",
      solver: saying({ kind: "failed", message: "not to be asked" }),
      limits: EXACT,
    });
    expect(plan.proof).toMatchObject({ stopReason: "rule", bound: null, gap: null });
  });
});

describe("policies", () => {
  it.each([
    { name: "progress-value", objectiveName: "progress-value", optimises: true },
    { name: "per-node", objectiveName: "first-completion", optimises: true },
    { name: "greedy", objectiveName: "progress-value", optimises: false },
  ] as const)(
    "$name is judged by $objectiveName; optimises: $optimises",
    ({ name, objectiveName, optimises }) => {
      const problem = writtenProblem({ vmTypes, jobs: [], maxNodes: 1 });
      const { objective, formulate } = posePolicy(name, problem);
      expect(objective.name).toBe(objectiveName);
      expect(formulate !== null).toBe(optimises);
    },
  );
});
