import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AllocatedNode, Allocation } from "../../src/domain/allocation.ts";
import { checkAllocation } from "../../src/domain/check-allocation.ts";
import type { ClusterState } from "../../src/domain/cluster-state.ts";
import { nodeId } from "../../src/domain/ids.ts";
import type { JobId, VmTypeId } from "../../src/domain/ids.ts";
import type { PlanningProblem } from "../../src/domain/planning-problem.ts";
import { progressValueObjective } from "../../src/formulation/progress-value.ts";
import type { Alternative, JobExplanation } from "../../src/planner/explain.ts";
import { explain } from "../../src/planner/explain.ts";
import { pose } from "../../src/planner/pose.ts";
import { planningProblem, testVmType } from "../support/random-problem.ts";
import { seeded } from "../support/seed.ts";
import { clusterJob, clusterWith } from "../support/written-cluster.ts";
import { node } from "../support/written-problem.ts";

const vmTypes = [
  testVmType("NC12", { gpuCount: 2, pricePerHourUsd: 1.13 }),
  testVmType("NC6", { gpuCount: 1, pricePerHourUsd: 0.56, quotaNodes: 1 }),
  testVmType("NV6", { gpuCount: 1, pricePerHourUsd: 0.62 }),
];
const due = { dueInSeconds: 20_000 };
const row = { NC12: [1000, 600], NC6: [1000], NV6: [1200] };

const explained = (state: ClusterState, id: string): JobExplanation => {
  const found = explain(state, state, "progress-value").find(({ jobId }) => jobId === id);
  if (found === undefined) throw new Error(`${id} is not explained`);
  return found;
};
const verdict = (
  { alternatives }: JobExplanation,
  type: string,
  gpus: number,
): Alternative["verdict"]["kind"] | undefined =>
  alternatives.find((entry) => entry.vmTypeId === type && entry.gpus === gpus)?.verdict.kind;

describe("explain: verdicts", () => {
  const jobs = ["a", "b", "c"].map((id) => clusterJob(id, row, due));

  it("names the chosen configuration first", () => {
    const state = clusterWith({ vmTypes, jobs, nodes: [node("node-1", "NC12", { a: 1 })] });
    const a = explained(state, "a");
    expect(a.decision).toBe("running");
    expect(a.alternatives[0]).toMatchObject({ vmTypeId: "NC12", gpus: 1, verdict: { kind: "chosen" } });
    expect(a.summary).toMatch(/^Runs on 1 GPU of NC12, worth .* than waiting; next best, /);
  });

  it("blocks what needs one more node than may be rented", () => {
    const nodes = [node("node-1", "NC12", { a: 2 }), node("node-2", "NV6", { b: 1 })];
    const c = explained(clusterWith({ vmTypes, jobs, nodes, maxNodes: 2 }), "c");
    expect(c.decision).toBe("waiting");
    expect(new Set(c.alternatives.map((entry) => entry.verdict.kind))).toEqual(
      new Set(["blocked-by-node-limit"]),
    );
    expect(c.summary).toContain("all 2 that may be rented are");
  });

  it("does not block a job that would leave its own node", () => {
    const state = clusterWith({ vmTypes, jobs, nodes: [node("node-1", "NV6", { a: 1 })], maxNodes: 1 });
    expect(verdict(explained(state, "a"), "NC12", 2)).not.toBe("blocked-by-node-limit");
    expect(verdict(explained(state, "b"), "NC12", 2)).toBe("blocked-by-node-limit");
  });

  it("blocks what needs one more node of a type than its quota", () => {
    const nodes = [node("node-1", "NC6", { a: 1 })];
    const b = explained(clusterWith({ vmTypes, jobs, nodes, maxNodes: 3 }), "b");
    expect(b.alternatives.find(({ vmTypeId }) => vmTypeId === "NC6")?.verdict).toEqual({
      kind: "blocked-by-quota",
      quotaNodes: 1,
    });
  });

  it("passes on why a configuration is impossible, last and without numbers", () => {
    const missing = [
      { vmTypeId: vmTypes[2]?.id ?? failed(), gpus: 1, reason: "needs 11 GiB of GPU memory, NV6 has 8" },
    ];
    const job = clusterJob("a", { NC12: [1000] }, { ...due, missing });
    const a = explained(clusterWith({ vmTypes, jobs: [job] }), "a");
    expect(a.alternatives.at(-1)).toEqual({
      vmTypeId: "NV6",
      gpus: 1,
      durationSeconds: null,
      tardinessSeconds: null,
      tardinessCostUsd: null,
      sharedRentUsd: null,
      aloneRentUsd: null,
      verdict: { kind: "impossible", reason: "needs 11 GiB of GPU memory, NV6 has 8" },
    });
  });

  it("states duration, tardiness and rent, alone and shared", () => {
    const job = clusterJob("a", { NC12: [1000] }, { dueInSeconds: 900 });
    const a = explained(clusterWith({ vmTypes, jobs: [job] }), "a");
    const [alternative] = a.alternatives;
    expect(alternative).toMatchObject({ durationSeconds: 1000, tardinessSeconds: 100 });
    expect(alternative?.tardinessCostUsd).toBeCloseTo(1, 12);
    expect(alternative?.aloneRentUsd).toBeCloseTo((1.13 * 1000) / 3600, 12);
    expect(alternative?.sharedRentUsd).toBeCloseTo((1.13 * 500) / 3600, 12);
  });
});

