import { describe, expect, it } from "vitest";
import { nodeLimitsOf } from "../../src/catalog/limits.ts";
import { applyVariant } from "../../src/comparison/apply-variant.ts";
import { plannedState } from "../../src/comparison/planned-durations.ts";
import { jobId, vmTypeId } from "../../src/domain/ids.ts";
import { pose } from "../../src/planner/pose.ts";
import { testVmType } from "../support/random-problem.ts";
import { clusterJob } from "../support/written-cluster.ts";
import { node, NOW_SECONDS } from "../support/written-problem.ts";
import { frozenBase, hourJob, uncertain, variant } from "../support/comparison.ts";

const [one, two, four] = [vmTypeId("one"), vmTypeId("two"), vmTypeId("four")];
const base = frozenBase({ jobs: [hourJob("a"), hourJob("b")] });
const priceOf = (own: ReturnType<typeof applyVariant>, id: string): number | undefined =>
  own.state.settings.vmTypes.find((vmType) => vmType.id === id)?.pricePerHourUsd;

describe("applyVariant", () => {
  it("changes nothing where the variant changes nothing", () => {
    const own = applyVariant(base, variant("as it is"));
    expect(own.state).toEqual(base.state);
    expect(own).toMatchObject({
      arrivals: [],
      policy: "progress-value",
      plannedDurations: "P50",
      leftOut: [],
      notes: [],
    });
  });

  it("sets prices, then factors, then discounts one after the other", () => {
    const own = applyVariant(
      base,
      variant("cheaper", {
        pricesPerHourUsd: new Map([[one, 2]]),
        priceFactors: new Map([
          [one, 0.5],
          [two, 3],
        ]),
        discounts: [
          { kind: "reserved", share: 0.5, vmTypeIds: null },
          { kind: "spot", share: 0.2, vmTypeIds: [four] },
        ],
      }),
    );
    expect(priceOf(own, "one")).toBeCloseTo(2 * 0.5 * 0.5, 12);
    expect(priceOf(own, "two")).toBeCloseTo(2 * 3 * 0.5, 12);
    expect(priceOf(own, "four")).toBeCloseTo(4 * 0.5 * 0.8, 12);
    expect(own.notes.join(" ")).toMatch(/reserved hours that nobody uses.*without evictions/);
  });

  it("counts a budget at the variant's prices, and another catalogue's VM types against one on all", () => {
    const budget = nodeLimitsOf(
      {
        budgetPerHourUsd: 5,
        quotas: [
          { vmTypes: ["one"], limit: 3, unit: "USD per hour" },
          { limit: 4, unit: "GPUs" },
        ],
      },
      base.state.settings.vmTypes,
    );
    if (budget.kind === "refused") throw new Error("refused");
    const { nodeLimits } = budget;
    const limited = { ...base, state: { ...base.state, settings: { ...base.state.settings, nodeLimits } } };
    const cheaper = applyVariant(limited, variant("cheaper", { priceFactors: new Map([[one, 0.5]]) }));
    const weights = cheaper.state.settings.nodeLimits.map((limit) => limit.weights);
    expect(weights[0]).toEqual({ one: 0.5, two: 2, four: 4 });
    expect(weights[1]).toEqual({ one: 0.5 });
    expect(weights[2]).toEqual(nodeLimits[2]?.weights);
    const eight = testVmType("eight", { gpuCount: 8, pricePerHourUsd: 9 });
    const durations = new Map(limited.state.jobs.map(({ id, job }) => [id, job.durations]));
    const other = applyVariant(
      limited,
      variant("other", { catalogue: { name: "other", vmTypes: [eight], durations } }),
    );
    expect(other.state.settings.nodeLimits[0]?.weights).toEqual({ eight: 9 });
    expect(other.state.settings.nodeLimits[1]?.weights).toEqual({});
  });

  it("takes VM types away with the durations there", () => {
    const own = applyVariant(base, variant("one only", { onlyVmTypeIds: [one] }));
    expect(own.state.settings.vmTypes.map(({ id }) => id)).toEqual(["one"]);
    const table = own.state.jobs[0]?.job.durations;
    expect(table?.entries.map(({ vmTypeId: id }) => id)).toEqual(["one"]);
    expect(table?.missing[0]?.reason).toMatch(/is not offered in this variant/);
  });

  it("leaves out a job that fits nothing, with the reasons of the VM types that are offered", () => {
    const big = clusterJob(
      "big",
      { four: [5000] },
      { dueInSeconds: 9000, missing: [{ vmTypeId: one, gpus: 1, reason: "needs 13.9 GiB, K80 has 12" }] },
    );
    const own = applyVariant(
      frozenBase({ jobs: [hourJob("a"), big], nodes: [node("node-1", "four", { big: 1, a: 1 })] }),
      variant("small", { quotaNodes: new Map([[four, 0]]) }),
    );
    expect(own.state.jobs.map(({ id }) => id)).toEqual(["a"]);
    expect(own.leftOut).toEqual([
      {
        jobId: "big",
        reason:
          "fits no VM type of this variant (needs 13.9 GiB, K80 has 12; the quota of four is 0 in this variant)",
      },
    ]);
    expect(own.state.allocation.nodes).toEqual([]);
    expect(own.notes[0]).toMatch(/node-1 \(four\) is given back first/);
  });

  it("moves due dates and weights of jobs that are there and of those to come", () => {
    const later = { ...hourJob("later"), submittedAtSeconds: NOW_SECONDS + 100 };
    const own = applyVariant(
      frozenBase({ jobs: [hourJob("a", 1000)], arrivals: [later] }),
      variant("tight", { dueDateSlack: { factor: 0.5, addedSeconds: -60 }, tardinessWeightFactor: 3 }),
    );
    expect(own.state.jobs[0]?.job).toMatchObject({
      dueAtSeconds: NOW_SECONDS + 440,
      tardinessCostPerSecondUsd: 0.03,
    });
    expect(own.arrivals[0]?.dueAtSeconds).toBeCloseTo(NOW_SECONDS + 100 + 0.5 * 19_900 - 60, 6);
  });

  it("plans with what the cluster plans with, unless it says otherwise", () => {
    const uncertainBase = frozenBase({ jobs: [uncertain(hourJob("a"), 1.5)] });
    const { state } = uncertainBase;
    const careful = {
      ...uncertainBase,
      state: { ...state, settings: { ...state.settings, durationPercentile: "P90" as const } },
    };
    const durationsOf = (own: ReturnType<typeof applyVariant>) =>
      pose(plannedState(own.state, own.plannedDurations)).jobs[0]?.configurations.map(
        (entry) => entry.durationSeconds,
      );
    const own = applyVariant(careful, variant("as it is"));
    expect(own.plannedDurations).toBe("P90");
    expect(durationsOf(own)).toEqual(
      pose(careful.state).jobs[0]?.configurations.map((entry) => entry.durationSeconds),
    );
    const median = applyVariant(careful, variant("median", { plannedDurations: "P50" }));
    expect(durationsOf(median)).toEqual(durationsOf(applyVariant(uncertainBase, variant("as it is"))));
    expect(durationsOf(median)).not.toEqual(durationsOf(own));
  });

  it("plans at P90 with the upper end of the interval and keeps the medians beside it", () => {
    const own = applyVariant(
      frozenBase({ jobs: [uncertain(hourJob("a"), 1.7), hourJob("b")] }),
      variant("careful", { plannedDurations: "P90" }),
    );
    const planned = plannedState(own.state, own.plannedDurations);
    expect(planned.jobs[0]?.job.durations.entries[0]?.durationSeconds).toBeCloseTo(3600 * 1.7, 9);
    expect(planned.jobs[1]?.job.durations.entries[0]?.durationSeconds).toBe(3600);
    expect(own.state.jobs[0]?.job.durations.entries[0]?.durationSeconds).toBe(3600);
    expect(own.notes.join(" ")).toMatch(/1 of 2 jobs bring durations of their own/);
  });

  it("gives back what a rule without preemption could not keep, newest first", () => {
    const running = frozenBase({
      jobs: [hourJob("a"), hourJob("b")],
      nodes: [node("node-10", "one", { b: 1 }), node("node-9", "one", { a: 1 })],
    });
    const own = applyVariant(running, variant("less", { maxNodes: 1, policy: "fifo" }));
    expect(own.state.allocation.nodes.map(({ id }) => id)).toEqual(["node-9"]);
    const optimised = applyVariant(running, variant("less", { maxNodes: 1 }));
    expect(optimised.state.allocation).toEqual(running.state.allocation);
  });

  it("throws when another catalogue brings no durations of a job", () => {
    const catalogue = { name: "other", vmTypes: base.state.settings.vmTypes, durations: new Map() };
    expect(() => applyVariant(base, variant("other", { catalogue }))).toThrow(/no durations of job a/);
    const own = applyVariant(
      base,
      variant("other", {
        catalogue: {
          ...catalogue,
          durations: new Map([["a", "b"]].flat().map((id) => [jobId(id), hourJob(id).durations])),
        },
      }),
    );
    expect(own.state.jobs).toHaveLength(2);
  });
});
