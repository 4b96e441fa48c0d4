/** Moves, stops and new nodes must pay for themselves: just barely and just not, and against brute force over plans with nodes by name. */
import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { AllocatedNode, Allocation } from "../../src/domain/allocation.ts";
import { checkAllocation } from "../../src/domain/check-allocation.ts";
import { nodeId, vmTypeId } from "../../src/domain/ids.ts";
import type { PlanningJob, PlanningProblem } from "../../src/domain/planning-problem.ts";
import { separableObjective } from "../../src/formulation/objective.ts";
import { progressValueObjective, progressWorths } from "../../src/formulation/progress-value.ts";
import { changeOffers } from "../../src/planner/change-offers.ts";
import { choose } from "../../src/planner/choose.ts";
import { decide } from "../../src/planner/decide.ts";
import { explain } from "../../src/planner/explain.ts";
import { observe } from "../../src/planner/observe.ts";
import { place } from "../../src/planner/place.ts";
import { solveSeparable } from "../../src/planner/solve-separable.ts";
import { weighedObjective } from "../../src/planner/weigh-changes.ts";
import { withWorthOfChange } from "../../src/planner/change-worth.ts";
import { highsSolver } from "../../src/solver/highs-solver.ts";
import { EXACT } from "../support/limits.ts";
import { planningProblem, testVmType } from "../support/random-problem.ts";
import { seeded } from "../support/seed.ts";
import { clusterJob, clusterWith } from "../support/written-cluster.ts";
import { node, NOW_SECONDS, sharing, writtenJob, writtenProblem } from "../support/written-problem.ts";

const solver = highsSolver({ threads: 1 });
afterAll(() => solver.close());
const means = { policy: "progress-value", solver, limits: EXACT } as const;

const planned = async (problem: PlanningProblem): Promise<readonly string[]> =>
  sharing((await choose(problem, means)).allocation);

/** A lease of a node as it stands: seconds until it is ready, and until its minimum billing ends. */
const lease = (id: string, readyInSeconds: number, paidForSeconds: number) => ({
  nodeId: nodeId(id),
  rentedAtSeconds: NOW_SECONDS - 10,
  readyAtSeconds: NOW_SECONDS + readyInSeconds,
  paidUntilSeconds: NOW_SECONDS + paidForSeconds,
});

describe("two jobs on two nodes of a slow VM type, one of which would be faster elsewhere", () => {
  const late = { dueInSeconds: -1, costPerSecondUsd: 0.01 };
  const vmTypes = [
    testVmType("FAST", { gpuCount: 1, pricePerHourUsd: 1 }),
    testVmType("SLOW", { gpuCount: 1, pricePerHourUsd: 1 }),
  ];
  const jobs = [
    writtenJob("a", { FAST: [700], SLOW: [1000] }, late),
    writtenJob("b", { SLOW: [1000] }, late),
  ];
  const current = { nodes: [node("node-1", "SLOW", { a: 1 }), node("node-2", "SLOW", { b: 1 })] };
  const posed = (restartSeconds: number, bootSeconds: number, heldSeconds = 0): PlanningProblem => ({
    ...writtenProblem({
      vmTypes: vmTypes.map((vmType) => ({ ...vmType, bootSeconds })),
      jobs: jobs.map((job) => ({ ...job, restartSeconds, heldSeconds })),
      maxNodes: 2,
      current,
    }),
    leases: [],
  });
  const moved = ["FAST: a×1", "SLOW: b×1"];
  const kept = ["SLOW: a×1", "SLOW: b×1"];

  it("moves where changes are free", async () => {
    expect(await planned(posed(0, 0))).toEqual(moved);
  });
  it("moves where restart and work take just less than the work where it is", async () => {
    expect(await planned(posed(299, 0))).toEqual(moved);
    expect(await planned(posed(301, 0))).toEqual(kept);
  });
  it("counts the boot of the new node, too", async () => {
    expect(await planned(posed(200, 99))).toEqual(moved);
    expect(await planned(posed(200, 101))).toEqual(kept);
  });
  it("counts only what is left of the present hold, which no choice avoids", async () => {
    // 700 + 310 s against 1000 + 20 s, the value of both being spread over 20 s that are sunk.
    expect(await planned(posed(310, 0, 20))).toEqual(moved);
    expect(await planned(posed(340, 0, 20))).toEqual(kept);
  });
  it("stays free for a policy that ignores what it costs", async () => {
    const { allocation } = await choose(posed(5000, 5000), { ...means, costsOfChange: "ignored" });
    expect(sharing(allocation)).toEqual(moved);
  });
});

