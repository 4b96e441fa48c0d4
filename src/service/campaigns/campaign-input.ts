/** What a campaign runs on, as plain JSON: VM types, prices and limits of its cluster as they were when it was asked for. */
import { setImmediate } from "node:timers/promises";
import type { ScenarioTemplate } from "../../catalog/generated-scenario.ts";
import { APPLICATION_WORKLOADS, templateOf } from "../../catalog/generated-scenario.ts";
import type { ReferenceData } from "../../catalog/reference-data.ts";
import type { ClusterSettings } from "../../domain/cluster-state.ts";
import type { PolicyName } from "../../planner/policy.ts";
import type { CampaignScenario } from "../../simulator/campaign.ts";
import { campaignScenarios, DEFAULT_REPLAN_SECONDS } from "../../simulator/campaign.ts";
import { clusterJobMaker } from "../job-makers.ts";
import type { CampaignRequestBody } from "./campaign-request.ts";

/** See the file's header. */
export interface CampaignInput {
  readonly settings: ClusterSettings;
  /** What jobs are drawn from. */
  readonly templates: readonly ScenarioTemplate[];
  readonly request: CampaignRequestBody;
}

/** One run: plain data, so that any worker can take it. */
export interface CampaignRunTask extends Pick<CampaignInput, "settings" | "templates"> {
  readonly scenario: CampaignScenario;
  readonly policy: PolicyName;
  readonly noiseSigma: number;
  readonly relativeGap: number;
  readonly maxTreeNodes: number;
}

/** What was kept. */
export const keptCampaign = (input: object): CampaignInput => input as CampaignInput;

/** The literature's workloads that run on a cluster's VM types within its limits; none where none does. Others get their turn meanwhile. */
export async function clusterTemplates(
  reference: ReferenceData,
  settings: ClusterSettings,
): Promise<readonly ScenarioTemplate[]> {
  const makeJob = clusterJobMaker(reference, scenarioSettings(settings, 1));
  const templates: ScenarioTemplate[] = [];
  for (const workload of APPLICATION_WORKLOADS) {
    await setImmediate();
    const template = templateOf(workload, makeJob);
    if (template !== null) templates.push(template);
  }
  return templates;
}

/** Every run of a campaign, in the order of `berth campaign`. */
export const campaignRunTasks = ({
  settings,
  templates,
  request: { nodes, lambdaSeconds, seeds, policies, noiseSigma, relativeGap, maxTreeNodes },
}: CampaignInput): readonly CampaignRunTask[] =>
  campaignScenarios({
    nodes,
    lambdasSeconds: lambdaSeconds,
    seeds: Array.from({ length: seeds }, (_, index) => index + 1),
  }).flatMap((scenario) =>
    policies.map((policy) => ({
      settings: scenarioSettings(settings, scenario.nodes),
      templates,
      scenario,
      policy,
      noiseSigma,
      relativeGap,
      maxTreeNodes,
    })),
  );

/** N is the scenario's, and so is the timer: a generated scenario goes on for days, at each minute of which nothing new would be decided. */
const scenarioSettings = (settings: ClusterSettings, maxNodes: number): ClusterSettings => ({
  ...settings,
  maxNodes,
  replanIntervalSeconds: DEFAULT_REPLAN_SECONDS,
});
