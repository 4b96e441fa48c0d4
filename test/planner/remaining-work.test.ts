import { describe, expect, it } from "vitest";
import type { ClusterState, JobState } from "../../src/domain/cluster-state.ts";
import { UNMEASURED_PACE, emptyCluster } from "../../src/domain/cluster-state.ts";
import { jobId, vmTypeId } from "../../src/domain/ids.ts";
import { seededRandom, standardNormal } from "../../src/domain/seeded-random.ts";
import { normalBeyond, normalQuantileBeyond } from "../../src/domain/standard-normal.ts";
import { learntSpread, remainingWork, spreadFactor, statedSpread } from "../../src/planner/remaining-work.ts";

const SPREAD = 0.2;

/** A job that has run for a share of its prediction; its 80 % interval is that of a spread. */
function running(spentShare: number, spread = SPREAD): JobState {
  const wide = Math.exp(1.2816 * spread);
  return {
    id: jobId("a"),
    job: {
      id: jobId("a"),
      workload: { networkName: "n", framework: "pytorch", batchSize: 1, samples: 1, epochs: 1 },
      submittedAtSeconds: 0,
      dueAtSeconds: 2000,
      tardinessCostPerSecondUsd: 0.01,
      budgetUsd: null,
      durations: {
        entries: [
          {
            vmTypeId: vmTypeId("V"),
            gpus: 1,
            durationSeconds: 1000,
            lowerSeconds: 1000 / wide,
            upperSeconds: 1000 * wide,
            source: "measured",
            warnings: [],
          },
        ],
        missing: [],
      },
    },
    status: { kind: "active" },
    completedShare: Math.min(0.99, spentShare),
    savedShare: 0,
    pace: UNMEASURED_PACE,
    resumesAtSeconds: null,
    spentUsd: 0,
    spentShare,
  };
}

const CLUSTER: ClusterState = emptyCluster({
  vmTypes: [],
  maxNodes: 1,
  nodeLimits: [],
  replanIntervalSeconds: 3600,
});

describe("the standard normal distribution", () => {
  it("agrees with printed tables, far out too", () => {
    expect(normalBeyond(0)).toBeCloseTo(0.5, 6);
    expect(normalBeyond(1.281_552)).toBeCloseTo(0.1, 6);
    expect(normalBeyond(-1.96)).toBeCloseTo(0.975, 5);
    expect(normalBeyond(6) / 9.8659e-10).toBeCloseTo(1, 4);
  });

  it("inverts, from 1e-12 up", () => {
    for (const probability of [1e-12, 1e-6, 0.01, 0.1, 0.3, 0.5, 0.7, 0.999])
      expect(normalBeyond(normalQuantileBeyond(probability)) / probability).toBeCloseTo(1, 6);
  });

  it("refuses what is no probability", () => {
    expect(() => normalQuantileBeyond(0)).toThrow("0 was asked for");
  });
});

describe("what is left of a job", () => {
  it("is all of it before it runs, with the spread of the interval", () => {
    const { share, spread } = remainingWork(running(0), 1);
    expect(share).toBeCloseTo(1, 5);
    expect(spread).toBeCloseTo(SPREAD, 3);
  });

  it("is what a drawn sample of jobs that have lasted as long still has to go", () => {
    const random = seededRandom(1);
    const factors = Array.from({ length: 200_000 }, () => Math.exp(SPREAD * standardNormal(random)));
    for (const spent of [0.8, 1, 1.2]) {
      const rests = factors.filter((factor) => factor > spent).sort((a, b) => a - b);
      const quantile = (q: number): number => (rests[Math.floor(q * rests.length)] ?? NaN) - spent;
      const { share, spread } = remainingWork(running(spent), 1);
      expect(share / quantile(0.5)).toBeCloseTo(1, 1);
      expect((share * Math.exp(0.8416 * spread)) / quantile(0.8)).toBeCloseTo(1, 1);
    }
  });

  it("is one per cent at the least where the interval has no room for so long a run", () => {
    expect(remainingWork(running(10, 0.05), 1)).toEqual({ share: 0.01, spread: 0 });
  });

  it("is what is not done of a figure without an interval", () => {
    expect(remainingWork(running(0.25, 0), 1)).toEqual({ share: 0.75, spread: 0 });
  });

  it("is what a report says, at the pace that reports show", () => {
    const reported: JobState = {
      ...running(1.1),
      completedShare: 0.5,
      pace: { ...UNMEASURED_PACE, factor: 2, observedShare: 0.5 },
    };
    expect(remainingWork(reported, 1)).toEqual({ share: 1, spread: 0 });
  });
});

describe("what completions teach about the intervals", () => {
  it("is nothing at first", () => {
    expect(spreadFactor(CLUSTER)).toBe(1);
    expect(statedSpread(running(0))).toBeCloseTo(SPREAD, 9);
  });

  const after = (spent: readonly number[]): ClusterState =>
    spent.reduce<ClusterState>(
      (state, share) => ({ ...state, ...learntSpread(state, running(share)) }),
      CLUSTER,
    );

  it("narrows them where predictions come true and widens them where they do not", () => {
    expect(spreadFactor(after([1, 1, 1]))).toBeCloseTo(Math.sqrt(0.1 / 3.1), 9);
    expect(spreadFactor(after([Math.exp(0.6), Math.exp(-0.6)]))).toBeCloseTo(Math.sqrt(18.1 / 2.1), 9);
  });

  it("is nothing where there is no interval", () => {
    expect(learntSpread(CLUSTER, running(1.3, 0))).toEqual({});
  });
});
