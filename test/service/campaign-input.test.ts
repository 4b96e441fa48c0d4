/** What a campaign takes from its cluster, and what it does not. */
import { describe, expect, it } from "vitest";
import { loadReferenceData } from "../../src/catalog/reference-data.ts";
import { campaignRunTasks, clusterTemplates } from "../../src/service/campaigns/campaign-input.ts";
import { DEFAULT_REPLAN_SECONDS } from "../../src/simulator/campaign.ts";
import { slidesSettings, SMALL_CAMPAIGN } from "../support/campaign.ts";

const reference = loadReferenceData();
const settings = slidesSettings();

describe("a campaign", () => {
  it("draws jobs by the VM types that the cluster's quotas leave, whatever its number of nodes", async () => {
    const [first] = settings.vmTypes;
    const closed = settings.vmTypes.map((vmType) => ({
      ...vmType,
      quotaNodes: vmType.id === first?.id ? null : 0,
    }));
    const all = await clusterTemplates(reference, settings);
    const one = await clusterTemplates(reference, { ...settings, vmTypes: closed });
    const alone = await clusterTemplates(reference, {
      ...settings,
      vmTypes: settings.vmTypes.slice(0, 1),
      maxNodes: 0,
    });
    expect(one).toEqual(alone);
    expect(one.length).toBeGreaterThan(0);
    for (const { fastestEpochSeconds, ...workload } of one) {
      const open = all.find(
        ({ network, framework, batchSize }) =>
          network === workload.network &&
          framework === workload.framework &&
          batchSize === workload.batchSize,
      );
      expect(open?.fastestEpochSeconds).toBeLessThan(fastestEpochSeconds);
    }
  });

  it("has a run for each size, load, seed and policy, in this order, with a number of nodes and a timer of its own", () => {
    const request = { ...SMALL_CAMPAIGN, nodes: [2, 1], policies: ["edf" as const, "fifo" as const] };
    const tasks = campaignRunTasks({ settings, templates: [], request });
    expect(tasks.map(({ scenario, policy }) => `${scenario.nodes} ${scenario.seed} ${policy}`)).toEqual([
      "2 1 edf",
      "2 1 fifo",
      "2 2 edf",
      "2 2 fifo",
      "1 1 edf",
      "1 1 fifo",
      "1 2 edf",
      "1 2 fifo",
    ]);
    for (const { settings: own, scenario } of tasks)
      expect(own).toEqual({
        ...settings,
        maxNodes: scenario.nodes,
        replanIntervalSeconds: DEFAULT_REPLAN_SECONDS,
      });
  });
});