describe("two jobs on two nodes that would fit on one", () => {
  const NC12 = testVmType("NC12", { gpuCount: 2, pricePerHourUsd: 1 });
  const nodes = [node("node-1", "NC12", { a: 1 }), node("node-2", "NC12", { b: 1 })];
  /** The mover's value rate is ten times the node's rent. */
  const jobsWith = (restartSeconds: number): readonly PlanningJob[] => {
    const bare = ["a", "b"].map((id) =>
      writtenJob(id, { NC12: [900] }, { dueInSeconds: -1, costPerSecondUsd: 0 }),
    );
    const problem = writtenProblem({ vmTypes: [NC12], jobs: bare, maxNodes: 2 });
    const [job] = bare;
    if (job === undefined) throw new Error("there are two jobs");
    const wantedUsd = (10 * 900) / 3600;
    const worth = progressWorths(problem).get(job.id);
    const lackingUsd = wantedUsd - (worth?.workUsd ?? NaN) - (worth?.onTimeUsd ?? NaN);
    // A late job without a queue costs ω for t^min.
    const costPerSecondUsd = lackingUsd / 900;
    return bare.map((entry) => ({
      ...entry,
      tardinessCostPerSecondUsd: costPerSecondUsd,
      restartSeconds,
    }));
  };
  const posed = (restartSeconds: number, paidForSeconds = -1): PlanningProblem => ({
    ...writtenProblem({ vmTypes: [NC12], jobs: jobsWith(restartSeconds), maxNodes: 2, current: { nodes } }),
    leases: [lease("node-1", -1, paidForSeconds), lease("node-2", -1, paidForSeconds)],
  });

  it("go together where the rent saved is just more than the progress lost, though the node's type stays the same", async () => {
    // A tenth of the value rate is the rent: 10 · D/(900 + D) = 1 at D = 100; the worth grows with the restart by (900 + D)/900, which moves the point to 90.
    expect(await planned(posed(89))).toEqual(["NC12: a×1 b×1"]);
    expect(await planned(posed(91))).toEqual(["NC12: a×1", "NC12: b×1"]);
  });
  it("stay apart while both nodes are paid for anyway", async () => {
    expect(await planned(posed(89, 30))).toEqual(["NC12: a×1", "NC12: b×1"]);
  });
});

describe("a stop", () => {
  const NC12 = testVmType("NC12", { gpuCount: 2, pricePerHourUsd: 1 });
  const jobs = ["a", "b"].map((id) =>
    writtenJob(id, { NC12: [1000] }, { dueInSeconds: 1e6, costPerSecondUsd: 0 }),
  );
  const posed = (restartSeconds: number, running: AllocatedNode): PlanningProblem => ({
    ...writtenProblem({
      vmTypes: [NC12],
      jobs: jobs
        .filter(({ id }) => running.parts.some(({ jobId }) => jobId === id))
        .map((job) => ({ ...job, restartSeconds })),
      maxNodes: 2,
      current: { nodes: [running] },
    }),
    leases: [],
  });

  it("must pay for the restart that follows", async () => {
    // Alone on its node the job is worth 0.6 of the rent; stopping saves 0.4 and costs 0.6 · D/(1000 + D), the same at D = 2000.
    const alone = node("node-1", "NC12", { a: 1 });
    expect(await planned(posed(1900, alone))).toEqual([]);
    expect(await planned(posed(2100, alone))).toEqual(["NC12: a×1"]);
  });
});

