/** Draws a scenario of the literature's kind and writes it as text; shared by `berth generate`, `berth campaign` and the benchmarks. */
import { resolve } from "node:path";
import {
  APPLICATION_WORKLOADS,
  readArrivals,
  scenarioText,
  templateOf,
} from "../catalog/generated-scenario.ts";
import { InvalidInput } from "../catalog/input-problem.ts";
import { isoTime } from "../catalog/time.ts";
import { jobMaker } from "../catalog/job-from-spec.ts";
import { loadVmCatalog } from "../catalog/load-vm-catalog.ts";
import { loadReferenceData, shippedCatalogPath } from "../catalog/reference-data.ts";
import { catalogRegions, selectRegion } from "../catalog/select-vm-types.ts";
import type { CampaignScenario } from "../simulator/campaign.ts";
import {
  DEFAULT_FASTEST_HOURS,
  DEFAULT_REPLAN_SECONDS,
  DEFAULT_START_SECONDS,
  jobsBesidesFirst,
  scenarioName,
} from "../simulator/campaign.ts";
import type { GeneratorSettings } from "../simulator/workload-generator.ts";
import { generateJobs } from "../simulator/workload-generator.ts";
import type { CostsOfChange } from "./costs-of-change.ts";

/** What to draw, in a user's words. */
export interface ScenarioRequest {
  readonly nodes: number;
  readonly lambdaSeconds: number;
  readonly seed: number;
  /** Jobs besides the one at the start; null is 10 for each node. */
  readonly jobs: number | null;
  readonly startAtSeconds: number;
  readonly fastestHours: readonly [number, number];
  readonly replanIntervalSeconds: number;
  /** A CSV file with a column `timestamp`; null draws arrivals. */
  readonly arrivalsPath: string | null;
  /** Written into the scenario; missing leaves changes free. */
  readonly costsOfChange?: CostsOfChange;
}

/** What to draw for a campaign's scenario, in all else as the literature has it. */
export const campaignRequest = (
  { nodes, lambdaSeconds, seed }: CampaignScenario,
  arrivalsPath: string | null = null,
): ScenarioRequest => ({
  nodes,
  lambdaSeconds,
  seed,
  jobs: null,
  startAtSeconds: DEFAULT_START_SECONDS,
  fastestHours: DEFAULT_FASTEST_HOURS,
  replanIntervalSeconds: DEFAULT_REPLAN_SECONDS,
  arrivalsPath,
});

/** Later times are none that a scenario may have (catalog/time.ts). */
const LAST_SECOND = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;

const isFile = (catalogName: string): boolean => catalogName.endsWith(".json");

/** Where a catalogue is that is named as users do: a shipped one, or a file. */
export const catalogPath = (catalogName: string): string =>
  isFile(catalogName) ? catalogName : shippedCatalogPath(catalogName);

/** A generator that loads fits and catalogue once. */
export function scenarioGenerator(
  catalogName: string,
  region: string | null,
): (request: ScenarioRequest) => string {
  const reference = loadReferenceData();
  const catalog = loadVmCatalog(catalogPath(catalogName), reference.gpus);
  const regions = catalogRegions(catalog);
  const chosen = region ?? (regions.length === 1 ? regions[0] : undefined);
  if (chosen === undefined) throw severalRegions(catalogName, regions);
  const makeJob = jobMaker(reference, {
    vmTypes: selectRegion(catalog, chosen),
    maxNodes: 1,
    nodeLimits: [],
  });
  const templates = APPLICATION_WORKLOADS.flatMap((workload) => templateOf(workload, makeJob) ?? []);
  return (request) => {
    const settings: GeneratorSettings = {
      ...request,
      jobs: request.jobs ?? jobsBesidesFirst(request.nodes),
      measuredArrivals:
        request.arrivalsPath === null ? null : measuredArrivals(request, request.arrivalsPath),
    };
    const drawn = generateJobs(settings, templates);
    if (drawn.some(({ dueAtSeconds }) => dueAtSeconds > LAST_SECOND))
      throw new InvalidInput("--start", [
        {
          path: "",
          value: isoTime(request.startAtSeconds),
          message: "jobs would be due after the year 9999",
          fix: "Start earlier.",
        },
      ]);
    return scenarioText({
      name: scenarioName(request, request.arrivalsPath === null ? "drawn" : "trace"),
      about: `${settings.jobs + 1} jobs for ${request.nodes} nodes, mean inter-arrival time ${request.lambdaSeconds} s / ${request.nodes}, seed ${request.seed}; ${
        request.arrivalsPath === null
          ? "exponential arrivals"
          : "the rhythm of measured arrivals, stretched to that mean"
      }; due after 1 to 3 times the fastest duration of ${request.fastestHours.join(" to ")} hours; weight 0.003 to 0.015 USD/s.`,
      source:
        "berth generate, after the experimental campaign of the capacity-planning slides (Politecnico di Milano, 2019)",
      // Scenarios refer to files from where they lie themselves.
      catalogName: isFile(catalogName) ? resolve(catalogName) : catalogName,
      region: chosen,
      maxNodes: request.nodes,
      replanIntervalSeconds: request.replanIntervalSeconds,
      ...request.costsOfChange,
      jobs: drawn,
    });
  };
}

function measuredArrivals({ nodes, jobs }: ScenarioRequest, path: string): readonly number[] {
  const arrivals = readArrivals(path);
  const needed = (jobs ?? jobsBesidesFirst(nodes)) + 1;
  if (arrivals.length >= needed) return arrivals;
  throw new InvalidInput(path, [
    {
      path: "",
      value: arrivals.length,
      message: `the trace has too few arrivals: ${needed} are needed`,
      fix: "Ask for fewer nodes or jobs, or give a longer trace.",
    },
  ]);
}

const severalRegions = (catalogName: string, regions: readonly string[]): InvalidInput =>
  new InvalidInput("--region", [
    {
      path: "",
      value: undefined,
      message: `catalogue ${catalogName} has prices for several regions`,
      fix: `Give --region with one of: ${regions.join(", ")}.`,
    },
  ]);
