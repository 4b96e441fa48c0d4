/** The smallest relaxation against brute force: every way to place the jobs without limits, and what each exceeds. */
import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { Allocation } from "../../src/domain/allocation.ts";
import { placements } from "../../src/domain/allocation.ts";
import { jobId } from "../../src/domain/ids.ts";
import { limitUsage, mostWithin } from "../../src/domain/node-limit.ts";
import type { PlanningJob, PlanningProblem } from "../../src/domain/planning-problem.ts";
import { findConfiguration } from "../../src/domain/planning-problem.ts";
import type { LimitChange, Relaxation } from "../../src/domain/relaxation.ts";
import { cheapestUsd, leastWeight, relaxationForJob, totalIncrease } from "../../src/domain/relaxation.ts";
import type { SolverPort } from "../../src/milp/solver-port.ts";
import { relaxationForAll } from "../../src/planner/smallest-relaxation.ts";
import { sharedCostUsd } from "../../src/planner/within-budget.ts";
import { highsSolver } from "../../src/solver/highs-solver.ts";
import { everyAllocation } from "../support/every-allocation.ts";
import { EXACT } from "../support/limits.ts";
import { planningProblem, testVmType } from "../support/random-problem.ts";
import { seeded } from "../support/seed.ts";
import { writtenJob, writtenProblem } from "../support/written-problem.ts";

const solver = highsSolver({ threads: 1 });
afterAll(() => solver.close());
const means = { solver, limits: EXACT };

const due = { dueInSeconds: 10_000, costPerSecondUsd: 0 };

/** Every job of a random problem with a budget drawn for it: around what it costs, or none. */
const SIZE = { maxJobs: 3, maxNodes: 1, maxVmTypes: 3, gpuCounts: [1, 2, 3], maxLimits: 3 };
const problems = fc
  .tuple(
    planningProblem(SIZE),
    fc.array(fc.option(fc.integer({ min: 0, max: 200 }).map((percent) => percent / 100)), {
      minLength: 3,
      maxLength: 3,
    }),
  )
  .map(([problem, shares]): PlanningProblem => ({
    ...problem,
    jobs: problem.jobs.map((job, index): PlanningJob => {
      const share = shares[index] ?? null;
      return share === null ? job : { ...job, budgetLeftUsd: share * cheapestUsd(demandOf(problem, job)) };
    }),
  }));

function demandOf(problem: PlanningProblem, job: PlanningJob) {
  return {
    jobId: job.id,
    budgetUsd: job.budgetLeftUsd ?? null,
    configurations: job.configurations.map((configuration) => ({
      ...configuration,
      costUsd: sharedCostUsd(vmTypeOf(problem, configuration.vmTypeId), configuration),
    })),
  };
}

function vmTypeOf({ vmTypes }: PlanningProblem, id: string) {
  const vmType = vmTypes.find((candidate) => candidate.id === id);
  if (vmType === undefined) throw new Error(`no VM type ${id}`);
  return vmType;
}

/** What an allocation exceeds, by the name of the limit, with what an increase is relative to. */
function exceeded(problem: PlanningProblem, allocation: Allocation): ReadonlyMap<string, number> {
  const excess = new Map<string, number>();
  const note = (name: string, used: number, limit: number, least: number): void => {
    if (used > mostWithin({ limit })) excess.set(name, (used - limit) / Math.max(limit, least));
  };
  note("max-nodes", allocation.nodes.length, problem.maxNodes, 1);
  for (const { id, quotaNodes } of problem.vmTypes) {
    const nodes = allocation.nodes.filter(({ vmTypeId }) => vmTypeId === id).length;
    if (quotaNodes !== null) note(`vm-type-quota ${id}`, nodes, quotaNodes, 1);
  }
  for (const limit of problem.nodeLimits) {
    note(`node-limit ${limit.id}`, limitUsage(limit, allocation.nodes), limit.limit, leastWeight(limit));
  }
  const placed = placements(allocation);
  for (const job of problem.jobs) {
    const placement = placed.get(job.id);
    if (placement === undefined || job.budgetLeftUsd === undefined) continue;
    const configuration = findConfiguration(job, placement.vmTypeId, placement.gpus);
    if (configuration === undefined) throw new Error("placed where it has no duration");
    const costUsd = sharedCostUsd(vmTypeOf(problem, placement.vmTypeId), configuration);
    note(`job-budget ${job.id}`, costUsd, job.budgetLeftUsd, cheapestUsd(demandOf(problem, job)));
  }
  return excess;
}

