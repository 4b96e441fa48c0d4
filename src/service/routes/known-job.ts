import type { JobRecord } from "../../store/jobs.ts";
import type { StoreParts } from "../../store/store.ts";
import { RequestProblem } from "../problem-details.ts";

/** The job of that id; throws a RequestProblem (404) when there is none. */
export async function knownJob(
  { jobs }: Pick<StoreParts, "jobs">,
  clusterId: string,
  id: string,
): Promise<JobRecord> {
  const [found] = await jobs.find(clusterId, [id]);
  if (found === undefined) throw new RequestProblem("unknown-job", `No job has the id "${id}".`);
  return found;
}

/** The job of that id if it has not ended; throws a RequestProblem (404, 409) otherwise. */
export async function unfinishedJob(
  parts: Pick<StoreParts, "jobs">,
  clusterId: string,
  id: string,
): Promise<JobRecord> {
  const found = await knownJob(parts, clusterId, id);
  const { kind } = found.state.status;
  if (kind !== "active") throw new RequestProblem("conflict", `Job "${id}" is ${kind} already.`);
  return found;
}
