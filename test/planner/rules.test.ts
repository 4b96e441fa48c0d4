import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EMPTY_ALLOCATION, gpusInUse, placements } from "../../src/domain/allocation.ts";
import { checkAllocation } from "../../src/domain/check-allocation.ts";
import { jobId, nodeId, vmTypeId } from "../../src/domain/ids.ts";
import type { PlanningJob, PlanningProblem } from "../../src/domain/planning-problem.ts";
import type { PolicyName } from "../../src/planner/policy.ts";
import { posePolicy } from "../../src/planner/policy.ts";
import { planningProblem, testVmType } from "../support/random-problem.ts";

const RULES: readonly PolicyName[] = ["greedy", "random-greedy", "local-search", "fifo", "edf", "priority"];
const FIRST_PRINCIPLE: readonly PolicyName[] = ["fifo", "edf", "priority"];

function follow(
  policy: PolicyName,
  problem: PlanningProblem,
  seed = 1,
): ReturnType<NonNullable<ReturnType<typeof posePolicy>["rule"]>> {
  const { rule } = posePolicy(policy, problem, seed);
  if (rule === null) throw new Error(`${policy} is no rule`);
  return rule();
}

describe("rules on random problems", () => {
  const problems = planningProblem({ maxJobs: 7, maxNodes: 4, maxVmTypes: 3, gpuCounts: [1, 2, 4] });

  test.each(RULES)("%s gives a feasible plan, the same for the same seed", (policy) => {
    fc.assert(
      fc.property(problems, fc.nat({ max: 99 }), (problem, seed) => {
        const allocation = follow(policy, problem, seed);
        expect(checkAllocation(problem, allocation)).toEqual([]);
        expect(follow(policy, problem, seed)).toEqual(allocation);
      }),
      { numRuns: policy === "random-greedy" || policy === "local-search" ? 25 : 200 },
    );
  });

  test.each(FIRST_PRINCIPLE)(
    "%s never takes a job's GPUs away, and puts one job on each new node",
    (policy) => {
      fc.assert(
        fc.property(problems, (problem) => {
          const before = placements(problem.current);
          const allocation = follow(policy, problem);
          const after = placements(allocation);
          for (const [id, placement] of before) expect(after.get(id)).toEqual(placement);
          const known = new Set(problem.current.nodes.map((node) => node.id));
          for (const node of allocation.nodes) if (!known.has(node.id)) expect(node.parts).toHaveLength(1);
        }),
      );
    },
  );
});

const job = (
  id: string,
  args: Partial<PlanningJob> & { readonly seconds: Readonly<Record<string, number>> },
): PlanningJob => ({
  id: jobId(id),
  dueAtSeconds: 1e9,
  tardinessCostPerSecondUsd: 1,
  configurations: Object.entries(args.seconds).map(([key, durationSeconds]) => {
    const [vmType = "", gpus = "1"] = key.split(" ");
    return { vmTypeId: vmTypeId(vmType), gpus: Number(gpus), durationSeconds };
  }),
  ...args,
});

const problemOf = (jobs: readonly PlanningJob[], maxNodes: number): PlanningProblem => ({
  revision: 1,
  nowSeconds: 0,
  replanIntervalSeconds: 1e6,
  maxNodes,
  nodeLimits: [],
  vmTypes: [
    testVmType("big", { gpuCount: 4, pricePerHourUsd: 3.6, gpuType: "K80" }),
    testVmType("small", { gpuCount: 1, pricePerHourUsd: 1, gpuType: "K80" }),
  ],
  jobs,
  current: EMPTY_ALLOCATION,
  nextNodeNumber: 1,
});

describe("first-principle rules", () => {
  const seconds = { "small 1": 1000, "big 4": 400 };

  test("differ in who comes first", () => {
    const jobs = [
      job("a", { seconds, submittedAtSeconds: 2, dueAtSeconds: 3e3, tardinessCostPerSecondUsd: 3 }),
      job("b", { seconds, submittedAtSeconds: 1, dueAtSeconds: 2e3, tardinessCostPerSecondUsd: 1 }),
      job("c", { seconds, submittedAtSeconds: 3, dueAtSeconds: 1e3, tardinessCostPerSecondUsd: 2 }),
    ];
    const first = (policy: PolicyName): readonly string[] => [
      ...placements(follow(policy, problemOf(jobs, 1))).keys(),
    ];
    expect([first("fifo"), first("edf"), first("priority")]).toEqual([["b"], ["c"], ["a"]]);
  });

  test("take the cheapest node that meets the due date, else the fastest", () => {
    // 1000 s at 1 USD/h cost 0.28 USD, 400 s at 3.6 USD/h cost 0.40 USD.
    const chosen = (dueAtSeconds: number): string | undefined =>
      follow("fifo", problemOf([job("a", { seconds, dueAtSeconds })], 1)).nodes[0]?.vmTypeId;
    expect([chosen(2000), chosen(500), chosen(100)]).toEqual(["small", "big", "big"]);
  });
});

describe("the peer's randomised rules", () => {
  const jobs = ["a", "b", "c", "d"].map((id) =>
    job(id, { seconds: { "small 1": 1000, "big 1": 1000, "big 2": 700 } }),
  );

  test("share a node where that is cheaper", () => {
    const { nodes } = follow("local-search", problemOf(jobs, 4));
    expect(nodes.map((node) => [node.vmTypeId, gpusInUse(node)])).toEqual([["big", 4]]);
  });
});

describe("myopic", () => {
  const problem = problemOf(
    [
      job("a", {
        seconds: { "small 1": 1000, "big 1": 3000 },
        dueAtSeconds: 2000,
        tardinessCostPerSecondUsd: 0.5,
      }),
    ],
    1,
  );
  const { objective } = posePolicy("myopic", problem);
  const cost = (vmType: string): number =>
    objective.costOf({
      nodes: [{ id: nodeId("node-1"), vmTypeId: vmTypeId(vmType), parts: [{ jobId: jobId("a"), gpus: 1 }] }],
    });

  test("a running job costs its node until the first event, then its share, and its tardiness", () => {
    // The first event comes after 1000 s. small: 1000 s of 1 USD/h. big: 1000 s of 3.6 USD/h, then a quarter of it for 2000 s; 1000 s late.
    expect(cost("small")).toBeCloseTo(1000 / 3600, 9);
    expect(cost("big")).toBeCloseTo(1 + 0.25 * 2 + 500, 9);
  });

  test("a waiting job costs 100 times its worst case", () => {
    expect(objective.costOf(EMPTY_ALLOCATION)).toBeCloseTo(100 * 0.5 * 1000, 6);
  });
});
