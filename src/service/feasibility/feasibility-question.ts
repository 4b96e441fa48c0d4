/**
 * The jobs of a question about feasibility, as a planning problem. Every job has durations on all VM types of the cluster, also where the limits leave no node: a quota
 * of 0 is one that could be raised.
 */
import { setImmediate } from "node:timers/promises";
import type { InputProblem } from "../../catalog/input-problem.ts";
import type { JobSpec } from "../../catalog/job-spec.ts";
import { jobSpecSchema } from "../../catalog/job-spec.ts";
import { EMPTY_ALLOCATION } from "../../domain/allocation.ts";
import type { ClusterSettings, ClusterState } from "../../domain/cluster-state.ts";
import type { DurationTable } from "../../domain/duration-table.ts";
import type { JobId } from "../../domain/ids.ts";
import { jobId } from "../../domain/ids.ts";
import type { Job } from "../../domain/job.ts";
import { observe } from "../../planner/observe.ts";
import type { ClusterRecord } from "../../store/clusters.ts";
import type { JobRecord } from "../../store/jobs.ts";
import type { Store } from "../../store/store.ts";
import type { FeasibilityBody } from "../endpoints/feasibility.ts";
import { MAX_FEASIBILITY_JOBS } from "../endpoints/feasibility.ts";
import type { JobMakers } from "../job-makers.ts";
import { RequestProblem } from "../problem-details.ts";

type JobMaker = ReturnType<JobMakers>;

/** Makes jobs for a cluster as if it had no limits. */
export const withoutLimits = (
  jobMakers: JobMakers,
  { id, settings }: Pick<ClusterRecord, "id" | "settings">,
): JobMaker => {
  const vmTypes = settings.vmTypes.map((vmType) => ({ ...vmType, quotaNodes: null }));
  return jobMakers(id, { ...settings, vmTypes, maxNodes: Infinity, nodeLimits: [] });
};

/** The jobs of the cluster that are asked for, and how many jobs that makes with the new ones. Throws a RequestProblem (422) on too many, on unknown and on ended ones. */
export async function askedRecords(
  { jobs }: Pick<Store, "jobs">,
  clusterId: string,
  body: FeasibilityBody,
): Promise<readonly JobRecord[]> {
  const fresh = body.jobs?.length ?? 0;
  if (body.allActive === true) {
    const { waiting, running } = await jobs.counts(clusterId);
    refuseTooMany(waiting + running + fresh);
    return jobs.active(clusterId);
  }
  const ids = body.jobIds ?? [];
  refuseTooMany(new Set(ids).size + fresh);
  const found = new Map((await jobs.find(clusterId, ids)).map((record) => [record.state.id, record]));
  const problems = ids.flatMap((id, index): readonly InputProblem[] => {
    const kind = found.get(jobId(id))?.state.status.kind;
    if (kind === "active") return [];
    const message = kind === undefined ? "no job has this id" : `the job is ${kind} already`;
    return [{ path: `/jobIds/${index}`, value: id, message, fix: "Leave it out, or correct the id." }];
  });
  if (problems.length > 0)
    throw new RequestProblem("unusable-input", "Some jobs of the question neither wait nor run.", {
      problems,
    });
  return [...found.values()];
}

function refuseTooMany(count: number): void {
  if (count <= MAX_FEASIBILITY_JOBS) return;
  throw new RequestProblem("unusable-input", "The question is about too many jobs.", {
    problems: [
      {
        path: "",
        value: count,
        message: `${count} jobs are asked for, and at most ${MAX_FEASIBILITY_JOBS} may be`,
        fix: "Name fewer jobs in jobIds or jobs.",
      },
    ],
  });
}

/** A job that could run but for its budget is to be made, and the budget weighed with the other limits. */
function budgetApart({ budgetUsd, ...spec }: JobSpec): {
  readonly budgetUsd: number | null;
  readonly spec: JobSpec;
} {
  return { budgetUsd: budgetUsd ?? null, spec };
}

