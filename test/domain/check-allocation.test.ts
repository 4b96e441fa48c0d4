import { describe, expect, it } from "vitest";
import type { AllocatedNode } from "../../src/domain/allocation.ts";
import { checkAllocation } from "../../src/domain/check-allocation.ts";
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