/** By enumeration: the least increase of each single limit that is enough, else the smallest combination. */
function bruteForce(problem: PlanningProblem): ReadonlyMap<string, number> | "none-needed" {
  const free = {
    ...problem,
    maxNodes: problem.jobs.length,
    nodeLimits: [],
    vmTypes: problem.vmTypes.map((vmType) => ({ ...vmType, quotaNodes: null })),
  };
  let fewest = Infinity;
  let best = Infinity;
  let singles = new Map<string, number>();
  everyAllocation(free, (allocation) => {
    if (placements(allocation).size < problem.jobs.length) return;
    const excess = exceeded(problem, allocation);
    if (excess.size < fewest) [fewest, best, singles] = [excess.size, Infinity, new Map<string, number>()];
    if (excess.size > fewest) return;
    const total = [...excess.values()].reduce((sum, increase) => sum + increase, 0);
    best = Math.min(best, total);
    if (excess.size === 1) {
      for (const [name, increase] of excess)
        singles.set(name, Math.min(singles.get(name) ?? Infinity, increase));
    }
  });
  if (fewest === 0) return "none-needed";
  return fewest === 1 ? singles : new Map([[`${fewest} limits`, best]]);
}

const nameOf = ({ limit }: LimitChange): string => {
  switch (limit.kind) {
    case "max-nodes":
      return limit.kind;
    case "vm-type-quota":
      return `${limit.kind} ${limit.vmTypeId}`;
    case "node-limit":
      return `${limit.kind} ${limit.limitId}`;
    case "job-budget":
      return `${limit.kind} ${limit.jobId}`;
  }
};

function stated(relaxation: Relaxation | { readonly kind: "unknown" }): ReadonlyMap<string, number> | string {
  if (relaxation.kind !== "raise") return relaxation.kind;
  return new Map(
    relaxation.alternatives.map((changes) => [
      changes.length === 1 ? changes.map(nameOf).join("") : `${changes.length} limits`,
      totalIncrease(changes),
    ]),
  );
}

function expectSame(
  found: ReadonlyMap<string, number> | string,
  wanted: ReadonlyMap<string, number> | string,
): void {
  if (typeof wanted === "string" || typeof found === "string") {
    expect(found).toEqual(wanted);
    return;
  }
  expect([...found.keys()].sort()).toEqual([...wanted.keys()].sort());
  for (const [name, increase] of wanted) expect(found.get(name)).toBeCloseTo(increase, 6);
}

describe("nothing smaller works", () => {
  it("for jobs that must all run at once, by MILP", async () => {
    let raises = 0;
    let combinations = 0;
    await fc.assert(
      fc.asyncProperty(problems, async (problem) => {
        const ids = problem.jobs.map(({ id }) => id);
        const found = stated(await relaxationForAll(problem, ids, means));
        expectSame(found, bruteForce(problem));
        if (typeof found === "string") return;
        raises += 1;
        if ([...found.keys()].some((name) => /^\d/.test(name))) combinations += 1;
      }),
      seeded(120),
    );
    // Both kinds must occur, or this says nothing.
    expect(raises).toBeGreaterThan(60);
    expect(combinations).toBeGreaterThan(10);
  });

  it("for one job, by enumeration, and the same by MILP", async () => {
    await fc.assert(
      fc.asyncProperty(problems, async (drawn) => {
        const problem = { ...drawn, jobs: drawn.jobs.slice(0, 1) };
        const [job] = problem.jobs;
        if (job === undefined) return;
        const found = stated(relaxationForJob(problem, demandOf(problem, job)));
        expectSame(found, bruteForce(problem));
        expectSame(stated(await relaxationForAll(problem, [job.id], means)), found);
      }),
      seeded(150),
    );
  });

  it("and with no node at all", () => {
    fc.assert(
      fc.property(problems, (drawn) => {
        const problem = { ...drawn, jobs: drawn.jobs.slice(0, 1), maxNodes: 0 };
        const [job] = problem.jobs;
        if (job === undefined) return;
        expectSame(stated(relaxationForJob(problem, demandOf(problem, job))), bruteForce(problem));
      }),
      seeded(300),
    );
  });
});

