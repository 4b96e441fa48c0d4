/** Why a plan starts, moves or stops a job, in words for the job's history. */
import { isoTime } from "../../catalog/time.ts";
import type { Placement } from "../../domain/allocation.ts";
import { placements } from "../../domain/allocation.ts";
import { assertNever } from "../../domain/assert-never.ts";
import type { ClusterState } from "../../domain/cluster-state.ts";
import type { JobId } from "../../domain/ids.ts";
import type { JobForecast, Plan } from "../../domain/plan.ts";
import { explainJobs } from "../../planner/explain.ts";
import type { PolicyName } from "../../planner/policy.ts";
import type { PlaceChange } from "./commit-plan.ts";
import { changedJobs } from "./commit-plan.ts";

/** Explaining a job tries all that it could have; where a plan changes more jobs, the rest get only the first sentences. */
const MAX_EXPLAINED = 100;

/** By job id, for the jobs whose place the plan changes. */
export function placeReasons(
  state: ClusterState,
  plan: Plan,
  policy: PolicyName,
): ReadonlyMap<JobId, string> {
  const changed = changedJobs(state, plan);
  const before = placements(state.allocation);
  const after = placements(plan.allocation);
  const forecasts = new Map(plan.forecasts.map((forecast) => [forecast.jobId, forecast]));
  const explanations = explainJobs({ state, plan, policy }, [...changed.keys()].slice(0, MAX_EXPLAINED));
  const summaries = new Map(explanations.map(({ jobId, summary }) => [jobId, summary]));
  return new Map(
    [...changed].map(([jobId, change]) => [
      jobId,
      [
        placeSentence(change, before.get(jobId), after.get(jobId)),
        endSentence(forecasts.get(jobId)),
        summaries.get(jobId) ?? "",
      ]
        .filter((sentence) => sentence !== "")
        .join(" "),
    ]),
  );
}

function placeSentence(change: PlaceChange, from: Placement | undefined, to: Placement | undefined): string {
  switch (change) {
    case "started":
      return `It starts on ${placeText(to)}.`;
    case "moved":
      return `It moves from ${placeText(from)} to ${placeText(to)}.`;
    case "stopped":
      return `It gives up ${placeText(from)} and waits.`;
    default:
      return assertNever(change);
  }
}

const placeText = (place: Placement | undefined): string =>
  place === undefined
    ? "nowhere"
    : `${place.gpus} ${place.gpus === 1 ? "GPU" : "GPUs"} of ${place.nodeId} (${place.vmTypeId})`;

function endSentence(forecast: JobForecast | undefined): string {
  if (forecast?.kind !== "running") return "";
  const late =
    forecast.expectedTardinessSeconds > 0 ? `, ${Math.round(forecast.expectedTardinessSeconds)} s late` : "";
  return `It should end at ${isoTime(forecast.expectedCompletionAtSeconds)}${late}.`;
}
