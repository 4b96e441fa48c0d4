/** A cluster as its users configure it; its limits and prices follow from it (cluster-settings.ts). */
import { z } from "zod";
import { blackoutWindowsSchema } from "../../catalog/blackout-windows.ts";
import { cronScheduleSchema } from "../../catalog/cron-schedule.ts";
import { idSchema } from "../../catalog/job-spec.ts";
import type { Limits } from "../../catalog/limits.ts";
import { BUDGET_LIMIT_ID, limitsSchema } from "../../catalog/limits.ts";
import { noneTwice } from "../../catalog/none-twice.ts";
import { priceCalendarSchema } from "../../catalog/price-calendar.ts";
import { pricePlanSchema } from "../../catalog/price-plan.ts";
import { LONGEST_INTERVAL_SECONDS, replanIntervalSchema } from "../../catalog/replan-interval.ts";
import { catalogVmTypeSchema } from "../../catalog/vm-catalog-schema.ts";
import type { ClusterSettings } from "../../domain/cluster-state.ts";
import type { VmType } from "../../domain/vm-type.ts";
import type { PolicyName } from "../../planner/policy.ts";
import { POLICY_NAMES } from "../../planner/policy.ts";
import type { ClusterRecord } from "../../store/clusters.ts";

const MAX_NODES = 100_000;
const MAX_VM_TYPES = 1000;
const MAX_SCHEDULES = 50;

const quotaSchema = z.int().min(0).max(MAX_NODES);

const shippedCatalogSchema = z
  .strictObject({
    kind: z.literal("shipped"),
    name: idSchema.meta({ description: "Name of a shipped catalogue.", example: "slides-2019" }),
    region: z.string().min(1).max(100).meta({ example: "slides-2019" }),
    vmTypes: z
      .array(z.string().min(1).max(100))
      .min(1)
      .max(MAX_VM_TYPES)
      .superRefine(noneTwice)
      .optional()
      .meta({ description: "Ids of the VM types to offer; all of the region when left out." }),
    quotaNodes: z
      .record(z.string().max(100), quotaSchema)
      .optional()
      .meta({ description: "Nodes of a VM type at once, by id; in place of the catalogue's own." }),
  })
  .meta({ id: "ShippedCatalog", description: "VM types of a catalogue that comes with Berth." });

const bootSchema = z
  .number()
  .min(0)
  .max(LONGEST_INTERVAL_SECONDS)
  .meta({ description: "Seconds that a new node is billed before jobs on it make progress.", example: 180 });
const billingSchema = z.number().min(0).max(LONGEST_INTERVAL_SECONDS).meta({
  description: "Seconds that a node is billed at least, however soon it is given back.",
  example: 60,
});

const inlineVmTypeSchema = z
  .strictObject({
    ...catalogVmTypeSchema.omit({ priceDate: true, priceSource: true, source: true, retirement: true }).shape,
    id: idSchema,
    gpuType: z.string().min(1).max(100).meta({ description: "As in the GPU table.", example: "K80" }),
    region: z.string().min(1).max(100).meta({ example: "on-premises" }),
    quotaNodes: quotaSchema
      .nullable()
      .meta({ description: "Nodes of this VM type at once; null is unlimited." }),
    bootSeconds: bootSchema.optional(),
    minimumBillingSeconds: billingSchema.optional(),
  })
  .meta({ id: "InlineVmType", description: "A VM type with its price." });

const inlineCatalogSchema = z
  .strictObject({
    kind: z.literal("inline"),
    vmTypes: z.array(inlineVmTypeSchema).min(1).max(MAX_VM_TYPES),
  })
  .meta({ id: "InlineCatalog", description: "VM types of one's own." });

const configurationFields = {
  catalog: z
    .discriminatedUnion("kind", [shippedCatalogSchema, inlineCatalogSchema])
    .meta({ description: "What may be rented, and for how much." }),
  maxNodes: z
    .int()
    .min(0)
    .max(MAX_NODES)
    .meta({ description: "Nodes that may be rented at once.", example: 10 }),
  replanIntervalSeconds: replanIntervalSchema.meta({
    description: "Berth decides again at the latest after this.",
    example: 3600,
  }),
  policy: z.enum(POLICY_NAMES).meta({ description: "How it decides.", example: "progress-value" }),
  durationPercentile: z.enum(["P50", "P90"]).meta({
    description:
      "Which duration a decision reckons with: the predicted median, or the upper end of its 80 % interval.",
    example: "P50",
  }),
  limits: limitsSchema.meta({ description: "Quotas of regions and families, and a budget per hour." }),
  bootSeconds: bootSchema,
  minimumBillingSeconds: billingSchema,
  pricePlan: pricePlanSchema
    .nullable()
    .meta({ description: "Discounts, reservations, spot prices; null for none." }),
  priceCalendar: priceCalendarSchema
    .nullable()
    .meta({ description: "Prices by the time of the week; null where they do not depend on it." }),
  blackoutWindows: blackoutWindowsSchema.meta({ description: "Times in which no new plan is made." }),
  schedules: z
    .array(cronScheduleSchema)
    .max(MAX_SCHEDULES)
    .meta({ description: "Times at which a decision is made in any case." }),
};

