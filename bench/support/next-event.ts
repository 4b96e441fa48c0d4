/** The problem of the event after a decision: time has passed, some jobs have ended, others have arrived, and the rest has made progress. */
import type { Allocation } from "../../src/domain/allocation.ts";
import { placements } from "../../src/domain/allocation.ts";
import { jobId } from "../../src/domain/ids.ts";
import type { PlanningProblem } from "../../src/domain/planning-problem.ts";
import { findConfiguration } from "../../src/domain/planning-problem.ts";

const ELAPSED_SECONDS = 60;
/** Every so many jobs one has ended, and one like it arrives. */
const TURNOVER = 100;

/** The next event's problem, with `allocation` as what runs. */
export function nextEvent(problem: PlanningProblem, allocation: Allocation): PlanningProblem {
  const placed = placements(allocation);
  const numbers = allocation.nodes.map((node) => Number(node.id.replace("node-", "")));
  const ended = new Set(problem.jobs.flatMap((job, index) => (index % TURNOVER === 0 ? [job.id] : [])));
  return {
    ...problem,
    revision: problem.revision + 2,
    nowSeconds: problem.nowSeconds + ELAPSED_SECONDS,
    nextNodeNumber: numbers.reduce((most, number) => Math.max(most, number + 1), problem.nextNodeNumber),
    current: {
      nodes: allocation.nodes.map((node) => ({
        ...node,
        parts: node.parts.filter((part) => !ended.has(part.jobId)),
      })),
    },
    jobs: problem.jobs.map((job) => {
      if (ended.has(job.id)) {
        return {
          ...job,
          id: jobId(`${job.id}-${problem.revision}`),
          dueAtSeconds: job.dueAtSeconds + ELAPSED_SECONDS,
        };
      }
      const placement = placed.get(job.id);
      const running =
        placement === undefined ? undefined : findConfiguration(job, placement.vmTypeId, placement.gpus);
      if (running === undefined) return job;
      const left = Math.max(0.01, 1 - ELAPSED_SECONDS / running.durationSeconds);
      return {
        ...job,
        configurations: job.configurations.map((entry) => ({
          ...entry,
          durationSeconds: entry.durationSeconds * left,
        })),
      };
    }),
  };
}
