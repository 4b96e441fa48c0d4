import { describe, expect, it } from "vitest";
import type { Allocation } from "../../src/domain/allocation.ts";
import { aggregated } from "../../src/formulation/aggregated.ts";
import { separableObjective } from "../../src/formulation/objective.ts";
import { checkPoint } from "../../src/milp/check-point.ts";
import { lpText } from "../../src/milp/lp-text.ts";
import { objectiveAt } from "../../src/milp/milp-model.ts";
import type { PlanningProblem } from "../../src/domain/planning-problem.ts";
import { testVmType } from "../support/random-problem.ts";
import { node, writtenJob, writtenProblem } from "../support/written-problem.ts";

const due = { dueInSeconds: 1000, costPerSecondUsd: 0.01 };
const NC6 = testVmType("NC6", { gpuCount: 1, pricePerHourUsd: 3 });
const NC12 = testVmType("NC12", { gpuCount: 2, pricePerHourUsd: 5 });
const ODD = testVmType("ODD", { gpuCount: 5, pricePerHourUsd: 7, quotaNodes: 2 });

/** Running costs the duration, waiting 100, a node its price: numbers that can be read off the rows. */
const plain = (problem: PlanningProblem) =>
  separableObjective(problem, {
    name: "plain",
    sense: "minimize",
    unit: "USD",
    running: (_, configuration) => configuration.durationSeconds,
    waiting: () => 100,
    node: (vmType) => vmType.pricePerHourUsd,
  });

const chain = writtenProblem({
  vmTypes: [NC12, NC6],
  jobs: [writtenJob("a", { NC12: [60, 40], NC6: [50] }, due), writtenJob("b", { NC12: [70, 30] }, due)],
  maxNodes: 3,
});
const odd = writtenProblem({
  vmTypes: [ODD],
  jobs: [writtenJob("a", { ODD: [null, 60, 40] }, due), writtenJob("b", { ODD: [null, 70, 30] }, due)],
  maxNodes: 3,
});
const twins = writtenProblem({
  vmTypes: [NC12],
  jobs: [writtenJob("a", { NC12: [60, 40] }, due), writtenJob("b", { NC12: [60, 40] }, due)],
  maxNodes: 3,
});

const formulate = (problem: PlanningProblem) => aggregated(problem, plain(problem));
const row = (problem: PlanningProblem, name: string): readonly string[] =>
  lpText(formulate(problem).milpModel)
    .split("\n")
    .filter((line) => line.startsWith(` ${name}`));

describe("aggregated, row by row", () => {
  it("(1) oneConfiguration: each job runs at most once", () => {
    expect(row(chain, "oneConfiguration")).toEqual([
      " oneConfiguration(a): + 1 x(a,NC12,1) + 1 x(a,NC12,2) + 1 x(a,NC6,1) <= 1",
      " oneConfiguration(b): + 1 x(b,NC12,1) + 1 x(b,NC12,2) <= 1",
    ]);
  });

  it("(1) oneConfiguration: a class of identical jobs runs at most as often as it has jobs", () => {
    expect(row(twins, "oneConfiguration")).toEqual([
      " oneConfiguration(a): + 1 x(a,NC12,1) + 1 x(a,NC12,2) <= 2",
    ]);
  });

  it("(2) gpuCapacity: jobs of at least s GPUs have as many parts of at least s", () => {
    expect(row(odd, "gpuCapacity")).toEqual([
      " gpuCapacity(ODD,2): + 1 x(a,ODD,2) + 1 x(a,ODD,3) + 1 x(b,ODD,2) + 1 x(b,ODD,3) - 2 u(ODD,3_2) <= 0",
      " gpuCapacity(ODD,3): + 1 x(a,ODD,3) + 1 x(b,ODD,3) - 1 u(ODD,3_2) <= 0",
    ]);
  });

  it("(2') gpuCapacity: sizes of a divisor chain need one row for each VM type", () => {
    expect(row(chain, "gpuCapacity")).toEqual([
      " gpuCapacity(NC12): + 1 x(a,NC12,1) + 2 x(a,NC12,2) + 1 x(b,NC12,1) + 2 x(b,NC12,2) - 2 u(NC12) <= 0",
      " gpuCapacity(NC6): + 1 x(a,NC6,1) - 1 u(NC6) <= 0",
    ]);
  });

  it("(3) quota: a bound of the one column, a row where there are several ways to cut", () => {
    expect(row(odd, "quota")).toEqual([]);
    expect(row(odd, "0 <= u")).toEqual([" 0 <= u(ODD,3_2) <= 2"]);
    const four = testVmType("FOUR", { gpuCount: 4, pricePerHourUsd: 7, quotaNodes: 2 });
    const twoCuts = writtenProblem({
      vmTypes: [four],
      jobs: [writtenJob("a", { FOUR: [null, 60, 40] }, due), writtenJob("b", { FOUR: [null, 70, 30] }, due)],
      maxNodes: 3,
    });
    expect(row(twoCuts, "quota")).toEqual([" quota(FOUR): + 1 u(FOUR,3) + 1 u(FOUR,2_2) <= 2"]);
  });

  it("(3) nodeLimit: all nodes together", () => {
    expect(row(chain, "nodeLimit")).toEqual([" nodeLimit: + 1 u(NC12) + 1 u(NC6) <= 3"]);
  });

  it("has the cost of running against waiting, and the rent, as its objective; waiting is the offset", () => {
    expect(row(chain, "cost")).toEqual([
      " cost: - 40 x(a,NC12,1) - 60 x(a,NC12,2) - 50 x(a,NC6,1) - 30 x(b,NC12,1) - 70 x(b,NC12,2) + 5 u(NC12) + 3 u(NC6)",
    ]);
    expect(formulate(chain).objectiveOffset).toBe(200);
  });

  it("drops what costs no less than waiting, and what fewer GPUs of the type do as cheaply", () => {
    const problem = writtenProblem({
      vmTypes: [NC12, NC6],
      jobs: [writtenJob("a", { NC12: [40, 40], NC6: [100] }, due)],
      maxNodes: 1,
    });
    expect(formulate(problem).milpModel.columns.map(({ name }) => name)).toEqual(["x[a,NC12,1]", "u[NC12]"]);
  });

  it("keeps an option that another VM type beats in cost and GPUs: that type may have run out", () => {
    const problem = writtenProblem({
      vmTypes: [NC12, NC6],
      jobs: [writtenJob("a", { NC12: [null, 90], NC6: [10] }, due)],
      maxNodes: 1,
    });
    expect(formulate(problem).milpModel.columns.map(({ name }) => name)).toContain("x[a,NC12,2]");
  });

  it("is empty where every job had better wait", () => {
    const problem = writtenProblem({
      vmTypes: [NC6],
      jobs: [writtenJob("a", { NC6: [500] }, due)],
      maxNodes: 1,
    });
    const { milpModel, decode, objectiveOffset } = formulate(problem);
    expect(milpModel.columns).toEqual([]);
    expect(milpModel.rows).toEqual([]);
    expect(decode([])).toEqual({ kind: "pooled", choices: [], cuts: [] });
    expect(objectiveOffset).toBe(100);
  });
});