/** All of a cluster's configuration. */
export const clusterConfigurationSchema = z
  .strictObject({
    ...configurationFields,
    durationPercentile: configurationFields.durationPercentile.default("P50"),
    limits: configurationFields.limits.default({ quotas: [] }),
    bootSeconds: configurationFields.bootSeconds.default(0),
    minimumBillingSeconds: configurationFields.minimumBillingSeconds.default(0),
    pricePlan: configurationFields.pricePlan.default(null),
    priceCalendar: configurationFields.priceCalendar.default(null),
    blackoutWindows: configurationFields.blackoutWindows.default([]),
    schedules: configurationFields.schedules.default([]),
  })
  .meta({ id: "ClusterConfiguration", description: "How a cluster is planned." });

/** What a change of a configuration names: each field that is given replaces the one before, as a whole. */
export const configurationChangeSchema = z
  .strictObject(configurationFields)
  .partial()
  .meta({ id: "ClusterConfigurationChange", description: "The fields to replace." });

/** See clusterConfigurationSchema. */
export type ClusterConfiguration = Readonly<z.output<typeof clusterConfigurationSchema>>;
/** See configurationChangeSchema. */
export type ConfigurationChange = Readonly<z.output<typeof configurationChangeSchema>>;

/** What is kept of a cluster's configuration; throws where the store has something else, which is a bug. */
export function configurationOf({
  configuration,
}: Pick<ClusterRecord, "configuration">): ClusterConfiguration {
  return clusterConfigurationSchema.parse(configuration);
}

const inlineVmType = (vmType: VmType): z.output<typeof inlineVmTypeSchema> => ({
  id: vmType.id,
  gpuType: vmType.gpuType,
  gpuCount: vmType.gpuCount,
  gpuShare: vmType.gpuShare,
  gpuMemoryGib: vmType.gpuMemoryGib,
  vcpuCount: vmType.vcpuCount,
  memoryGib: vmType.memoryGib,
  pricePerHourUsd: vmType.pricePerHourUsd,
  region: vmType.region,
  quotaNodes: vmType.quotaNodes,
  ...(vmType.family === null ? {} : { family: vmType.family }),
  ...(vmType.bootSeconds === undefined ? {} : { bootSeconds: vmType.bootSeconds }),
  ...(vmType.minimumBillingSeconds === undefined
    ? {}
    : { minimumBillingSeconds: vmType.minimumBillingSeconds }),
});

/** Limits as they could have been given: whom a quota counts is told by the VM types. */
function limitsOfSettings({ nodeLimits }: ClusterSettings): Limits {
  const budget = nodeLimits.find(({ id }) => id === BUDGET_LIMIT_ID);
  return {
    ...(budget === undefined ? {} : { budgetPerHourUsd: budget.limit }),
    quotas: nodeLimits.flatMap(({ id, weights, limit, unit }) =>
      id === BUDGET_LIMIT_ID
        ? []
        : [{ vmTypes: Object.keys(weights).filter((type) => (weights[type] ?? 0) > 0), limit, unit }],
    ),
  };
}

/** The configuration that says of itself what settings say: for a cluster that begins with a scenario. */
export function configurationOfSettings(settings: ClusterSettings, policy: PolicyName): ClusterConfiguration {
  const { vmTypes, maxNodes, replanIntervalSeconds, durationPercentile = "P50" } = settings;
  return {
    catalog: { kind: "inline", vmTypes: vmTypes.map(inlineVmType) },
    maxNodes,
    replanIntervalSeconds,
    policy,
    durationPercentile,
    limits: limitsOfSettings(settings),
    bootSeconds: 0,
    minimumBillingSeconds: 0,
    pricePlan: null,
    priceCalendar: null,
    blackoutWindows: [],
    schedules: [],
  };
}
