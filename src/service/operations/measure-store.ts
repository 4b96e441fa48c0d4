/** Brings the metrics that the store knows up to date before they are read. */
import type { RequestHandler } from "express";
import type { Logger } from "pino";
import { rentPerHourUsd } from "../../domain/cost.ts";
import { vmTypesOf } from "../../domain/vm-type.ts";
import type { StoreParts } from "../../store/store.ts";
import type { ClusterMeasure, Metrics } from "./metrics.ts";
import { withinSeconds } from "./within-seconds.ts";

/** Prometheus gives up after 10 s, unless it is told otherwise. */
const LIMIT_SECONDS = 2;

/**
 * Middleware before the page: while the store does not answer in time, its numbers are left out, and the others are shown all the same. One
 * look at the store runs at a time, however many ask, so that a slow store is not slowed down further.
 */
export function measureStore(
  { store, logger }: { readonly store: Pick<StoreParts, "clusters" | "jobs">; readonly logger: Logger },
  metrics: Pick<Metrics, "clustersAre">,
  limitSeconds: number = LIMIT_SECONDS,
): RequestHandler {
  let underWay: Promise<readonly ClusterMeasure[]> | undefined;
  return async (_request, _response, next) => {
    underWay ??= measured(store).finally(() => {
      underWay = undefined;
    });
    try {
      metrics.clustersAre(await withinSeconds(limitSeconds, underWay));
    } catch (error) {
      logger.warn({ err: error }, "metrics are read without the store's");
      metrics.clustersAre(null);
    }
    next();
  };
}

async function measured({
  clusters,
  jobs,
}: Pick<StoreParts, "clusters" | "jobs">): Promise<readonly ClusterMeasure[]> {
  const measures: ClusterMeasure[] = [];
  for (const { id, settings } of await clusters.all()) {
    const [jobCounts, nodes] = await Promise.all([jobs.counts(id), clusters.nodes(id)]);
    const rent = rentPerHourUsd(vmTypesOf({ nodes }, settings.vmTypes));
    measures.push({ clusterId: id, jobCounts, rentPerHourUsd: rent });
  }
  return measures;
}
