import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { placements } from "../../src/domain/allocation.ts";
import { checkAllocation } from "../../src/domain/check-allocation.ts";
import { jobId, vmTypeId } from "../../src/domain/ids.ts";
import { aggregated } from "../../src/formulation/aggregated.ts";
import type { Assignment } from "../../src/formulation/formulation.ts";
import { progressValueObjective } from "../../src/formulation/progress-value.ts";
import { choose } from "../../src/planner/decide.ts";
import { place } from "../../src/planner/place.ts";
import { highsSolver } from "../../src/solver/highs-solver.ts";
import { EXACT } from "../support/limits.ts";
import { planningProblem, testVmType } from "../support/random-problem.ts";
import { seeded } from "../support/seed.ts";
import { node, sharing, writtenJob, writtenProblem } from "../support/written-problem.ts";

const due = { dueInSeconds: 1000, costPerSecondUsd: 0.01 };
const FOUR = testVmType("FOUR", { gpuCount: 4, pricePerHourUsd: 4 });
const SEVEN = testVmType("SEVEN", { gpuCount: 7, pricePerHourUsd: 7 });

const problemOf = (jobs: readonly string[], nodes: readonly ReturnType<typeof node>[]) =>
  writtenProblem({
    vmTypes: [FOUR, SEVEN],
    jobs: jobs.map((id) => writtenJob(id, { FOUR: [9, 8, 7, 6], SEVEN: [9, 8, 7, 6, 5, 4, 3] }, due)),
    maxNodes: 3,
    current: { nodes },
  });

const pooled = (
  type: string,
  gpus: Readonly<Record<string, number>>,
  cuts: readonly (readonly number[])[],
): Assignment => ({
  kind: "pooled",
  choices: Object.entries(gpus).map(([id, count]) => ({
    jobId: jobId(id),
    vmTypeId: vmTypeId(type),
    gpus: count,
  })),
  cuts: cuts.map((partition) => ({ vmTypeId: vmTypeId(type), partition })),
});

describe("placing a pooled assignment", () => {
  it("leaves running jobs where they are and puts the others around them", () => {
    const problem = problemOf(
      ["a", "b", "c"],
      [node("node-1", "FOUR", { a: 1 }), node("node-2", "FOUR", { b: 2 })],
    );
    const placed = place(problem, pooled("FOUR", { a: 1, b: 2, c: 2 }, [[2, 2], [1]]));
    expect(placed.nodes).toEqual([node("node-2", "FOUR", { b: 2, c: 2 }), node("node-1", "FOUR", { a: 1 })]);
  });

  it("names new nodes after the last number given", () => {
    const problem = { ...problemOf(["a"], []), nextNodeNumber: 12 };
    expect(place(problem, pooled("FOUR", { a: 1 }, [[1]])).nodes).toEqual([
      node("node-12", "FOUR", { a: 1 }),
    ]);
  });

  it("reuses a rented node that fell idle before it rents a new one", () => {
    const problem = problemOf(["b"], [node("node-1", "FOUR", {})]);
    expect(place(problem, pooled("FOUR", { b: 4 }, [[4]])).nodes).toEqual([node("node-1", "FOUR", { b: 4 })]);
  });

  it("gives back the emptiest node when one less is rented, and moves only its jobs", () => {
    const problem = problemOf(
      ["a", "b", "c", "d"],
      [
        node("node-1", "FOUR", { a: 1 }),
        node("node-2", "FOUR", { b: 2, c: 1 }),
        node("node-3", "FOUR", { d: 4 }),
      ],
    );
    const placed = place(problem, pooled("FOUR", { a: 1, b: 2, c: 1, d: 4 }, [[4], [2, 1, 1]]));
    expect(placed.nodes).toEqual([
      node("node-3", "FOUR", { d: 4 }),
      node("node-2", "FOUR", { a: 1, b: 2, c: 1 }),
    ]);
  });

  it("moves a small running job aside rather than packing everything anew", () => {
    const problem = problemOf(
      ["a", "b", "c", "d"],
      [node("node-1", "FOUR", { a: 1, b: 2 }), node("node-2", "FOUR", { c: 1 })],
    );
    // d needs a whole node; c makes way for it and finds room beside a and b.
    const placed = place(problem, pooled("FOUR", { a: 1, b: 2, c: 1, d: 4 }, [[4], [2, 1, 1]]));
    expect(placed.nodes).toEqual([
      node("node-1", "FOUR", { a: 1, b: 2, c: 1 }),
      node("node-2", "FOUR", { d: 4 }),
    ]);
  });

  it("packs odd sizes anew by the cuts when they do not fit around the running jobs", () => {
    // 3+2+2 and 3+3 host 3, 3, 3, 2 and 2; with the twos of node-1 and node-2 in place only two threes fit.
    const problem = problemOf(
      ["a", "b", "c", "d", "e"],
      [node("node-1", "SEVEN", { a: 2 }), node("node-2", "SEVEN", { b: 2 })],
    );
    const placed = place(
      problem,
      pooled("SEVEN", { a: 2, b: 2, c: 3, d: 3, e: 3 }, [
        [3, 2, 2],
        [3, 3],
      ]),
    );
    expect(checkAllocation(problem, placed)).toEqual([]);
    expect(placed.nodes.map(({ parts }) => parts.map(({ gpus }) => gpus).sort()).sort()).toEqual([
      [2, 2, 3],
      [3, 3],
    ]);
    expect(placed.nodes.map(({ id }) => id).sort()).toEqual(["node-1", "node-2"]);
  });

  it("refuses cuts that do not host the jobs: that is a bug of the formulation", () => {
    expect(() => place(problemOf(["a"], []), pooled("FOUR", { a: 3 }, [[2, 2]]))).not.toThrow();
    expect(() => place(problemOf(["a", "b"], []), pooled("FOUR", { a: 3, b: 3 }, [[3, 1]]))).toThrow(
      "The cuts of FOUR do not host b on 3 GPUs",
    );
  });
});

