/** Campaigns on the slides' catalogue that take moments, and their figures as comparable ones. */
import { loadVmCatalog } from "../../src/catalog/load-vm-catalog.ts";
import { loadReferenceData, shippedCatalogPath } from "../../src/catalog/reference-data.ts";
import { selectRegion } from "../../src/catalog/select-vm-types.ts";
import type { ClusterSettings } from "../../src/domain/cluster-state.ts";
import type { CampaignInput } from "../../src/service/campaigns/campaign-input.ts";
import { clusterTemplates } from "../../src/service/campaigns/campaign-input.ts";
import type { CampaignRequestBody } from "../../src/service/campaigns/campaign-request.ts";

/** The catalogue that `berth campaign` takes too. */
export const CATALOG = "slides-2019";

/** A cluster of its nine VM types; a campaign takes neither its number of nodes nor its timer. */
export function slidesSettings(): ClusterSettings {
  const { gpus } = loadReferenceData();
  return {
    vmTypes: selectRegion(loadVmCatalog(shippedCatalogPath(CATALOG), gpus), CATALOG),
    maxNodes: 3,
    nodeLimits: [],
    replanIntervalSeconds: 600,
  };
}

/** Two runs of eleven jobs each by the optimiser, with noise. */
export const SMALL_CAMPAIGN: CampaignRequestBody = {
  nodes: [1],
  lambdaSeconds: [45_000],
  seeds: 2,
  policies: ["progress-value"],
  noiseSigma: 0.2,
  relativeGap: 0.05,
  maxTreeNodes: 100,
};

/** A campaign as the service keeps it. */
export async function campaignInput(request: CampaignRequestBody): Promise<CampaignInput> {
  const settings = slidesSettings();
  return { settings, templates: await clusterTemplates(loadReferenceData(), settings), request };
}

/** Decisions take another time each time; whatever tells of it is left out. */
export function untimed(value: unknown): unknown {
  const drop = (key: string, inner: unknown): unknown =>
    key === "decisionSeconds" || key === "decisionP95Seconds" ? undefined : inner;
  return JSON.parse(JSON.stringify(value, drop)) as unknown;
}
