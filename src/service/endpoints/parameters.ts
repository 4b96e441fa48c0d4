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

/** How many items a page has at most. A whole number in a query is text. */
export const pageLimit = ({
  most,
  usual,
  what,
}: {
  readonly most: number;
  readonly usual: number;
  readonly what: string;
}) =>
  z
    .string()
    .regex(/^\d{1,9}$/, "must be a whole number")
    .transform(Number)
    .pipe(z.int().min(1).max(most))
    .meta({
      description: `${what} to give at most; ${usual} if left out.`,
      override: { type: "integer", minimum: 1, maximum: most, default: usual, pattern: undefined },
    });

const tagsField = z
  .string()
  .max(1000)
  .regex(/^(\*|((W\/)?"[^"]*")(\s*,\s*(W\/)?"[^"]*")*)$/, "must be * or ETags in quotes, as they were given");

/** What a client says that has seen an answer before. */
export const ifNoneMatchHeaders = z.object({
  "if-none-match": z
    .string()
    .max(1000)
    .optional()
    .meta({ description: "ETag of what the client has; 304 where it is still so.", example: 'W/"4"' }),
});

/** What a client says that changes only what it has seen. */
export const ifMatchHeaders = z.object({
  "if-match": tagsField
    .optional()
    .meta({ description: "ETag of what the client has; 412 where it has changed since.", example: 'W/"4"' }),
});

/**
 * Whether a version is among those that If-Match or If-None-Match lists; a header that is left out lists all. A version's ETag is weak, because what
 * is predicted goes on with time; it is compared all the same.
 */
export function matches(listed: string | undefined, tag: string): boolean {
  if (listed === undefined || listed.trim() === "*") return true;
  return listed.split(",").some((one) => one.trim().replace(/^W\//, "") === `"${tag}"`);
}
