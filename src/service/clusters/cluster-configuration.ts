/** A cluster as its users configure it; its limits and prices follow from it. */
import { z } from "zod";
import { POLICY_NAMES } from "../../planner/policy.ts";
import type { PolicyName } from "../../planner/policy.ts";
import type { ClusterRecord } from "../../store/clusters.ts";

/** What is kept of a cluster's configuration. */
export const clusterConfigurationSchema = z.strictObject({
  policy: z.enum(POLICY_NAMES),
});

/** See clusterConfigurationSchema. */
export interface ClusterConfiguration {
  readonly policy: PolicyName;
}

/** What is kept of a cluster's configuration; throws where the store has something else, which is a bug. */
export function configurationOf({
  configuration,
}: Pick<ClusterRecord, "configuration">): ClusterConfiguration {
  return clusterConfigurationSchema.parse(configuration);
}
