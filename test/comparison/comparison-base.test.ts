import { describe, expect, it } from "vitest";
import { baseOfCluster, baseOfJobs } from "../../src/comparison/comparison-base.ts";
import { frozenBase, hourJob, VM_TYPES } from "../support/comparison.ts";
import { node, NOW_SECONDS } from "../support/written-problem.ts";

describe("what a comparison begins from", () => {
  it("is the live cluster with what its jobs have done by now", () => {
    const { state } = frozenBase({ jobs: [hourJob("a")], nodes: [node("node-1", "one", { a: 1 })] });
    const base = baseOfCluster(state, { nowSeconds: NOW_SECONDS + 900, policy: "edf" });
    expect(base.state.nowSeconds).toBe(NOW_SECONDS + 900);
    expect(base.state.jobs[0]?.completedShare).toBeCloseTo(0.25, 12);
    expect(base).toMatchObject({ arrivals: [], policy: "edf" });
    expect(state.nowSeconds).toBe(NOW_SECONDS);
    expect(() => baseOfCluster(state, { nowSeconds: NOW_SECONDS - 1, policy: "edf" })).toThrow(RangeError);
  });

  it("is an empty cluster with the jobs submitted by now, the others still to come", () => {
    const later = { ...hourJob("b"), submittedAtSeconds: NOW_SECONDS + 60 };
    const base = baseOfJobs(
      { vmTypes: VM_TYPES, maxNodes: 2, replanIntervalSeconds: 60 },
      [later, hourJob("a")],
      { nowSeconds: NOW_SECONDS, policy: "progress-value" },
    );
    expect(base.state.jobs.map(({ id }) => id)).toEqual(["a"]);
    expect(base.state.allocation.nodes).toEqual([]);
    expect(base.arrivals).toEqual([later]);
  });
});