describe("two jobs that must run at once", () => {
  const vmTypes = [
    testVmType("NC6s", { gpuCount: 1, pricePerHourUsd: 3 }),
    testVmType("NC12s", { gpuCount: 2, pricePerHourUsd: 7 }),
  ];
  const row = { NC6s: [1000], NC12s: [1000, 600] };
  const jobs = [writtenJob("a", row, due), writtenJob("b", row, due)];
  const ids = jobs.map(({ id }) => id);
  const cores = {
    id: "cores",
    label: "quota of family NCv3",
    weights: { NC6s: 6, NC12s: 12 },
    limit: 6,
    unit: "vCPUs",
  } as const;
  const budget = {
    id: "budget",
    label: "hourly budget",
    weights: { NC6s: 3, NC12s: 7 },
    limit: 20,
    unit: "USD per hour",
  } as const;

  it("need one limit raised, whichever node they take", async () => {
    const problem = writtenProblem({ vmTypes, jobs, maxNodes: 2, nodeLimits: [cores, budget] });
    expect(await relaxationForAll(problem, ids, means)).toEqual({
      kind: "raise",
      alternatives: [
        [
          {
            limit: { kind: "node-limit", limitId: "cores", label: "quota of family NCv3", unit: "vCPUs" },
            from: 6,
            to: 12,
            relativeIncrease: 1,
          },
        ],
      ],
    });
  });

  it("may choose between two single limits, the smaller increase first", async () => {
    // On one NC12s at 7 USD, or on two NC6s at 6 USD and one node more.
    const problem = writtenProblem({ vmTypes, jobs, maxNodes: 1, nodeLimits: [{ ...budget, limit: 6 }] });
    const relaxation = await relaxationForAll(problem, ids, means);
    expect(relaxation).toMatchObject({
      kind: "raise",
      alternatives: [
        [{ limit: { limitId: "budget" }, from: 6, to: 7 }],
        [{ limit: { kind: "max-nodes" }, from: 1, to: 2 }],
      ],
    });
  });

  it("need both where neither is enough", async () => {
    const nodeLimits = [cores, { ...budget, limit: 3 }];
    const problem = writtenProblem({ vmTypes, jobs, maxNodes: 2, nodeLimits });
    expect(await relaxationForAll(problem, ids, means)).toMatchObject({
      alternatives: [
        [
          { limit: { limitId: "cores" }, to: 12 },
          { limit: { limitId: "budget" }, to: 6 },
        ],
      ],
    });
  });

  it("need nothing where there is room, and one of them alone needs nothing either", async () => {
    const problem = writtenProblem({ vmTypes, jobs, maxNodes: 2, nodeLimits: [cores] });
    expect(await relaxationForAll(problem, ids.slice(1), means)).toEqual({ kind: "none-needed" });
    expect(await relaxationForAll({ ...problem, nodeLimits: [] }, ids, means)).toEqual({
      kind: "none-needed",
    });
  });

  it("cannot run where no limit stands in the way but they fit nothing", async () => {
    const stuck = { ...writtenJob("c", {}, due), id: jobId("c") };
    const problem = writtenProblem({ vmTypes, jobs: [...jobs, stuck], maxNodes: 2 });
    expect(await relaxationForAll(problem, [...ids, stuck.id], means)).toEqual({
      kind: "impossible",
      jobIds: ["c"],
    });
  });

  it("are answered with what is not known where the solver fails", async () => {
    const broken: SolverPort = {
      name: "broken",
      solve: () => Promise.resolve({ kind: "failed", message: "WebAssembly is not available" }),
      close: () => Promise.resolve(),
    };
    const problem = writtenProblem({ vmTypes, jobs, maxNodes: 0 });
    expect(await relaxationForAll(problem, ids, { ...means, solver: broken })).toEqual({
      kind: "unknown",
      reason: "WebAssembly is not available",
    });
    await expect(relaxationForAll(problem, [jobId("z")], means)).rejects.toThrow("z");
  });
});
