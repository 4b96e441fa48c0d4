import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkAllocation } from "../../src/domain/check-allocation.ts";
import type { PlanningProblem } from "../../src/domain/planning-problem.ts";
import { greedy } from "../../src/planner/greedy.ts";
import { place } from "../../src/planner/place.ts";
import { planningProblem, testVmType } from "../support/random-problem.ts";
import { seeded } from "../support/seed.ts";
import { sharing, writtenJob, writtenProblem } from "../support/written-problem.ts";

const K80 = [
  testVmType("NC12", { gpuCount: 2, pricePerHourUsd: 1.13, gpuType: "K80" }),
  testVmType("NC24", { gpuCount: 4, pricePerHourUsd: 2.25, gpuType: "K80" }),
  testVmType("NC6", { gpuCount: 1, pricePerHourUsd: 0.56, gpuType: "K80" }),
];
const row = { NC12: [1000, 600], NC24: [1000, 600, 500, 450], NC6: [1000] };
const due = (dueInSeconds: number) => ({ dueInSeconds, costPerSecondUsd: 0.01 });
const planned = (problem: PlanningProblem): readonly string[] => sharing(place(problem, greedy(problem)));
const problemOf = (jobs: readonly ReturnType<typeof writtenJob>[], maxNodes: number): PlanningProblem =>
  writtenProblem({ vmTypes: K80, jobs, maxNodes });

describe("greedy", () => {
  it("takes the cheapest setup that meets the due date and shrinks the node to it", () => {
    expect(planned(problemOf([writtenJob("a", row, due(2000))], 1))).toEqual(["NC6: a×1"]);
    expect(planned(problemOf([writtenJob("a", row, due(700))], 1))).toEqual(["NC12: a×2"]);
  });

  it("takes the fastest setup when none meets the due date", () => {
    expect(planned(problemOf([writtenJob("a", row, due(10))], 1))).toEqual(["NC24: a×4"]);
  });

  it("lets jobs share an open node before it rents another", () => {
    const jobs = ["a", "b", "c"].map((id) => writtenJob(id, row, due(2000)));
    expect(planned(problemOf(jobs, 3))).toEqual(["NC24: a×1 b×1 c×1"]);
  });

  it("serves the job under most pressure first; who finds no room waits", () => {
    const jobs = [writtenJob("a", row, due(5000)), writtenJob("b", row, due(10))];
    expect(planned(problemOf(jobs, 1))).toEqual(["NC24: b×4"]);
  });

  it("shrinks only to a type with quota left and with durations for all its jobs", () => {
    const [nc12, nc24] = K80;
    if (nc12 === undefined || nc24 === undefined) throw new Error("no VM types");
    const without = writtenProblem({
      vmTypes: [{ ...nc12, quotaNodes: 0 }, nc24],
      jobs: [writtenJob("a", row, due(2000))],
      maxNodes: 1,
    });
    expect(planned(without)).toEqual(["NC24: a×1"]);
    const missing = problemOf([writtenJob("a", { NC24: [1000] }, due(2000))], 1);
    expect(planned(missing)).toEqual(["NC24: a×1"]);
  });

  it("rents nothing where nothing may be rented", () => {
    expect(planned(problemOf([writtenJob("a", row, due(10))], 0))).toEqual([]);
  });

  it("is feasible on random problems", () => {
    fc.assert(
      fc.property(
        planningProblem({ maxJobs: 12, maxNodes: 5, maxVmTypes: 4, gpuCounts: [1, 2, 3, 4, 7, 8] }),
        (problem) => {
          expect(checkAllocation(problem, place(problem, greedy(problem)))).toEqual([]);
        },
      ),
      seeded(2000),
    );
  });
});
