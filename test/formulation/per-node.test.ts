import { describe, expect, it } from "vitest";
import type { PlanningProblem } from "../../src/domain/planning-problem.ts";
import { firstCompletionObjective } from "../../src/formulation/first-completion.ts";
import { separableObjective } from "../../src/formulation/objective.ts";
import { perNode } from "../../src/formulation/per-node.ts";
import { checkPoint } from "../../src/milp/check-point.ts";
import { lpText } from "../../src/milp/lp-text.ts";
import { objectiveAt } from "../../src/milp/milp-model.ts";
import { testVmType } from "../support/random-problem.ts";
import { node, writtenJob, writtenProblem } from "../support/written-problem.ts";

// 3600 and 7200 USD per hour are 1 and 2 USD per second, so that rents are durations and twice durations.
const NC6 = testVmType("NC6", { gpuCount: 1, pricePerHourUsd: 3600, quotaNodes: 1 });
const NC12 = testVmType("NC12", { gpuCount: 2, pricePerHourUsd: 7200 });
const problem = writtenProblem({
  vmTypes: [NC12, NC6],
  jobs: [
    writtenJob("a", { NC12: [60], NC6: [50] }, { dueInSeconds: 40, costPerSecondUsd: 0.01 }),
    writtenJob("b", { NC12: [null, 30] }, { dueInSeconds: 70, costPerSecondUsd: 0.02 }),
  ],
  maxNodes: 2,
});
const formulated = perNode(problem, firstCompletionObjective(problem));
const lines = lpText(formulated.milpModel).split("\n");
const row = (name: string): readonly string[] => lines.filter((line) => line.startsWith(` ${name}`));

describe("per-node, row by row", () => {
  it("(1) oneType: a rented node has one VM type", () => {
    expect(row("oneType")).toEqual([
      " oneType(0): - 1 w(0) + 1 y(0,NC12) + 1 y(0,NC6) = 0",
      " oneType(1): - 1 w(1) + 1 y(1,NC12) + 1 y(1,NC6) = 0",
    ]);
  });

  it("(2) oneConfiguration: each job runs at most once, on one node", () => {
    expect(row("oneConfiguration(a)")).toEqual([
      " oneConfiguration(a): + 1 x(a,0,NC12,1) + 1 x(a,1,NC12,1) + 1 x(a,0,NC6,1) + 1 x(a,1,NC6,1) <= 1",
    ]);
    expect(row("oneConfiguration")).toHaveLength(2);
  });

  it("(3) rentedAsType: a job runs only on the type that its node is rented as", () => {
    expect(row("rentedAsType(a,1,NC6,1)")).toEqual([
      " rentedAsType(a,1,NC6,1): - 1 y(1,NC6) + 1 x(a,1,NC6,1) <= 0",
    ]);
    expect(row("rentedAsType")).toHaveLength(6);
  });

  it("(4) gpuCapacity: the GPUs of a node's jobs are at most those of its type", () => {
    expect(row("gpuCapacity(0,NC12)")).toEqual([
      " gpuCapacity(0,NC12): - 2 y(0,NC12) + 1 x(a,0,NC12,1) + 2 x(b,0,NC12,2) <= 0",
    ]);
    expect(row("gpuCapacity")).toHaveLength(4);
  });

  it("(5) tardiness: a running job's delay, and what a waiting one has by now", () => {
    expect(row("tardiness")).toEqual([
      " tardiness(a): + 60 x(a,0,NC12,1) + 60 x(a,1,NC12,1) + 50 x(a,0,NC6,1) + 50 x(a,1,NC6,1) - 1 tau(a) <= 40",
      " tardiness(b): + 30 x(b,0,NC12,2) + 30 x(b,1,NC12,2) - 1 tau(b) <= 70",
    ]);
  });

  it("(6) worstTardiness: of a waiting job, only where its slowest configuration would be late", () => {
    expect(row("worstTardiness")).toEqual([
      " worstTardiness(a): + 20 x(a,0,NC12,1) + 20 x(a,1,NC12,1) + 20 x(a,0,NC6,1) + 20 x(a,1,NC6,1) + 1 tauHat(a) >= 20",
    ]);
  });

  it("(7) rentUntilFirst: the big-M is the configuration's own rent, t·c", () => {
    expect(row("rentUntilFirst(a,0,")).toEqual([
      " rentUntilFirst(a,0,NC12,1): - 120 x(a,0,NC12,1) - 120 alpha(a,0) + 1 pi(0) >= -120",
      " rentUntilFirst(a,0,NC6,1): - 50 x(a,0,NC6,1) - 50 alpha(a,0) + 1 pi(0) >= -50",
    ]);
    expect(row("rentUntilFirst")).toHaveLength(6);
  });

  it("(8) oneFirst and firstRuns: each rented node has one first job, and that job runs there", () => {
    expect(row("oneFirst(0)")).toEqual([" oneFirst(0): - 1 w(0) + 1 alpha(a,0) + 1 alpha(b,0) = 0"]);
    expect(row("firstRuns(a,0)")).toEqual([
      " firstRuns(a,0): - 1 x(a,0,NC12,1) - 1 x(a,0,NC6,1) + 1 alpha(a,0) <= 0",
    ]);
    expect(row("firstRuns")).toHaveLength(4);
  });

  it("(9) quota: nodes of a type", () => {
    expect(row("quota")).toEqual([
      " quota(NC12): + 1 y(0,NC12) + 1 y(1,NC12) <= 2",
      " quota(NC6): + 1 y(0,NC6) + 1 y(1,NC6) <= 1",
    ]);
  });

  it("(10) rentedFirst: rented nodes come first", () => {
    expect(row("rentedFirst")).toEqual([" rentedFirst(1): + 1 w(0) - 1 w(1) >= 0"]);
  });

  it("weighs rent by 1, tardiness by ω and a waiting job's worst case by 100 ω", () => {
    expect(row("cost")).toEqual([
      " cost: + 0.01 tau(a) + 1 tauHat(a) + 0.02 tau(b) + 2 tauHat(b) + 1 pi(0) + 1 pi(1)",
    ]);
  });

  it("needs no (5) to (8) under a separable objective", () => {
    const plain = separableObjective(problem, {
      name: "plain",
      sense: "minimize",
      unit: "USD",
      running: (_, configuration) => configuration.durationSeconds,
      waiting: () => 100,
      node: (vmType) => vmType.gpuCount,
    });
    const { milpModel, objectiveOffset } = perNode(problem, plain);
    const kinds = new Set(milpModel.rows.map(({ name }) => name.slice(0, name.indexOf("["))));
    expect([...kinds]).toEqual([
      "oneType",
      "oneConfiguration",
      "rentedAsType",
      "gpuCapacity",
      "quota",
      "rentedFirst",
    ]);
    expect(objectiveOffset).toBe(200);
    expect(lpText(milpModel)).toContain(
      " cost: + 2 y(0,NC12) + 1 y(0,NC6) + 2 y(1,NC12) + 1 y(1,NC6) - 40 x(a,0,NC12,1)",
    );
  });

  it("has no more nodes than jobs", () => {
    const names = perNode({ ...problem, maxNodes: 9 }, firstCompletionObjective(problem)).milpModel.columns;
    expect(names.filter(({ name }) => name.startsWith("w["))).toHaveLength(2);
  });
});

