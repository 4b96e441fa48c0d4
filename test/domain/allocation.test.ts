import { describe, expect, it } from "vitest";
import { gpusInUse, placements } from "../../src/domain/allocation.ts";
import { groupBy } from "../../src/domain/group-by.ts";
import { compareIds, sortedById } from "../../src/domain/ids.ts";
import { iterations } from "../../src/domain/job.ts";
import { quotaWithin } from "../../src/domain/vm-type.ts";
import { testVmType } from "../support/random-problem.ts";
import { node } from "../support/written-problem.ts";

describe("an allocation", () => {
  const nodes = [node("node-1", "NC12", { a: 1, b: 1 }), node("node-7", "NC24", { c: 3 })];

  it("says where each job runs", () => {
    expect([...placements({ nodes })]).toEqual([
      ["a", { nodeId: "node-1", vmTypeId: "NC12", gpus: 1 }],
      ["b", { nodeId: "node-1", vmTypeId: "NC12", gpus: 1 }],
      ["c", { nodeId: "node-7", vmTypeId: "NC24", gpus: 3 }],
    ]);
  });

  it("counts the GPUs in use of a node", () => {
    expect(nodes.map(gpusInUse)).toEqual([2, 3]);
    expect(gpusInUse(node("node-2", "NC6", {}))).toBe(0);
  });
});

describe("sets", () => {
  it("are sorted by code unit, the same in every locale", () => {
    expect(
      sortedById([{ id: "b" }, { id: "a" }, { id: "B" }, { id: "a10" }, { id: "a9" }]).map(({ id }) => id),
    ).toEqual(["B", "a", "a10", "a9", "b"]);
    expect(compareIds("a", "a")).toBe(0);
  });

  it("are grouped in the order of their first items", () => {
    expect([...groupBy([3, 1, 4, 1, 5], (value) => value % 2)]).toEqual([
      [1, [3, 1, 1, 5]],
      [0, [4]],
    ]);
  });
});

describe("a quota", () => {
  it("never binds harder than the node limit, and a missing one is the node limit", () => {
    const quota = (quotaNodes: number | null): number =>
      quotaWithin(testVmType("v", { gpuCount: 1, pricePerHourUsd: 1, quotaNodes }), 4);
    expect([quota(null), quota(0), quota(3), quota(9)]).toEqual([4, 0, 3, 4]);
  });
});

describe("a workload", () => {
  it("has epochs · ⌈samples / batch⌉ iterations", () => {
    const workload = {
      networkName: "vgg19",
      framework: "pytorch",
      batchSize: 32,
      samples: 100,
      epochs: 3,
    } as const;
    expect(iterations(workload)).toBe(12);
  });
});