describe("a minimum billing", () => {
  const NC6 = { ...testVmType("NC6", { gpuCount: 1, pricePerHourUsd: 1 }), minimumBillingSeconds: 3600 };
  const lazy = { dueInSeconds: 1e6, costPerSecondUsd: 0 };

  it("keeps a short job waiting while it has slack, and does not starve it when that is gone", async () => {
    const short = writtenJob("a", { NC6: [600] }, lazy);
    expect(await planned(writtenProblem({ vmTypes: [NC6], jobs: [short], maxNodes: 1 }))).toEqual([]);
    const due = { ...short, dueAtSeconds: NOW_SECONDS + 600 };
    expect(await planned(writtenProblem({ vmTypes: [NC6], jobs: [due], maxNodes: 1 }))).toEqual(["NC6: a×1"]);
  });
  it("lets it run on a node that is paid for anyway", async () => {
    const short = writtenJob("a", { NC6: [600] }, lazy);
    const paid = writtenProblem({
      vmTypes: [NC6],
      jobs: [short],
      maxNodes: 1,
      current: { nodes: [node("node-7", "NC6", {})] },
    });
    expect((await choose({ ...paid, leases: [lease("node-7", 0, 700)] }, means)).allocation).toEqual({
      nodes: [node("node-7", "NC6", { a: 1 })],
    });
  });
  it("does not matter to a job that outlasts it", async () => {
    const long = writtenJob("a", { NC6: [4000] }, lazy);
    expect(await planned(writtenProblem({ vmTypes: [NC6], jobs: [long], maxNodes: 1 }))).toEqual([
      "NC6: a×1",
    ]);
  });
});

/** Random problems with costs of change. */
const changing = fc
  .tuple(
    planningProblem({ maxJobs: 4, maxNodes: 2, maxVmTypes: 2, gpuCounts: [1, 2, 3, 4] }),
    fc.array(fc.constantFrom(0, 100, 900, 5000), { minLength: 20, maxLength: 20 }),
  )
  .map(([problem, seconds]): PlanningProblem => {
    const pick = (index: number): number => seconds[index % seconds.length] ?? 0;
    return {
      ...problem,
      vmTypes: problem.vmTypes.map((vmType, index) => ({
        ...vmType,
        bootSeconds: pick(index),
        minimumBillingSeconds: pick(index + 2),
      })),
      jobs: problem.jobs.map((job, index) => ({
        ...job,
        restartSeconds: pick(index + 4),
        heldSeconds: Math.min(pick(index + 8), pick(index + 4)),
      })),
      leases: problem.current.nodes.map(({ id, vmTypeId: type }, index) => {
        const boot = pick(problem.vmTypes.findIndex((vmType) => vmType.id === type));
        return lease(id, Math.min(boot, pick(index + 12)) - 10, pick(index + 14) - 50);
      }),
    };
  });

/** Every plan, nodes that are rented keeping their names. */
function everyNamedAllocation(problem: PlanningProblem, visit: (allocation: Allocation) => void): void {
  const extend = (index: number, nodes: readonly AllocatedNode[]): void => {
    const job = problem.jobs[index];
    if (job === undefined) {
      const allocation = { nodes: nodes.filter(({ parts }) => parts.length > 0) };
      if (checkAllocation(problem, allocation).length === 0) visit(allocation);
      return;
    }
    extend(index + 1, nodes);
    for (const { vmTypeId: type, gpus } of job.configurations) {
      const part = { jobId: job.id, gpus };
      nodes.forEach((known, position) => {
        if (known.vmTypeId === type)
          extend(index + 1, nodes.with(position, { ...known, parts: [...known.parts, part] }));
      });
      extend(index + 1, [
        ...nodes,
        { id: nodeId(`node-${problem.nextNodeNumber + nodes.length}`), vmTypeId: type, parts: [part] },
      ]);
    }
  };
  extend(
    0,
    problem.current.nodes.map((known) => ({ ...known, parts: [] })),
  );
}

describe("on random problems", () => {
  it("plans are optimal by name, the bound holds, and the checker agrees", async () => {
    await fc.assert(
      fc.asyncProperty(changing, async (problem) => {
        const objective = weighedObjective(problem, progressValueObjective(problem), means);
        let least = Infinity;
        everyNamedAllocation(problem, (allocation) => {
          least = Math.min(least, objective.costOf(allocation));
        });
        const { allocation, proof } = await choose(problem, means);
        expect(checkAllocation(problem, allocation)).toEqual([]);
        const tolerance = 1e-6 * Math.max(1, Math.abs(least));
        expect(Math.abs(objective.costOf(allocation) - least)).toBeLessThanOrEqual(tolerance);
        expect(-proof.objective).toBeCloseTo(objective.costOf(allocation), 9);
        expect(-(proof.bound ?? NaN)).toBeLessThanOrEqual(least + tolerance);
      }),
      seeded(250),
    );
  });

  it("an allocation costs what its offers cost", async () => {
    await fc.assert(
      fc.asyncProperty(changing, async (problem) => {
        const worth = progressValueObjective(withWorthOfChange(problem));
        const offered = changeOffers(problem, worth);
        const solution = await solveSeparable(offered.problem, offered.objective, {
          solver,
          limits: EXACT,
          warmStart: null,
          secondsLeft: () => null,
        });
        const ofOffers = separableObjective(offered.problem, offered.objective).costOf(
          place(offered.problem, solution.assignment),
        );
        const named = offered.allocate(solution.assignment);
        expect(offered.judge.costOf(named)).toBeCloseTo(ofOffers, 9);
        expect(named.nodes.every(({ vmTypeId: type }) => !type.includes("@"))).toBe(true);
      }),
      seeded(80),
    );
  });
});

