import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { ComparedDecision } from "../../src/comparison/compare-decisions.ts";
import { compareDecisions } from "../../src/comparison/compare-decisions.ts";
import type { ComparisonBase, Variant } from "../../src/comparison/variant.ts";
import { vmTypeId } from "../../src/domain/ids.ts";
import type { Job } from "../../src/domain/job.ts";
import { planFor } from "../../src/planner/decide.ts";
import { highsSolver } from "../../src/solver/highs-solver.ts";
import { deepFreeze } from "../support/deep-freeze.ts";
import { EXACT } from "../support/limits.ts";
import { planningProblem } from "../support/random-problem.ts";
import { seeded } from "../support/seed.ts";
import { clusterJob, clusterWith } from "../support/written-cluster.ts";
import { frozenBase, hourJob, uncertain, variant } from "../support/comparison.ts";

const solver = highsSolver({ threads: 1 });
afterAll(() => solver.close());
const means = { solver, limits: EXACT };
const AS_IT_IS = variant("as it is");

async function compared(
  base: ComparisonBase,
  ...variants: readonly Variant[]
): Promise<readonly ComparedDecision[]> {
  const comparison = await compareDecisions({ base, variants, marginals: "none" }, means);
  if (comparison.kind === "cancelled") throw new Error("cancelled");
  return comparison.variants;
}

async function againstFirst(base: ComparisonBase, other: Variant): Promise<ComparedDecision> {
  const [, second] = await compared(base, AS_IT_IS, other);
  if (second === undefined) throw new Error("No second variant");
  return second;
}

const lineOf = (
  { difference }: ComparedDecision,
  id: string,
): NonNullable<ComparedDecision["difference"]>["jobs"][number] => {
  const line = difference?.jobs.find(({ jobId }) => jobId === id);
  if (line === undefined) throw new Error(`No difference of ${id}`);
  return line;
};

