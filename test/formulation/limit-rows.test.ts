import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { vmTypeId } from "../../src/domain/ids.ts";
import type { NodeLimit } from "../../src/domain/node-limit.ts";
import { exceededLimits } from "../../src/domain/node-limit.ts";
import type { TightLimits } from "../../src/formulation/limit-rows.ts";
import { tightLimits } from "../../src/formulation/limit-rows.ts";
import { aggregated } from "../../src/formulation/aggregated.ts";
import { perNode } from "../../src/formulation/per-node.ts";
import { progressValueObjective } from "../../src/formulation/progress-value.ts";
import { testVmType } from "../support/random-problem.ts";
import { seeded } from "../support/seed.ts";
import { writtenJob, writtenProblem } from "../support/written-problem.ts";

const limitOf = (weights: Readonly<Record<string, number>>, limit: number): NodeLimit => ({
  id: "k",
  label: "k",
  weights,
  limit,
  unit: "vCPUs",
});
const tight = (maxNodes: number, limit: NodeLimit): TightLimits =>
  tightLimits({
    vmTypes: ["A", "B"].map((id) => ({ id: vmTypeId(id), quota: maxNodes })),
    maxNodes,
    nodeLimits: [limit],
  });

describe("a limit over two VM types", () => {
  it("is a quota where only one of them counts", () => {
    expect(tight(9, limitOf({ A: 6 }, 20))).toMatchObject({ maxNodes: 9, quotas: [3, 9], rows: [] });
  });

  it("is a node limit where both count the same", () => {
    expect(tight(9, limitOf({ A: 6, B: 6 }, 20))).toMatchObject({ maxNodes: 3, quotas: [3, 3], rows: [] });
  });

  it("is nothing where the node limit keeps it", () => {
    expect(tight(3, limitOf({ A: 12, B: 6 }, 36))).toMatchObject({ maxNodes: 3, quotas: [3, 3], rows: [] });
  });

  it("is else a row of whole numbers without a common divisor, and the largest limit that they can reach", () => {
    const { quotas, rows } = tight(9, limitOf({ A: 2.4, B: 1.2 }, 5));
    expect(quotas).toEqual([2, 4]);
    expect(rows).toEqual([
      { limitId: "k", weights: Float64Array.from([2, 1]), limit: 4, rowUnitsPerUnit: 10 / 12 },
    ]);
  });

  it("keeps weights that are no decimals as they are", () => {
    const [row] = tight(9, limitOf({ A: Math.PI, B: 1 }, 5)).rows;
    expect(row).toEqual({
      limitId: "k",
      weights: Float64Array.from([Math.PI, 1]),
      limit: 5,
      rowUnitsPerUnit: 1,
    });
  });
});

describe("three jobs under a limit that weighs their VM types differently", () => {
  const vmTypes = [
    testVmType("A", { gpuCount: 1, pricePerHourUsd: 1 }),
    testVmType("B", { gpuCount: 1, pricePerHourUsd: 1 }),
  ];
  const due = { dueInSeconds: 100, costPerSecondUsd: 1 };
  const jobs = ["a", "b", "c"].map((id) => writtenJob(id, { A: [100], B: [100] }, due));
  const problem = writtenProblem({ vmTypes, jobs, maxNodes: 3, nodeLimits: [limitOf({ A: 12, B: 6 }, 20)] });

  it.each([
    ["aggregated", aggregated, 1],
    ["per-node", perNode, 3],
  ] as const)("have one row in the %s model: 2 A + B ≤ 3", (_, formulate, columnsOfType) => {
    const { milpModel } = formulate(problem, progressValueObjective(problem));
    const row = milpModel.rows.find(({ name }) => name === "limit[k]");
    expect(row).toMatchObject({ lower: -Infinity, upper: 3 });
    expect(row?.terms.map(({ coefficient }) => coefficient).sort()).toEqual([
      ...Array.from({ length: columnsOfType }, () => 1),
      ...Array.from({ length: columnsOfType }, () => 2),
    ]);
  });
});

it("quotas, node limit and rows together say the same as the limits, whatever they are", () => {
  const weight = fc.oneof(
    fc.constant(0),
    fc.integer({ min: 1, max: 30 }),
    fc.integer({ min: 1, max: 999 }).map((cents) => cents / 100),
    fc.double({ min: 0.01, max: 5, noNaN: true }),
  );
  const limits = fc.array(
    fc.record({ A: weight, B: weight, C: weight, limit: fc.oneof(weight, fc.integer({ min: 0, max: 60 })) }),
    { maxLength: 3 },
  );
  const counts = fc.tuple(...["A", "B", "C"].map(() => fc.nat({ max: 6 })));
  fc.assert(
    fc.property(limits, counts, fc.nat({ max: 9 }), (drawn, nodes, maxNodes) => {
      const nodeLimits = drawn.map(({ limit, ...weights }) => limitOf(weights, limit));
      const vmTypes = ["A", "B", "C"].map((id) => ({ id: vmTypeId(id), quota: maxNodes }));
      const stated = tightLimits({ vmTypes, maxNodes, nodeLimits });
      const rented = vmTypes.flatMap(({ id }, v) =>
        Array.from({ length: nodes[v] ?? 0 }, () => ({ vmTypeId: id })),
      );
      const allowed = rented.length <= maxNodes && exceededLimits(nodeLimits, rented).length === 0;
      const kept =
        rented.length <= stated.maxNodes &&
        nodes.every((count, v) => count <= (stated.quotas[v] ?? 0)) &&
        stated.rows.every(
          ({ weights, limit }) =>
            weights.reduce((total, each, v) => total + each * (nodes[v] ?? 0), 0) <=
            limit + 1e-9 * Math.max(1, limit),
        );
      expect(kept).toBe(allowed);
    }),
    seeded(2000),
  );
});
