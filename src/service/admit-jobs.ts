/** The door: turns posted jobs into jobs with duration tables, or refuses the whole batch with every reason. */
import { setImmediate } from "node:timers/promises";
import type { InputProblem } from "../catalog/input-problem.ts";
import { jobMaker } from "../catalog/job-from-spec.ts";
import type { JobSpec } from "../catalog/job-spec.ts";
import type { ReferenceData } from "../catalog/reference-data.ts";
import type { ClusterState } from "../domain/cluster-state.ts";
import { jobId } from "../domain/ids.ts";
import type { Job } from "../domain/job.ts";
import type { ClusterLimits } from "../domain/relaxation.ts";
import { RequestProblem } from "./problem-details.ts";

/** A job that can run, not yet registered: its id may still be missing. */
export interface JobDraft {
  readonly id: string | null;
  readonly job: Job;
}

/** Drafts of all jobs of a batch; throws a RequestProblem (422) naming every job that cannot run. */
export async function draftJobs(
  specs: readonly JobSpec[],
  reference: ReferenceData,
  limits: ClusterLimits,
): Promise<readonly JobDraft[]> {
  const makeJob = jobMaker(reference, limits);
  const drafts: JobDraft[] = [];
  const problems: InputProblem[] = [];
  for (const [index, spec] of specs.entries()) {
    // Predictions take milliseconds each: other requests get their turn between two of them.
    await setImmediate();
    const made = makeJob(spec, { id: jobId(spec.id ?? ""), submittedAtSeconds: 0 });
    if (made.kind === "job") drafts.push({ id: spec.id ?? null, job: made.job });
    else
      problems.push(
        ...made.problems.map((problem) => ({ ...problem, path: `/jobs/${index}${problem.path}` })),
      );
  }
  if (problems.length > 0) {
    throw new RequestProblem(
      "unusable-input",
      "No job of the batch is registered, because some of them cannot be planned for.",
      {
        problems,
      },
    );
  }
  return drafts;
}

/** The jobs of a batch with their ids and time; throws a RequestProblem (409) naming every id that is taken or repeated. */
export function registerJobs(
  drafts: readonly JobDraft[],
  state: ClusterState,
  atSeconds: number,
): readonly Job[] {
  const known = new Set<string>(state.jobs.map((entry) => entry.id));
  const problems = drafts.flatMap(({ id }, index): readonly InputProblem[] => {
    if (id === null) return [];
    const first = drafts.findIndex((other) => other.id === id);
    const path = `/jobs/${index}/id`;
    if (first < index) {
      return [
        {
          path,
          value: id,
          message: `/jobs/${first} has this id too`,
          fix: "Give each job an id of its own.",
        },
      ];
    }
    if (!known.has(id)) return [];
    return [
      {
        path,
        value: id,
        message: "a job with this id is registered already",
        fix: "Use another id, or leave it out.",
      },
    ];
  });
  if (problems.length > 0) {
    throw new RequestProblem("conflict", "No job of the batch is registered, because ids are taken.", {
      problems,
    });
  }
  const taken = new Set([...known, ...drafts.flatMap(({ id }) => id ?? [])]);
  const nextId = idMaker(taken);
  return drafts.map(({ id, job }) => ({ ...job, id: jobId(id ?? nextId()), submittedAtSeconds: atSeconds }));
}

const MADE_ID = /^job-(\d{6,12})$/;

/** Makes ids job-000001, job-000002, …, going on after the largest that is taken, so that they sort in order of submission. */
function idMaker(taken: ReadonlySet<string>): () => string {
  let last = 0;
  for (const id of taken) last = Math.max(last, Number(MADE_ID.exec(id)?.[1] ?? 0));
  return () => {
    last += 1;
    return `job-${String(last).padStart(6, "0")}`;
  };
}