describe("explain: numbers", () => {
  it("each loss or gain is the change of the objective when the plan is changed so and nothing else", () => {
    fc.assert(
      fc.property(
        planningProblem({ maxJobs: 6, maxNodes: 3, maxVmTypes: 3, gpuCounts: [1, 2, 4] }),
        (drawn) => {
          const state = stateOf(drawn);
          const problem = pose(state);
          const { costOf } = progressValueObjective(problem);
          const planCost = costOf(state.allocation);
          for (const { jobId, alternatives, gainOverWaiting } of explain(state, state, "progress-value")) {
            const nodes = state.allocation.nodes
              .map((node) => ({ ...node, parts: node.parts.filter((part) => part.jobId !== jobId) }))
              .filter((node) => node.parts.length > 0);
            if (gainOverWaiting !== null)
              expect(gainOverWaiting).toBeCloseTo(costOf({ nodes }) - planCost, 6);
            for (const { vmTypeId, gpus, verdict: stated } of alternatives) {
              const changed = changes(problem, state.allocation, { jobId, vmTypeId, gpus });
              const blocked = stated.kind === "blocked-by-node-limit" || stated.kind === "blocked-by-quota";
              expect(changed.length === 0).toBe(blocked);
              if (blocked) continue;
              const change = Math.min(...changed.map(costOf)) - planCost;
              const claimed =
                stated.kind === "worse"
                  ? stated.objectiveLoss
                  : stated.kind === "better"
                    ? -stated.objectiveGain
                    : 0;
              expect(claimed).toBeCloseTo(change, 6);
            }
          }
        },
      ),
      seeded(500),
    );
  });
});

/** The state whose problem was drawn, as far as an explanation looks at it. */
function stateOf(problem: PlanningProblem): ClusterState {
  const jobs = problem.jobs.map((job) => {
    const rows: Record<string, (number | null)[]> = {};
    for (const { vmTypeId, gpus, durationSeconds } of job.configurations) {
      const known = (rows[vmTypeId] ??= []);
      while (known.length < gpus) known.push(null);
      known[gpus - 1] = durationSeconds;
    }
    return clusterJob(job.id, rows, { dueInSeconds: job.dueAtSeconds - problem.nowSeconds });
  });
  const { vmTypes: types, maxNodes, current } = problem;
  return clusterWith({ vmTypes: types, jobs, maxNodes, nodes: current.nodes });
}

/** Every feasible allocation in which one job runs in a configuration and all others stay. */
function changes(
  problem: PlanningProblem,
  allocation: Allocation,
  wish: { readonly jobId: JobId; readonly vmTypeId: VmTypeId; readonly gpus: number },
): readonly Allocation[] {
  const others = allocation.nodes
    .map((entry) => ({ ...entry, parts: entry.parts.filter((part) => part.jobId !== wish.jobId) }))
    .filter((entry) => entry.parts.length > 0);
  const fresh: AllocatedNode = { id: nodeId("node-fresh"), vmTypeId: wish.vmTypeId, parts: [] };
  return [...others, fresh]
    .filter((entry) => entry.vmTypeId === wish.vmTypeId)
    .map((host) => ({
      nodes: [...others.filter((entry) => entry !== host), { ...host, parts: [...host.parts, wish] }],
    }))
    .filter((changed) => checkAllocation(problem, changed).length === 0);
}

function failed(): never {
  throw new Error("the fixture lacks a VM type");
}
