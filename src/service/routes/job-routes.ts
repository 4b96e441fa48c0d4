import type { JobsArrived } from "../../domain/event.ts";
import { compareIds } from "../../domain/ids.ts";
import { jobDetail, jobViews } from "../../report/job-view.ts";
import { draftJobs, registerJobs } from "../admit-jobs.ts";
import { PAGE_JOBS, deleteJob, getJob, getJobs, postJobs } from "../endpoints/jobs.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { acceptedJson } from "./accepted-json.ts";
import { knownJob, unfinishedJob } from "./known-job.ts";
import type { ServiceContext } from "./service-context.ts";

/** Answers everything under /v1/jobs. */
export function jobRoutes({ loop, reference, stateNow }: ServiceContext): readonly Route[] {
  return [
    route(postJobs, async ({ body }) => {
      const drafts = await draftJobs(body.jobs, reference, loop.view().state.settings);
      const accepted = await loop.submit((state, atSeconds): JobsArrived => ({
        kind: "jobs-arrived",
        atSeconds,
        jobs: registerJobs(drafts, state, atSeconds),
      }));
      return { jobIds: accepted.event.jobs.map((job) => job.id), ...acceptedJson(accepted) };
    }),
    route(getJobs, ({ query }) => {
      const { afterId, status, limit = PAGE_JOBS } = query;
      const matching = jobViews(stateNow()).filter(
        (job) =>
          (status === undefined || job.status === status) &&
          (afterId === undefined || compareIds(job.id, afterId) > 0),
      );
      const jobs = matching.slice(0, limit);
      return { jobs, nextAfterId: jobs.length < matching.length ? (jobs.at(-1)?.id ?? null) : null };
    }),
    route(getJob, ({ params }) => {
      const state = stateNow();
      return jobDetail(state, knownJob(state, params.jobId));
    }),
    route(deleteJob, async ({ params }) => {
      const accepted = await loop.submit((state, atSeconds) => ({
        kind: "job-cancelled",
        atSeconds,
        jobId: unfinishedJob(state, params.jobId).id,
      }));
      return acceptedJson(accepted);
    }),
  ];
}
