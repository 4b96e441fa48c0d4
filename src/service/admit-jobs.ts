/** The door: turns posted jobs into jobs with duration tables, or says of each why it cannot be planned for. */
import { setImmediate } from "node:timers/promises";
import type { InputProblem } from "../catalog/input-problem.ts";
import type { JobSpec } from "../catalog/job-spec.ts";
import { jobId } from "../domain/ids.ts";
import type { Job } from "../domain/job.ts";
import type { StoreParts } from "../store/store.ts";
import type { JobMakers } from "./job-makers.ts";

/** A posted job with its place in the batch. */
export interface PostedJob {
  readonly index: number;
  readonly spec: JobSpec;
}

/** A job that can run, not yet registered: its id may still be missing. */
export interface JobDraft extends PostedJob {
  readonly job: Job;
}

/** A job that cannot be registered; paths start at the body. */
export interface RefusedJob extends PostedJob {
  readonly kind: "unusable" | "conflict";
  readonly problems: readonly InputProblem[];
}

/** Predictions take milliseconds where they are new: other requests get their turn between two of them. */
const JOBS_PER_TURN = 10;

/** Which jobs of a batch can run. */
export async function draftJobs(
  specs: readonly JobSpec[],
  makeJob: ReturnType<JobMakers>,
): Promise<{ readonly drafts: readonly JobDraft[]; readonly refused: readonly RefusedJob[] }> {
  const drafts: JobDraft[] = [];
  const refused: RefusedJob[] = [];
  for (const [index, spec] of specs.entries()) {
    if (index % JOBS_PER_TURN === 0) await setImmediate();
    const made = makeJob(spec, { id: jobId(spec.id ?? ""), submittedAtSeconds: 0 });
    if (made.kind === "job") drafts.push({ index, spec, job: made.job });
    else
      refused.push({
        index,
        spec,
        kind: "unusable",
        problems: made.problems.map((problem) => ({ ...problem, path: `/jobs/${index}${problem.path}` })),
      });
  }
  return { drafts, refused };
}

/** Gives each draft an id and its time, unless the id that it brings is taken, comes twice, or looks like one that is made here. */
export async function registerJobs(
  { jobs }: Pick<StoreParts, "jobs">,
  drafts: readonly JobDraft[],
  args: {
    readonly clusterId: string;
    readonly nextJobNumber: number;
    readonly atSeconds: number;
  },
): Promise<{ readonly registered: readonly JobDraft[]; readonly refused: readonly RefusedJob[] }> {
  const given = drafts.flatMap(({ spec }) => spec.id ?? []);
  const taken = await jobs.taken(args.clusterId, given);
  const refused: RefusedJob[] = [];
  const registered: JobDraft[] = [];
  const first = new Map<string, number>();
  for (const draft of drafts) {
    const { id } = draft.spec;
    const earlier = id === undefined ? undefined : first.get(id);
    if (id !== undefined && (earlier !== undefined || taken.has(id) || MADE_ID.test(id))) {
      refused.push(idRefusal(draft, id, earlier));
      continue;
    }
    if (id !== undefined) first.set(id, draft.index);
    const own = jobId(id ?? madeId(args.nextJobNumber + registered.length));
    registered.push({ ...draft, job: { ...draft.job, id: own, submittedAtSeconds: args.atSeconds } });
  }
  return { registered, refused };
}

const MADE_ID = /^job-\d{6,}$/;

/** Sorts in the order of submission. */
const madeId = (number: number): string => `job-${String(number).padStart(6, "0")}`;

function idRefusal(draft: JobDraft, id: string, earlier: number | undefined): RefusedJob {
  const message = MADE_ID.test(id)
    ? "ids of this form are made for jobs that bring none"
    : earlier === undefined
      ? "a job with this id is registered already"
      : `/jobs/${earlier} has this id too`;
  return {
    index: draft.index,
    spec: draft.spec,
    kind: "conflict",
    problems: [
      { path: `/jobs/${draft.index}/id`, value: id, message, fix: "Use another id, or leave it out." },
    ],
  };
}