describe("per-node, there and back", () => {
  const allocations = [
    { nodes: [] },
    { nodes: [node("node-4", "NC12", { b: 2 })] },
    { nodes: [node("node-1", "NC12", { a: 1 })] },
    { nodes: [node("node-1", "NC12", { b: 2 }), node("node-2", "NC6", { a: 1 })] },
  ];

  it("encodes an allocation as a feasible point of the same cost", () => {
    const objective = firstCompletionObjective(problem);
    for (const allocation of allocations) {
      const point = formulated.encode(allocation);
      expect(checkPoint(formulated.milpModel, point)).toEqual([]);
      expect(objectiveAt(formulated.milpModel, point)).toBeCloseTo(objective.costOf(allocation), 9);
    }
  });

  it("decodes a point into the jobs that share a node", () => {
    for (const allocation of allocations) {
      const groups = allocation.nodes.map(({ vmTypeId, parts }) => ({ vmTypeId, parts }));
      expect(formulated.decode(formulated.encode(allocation))).toEqual({ kind: "grouped", groups });
    }
  });
});

describe("first-completion cost", () => {
  const objective = firstCompletionObjective(problem);
  const costOf = (...nodes: readonly ReturnType<typeof node>[]): number => objective.costOf({ nodes });

  it("of waiting jobs is 100 ω times their worst tardiness, and what they are late by now", () => {
    // a: worst 60 − 40 = 20 s late, 100 · 0.01 · 20 = 20 USD. b: 30 − 70 < 0.
    expect(costOf()).toBeCloseTo(20, 9);
    const late = { ...problem, nowSeconds: problem.nowSeconds + 50 };
    // a: worst 70 s, so far 10 s: 70 + 0.1 USD. b: worst 10 s: 100 · 0.02 · 10 = 20 USD.
    expect(firstCompletionObjective(late).costOf({ nodes: [] })).toBeCloseTo(70 + 0.1 + 20, 9);
  });

  it("of a node is its rent until the first of its jobs ends, and every job's tardiness", () => {
    // a alone on NC6: 50 s · 1 USD/s + 10 s late · 0.01; b waits at no cost.
    expect(costOf(node("node-1", "NC6", { a: 1 }))).toBeCloseTo(50 + 0.1, 9);
    // a on NC12: 60 · 2 + 20 · 0.01.
    expect(costOf(node("node-1", "NC12", { a: 1 }))).toBeCloseTo(120 + 0.2, 9);
    expect(costOf(node("node-1", "NC12", { b: 2 }), node("node-2", "NC6", { a: 1 }))).toBeCloseTo(
      60 + 50.1,
      9,
    );
  });

  it("depends on which jobs share a node", () => {
    const pair = testVmType("P", { gpuCount: 2, pricePerHourUsd: 3600 });
    const durations: Readonly<Record<string, number>> = { a: 10, b: 20, c: 90, d: 100 };
    const four = writtenProblem({
      vmTypes: [pair],
      jobs: Object.entries(durations).map(([id, seconds]) =>
        writtenJob(id, { P: [seconds] }, { dueInSeconds: 1000, costPerSecondUsd: 0.01 }),
      ),
      maxNodes: 2,
    });
    const cost = (first: Record<string, number>, second: Record<string, number>): number =>
      firstCompletionObjective(four).costOf({
        nodes: [node("node-1", "P", first), node("node-2", "P", second)],
      });
    expect(cost({ a: 1, b: 1 }, { c: 1, d: 1 })).toBeCloseTo(10 + 90, 9);
    expect(cost({ a: 1, c: 1 }, { b: 1, d: 1 })).toBeCloseTo(10 + 20, 9);
  });
});

it("agrees with a problem that has no jobs", () => {
  const nothing: PlanningProblem = { ...problem, jobs: [] };
  const { milpModel } = perNode(nothing, firstCompletionObjective(nothing));
  expect(milpModel.columns).toEqual([]);
});