describe("compareDecisions", () => {
  it("decides the first variant as planFor does, and touches nothing", async () => {
    const base = frozenBase({ jobs: [hourJob("a"), hourJob("b", 2000), hourJob("c", 2500)] });
    const before = structuredClone(base);
    const [first] = await compared(
      base,
      AS_IT_IS,
      variant("edf", { policy: "edf" }),
      variant("none", { maxNodes: 0 }),
    );
    expect(base).toEqual(before);
    expect(first?.plan).toEqual(await planFor(base.state, { ...means, policy: "progress-value" }));
    expect(first?.difference).toBeNull();
    expect(first?.marginals).toBeNull();
  });

  it("names the node limit, and the slack that waiting uses", async () => {
    const urgent = (id: string): Job => hourJob(id, 1500);
    const base = frozenBase({ jobs: [urgent("a"), urgent("b"), hourJob("c")], maxNodes: 3 });
    const less = await againstFirst(base, variant("one node", { maxNodes: 1 }));
    const moved = less.difference?.jobs ?? [];
    expect(moved.length).toBeGreaterThan(0);
    const waits = moved.find(({ to }) => to.kind === "waiting");
    expect(waits?.reason).toMatchObject({ cause: "node-limit" });
    expect(waits?.reason.words).toMatch(/would need one more node, and the only one that may be rented is/);
    expect(waits?.reason.words).toMatch(/at most 1 instead of 3 nodes may be rented/);
    expect(waits?.reason.words).toMatch(/waits, (which its slack of|and is late by)/);
    expect(waits?.reason.verdictInVariant).toEqual({ kind: "blocked-by-node-limit", maxNodes: 1 });
    // What progress is worth depends on how scarce nodes are.
    expect(less.objectiveComparable).toBe(false);
    expect(less.difference?.objectiveChange).toBeNull();
  });

  it("names a VM type that is not offered", async () => {
    const base = frozenBase({ jobs: [hourJob("a")] });
    const [first] = await compared(
      base,
      AS_IT_IS,
      variant("four only", { onlyVmTypeIds: [vmTypeId("four")] }),
    );
    const ran = [...(first?.figures.nodesByVmType ?? [])][0]?.vmTypeId ?? "";
    const other = ["one", "two", "four"].find((id) => id !== ran) ?? "";
    const second = await againstFirst(base, variant("other only", { onlyVmTypeIds: [vmTypeId(other)] }));
    expect(lineOf(second, "a").reason).toMatchObject({ cause: "not-offered" });
    expect(lineOf(second, "a").reason.words).toContain(`${ran} is not offered in this variant`);
    expect(second.objectiveComparable).toBe(false);
    expect(second.difference?.objectiveChange).toBeNull();
  });

  it("names the price that makes another VM type the cheapest", async () => {
    const relaxed = frozenBase({
      jobs: [clusterJob("a", { one: [3600], two: [null, 1750] }, { dueInSeconds: 3800 })],
    });
    const cheap = await againstFirst(
      relaxed,
      variant("cheap one", { priceFactors: new Map([[vmTypeId("one"), 0.7]]) }),
    );
    const line = lineOf(cheap, "a");
    expect(line.to).toMatchObject({ kind: "running", vmTypeId: "one", gpus: 1 });
    expect(line.reason.cause).toBe("price");
    expect(line.reason.words).toMatch(
      /one costs 0\.70 instead of 1\.00 USD\/h \(30 % lower\); that makes 1 GPU of one its cheapest/,
    );
    expect(line.costChangeUsd).toBeCloseTo(0.7 - (2 * 1750) / 3600, 9);
  });

  it("names the P90 that exceeds the slack, and shows figures at medians", async () => {
    const wide = uncertain(clusterJob("a", { one: [3600], two: [null, 2400] }, { dueInSeconds: 4700 }), 1.5);
    // It may take longer, and hardly less: the margin that decisions keep anyway is smaller than the way to P90.
    const entries = wide.durations.entries.map((entry) => ({
      ...entry,
      lowerSeconds: entry.durationSeconds,
    }));
    const job = { ...wide, durations: { ...wide.durations, entries } };
    const second = await againstFirst(
      frozenBase({ jobs: [job] }),
      variant("careful", { plannedDurations: "P90" }),
    );
    const line = lineOf(second, "a");
    expect(line).toMatchObject({
      from: { vmTypeId: "one" },
      to: { vmTypeId: "two", gpus: 2, remainingSeconds: 2400 },
    });
    expect(line.reason.cause).toBe("duration");
    expect(line.reason.words).toMatch(
      /on 1 GPU of one it is planned with 1:30 h \(P90\) instead of 1:00 h, more than the 1:18 h until its due date/,
    );
    expect(second.atP90.tardinessSeconds).toBe(0);
    const [first] = await compared(frozenBase({ jobs: [job] }), AS_IT_IS, AS_IT_IS);
    expect(first?.atP90.tardinessSeconds).toBeCloseTo(700, 6);
    expect(first?.figures.tardinessSeconds).toBe(0);
  });

  it("calls alternatives equal only when the objectives are", async () => {
    const base = frozenBase({ jobs: [hourJob("a"), hourJob("b"), hourJob("c"), hourJob("d")] });
    for (const other of [variant("three", { maxNodes: 3 }), variant("one", { maxNodes: 1 })]) {
      const second = await againstFirst(base, other);
      for (const { reason } of second.difference?.jobs ?? []) {
        expect(reason.cause === "equal-alternatives").toBe(
          Math.abs(second.difference?.objectiveChange ?? NaN) < 1e-9,
        );
      }
    }
  });

  it("counts waiting jobs with what they cost at the least", async () => {
    const base = frozenBase({ jobs: [hourJob("a"), hourJob("b")] });
    const none = await againstFirst(base, variant("no node", { maxNodes: 0 }));
    expect(none.figures).toMatchObject({ runningJobs: 0, waitingJobs: 2, rentUsd: 0, gpuUtilisation: null });
    expect(none.figures.totalCostUsd).toBeCloseTo(2, 9);
    expect(none.gainAtFirstWorthsPerHourUsd).toBe(0);
  });

  it("says how many jobs run on weak durations", async () => {
    const weak = uncertain(hourJob("a"), 2);
    const entries = weak.durations.entries.map((entry) => ({
      ...entry,
      source: "scaled" as const,
      warnings: ["conv: outside the measured range"],
    }));
    const base = frozenBase({ jobs: [{ ...weak, durations: { ...weak.durations, entries } }, hourJob("b")] });
    const [first] = await compared(base, AS_IT_IS, AS_IT_IS);
    expect(first?.case.notes).toEqual([
      "1 of 2 jobs run where their durations are carried over from another GPU's measurements.",
      "1 of 2 jobs run where the prediction comes with warnings (berth estimate).",
    ]);
  });

  it("stops between two variants, and tells how far it is", async () => {
    const shares: number[] = [];
    const request = {
      base: frozenBase({ jobs: [hourJob("a")] }),
      variants: [AS_IT_IS, variant("b"), variant("c")],
      marginals: "none",
    } as const;
    let asked = 0;
    const stopped = await compareDecisions(request, means, { isCancelled: () => ++asked > 2 });
    expect(stopped).toEqual({ kind: "cancelled", variantsDone: 2 });
    await compareDecisions(request, means, { onProgress: (share) => shares.push(share) });
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
  });

  it("throws before the first event", async () => {
    const { state } = frozenBase({ jobs: [] });
    const base: ComparisonBase = {
      state: { ...state, nowSeconds: null },
      arrivals: [],
      policy: "progress-value",
    };
    await expect(compareDecisions({ base, variants: [AS_IT_IS], marginals: "none" }, means)).rejects.toThrow(
      /no time/,
    );
  });

  it("only variants of equal worths are comparable, and then the optimum is the same; nothing writes to the base", async () => {
    const size = { maxJobs: 5, maxNodes: 3, maxVmTypes: 2, gpuCounts: [1, 2, 4] };
    await fc.assert(
      fc.asyncProperty(planningProblem(size), async (problem) => {
        const jobs = problem.jobs.map((job): Job => {
          const written = clusterJob(job.id, {}, { dueInSeconds: 0 });
          const entries = job.configurations.map((row) => ({
            ...row,
            lowerSeconds: row.durationSeconds,
            upperSeconds: row.durationSeconds,
            source: "user" as const,
            warnings: [],
          }));
          return {
            ...written,
            ...job,
            durations: { entries, missing: [] },
            submittedAtSeconds: problem.nowSeconds,
          };
        });
        const state = clusterWith({ vmTypes: problem.vmTypes, jobs, maxNodes: problem.maxNodes });
        const base: ComparisonBase = deepFreeze({ state, arrivals: [], policy: "progress-value" });
        const quotas = problem.vmTypes.flatMap(({ id, quotaNodes }) =>
          quotaNodes === null || quotaNodes === 0 ? [] : ([[id, quotaNodes + 1]] as const),
        );
        const [first, same, ...others] = await compared(
          base,
          AS_IT_IS,
          variant("the same"),
          variant("more nodes", { maxNodes: problem.maxNodes + 1 }),
          ...(quotas.length === 0 ? [] : [variant("more quota", { quotaNodes: new Map(quotas) })]),
        );
        expect(same?.objectiveComparable).toBe(true);
        expect(same?.plan.proof.objective).toBe(first?.plan.proof.objective);
        for (const other of others) expect(other.objectiveComparable).toBe(false);
      }),
      seeded(30),
    );
  });
});