describe("placing a grouped assignment", () => {
  const grouped = (...groups: readonly Readonly<Record<string, number>>[]): Assignment => ({
    kind: "grouped",
    groups: groups.map((parts) => {
      const { vmTypeId: type, parts: own } = node("node-0", "FOUR", parts);
      return { vmTypeId: type, parts: own };
    }),
  });

  it("keeps who shares a node with whom, although others would have to move less", () => {
    const problem = problemOf(
      ["a", "b", "c", "d"],
      [node("node-1", "FOUR", { a: 1, b: 1 }), node("node-2", "FOUR", { c: 1, d: 1 })],
    );
    const placed = place(problem, grouped({ a: 1, c: 1 }, { b: 1, d: 1 }));
    expect(sharing(placed)).toEqual(["FOUR: a×1 c×1", "FOUR: b×1 d×1"]);
    expect(placed.nodes.map(({ id }) => id).sort()).toEqual(["node-1", "node-2"]);
  });

  it("names a group after the node where most of its jobs stay", () => {
    const problem = problemOf(
      ["a", "b", "c", "d"],
      [node("node-1", "FOUR", { a: 1, b: 1, c: 1 }), node("node-2", "FOUR", { d: 1 })],
    );
    const placed = place(problem, grouped({ a: 1 }, { b: 1, c: 1, d: 1 }));
    expect(placed.nodes).toEqual([
      node("node-2", "FOUR", { a: 1 }),
      node("node-1", "FOUR", { b: 1, c: 1, d: 1 }),
    ]);
  });

  it("keeps the solver's optimum when the literature's objective regroups running jobs", async () => {
    // The first completions end the rent that is counted, so the two short jobs belong on different nodes; they run together now.
    const pair = testVmType("PAIR", { gpuCount: 2, pricePerHourUsd: 3600 });
    const durations: Readonly<Record<string, number>> = { a: 10, b: 20, c: 90, d: 100 };
    const problem = writtenProblem({
      vmTypes: [pair],
      jobs: Object.entries(durations).map(([id, seconds]) =>
        writtenJob(id, { PAIR: [seconds] }, { dueInSeconds: 0, costPerSecondUsd: 10 }),
      ),
      maxNodes: 2,
      current: { nodes: [node("node-1", "PAIR", { a: 1, b: 1 }), node("node-2", "PAIR", { c: 1, d: 1 })] },
    });
    const { allocation, proof } = await choose(problem, { policy: "per-node", solver, limits: EXACT });
    expect(proof.objective).toBeCloseTo(10 * (10 + 20 + 90 + 100) + 10 + 20, 6);
    expect(proof.stopReason).toBe("proven-optimal");
    const nodes = placements(allocation);
    expect(nodes.get(jobId("a"))?.nodeId).not.toBe(nodes.get(jobId("b"))?.nodeId);
  });
});

const solver = highsSolver({ threads: 2 });
afterAll(() => solver.close());

describe("on random problems, what the solver found", () => {
  const SIZE = { maxJobs: 6, maxNodes: 3, maxVmTypes: 2, gpuCounts: [2, 4, 5, 7] };

  it("is placed feasibly, on no more nodes than it rents, and new names are given only when a type has no rented node left", async () => {
    await fc.assert(
      fc.asyncProperty(planningProblem(SIZE), async (problem) => {
        const { milpModel, decode } = aggregated(problem, progressValueObjective(problem));
        const outcome = await solver.solve(milpModel, EXACT);
        if (outcome.kind !== "proven") throw new Error(outcome.kind);
        const assignment = decode(outcome.point);
        if (assignment.kind !== "pooled") throw new Error(assignment.kind);
        const placed = place(problem, assignment);
        expect(checkAllocation(problem, placed)).toEqual([]);
        expect(placements(placed).size).toBe(assignment.choices.length);
        for (const vmType of problem.vmTypes) {
          const own = placed.nodes.filter((entry) => entry.vmTypeId === vmType.id);
          const rented = problem.current.nodes.filter((entry) => entry.vmTypeId === vmType.id);
          const cuts = assignment.cuts.filter((cut) => cut.vmTypeId === vmType.id);
          expect(own.length).toBeLessThanOrEqual(cuts.length);
          const renewed = own.filter(({ id }) => rented.some((old) => old.id === id)).length;
          expect(renewed).toBe(Math.min(own.length, rented.length));
        }
      }),
      seeded(150),
    );
  });

  it("moves nobody when it is what runs already", () => {
    fc.assert(
      fc.property(planningProblem({ ...SIZE, maxJobs: 10, maxNodes: 5 }), (problem) => {
        const assignment: Assignment = {
          kind: "pooled",
          choices: problem.current.nodes.flatMap((entry) =>
            entry.parts.map((part) => ({ ...part, vmTypeId: entry.vmTypeId })),
          ),
          cuts: problem.current.nodes.map((entry) => ({
            vmTypeId: entry.vmTypeId,
            partition: entry.parts.map(({ gpus }) => gpus),
          })),
        };
        expect(placements(place(problem, assignment))).toEqual(placements(problem.current));
      }),
      seeded(1000),
    );
  });
});
