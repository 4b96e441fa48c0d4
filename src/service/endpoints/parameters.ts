import { z } from "zod";
import { idSchema } from "../../catalog/job-spec.ts";

/** No path or query parameters; any that comes is refused. */
export const noParameters = z.strictObject({});

/** The path parameter of one job. */
export const jobParameters = z.strictObject({
  jobId: idSchema.meta({ description: "Id of the job.", example: "JJ1" }),
});

/** The path parameter of one cluster. */
export const clusterParameters = z.strictObject({
  clusterId: idSchema.meta({ description: "Id of the cluster.", example: "default" }),
});
