/** What a comparison is asked for, as JSON: for `POST /v1/comparisons` and for the command line's variants file. */
import { z } from "zod";
import { scenarioJobSchema } from "../catalog/job-spec.ts";
import { DISCOUNT_KINDS, DURATION_PERCENTILES } from "../comparison/variant.ts";
import { POLICY_NAMES } from "../planner/policy.ts";

const LEAST_VARIANTS = 2;
const MOST_VARIANTS = 20;
const MAX_JOBS = 100_000;
const MAX_NODES = 100_000;
const MAX_FACTOR = 1000;
const MAX_PRICE_PER_HOUR_USD = 1e6;
const MAX_ADDED_SECONDS = 1e9;

const vmTypeIdField = z
  .string()
  .min(1)
  .meta({ description: "Id of a VM type of the variant's catalogue.", example: "Standard_NV24" });
const vmTypesField = z.array(vmTypeIdField).min(1).max(1000);
const factorField = z.number().gt(0).max(MAX_FACTOR);

const discountSchema = z
  .strictObject({
    kind: z.enum(DISCOUNT_KINDS).meta({
      description:
        "reserved: counted on hours rented, unused reserved hours are not charged; spot: counted without evictions.",
    }),
    share: z.number().gt(0).lt(1).meta({ description: "Share of the price that is saved.", example: 0.4 }),
    vmTypes: vmTypesField
      .meta({ description: "VM types that it is given on; all when left out." })
      .optional(),
  })
  .meta({ id: "VariantDiscount", description: "A discount on on-demand prices." });

/** One variant as asked for. */
export const variantSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\p{L}\p{N}][^\p{C}]{0,63}$/u, "must be 1 to 64 characters, the first a letter or digit")
      .meta({ description: "Unique among the variants.", example: "no NV24" }),
    catalog: z
      .strictObject({
        name: z.string().min(1).meta({ description: "Name of a shipped catalogue.", example: "slides-2019" }),
        region: z.string().min(1).meta({ description: "Region of that catalogue.", example: "slides-2019" }),
      })
      .meta({ description: "Another catalogue; jobs are predicted on its VM types." })
      .optional(),
    onlyVmTypes: vmTypesField.meta({ description: "The only VM types that may be rented." }).optional(),
    pricesPerHourUsd: z
      .record(z.string(), z.number().gt(0).max(MAX_PRICE_PER_HOUR_USD))
      .meta({ description: "Prices by VM type, in USD per hour.", example: { Standard_NV24: 1.9 } })
      .optional(),
    priceFactors: z
      .record(z.string(), factorField)
      .meta({ description: "Factors on prices by VM type.", example: { Standard_NV24: 0.7 } })
      .optional(),
    discounts: z.array(discountSchema).min(1).max(20).optional(),
    maxNodes: z
      .int()
      .min(0)
      .max(MAX_NODES)
      .meta({ description: "Nodes that may be rented at once.", example: 3 })
      .optional(),
    quotaNodes: z
      .record(z.string(), z.int().min(0).max(MAX_NODES).nullable())
      .meta({ description: "Quotas by VM type; null is unlimited.", example: { Standard_NV24: 1 } })
      .optional(),
    dueDateSlack: z
      .strictObject({
        factor: factorField.optional(),
        addedSeconds: z.number().min(-MAX_ADDED_SECONDS).max(MAX_ADDED_SECONDS).optional(),
      })
      .meta({
        description: "Time from submission to due date: times the factor, plus the seconds.",
        example: { factor: 0.5 },
      })
      .optional(),
    tardinessWeightFactor: z
      .number()
      .min(0)
      .max(MAX_FACTOR)
      .meta({ description: "Factor on every job's tardiness weight.", example: 2 })
      .optional(),
    policy: z.enum(POLICY_NAMES).optional(),
    durations: z
      .enum(DURATION_PERCENTILES)
      .meta({
        description:
          "Durations that decisions count on: P50, or P90, the upper end of the 80 % interval. Jobs take their medians either way.",
      })
      .optional(),
  })
  .meta({
    id: "ComparisonVariant",
    description: "A plan that might be: what is different. Only a name: as it is.",
  });

const variantsField = z
  .array(variantSchema)
  .min(LEAST_VARIANTS)
  .max(MOST_VARIANTS)
  .meta({ description: "2 to 20; the others are compared with the first." });

/** What a variants file holds. */
export const variantsFileSchema = z.strictObject({ variants: variantsField });

/** Body of a comparison. */
export const comparisonRequestSchema = z
  .strictObject({
    mode: z.enum(["decision", "horizon"]).meta({
      description: "decision: one decision now; horizon: simulated until every job has completed.",
    }),
    jobs: z
      .array(scenarioJobSchema)
      .min(1)
      .max(MAX_JOBS)
      .meta({ description: "Jobs to compare for; the current ones, as far as they are, when left out." })
      .optional(),
    variants: variantsField,
    marginalValues: z
      .boolean()
      .meta({
        description:
          "Whether to work out what one more of each limit is worth, and of a decision the smallest useful raises of jobs' own budgets.",
        example: true,
      })
      .optional(),
  })
  .meta({
    id: "ComparisonRequest",
    description: "Variants to compare, on copies: the cluster is not touched.",
  });

export type VariantRequest = z.output<typeof variantSchema>;
export type ComparisonRequestBody = z.output<typeof comparisonRequestSchema>;