/** New jobs of a question. */
export interface FreshJobs {
  readonly jobs: readonly Job[];
  /** Those that no VM type hosts. */
  readonly hopeless: readonly { readonly jobId: JobId; readonly reason: string }[];
}

/** The new jobs; one without an id is named by its place. Throws a RequestProblem (422) on those that cannot be planned for. */
export async function freshJobs(
  makeJob: JobMaker,
  specs: readonly JobSpec[],
  given: { readonly takenIds: readonly JobId[]; readonly submittedAtSeconds: number },
): Promise<FreshJobs> {
  const taken = new Set<JobId>(given.takenIds);
  const problems: InputProblem[] = [];
  const jobs: Job[] = [];
  const hopeless: FreshJobs["hopeless"][number][] = [];
  for (const [index, posted] of specs.entries()) {
    const { budgetUsd, spec } = budgetApart(posted);
    const path = `/jobs/${index}`;
    const id = jobId(spec.id ?? path);
    if (taken.has(id))
      problems.push({
        path: `${path}/id`,
        value: id,
        message: "another job of the question has this id",
        fix: "Give each job an id of its own, or leave it out.",
      });
    taken.add(id);
    // Predictions take milliseconds where they are new: other requests get their turn.
    await setImmediate();
    const made = makeJob(spec, { id, submittedAtSeconds: given.submittedAtSeconds });
    if (made.kind === "job") jobs.push({ ...made.job, budgetUsd });
    else if (made.kind === "fits-nowhere")
      hopeless.push({ jobId: id, reason: made.problems.map(({ message }) => message).join("; ") });
    else problems.push(...made.problems.map((problem) => ({ ...problem, path: `${path}${problem.path}` })));
  }
  if (problems.length === 0) return { jobs, hopeless };
  throw new RequestProblem("unusable-input", "Some jobs of the question cannot be planned for.", {
    problems,
  });
}

/** The cluster's jobs with durations on all of its VM types, and the new ones beside them; nothing runs. */
export async function stateOfQuestion(
  state: ClusterState,
  args: {
    readonly records: readonly JobRecord[];
    readonly fresh: readonly Job[];
    readonly makeJob: JobMaker;
    readonly atSeconds: number;
  },
): Promise<ClusterState> {
  const { records, fresh, makeJob, atSeconds } = args;
  const durations = new Map<JobId, DurationTable>();
  for (const record of records) {
    await setImmediate();
    durations.set(record.state.id, durationsOf(record, makeJob));
  }
  const known: ClusterState = {
    ...state,
    allocation: EMPTY_ALLOCATION,
    jobs: state.jobs.map((entry) => ({
      ...entry,
      job: { ...entry.job, durations: durations.get(entry.id) ?? entry.job.durations },
    })),
  };
  return fresh.length === 0 ? known : observe(known, { kind: "jobs-arrived", jobs: fresh, atSeconds });
}

/** A job's own figures, and predictions from what was posted on VM types where it was given none because they were closed to it. */
function durationsOf({ state, request }: JobRecord, makeJob: JobMaker): DurationTable {
  const { id, job } = state;
  const spec = jobSpecSchema.safeParse(request);
  if (!spec.success) return job.durations;
  const made = makeJob(budgetApart(spec.data).spec, { id, submittedAtSeconds: job.submittedAtSeconds });
  if (made.kind !== "job") return job.durations;
  const own = new Set(job.durations.entries.map(({ vmTypeId }) => vmTypeId));
  const others = made.job.durations.entries.filter(({ vmTypeId }) => !own.has(vmTypeId));
  return { ...job.durations, entries: [...job.durations.entries, ...others] };
}

/** Why a job has no duration anywhere, in the words of its table. */
export function reasonOf({ durations }: Job, { vmTypes }: ClusterSettings): string {
  const offered = new Set(vmTypes.map(({ id }) => id));
  const reasons = durations.missing
    .filter(({ vmTypeId }) => offered.has(vmTypeId))
    .map(({ reason }) => reason);
  const distinct = [...new Set(reasons)];
  return distinct.length === 0 ? "it has a duration on none of them" : distinct.join("; ");
}
