/** Whether what can be looked up of a cluster (jobs, nodes, its row) agrees with the fold of its history. */
import { placements } from "../../src/domain/allocation.ts";
import type { ClusterState, JobState } from "../../src/domain/cluster-state.ts";
import { LEAST_REMAINING_SHARE } from "../../src/planner/remaining-work.ts";
import { clusterOf } from "../../src/service/recording/job-course.ts";
import type { ClusterRecord } from "../../src/store/clusters.ts";
import type { JobRecord } from "../../src/store/jobs.ts";
import type { Store } from "../../src/store/store.ts";
import { canonicalJson } from "./canonical-json.ts";

/**
 * Rows go on from their last change in one step and the fold in many, which rounds differently; a job that has outlasted its prediction
 * stays within the last share of its work in both, at different places of it.
 */
const SHARE_TOLERANCE = 1e-6;
const USD_TOLERANCE = 1e-6;
const JOBS_PER_PAGE = 1000;

/** Says each difference. */
export async function checkProjection(args: {
  readonly store: Store;
  readonly cluster: ClusterRecord;
  readonly state: ClusterState;
  readonly say: (text: string) => void;
}): Promise<void> {
  const { store, cluster, state, say } = args;
  if (canonicalJson(cluster.settings) !== canonicalJson(state.settings))
    say("its settings are not those after its last event");
  const nodes = await store.clusters.nodes(cluster.id);
  const rented = nodes.map((node) => canonicalJson({ ...node, parts: [] })).sort();
  const folded = state.allocation.nodes.map((node) => canonicalJson({ ...node, parts: [] })).sort();
  if (canonicalJson(rented) !== canonicalJson(folded))
    say(`its nodes are ${rented.join(" ")} and should be ${folded.join(" ")}`);
  const records = await allJobs(store, cluster.id);
  const byId = new Map(records.map((record) => [record.state.id, record]));
  const placed = placements(state.allocation);
  if (records.length !== state.jobs.length)
    say(`${records.length} jobs can be looked up, and there are ${state.jobs.length}`);
  for (const expected of state.jobs) {
    const record = byId.get(expected.id);
    if (record === undefined) {
      say(`job ${expected.id} cannot be looked up`);
      continue;
    }
    const at = placed.get(expected.id);
    const place = at === undefined ? null : { nodeId: at.nodeId, gpus: at.gpus };
    if (canonicalJson(record.placement) !== canonicalJson(place))
      say(
        `job ${expected.id} is looked up at ${canonicalJson(record.placement)} and is at ${canonicalJson(place)}`,
      );
    const [now] = clusterOf(
      { settings: state.settings, nodes, records: [record] },
      state.nowSeconds ?? record.asOfSeconds,
    ).jobs;
    const difference = now === undefined ? "it is gone" : differenceOf(now, expected);
    if (difference !== null) say(`job ${expected.id}: ${difference}`);
  }
}

function differenceOf(found: JobState, expected: JobState): string | null {
  const { completedShare, savedShare, pace, spentUsd, spentShare, ...rest } = found;
  const {
    completedShare: share,
    savedShare: saved,
    pace: expectedPace,
    spentUsd: expectedUsd,
    spentShare: expectedSpent,
    ...expectedRest
  } = expected;
  if (Math.abs(spentUsd - expectedUsd) > USD_TOLERANCE)
    return `${spentUsd} USD spent instead of ${expectedUsd}`;
  if (Math.abs((spentShare ?? 0) - (expectedSpent ?? 0)) > SHARE_TOLERANCE)
    return `a spent share of ${spentShare ?? 0} instead of ${expectedSpent ?? 0}`;
  if (canonicalJson(rest) !== canonicalJson(expectedRest))
    return `${canonicalJson(rest.status)} instead of ${canonicalJson(expectedRest.status)}, or another job`;
  if (!isSameShare(completedShare, share)) return `a share of ${completedShare} instead of ${share}`;
  if (!isSameShare(savedShare, saved)) return `a saved share of ${savedShare} instead of ${saved}`;
  return isNear(pace.factor, expectedPace.factor)
    ? null
    : `a pace of ${pace.factor} instead of ${expectedPace.factor}`;
}

const isSameShare = (found: number, expected: number): boolean =>
  Math.abs(found - expected) <= SHARE_TOLERANCE ||
  Math.min(found, expected) >= 1 - LEAST_REMAINING_SHARE - SHARE_TOLERANCE;

const isNear = (found: number, expected: number): boolean =>
  Math.abs(found - expected) <= SHARE_TOLERANCE * Math.max(found, expected);

async function allJobs(store: Store, clusterId: string): Promise<readonly JobRecord[]> {
  const records: JobRecord[] = [];
  for (;;) {
    const afterNumber = records.at(-1)?.number ?? -1;
    const page = await store.jobs.page(clusterId, { afterNumber }, JOBS_PER_PAGE);
    if (page.length === 0) return records;
    records.push(...page);
  }
}
