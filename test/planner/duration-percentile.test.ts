import { describe, expect, it } from "vitest";
import { emptyCluster } from "../../src/domain/cluster-state.ts";
import { observe } from "../../src/planner/observe.ts";
import { pose } from "../../src/planner/pose.ts";
import { SETTINGS, START_SECONDS, arrival } from "../service/test-cluster.ts";

const durationsWith = (durationPercentile?: "P50" | "P90"): readonly number[] => {
  const settings = durationPercentile === undefined ? SETTINGS : { ...SETTINGS, durationPercentile };
  const arrived = observe(emptyCluster(settings), arrival("a")(START_SECONDS));
  return pose(arrived).jobs.flatMap((job) => job.configurations.map((entry) => entry.durationSeconds));
};

describe("the duration that a decision reckons with", () => {
  it("is the median, or, with P90, the upper end of the interval", () => {
    // testJob: 1.2 times the median.
    expect(durationsWith("P50")).toEqual([3600, 1800, 3600]);
    expect(durationsWith()).toEqual(durationsWith("P50"));
    expect(durationsWith("P90")).toEqual([4320, 2160, 4320]);
  });
});
