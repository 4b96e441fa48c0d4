import type { ClusterState, JobState } from "../../domain/cluster-state.ts";
import { findJob } from "../../domain/cluster-state.ts";
import { RequestProblem } from "../problem-details.ts";

/** The job of that id; throws a RequestProblem (404) when there is none. */
export function knownJob(state: ClusterState, id: string): JobState {
  const found = findJob(state, id);
  if (found === undefined) throw new RequestProblem("unknown-job", `No job has the id "${id}".`);
  return found;
}

/** The job of that id if it has not ended; throws a RequestProblem (404, 409) otherwise. */
export function unfinishedJob(state: ClusterState, id: string): JobState {
  const found = knownJob(state, id);
  if (found.status.kind !== "active") {
    throw new RequestProblem("conflict", `Job "${id}" is ${found.status.kind} already.`);
  }
  return found;
}
