/** What a campaign is asked with. Its sizes are bounded, because each run is a horizon of 10 jobs for each node. */
import { z } from "zod";
import { POLICY_NAMES } from "../../planner/policy.ts";
import { jobsBesidesFirst } from "../../simulator/campaign.ts";

const MOST_VALUES = 20;
const MOST_NODES = 1000;
const MOST_SEEDS = 100;
const MOST_TREE_NODES = 1_000_000;
/** Of all runs together; a run of 20,000 jobs takes minutes to hours, by its policy. */
const MOST_JOBS = 200_000;
const MOST_RUNS = 1000;
const DEFAULT_SEEDS = 5;
const DEFAULT_GAP = 1e-3;
const DEFAULT_TREE_NODES = 2000;

const fieldsSchema = z.strictObject({
  nodes: z
    .array(z.int().min(1).max(MOST_NODES))
    .min(1)
    .max(MOST_VALUES)
    .meta({ description: "Sizes: nodes that may be rented at once.", example: [2, 4] }),
  lambdaSeconds: z
    .array(z.number().min(1).max(1e9))
    .min(1)
    .max(MOST_VALUES)
    .meta({
      description: "Loads λ: mean inter-arrival time × nodes; the literature has 30000 and 45000.",
      example: [30_000],
    }),
  seeds: z
    .int()
    .min(1)
    .max(MOST_SEEDS)
    .default(DEFAULT_SEEDS)
    .meta({ description: "Scenarios for each size and load: seeds 1, 2, …", example: 2 }),
  policies: z
    .array(z.enum(POLICY_NAMES))
    .min(1)
    .default(["progress-value", "myopic", "greedy", "fifo", "edf", "priority"])
    .meta({ description: "Each meets the same scenarios.", example: ["progress-value", "edf"] }),
  noiseSigma: z.number().min(0).max(3).default(0).meta({
    description: "σ of the lognormal noise of real durations around the predicted ones; 0 is none.",
    example: 0.2,
  }),
  relativeGap: z.number().min(0).max(1).default(DEFAULT_GAP).meta({
    description: "A decision stops once it is proven to be within this relative gap.",
    example: 0.001,
  }),
  maxTreeNodes: z
    .int()
    .min(1)
    .max(MOST_TREE_NODES)
    .default(DEFAULT_TREE_NODES)
    .meta({ description: "Branch-and-bound nodes of one decision at most.", example: 2000 }),
});

type CampaignFields = z.output<typeof fieldsSchema>;

/** Body of a campaign: every combination of size, load, seed and policy is a run. */
export const campaignRequestSchema = fieldsSchema
  .superRefine((body, context) => {
    for (const issue of [...repeated(body), ...oversized(body)]) context.addIssue({ ...issue });
  })
  .meta({
    id: "CampaignRequest",
    description: `Policies to compare on generated scenarios: at most ${MOST_RUNS} runs with ${MOST_JOBS} jobs in all.`,
  });

export type CampaignRequestBody = z.output<typeof campaignRequestSchema>;

interface CampaignIssue {
  readonly code: "custom";
  readonly path: (string | number)[];
  readonly message: string;
  readonly params: { readonly fix: string };
}

function repeated(body: CampaignFields): readonly CampaignIssue[] {
  const fields = ["nodes", "lambdaSeconds", "policies"] as const;
  return fields.flatMap((field) => {
    const values: readonly unknown[] = body[field];
    return values.flatMap((value, index): readonly CampaignIssue[] =>
      values.indexOf(value) === index
        ? []
        : [
            {
              code: "custom",
              path: [field, index],
              message: "is in the list already",
              params: { fix: "Give each value once; more seeds repeat a size and a load." },
            },
          ],
    );
  });
}

function oversized({ nodes, lambdaSeconds, seeds, policies }: CampaignFields): readonly CampaignIssue[] {
  const runsOfSize = lambdaSeconds.length * seeds * policies.length;
  const runs = nodes.length * runsOfSize;
  const jobs = nodes.reduce((total, size) => total + (jobsBesidesFirst(size) + 1) * runsOfSize, 0);
  const refused = (message: string): readonly CampaignIssue[] => [
    {
      code: "custom",
      // Fewer seeds mostly mend it; with one seed left, the sizes are what is too much.
      path: seeds > 1 ? ["seeds"] : ["nodes"],
      message,
      params: { fix: "Ask for fewer seeds, sizes, loads or policies, or for several campaigns." },
    },
  ];
  if (runs > MOST_RUNS)
    return refused(`makes ${runs} runs with the rest of the campaign, and at most ${MOST_RUNS} are taken`);
  return jobs > MOST_JOBS
    ? refused(`makes ${runs} runs with ${jobs} jobs in all, and at most ${MOST_JOBS} are taken`)
    : [];
}
