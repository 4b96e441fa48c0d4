import { campaignMeansCsv, campaignRunsCsv } from "../../report/campaign-csv.ts";
import { campaignPage } from "../../report/campaign-report.ts";
import { campaignViewSchema } from "../../report/campaign-view.ts";
import type { CampaignInput } from "../campaigns/campaign-input.ts";
import { clusterTemplates } from "../campaigns/campaign-input.ts";
import {
  cancelComparison,
  queueComparison,
  summaryView,
  taggedComparison,
  taggedResult,
} from "../comparisons/kept-comparisons.ts";
import { cursorAfterTime } from "../cursor.ts";
import {
  deleteCampaign,
  getCampaign,
  getCampaignMeans,
  getCampaignReport,
  getCampaignRuns,
  getCampaigns,
  PAGE_CAMPAIGNS,
  postCampaigns,
} from "../endpoints/campaigns.ts";
import { answerOnce, withHeaders } from "../idempotent.ts";
import type { WorkMetrics } from "../operations/work-metrics.ts";
import { RequestProblem } from "../problem-details.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import type { ServiceContext } from "./service-context.ts";
import { knownCluster } from "./service-context.ts";

const kind = "campaign" as const;

/** Answers everything under /campaigns of a cluster. */
export function campaignRoutes(
  { store, clock, reference }: ServiceContext,
  metrics: Pick<WorkMetrics, "comparisonEnded">,
): readonly Route[] {
  return [
    route(postCampaigns, async ({ body, clusterId, principalId, headers }) => {
      const { settings } = await knownCluster(store, clusterId);
      const templates = await clusterTemplates(reference, settings);
      if (templates.length === 0)
        throw new RequestProblem("unusable-input", "The campaign has no job that runs on the cluster.", {
          problems: [
            {
              path: "",
              value: settings.vmTypes.map(({ id }) => id).join(", "),
              message: "none of the literature's workloads fits a VM type of the cluster within its limits",
              fix: "Give the cluster VM types with more memory per GPU, or wider quotas and budget.",
            },
          ],
        });
      const input: CampaignInput = { settings, templates, request: body };
      const request = {
        clusterId,
        principalId,
        key: headers["idempotency-key"],
        content: ["campaign", body],
        reply: postCampaigns.reply,
        atSeconds: clock.nowSeconds(),
      };
      const answered = await answerOnce(store, request, async (locked) =>
        summaryView(
          await queueComparison(locked, { kind, request: body, input, nowSeconds: clock.nowSeconds() }),
        ),
      );
      await store.ring({ kind: "work", clusterId });
      return withHeaders(answered, ({ id }) => ({ Location: `/v1/clusters/${clusterId}/campaigns/${id}` }));
    }),
    route(getCampaigns, async ({ clusterId, query }) => {
      await knownCluster(store, clusterId);
      const { limit = PAGE_CAMPAIGNS, cursor: after } = query;
      const found = await store.comparisons.list(clusterId, kind, { limit: limit + 1, after });
      const page = found.slice(0, limit);
      const last = page.at(-1);
      return {
        campaigns: page.map(summaryView),
        nextCursor: found.length > limit && last !== undefined ? cursorAfterTime(last) : null,
      };
    }),
    route(getCampaign, ({ clusterId, params }) =>
      taggedComparison(store, { clusterId, id: params.campaignId, kind }, (found) => ({
        ...summaryView(found),
        request: found.request,
        result: found.result,
      })),
    ),
    route(getCampaignRuns, ({ clusterId, params }) =>
      taggedResult(store, { clusterId, id: params.campaignId, kind }, (result) =>
        campaignRunsCsv(campaignViewSchema.parse(result)),
      ),
    ),
    route(getCampaignMeans, ({ clusterId, params }) =>
      taggedResult(store, { clusterId, id: params.campaignId, kind }, (result) =>
        campaignMeansCsv(campaignViewSchema.parse(result)),
      ),
    ),
    route(getCampaignReport, ({ clusterId, params }) =>
      taggedResult(store, { clusterId, id: params.campaignId, kind }, (result) =>
        campaignPage(campaignViewSchema.parse(result).runs),
      ),
    ),
    route(deleteCampaign, async ({ clusterId, params }) =>
      summaryView(
        await cancelComparison(
          { store, nowSeconds: clock.nowSeconds() },
          { clusterId, id: params.campaignId, kind },
          metrics,
        ),
      ),
    ),
  ];
}