it("more nodes than the quota allows by now are given back, and the plan is feasible", async () => {
  const NC6 = testVmType("NC6", { gpuCount: 1, pricePerHourUsd: 1, quotaNodes: 1 });
  const urgent = { dueInSeconds: -1, costPerSecondUsd: 0.01 };
  const problem = writtenProblem({
    vmTypes: [{ ...NC6, bootSeconds: 60 }],
    jobs: ["a", "b"].map((id) => writtenJob(id, { NC6: [1000] }, urgent)),
    maxNodes: 2,
    current: { nodes: [node("node-1", "NC6", { a: 1 }), node("node-2", "NC6", { b: 1 })] },
  });
  const { allocation } = await choose(problem, means);
  expect(allocation.nodes).toHaveLength(1);
  expect(allocation.nodes[0]?.vmTypeId).toBe(vmTypeId("NC6"));
  expect(checkAllocation(problem, allocation)).toEqual([]);
});

describe("more nodes than are told apart", () => {
  const NC12 = { ...testVmType("NC12", { gpuCount: 2, pricePerHourUsd: 1 }), bootSeconds: 60 };
  const ids = Array.from({ length: 12 }, (_, index) => `${index + 10}`);
  const posed = (restartSeconds: number): PlanningProblem =>
    writtenProblem({
      vmTypes: [NC12],
      jobs: ids.map((id) => ({
        ...writtenJob(`j${id}`, { NC12: [9000] }, { dueInSeconds: -1, costPerSecondUsd: 0.001 }),
        restartSeconds,
      })),
      maxNodes: 12,
      current: { nodes: ids.map((id) => node(`node-${id}`, "NC12", { [`j${id}`]: 1 })) },
    });

  it("a plan that gathers their jobs is judged by the restarts that it costs", async () => {
    const cheap = await choose(posed(10), means);
    expect(cheap.allocation.nodes).toHaveLength(6);
    const dear = await choose(posed(8000), means);
    expect(dear.allocation.nodes).toHaveLength(12);
    for (const { proof } of [cheap, dear]) expect(proof.bound).toBeGreaterThanOrEqual(proof.objective);
  });
});

it("a decision is due where a minimum billing ends", async () => {
  const vmTypes = [{ ...testVmType("NC6", { gpuCount: 1, pricePerHourUsd: 1 }), minimumBillingSeconds: 600 }];
  const state = clusterWith({ vmTypes, jobs: [clusterJob("a", { NC6: [3000] }, { dueInSeconds: 3000 })] });
  const timer = { kind: "timer-elapsed", atSeconds: NOW_SECONDS } as const;
  const { plan } = await decide(state, [timer], means);
  expect(plan.allocation.nodes).toHaveLength(1);
  expect(plan.wakeUpAtSeconds).toBe(NOW_SECONDS + 600);
  const ignorant = await decide(state, [timer], { ...means, costsOfChange: "ignored" });
  expect(ignorant.plan.wakeUpAtSeconds).not.toBe(NOW_SECONDS + 600);
});

it("an explanation counts the restart against what a job could have instead", () => {
  const vmTypes = [testVmType("NC12", { gpuCount: 2, pricePerHourUsd: 1 })];
  const job = { ...clusterJob("a", { NC12: [1000, 900] }, { dueInSeconds: -1 }), checkpointSeconds: 200 };
  const started = clusterWith({ vmTypes, jobs: [job], nodes: [node("node-1", "NC12", { a: 1 })] });
  const state = observe(started, { kind: "timer-elapsed", atSeconds: NOW_SECONDS + 500 });
  const [explained] = explain(state, { allocation: state.allocation }, "progress-value");
  expect(explained?.alternatives).toMatchObject([
    { gpus: 1, durationSeconds: 500, verdict: { kind: "chosen" } },
    { gpus: 2, durationSeconds: 650, verdict: { kind: "worse" } },
  ]);
});
