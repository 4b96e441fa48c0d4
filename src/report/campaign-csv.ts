/** A campaign as CSV (RFC 4180): one row a run, and one row for the means of each policy on each size and load. */
import type { CampaignView } from "./campaign-view.ts";
import { csvText } from "./csv-text.ts";

/** One row for each run. */
export const campaignRunsCsv = ({ runs }: CampaignView): string =>
  csvText(
    runs.map(({ metrics: { decisionSeconds, ...metrics }, ...key }) => ({
      ...key,
      ...metrics,
      decisionMedianSeconds: decisionSeconds?.median ?? null,
      decisionP95Seconds: decisionSeconds?.p95 ?? null,
      decisionMaxSeconds: decisionSeconds?.max ?? null,
    })),
  );

/** One row for each policy on each size and load. */
export const campaignMeansCsv = ({ means }: CampaignView): string => csvText(means);
