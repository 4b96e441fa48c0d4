import { describe, expect, it } from "vitest";
import { nodeId, vmTypeId } from "../../src/domain/ids.ts";
import { UNMEASURED_PACE } from "../../src/domain/cluster-state.ts";
import { paceAfterReport } from "../../src/planner/pace.ts";
import { START_SECONDS, testJob } from "../service/test-cluster.ts";

const job = testJob("a");
const placement = { nodeId: nodeId("node-1"), vmTypeId: vmTypeId("small"), gpus: 1 };

/** The pace of a job that should take an hour and says after some seconds how far it is. */
const factorAfter = (seconds: number, completedShare: number): number =>
  paceAfterReport(
    {
      id: job.id,
      job,
      status: { kind: "active" },
      completedShare: 0,
      savedShare: 0,
      pace: { ...UNMEASURED_PACE, measuredFrom: { atSeconds: START_SECONDS, completedShare: 0 } },
    },
    placement,
    { atSeconds: START_SECONDS + seconds, completedShare },
  ).factor;

describe("a report that cannot be true", () => {
  it("does not make a job endless, nor instant", () => {
    expect(factorAfter(3600 * 1e9, 0.9)).toBe(100);
    expect(factorAfter(0.001, 0.999)).toBe(0.01);
  });

  it("of next to no gain teaches nothing", () => {
    for (const share of [3e-323, 1e-300, 1e-9]) expect(factorAfter(3600, share)).toBe(1);
  });
});
