/**
 * The peer's random greedy: the greedy plan and 99 randomised constructions, of which the one with the least cost of this event wins
 * (formulation.md §1 and §5). Equal seeds and problems give equal plans.
 */
import type { Allocation } from "../domain/allocation.ts";
import type { PlanningProblem } from "../domain/planning-problem.ts";
import { seededRandom, seedOf } from "../domain/seeded-random.ts";
import { greedy } from "./greedy.ts";
import { constructDraft, rankedSetups } from "./peer-construction.ts";
import type { Draft, DraftJob } from "./peer-draft.ts";
import { draftJobs, eventCostUsd, placeDraft } from "./peer-draft.ts";
import { place } from "./place.ts";

/** Constructions of one decision, as many as in the published runs of the peer. */
const CONSTRUCTIONS = 100;

/** The rule's plan. */
export function randomGreedyPlan(problem: PlanningProblem, seed: number): Allocation {
  const { jobs, drafts } = randomDrafts(problem, seed);
  const best = drafts.reduce<{ readonly draft: Draft; readonly cost: number } | undefined>((top, draft) => {
    const cost = eventCostUsd(problem, jobs, draft);
    return top === undefined || cost < top.cost ? { draft, cost } : top;
  }, undefined);
  return placeDraft(problem, best?.draft ?? []);
}

/** The greedy plan first, then the randomised ones. */
export function randomDrafts(
  problem: PlanningProblem,
  seed: number,
): { readonly jobs: readonly DraftJob[]; readonly drafts: readonly Draft[] } {
  const jobs = draftJobs(problem);
  const setups = rankedSetups(problem, jobs);
  const random = seededRandom(seedOf(seed, `${problem.revision}`));
  const drafts = [greedyDraft(problem, jobs)];
  while (drafts.length < CONSTRUCTIONS) drafts.push(constructDraft(problem, jobs, setups, random));
  return { jobs, drafts };
}

function greedyDraft(problem: PlanningProblem, jobs: readonly DraftJob[]): Draft {
  const byId = new Map(jobs.map((job) => [job.planning.id, job]));
  return place(problem, greedy(problem)).nodes.flatMap(({ vmTypeId, parts }) => {
    const vmType = problem.vmTypes.find((candidate) => candidate.id === vmTypeId);
    if (vmType === undefined) return [];
    const seated = parts.flatMap(({ jobId, gpus }) => {
      const job = byId.get(jobId);
      return job === undefined ? [] : [{ job, gpus }];
    });
    return [{ vmType, parts: seated }];
  });
}