describe("aggregated, there and back", () => {
  const point = (problem: PlanningProblem, values: Readonly<Record<string, number>>): readonly number[] =>
    formulate(problem).milpModel.columns.map(({ name }) => values[name] ?? 0);

  it("decodes counts into choices and cuts", () => {
    const chosen = point(chain, { "x[a,NC6,1]": 1, "x[b,NC12,2]": 1, "u[NC12]": 1, "u[NC6]": 1 });
    expect(formulate(chain).decode(chosen)).toEqual({
      kind: "pooled",
      choices: [
        { jobId: "a", vmTypeId: "NC6", gpus: 1 },
        { jobId: "b", vmTypeId: "NC12", gpus: 2 },
      ],
      cuts: [
        { vmTypeId: "NC12", partition: [2] },
        { vmTypeId: "NC6", partition: [1] },
      ],
    });
  });

  it("gives a class's options to the jobs that run that way already", () => {
    const running = { ...twins, current: { nodes: [node("node-1", "NC12", { b: 2 })] } };
    const chosen = point(running, { "x[a,NC12,1]": 1, "x[a,NC12,2]": 1, "u[NC12]": 2 });
    expect(formulate(running).decode(chosen)).toMatchObject({
      choices: [
        { jobId: "b", gpus: 2 },
        { jobId: "a", gpus: 1 },
      ],
    });
  });

  it("encodes an allocation as a feasible point of the same cost", () => {
    const allocations: readonly [PlanningProblem, Allocation][] = [
      [chain, { nodes: [node("node-1", "NC12", { a: 1, b: 1 })] }],
      [chain, { nodes: [node("node-1", "NC12", { b: 2 }), node("node-2", "NC6", { a: 1 })] }],
      [odd, { nodes: [node("node-1", "ODD", { a: 3, b: 2 })] }],
      [twins, { nodes: [node("node-1", "NC12", { a: 2 }), node("node-2", "NC12", { b: 2 })] }],
    ];
    for (const [problem, allocation] of allocations) {
      const { milpModel, encode, objectiveOffset } = formulate(problem);
      const encoded = encode(allocation);
      expect(checkPoint(milpModel, encoded)).toEqual([]);
      expect(objectiveAt(milpModel, encoded) + objectiveOffset).toBeCloseTo(
        plain(problem).costOf(allocation),
        9,
      );
    }
  });

  it("encodes a job whose option was dropped by the smaller one that replaced it", () => {
    const problem = writtenProblem({
      vmTypes: [NC12],
      jobs: [writtenJob("a", { NC12: [40, 40] }, due)],
      maxNodes: 1,
    });
    const { milpModel, encode } = formulate(problem);
    const encoded = encode({ nodes: [node("node-1", "NC12", { a: 2 })] });
    expect(milpModel.columns.map(({ name }, index) => [name, encoded[index]])).toEqual([
      ["x[a,NC12,1]", 1],
      ["u[NC12]", 1],
    ]);
  });
});
