/** Brings the metrics that the store knows up to date before they are read. */
import type { RequestHandler } from "express";
import type { Logger } from "pino";
import { rentPerHourUsd } from "../../domain/cost.ts";
import { vmTypesOf } from "../../domain/vm-type.ts";
import type { ClusterRecord } from "../../store/clusters.ts";
import type { StoreParts } from "../../store/store.ts";
import type { ClusterMeasure, Metrics } from "./metrics.ts";
import { withinSeconds } from "./within-seconds.ts";

/** Prometheus gives up after 10 s, unless it is told otherwise. */
const LIMIT_SECONDS = 2;

/** What is measured, and what a cluster pays for its reservations now, used or not. */
interface MeasuredStore {
  readonly store: Pick<StoreParts, "clusters" | "jobs">;
  readonly paidAnywayPerHourUsd: (cluster: ClusterRecord) => number;
}

/**
 * Middleware before the page: while the store does not answer in time, its numbers are left out, and the others are shown all the same. One
 * look at the store runs at a time, however many ask, so that a slow store is not slowed down further.
 */
export function measureStore(
  { store, logger, paidAnywayPerHourUsd }: MeasuredStore & { readonly logger: Logger },
  metrics: Pick<Metrics, "clustersAre">,
  limitSeconds: number = LIMIT_SECONDS,
): RequestHandler {
  let underWay: Promise<readonly ClusterMeasure[]> | undefined;
  return async (_request, _response, next) => {
    underWay ??= measured({ store, paidAnywayPerHourUsd }).finally(() => {
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
  store: { clusters, jobs },
  paidAnywayPerHourUsd,
}: MeasuredStore): Promise<readonly ClusterMeasure[]> {
  const measures: ClusterMeasure[] = [];
  for (const cluster of await clusters.all()) {
    const { id, settings } = cluster;
    const [jobCounts, nodes] = await Promise.all([jobs.counts(id), clusters.nodes(id)]);
    const rent = rentPerHourUsd(vmTypesOf({ nodes }, settings.vmTypes));
    const paidAnyway = paidAnywayPerHourUsd(cluster);
    measures.push({ clusterId: id, jobCounts, rentPerHourUsd: rent, paidAnywayPerHourUsd: paidAnyway });
  }
  return measures;
}
