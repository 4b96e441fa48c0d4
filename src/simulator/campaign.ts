/** The literature's campaign: scenarios of several sizes, loads and seeds, each of which every policy meets. */
import type { PolicyName } from "../planner/policy.ts";
import type { GeneratorSettings } from "./workload-generator.ts";

/** One generated scenario: its size, load and seed. */
export interface CampaignScenario {
  readonly nodes: number;
  /** λ: mean inter-arrival time × nodes, in seconds. */
  readonly lambdaSeconds: number;
  readonly seed: number;
}

/** What to run: every combination. */
export interface CampaignGrid {
  readonly nodes: readonly number[];
  readonly lambdasSeconds: readonly number[];
  readonly seeds: readonly number[];
  readonly policies: readonly PolicyName[];
}

/** 2019-01-01T00:00:00Z: generated scenarios start on a day of their own literature. */
export const DEFAULT_START_SECONDS = 1_546_300_800;
/** Hours that the fastest configuration takes: from, to. */
export const DEFAULT_FASTEST_HOURS: readonly [number, number] = [12, 24];
/** H: the literature's decisions come with arrivals and completions; the timer is only a safety net. */
export const DEFAULT_REPLAN_SECONDS = 86_400;

/** Jobs of a scenario besides the one at the start. */
export const jobsBesidesFirst = (nodes: number): number => 10 * nodes;

/** The scenarios of a campaign, in its order: sizes, loads of a size, seeds of a load. */
export const campaignScenarios = ({
  nodes,
  lambdasSeconds,
  seeds,
}: Omit<CampaignGrid, "policies">): readonly CampaignScenario[] =>
  nodes.flatMap((size) =>
    lambdasSeconds.flatMap((lambdaSeconds) => seeds.map((seed) => ({ nodes: size, lambdaSeconds, seed }))),
  );

/** How a campaign's scenario is drawn; arrivals are drawn too. */
export const campaignGenerator = (scenario: CampaignScenario): GeneratorSettings => ({
  ...scenario,
  jobs: jobsBesidesFirst(scenario.nodes),
  startAtSeconds: DEFAULT_START_SECONDS,
  fastestHours: DEFAULT_FASTEST_HOURS,
  measuredArrivals: null,
});

/** Short name of a scenario, unique for one way to draw it. */
export const scenarioName = (
  { nodes, lambdaSeconds, seed }: CampaignScenario,
  arrivals: "drawn" | "trace" = "drawn",
): string =>
  `n${String(nodes).padStart(2, "0")}-lambda${lambdaSeconds}${arrivals === "trace" ? "-trace" : ""}-seed${seed}`;
