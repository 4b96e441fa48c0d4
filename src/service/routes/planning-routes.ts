import type { JobCompleted, ProgressReported } from "../../domain/event.ts";
import { explain, explainJob } from "../../planner/explain.ts";
import type { JobExplanation } from "../../planner/explain.ts";
import { jobExplanationView } from "../../report/explanation-view.ts";
import { planView } from "../../report/plan-view.ts";
import { getExplanation, getPlan, postEvents, postReplan } from "../endpoints/planning.ts";
import type { EnactedPlan } from "../planning-loop.ts";
import { RequestProblem } from "../problem-details.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { acceptedJson } from "./accepted-json.ts";
import { unfinishedJob } from "./known-job.ts";
import type { ServiceContext } from "./service-context.ts";

/** Answers events, replanning, and everything under /v1/plan. */
export function planningRoutes({ loop, policy }: ServiceContext): readonly Route[] {
  const enactedPlan = (): EnactedPlan => {
    const { enacted } = loop.view();
    if (enacted === null) {
      throw new RequestProblem("not-ready", "No plan has been decided yet.", {
        headers: { "Retry-After": "1" },
      });
    }
    return enacted;
  };
  return [
    route(postEvents, async ({ body }) => {
      const accepted = await loop.submit((state, atSeconds): JobCompleted | ProgressReported => {
        const { id } = unfinishedJob(state, body.jobId);
        return { ...body, jobId: id, atSeconds };
      });
      return acceptedJson(accepted);
    }),
    route(postReplan, async () =>
      acceptedJson(await loop.submit((_, atSeconds) => ({ kind: "timer-elapsed", atSeconds }))),
    ),
    route(getPlan, () => {
      const { plan, decidedOn } = enactedPlan();
      return planView(plan, decidedOn.settings);
    }),
    route(getExplanation, ({ query }) => {
      const { plan, decidedOn } = enactedPlan();
      const explained =
        query.jobId === undefined
          ? explain(decidedOn, plan, policy)
          : [knownExplanation(explainJob({ state: decidedOn, plan, policy }, query.jobId), query.jobId)];
      return { revision: plan.revision, jobs: explained.map(jobExplanationView) };
    }),
  ];
}

function knownExplanation(explanation: JobExplanation | undefined, jobId: string): JobExplanation {
  if (explanation !== undefined) return explanation;
  throw new RequestProblem("unknown-job", `The plan in force does not know a job "${jobId}".`);
}
