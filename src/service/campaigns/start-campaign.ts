/** Conducts a campaign: all of its runs are simulated elsewhere, so that it needs no thread of its own. */
import type { CampaignRunView, CampaignView } from "../../report/campaign-view.ts";
import { campaignView } from "../../report/campaign-view.ts";
import { scenarioName } from "../../simulator/campaign.ts";
import type { StartedThread, ThreadEnd, ThreadListener } from "../comparisons/start-thread.ts";
import type { CampaignRunTask } from "./campaign-input.ts";
import { campaignRunTasks, keptCampaign } from "./campaign-input.ts";

/** Starts it on the input that was kept. Whoever spreads the runs ends it. */
export function startCampaign(
  input: object,
  { onProgress, spread }: ThreadListener,
): StartedThread<CampaignView> {
  const tasks = campaignRunTasks(keptCampaign(input));
  const shares = tasks.map(() => 0);
  const conducted = async (): Promise<ThreadEnd<CampaignView>> => {
    const end = await spread(
      tasks.map((task) => JSON.stringify(task)),
      (index, share) => {
        shares[index] = share;
        onProgress(shares.reduce((total, value) => total + value, 0) / shares.length);
      },
    );
    return end.kind === "failed" ? end : { kind: "result", result: campaignView(runsOf(tasks, end.result)) };
  };
  return { end: conducted(), stop: () => Promise.resolve() };
}

const runsOf = (tasks: readonly CampaignRunTask[], results: readonly string[]): readonly CampaignRunView[] =>
  tasks.flatMap(({ scenario, policy }, index) => {
    const text = results[index];
    if (text === undefined) throw new Error("A run of a campaign has no result");
    const metrics = JSON.parse(text) as CampaignRunView["metrics"];
    return [{ scenario: scenarioName(scenario), ...scenario, policy, metrics }];
  });
