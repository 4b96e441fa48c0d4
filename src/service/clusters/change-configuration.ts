/**
 * Changes how a cluster is planned: in one write its configuration becomes another one, and a settings-changed event says what follows from it for
 * limits, prices and durations. Durations take long to predict, so that is done before, in pieces; the write checks that nothing has come in between.
 */
import { setImmediate } from "node:timers/promises";
import type { InputProblem } from "../../catalog/input-problem.ts";
import type { JobSpec } from "../../catalog/job-spec.ts";
import type { ReferenceData } from "../../catalog/reference-data.ts";
import type { ClusterSettings, JobState } from "../../domain/cluster-state.ts";
import type { DurationTable } from "../../domain/duration-table.ts";
import { unitOf } from "../../domain/duration-table.ts";
import type { SettingsChanged } from "../../domain/event.ts";
import type { JobId } from "../../domain/ids.ts";
import type { ClusterRecord } from "../../store/clusters.ts";
import type { Cause } from "../../store/history.ts";
import type { LockedCluster, Store } from "../../store/store.ts";
import type { Clock } from "../clock.ts";
import { offerOf } from "../job-makers.ts";
import type { JobMakers } from "../job-makers.ts";
import { RequestProblem } from "../problem-details.ts";
import { networksOfRequests, postedAgain } from "../recording/posted-job.ts";
import { eventTime, recordEvent } from "../recording/record-event.ts";
import type { ClusterConfiguration } from "./cluster-configuration.ts";
import { settingsAfter, settingsOf } from "./cluster-settings.ts";

/** What a change takes. */
export interface ChangeMeans {
  readonly store: Store;
  readonly clock: Clock;
  readonly reference: ReferenceData;
  readonly jobMakers: JobMakers;
}

/** A change of a configuration: what it becomes, given what it is. */
export interface RequestedChange {
  readonly clusterId: string;
  readonly cause: Cause;
  /** Throws a RequestProblem where it may not be changed. */
  readonly configurationAfter: (cluster: ClusterRecord) => ClusterConfiguration;
}

const MOST_ATTEMPTS = 5;
const JOBS_PER_TURN = 10;

/** New durations, by job, and the jobs that were looked at. */
interface Predicted {
  readonly durations: ReadonlyMap<JobId, DurationTable>;
  readonly seen: ReadonlySet<JobId>;
}

const NOTHING_PREDICTED: Predicted = { durations: new Map(), seen: new Set() };

/** See the file's header; gives the cluster as it is afterwards. Throws RequestProblems (409, 422) and InvalidInput. */
export async function changeConfiguration(
  means: ChangeMeans,
  change: RequestedChange,
): Promise<ClusterRecord> {
  const { store, clock, reference } = means;
  const { clusterId, cause, configurationAfter } = change;
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
    const cluster = await existing(store, clusterId);
    const configuration = configurationAfter(cluster);
    const expected = settingsAfter(
      cluster.settings,
      settingsOf(configuration, reference, clock.nowSeconds()),
    );
    const predicted = await predictAnew(means, cluster, expected);
    const isDone = await store.write(clusterId, async (locked) => {
      if (locked.cluster.configurationVersion !== cluster.configurationVersion) return false;
      const atSeconds = eventTime(locked, clock.nowSeconds());
      const { settings: before } = locked.cluster;
      const settings = settingsAfter(before, settingsOf(configuration, reference, atSeconds));
      if (offerOf(settings) !== offerOf(expected) || offerOf(before) !== offerOf(cluster.settings))
        return false;
      const active = offerOf(before) === offerOf(settings) ? [] : await activeIds(locked);
      if (active.some((id) => !predicted.seen.has(id))) return false;
      const event: SettingsChanged = {
        kind: "settings-changed",
        atSeconds,
        settings,
        durations: active.flatMap((jobId) => {
          const durations = predicted.durations.get(jobId);
          return durations === undefined ? [] : [{ jobId, durations }];
        }),
      };
      await locked.clusters.update(clusterId, { configuration });
      await recordEvent(locked, { event, cause });
      await locked.ring("configuration");
      return true;
    });
    if (isDone) return existing(store, clusterId);
  }
  throw new RequestProblem(
    "conflict",
    `Cluster "${clusterId}" changed each of the ${MOST_ATTEMPTS} times that this was tried; try again when fewer jobs arrive.`,
  );
}

async function existing({ clusters }: Pick<Store, "clusters">, clusterId: string): Promise<ClusterRecord> {
  const cluster = await clusters.find(clusterId);
  if (cluster === undefined)
    throw new RequestProblem("unknown-cluster", `No cluster has the id ${clusterId}.`);
  return cluster;
}

const activeIds = async ({ jobs, cluster }: LockedCluster): Promise<readonly JobId[]> =>
  (await jobs.active(cluster.id)).map(({ state }) => state.id);

/** Durations of the jobs that are left, on the VM types that are offered then. Throws a RequestProblem (409) where a job would fit none. */
async function predictAnew(
  { store, jobMakers }: ChangeMeans,
  cluster: ClusterRecord,
  settings: ClusterSettings,
): Promise<Predicted> {
  if (offerOf(settings) === offerOf(cluster.settings)) return NOTHING_PREDICTED;
  const makeJob = jobMakers(cluster.id, settings);
  const durations = new Map<JobId, DurationTable>();
  const seen = new Set<JobId>();
  const stranded: InputProblem[] = [];
  const active = await store.jobs.active(cluster.id);
  const networks = await networksOfRequests(
    store,
    active.map(({ request }) => request),
  );
  for (const [index, { state, request }] of active.entries()) {
    if (index % JOBS_PER_TURN === 0) await setImmediate();
    seen.add(state.id);
    const made = makeAgain(makeJob, state, postedAgain(request, networks));
    if (made.kind === "stranded") stranded.push(made.problem);
    else if (!sameTable(made.durations, state.job.durations)) durations.set(state.id, made.durations);
  }
  if (stranded.length > 0)
    throw new RequestProblem(
      "conflict",
      `${stranded.length === 1 ? "A job" : `${stranded.length} jobs`} could not run on what the cluster would offer then.`,
      { problems: stranded },
    );
  return { durations, seen };
}

type MadeAgain =
  | { readonly kind: "made"; readonly durations: DurationTable }
  | { readonly kind: "stranded"; readonly problem: InputProblem };

function makeAgain(
  makeJob: ReturnType<JobMakers>,
  { id, job }: JobState,
  spec: JobSpec | undefined,
): MadeAgain {
  const made =
    spec === undefined ? undefined : makeJob(spec, { id, submittedAtSeconds: job.submittedAtSeconds });
  if (made?.kind === "job") return { kind: "made", durations: made.job.durations };
  const why = made?.problems[0]?.message ?? "what was posted for it cannot be read any more";
  return {
    kind: "stranded",
    problem: {
      path: "/catalog",
      value: id,
      message: `job "${id}": ${why}`,
      fix: "Keep offering a VM type that it fits, or cancel it before.",
    },
  };
}

function sameTable(a: DurationTable, b: DurationTable): boolean {
  const [left, right] = [unitOf(a), unitOf(b)];
  if (left.scale === right.scale && left.unit === right.unit) return true;
  return JSON.stringify(a) === JSON.stringify(b);
}
