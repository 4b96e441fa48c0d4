import type { ReferenceData } from "../../catalog/reference-data.ts";
import type { ClusterState } from "../../domain/cluster-state.ts";
import type { SolverPort } from "../../milp/solver-port.ts";
import type { ChangeBell } from "../../store/change-bell.ts";
import type { ClusterRecord } from "../../store/clusters.ts";
import type { JobRecord } from "../../store/jobs.ts";
import type { Store, StoreParts } from "../../store/store.ts";
import { UnknownCluster } from "../../store/store.ts";
import type { Clock } from "../clock.ts";
import type { JobMakers } from "../job-makers.ts";
import type { WebhookRules } from "../security/webhook-target.ts";
import { clusterOf } from "../recording/job-course.ts";

/** What handlers work with. */
export interface ServiceContext {
  readonly store: Store;
  readonly bell: ChangeBell;
  readonly reference: ReferenceData;
  readonly jobMakers: JobMakers;
  readonly clock: Clock;
  /** For questions that a request waits for; it works beside the thread that answers requests. */
  readonly solver: SolverPort;
  /** Where webhooks may be sent. */
  readonly webhookRules: WebhookRules;
  /** Whether the service takes no new requests because it shuts down. */
  readonly isDraining: () => boolean;
  /** Calls back when it begins to shut down; gives the way to call that off. */
  readonly onDrain: (call: () => void) => () => void;
}

/** The cluster of that id; throws UnknownCluster. */
export async function knownCluster(
  { clusters }: Pick<StoreParts, "clusters">,
  clusterId: string,
): Promise<ClusterRecord> {
  const cluster = await clusters.find(clusterId);
  if (cluster === undefined) throw new UnknownCluster(clusterId);
  return cluster;
}

/** Jobs of a cluster as of now: predicted progress included. Its other jobs are not in the state. */
export async function jobsNow(
  { store, clock }: Pick<ServiceContext, "store" | "clock">,
  cluster: ClusterRecord,
  records: readonly JobRecord[],
): Promise<ClusterState> {
  const nodes = await store.clusters.nodes(cluster.id);
  return clusterOf({ settings: cluster.settings, nodes, records }, nowOf(cluster, clock));
}

/** Now, but never before the cluster's last event. */
export const nowOf = (cluster: ClusterRecord, clock: Clock): number =>
  Math.max(clock.nowSeconds(), cluster.lastAtSeconds ?? -Infinity);
