import { describe, expect, it } from "vitest";
import type { AllocatedNode } from "../../src/domain/allocation.ts";
import { checkAllocation } from "../../src/domain/check-allocation.ts";
import type { NodeLimit } from "../../src/domain/node-limit.ts";
import { testVmType } from "../support/random-problem.ts";
import { node, writtenJob, writtenProblem } from "../support/written-problem.ts";

const due = { dueInSeconds: 1000, costPerSecondUsd: 0.01 };
const problem = writtenProblem({
  vmTypes: [
    testVmType("NC12", { gpuCount: 2, pricePerHourUsd: 1.13 }),
    testVmType("NC6", { gpuCount: 1, pricePerHourUsd: 0.56, quotaNodes: 1 }),
  ],
  jobs: [
    writtenJob("a", { NC12: [100, 60], NC6: [90] }, due),
    writtenJob("b", { NC12: [100], NC6: [90] }, due),
  ],
  maxNodes: 2,
});

const broken = (nodes: readonly AllocatedNode[]): readonly string[] =>
  checkAllocation(problem, { nodes }).map(({ rule, detail }) => `${rule}: ${detail}`);

describe("checkAllocation", () => {
  it("accepts nothing rented, and two jobs on one node or on two", () => {
    expect(broken([])).toEqual([]);
    expect(broken([node("node-1", "NC12", { a: 1, b: 1 })])).toEqual([]);
    expect(broken([node("node-1", "NC12", { a: 2 }), node("node-2", "NC6", { b: 1 })])).toEqual([]);
  });

  it.each([
    ["unknown-vm-type", [node("node-1", "NC99", { a: 1 })], "node-1 is of unknown VM type NC99"],
    ["unknown-job", [node("node-1", "NC6", { z: 1 })], "node-1 runs unknown job z"],
    [
      "duplicate-node",
      [node("node-1", "NC12", { a: 1 }), node("node-1", "NC12", { b: 1 })],
      "node-1 is listed twice",
    ],
    ["empty-node", [node("node-1", "NC12", {})], "node-1 is rented and runs nothing"],
    [
      "job-placed-twice",
      [node("node-1", "NC12", { a: 1 }), node("node-2", "NC12", { a: 1 })],
      "a runs twice",
    ],
    ["no-configuration", [node("node-1", "NC12", { b: 2 })], "b has no duration on 2 GPUs of NC12"],
    ["gpu-capacity", [node("node-1", "NC12", { a: 2, b: 1 })], "node-1 gives 3 GPUs, NC12 has 2"],
    [
      "quota",
      [node("node-1", "NC6", { a: 1 }), node("node-2", "NC6", { b: 1 })],
      "2 nodes of NC6, at most 1 may be rented",
    ],
  ])("names the broken rule %s", (rule, nodes, detail) => {
    expect(broken(nodes)).toEqual([`${rule}: ${detail}`]);
  });

  it("names the broken node limit", () => {
    const tight = { ...problem, maxNodes: 1 };
    const nodes = [node("node-1", "NC12", { a: 1 }), node("node-2", "NC6", { b: 1 })];
    expect(checkAllocation(tight, { nodes }).map(({ rule }) => rule)).toEqual(["node-limit"]);
  });

  it("lists every broken rule, not only the first", () => {
    const rules = checkAllocation(problem, {
      nodes: [node("node-1", "NC12", { a: 2, z: 1 }), node("node-1", "NC99", {})],
    }).map(({ rule }) => rule);
    expect(rules).toEqual(["gpu-capacity", "unknown-job", "unknown-vm-type", "duplicate-node"]);
  });
});

describe("checkAllocation: limits", () => {
  const limit = (id: string, weights: Readonly<Record<string, number>>, most: number): NodeLimit => ({
    id,
    label: `quota of ${id}`,
    weights,
    limit: most,
    unit: "vCPUs",
  });
  const withLimits = (...nodeLimits: readonly NodeLimit[]): readonly string[] =>
    checkAllocation(
      { ...problem, nodeLimits },
      { nodes: [node("node-1", "NC12", { a: 1 }), node("node-2", "NC6", { b: 1 })] },
    ).map(({ rule, detail }) => `${rule}: ${detail}`);

  it("accepts what adds up to the limit, and what does not count", () => {
    expect(withLimits(limit("family", { NC12: 12, NC6: 6 }, 18), limit("other", { NC24: 24 }, 0))).toEqual(
      [],
    );
  });

  it("says which limit is exceeded and by how much", () => {
    expect(withLimits(limit("wide", { NC12: 12 }, 12), limit("family", { NC12: 12, NC6: 6 }, 14))).toEqual([
      "limit: 18 vCPUs count against quota of family (family), 4 more than its 14",
    ]);
  });

  it("does not take the rounding of a sum of prices for an excess", () => {
    // 0.1 + 0.2 is more than 0.3 in doubles.
    expect(withLimits(limit("budget", { NC12: 0.1, NC6: 0.2 }, 0.3))).toEqual([]);
  });
});
