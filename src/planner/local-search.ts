/**
 * The peer's local search (formulation.md §5; Filippini et al., IEEE TSC 2023): a pool of the best randomised constructions, each improved by the best move
 * of any neighbourhood until none helps. Judged by the gain of peer-draft.ts, which looks at whole jobs where the cost of one event does not.
 *
 *   swap      two running jobs on different nodes change places
 *   replace   a waiting job takes the place of one that runs and presses less
 *   retype    a node becomes another VM type that holds its jobs
 *   resplit   a job takes more or fewer GPUs of its node
 *
 * The peer has seven neighbourhoods around tardy jobs; these four contain them. Equal seeds and problems give equal plans.
 */
import type { Allocation } from "../domain/allocation.ts";
import type { PlanningProblem } from "../domain/planning-problem.ts";
import type { Draft, DraftJob, DraftNode, DraftPart } from "./peer-draft.ts";
import { nodeGain, placeDraft, usedGpus } from "./peer-draft.ts";
import { randomDrafts } from "./random-greedy.ts";
import { hasQuotaBeside } from "./room-for-node.ts";

/** Drafts that are improved. */
const POOL_SIZE = 10;
/** Moves made on one draft at most. */
const MAX_MOVES = 50;
/** Jobs that are tried as partners of a swap or a replacement at most. */
const MAX_PARTNERS = 12;
/** Relative gain below which a move is noise. */
const LEAST_GAIN = 1e-9;

/** Changed nodes by their place in the draft, and what they add to the gain. */
interface Move {
  readonly changed: readonly (readonly [number, DraftNode])[];
  readonly gain: number;
}

/** The rule's plan. */
export function localSearchPlan(problem: PlanningProblem, seed: number): Allocation {
  const { jobs, drafts } = randomDrafts(problem, seed);
  const pool = drafts
    .map((draft) => ({ draft, gain: gainOf(problem, draft) }))
    .sort((a, b) => b.gain - a.gain)
    .filter((entry, index, all) => index === 0 || entry.gain !== all[index - 1]?.gain)
    .slice(0, POOL_SIZE);
  const best = pool
    .map(({ draft }) => improve(problem, jobs, draft))
    .reduce<{ readonly draft: Draft; readonly gain: number } | undefined>((top, draft) => {
      const gain = gainOf(problem, draft);
      return top === undefined || gain > top.gain ? { draft, gain } : top;
    }, undefined);
  return placeDraft(problem, best?.draft ?? []);
}

const gainOf = (problem: PlanningProblem, draft: Draft): number =>
  draft.reduce((total, node) => total + nodeGain(problem, node), 0);

function improve(problem: PlanningProblem, jobs: readonly DraftJob[], start: Draft): Draft {
  let draft = start;
  for (let count = 0; count < MAX_MOVES; count += 1) {
    const least = LEAST_GAIN * Math.abs(gainOf(problem, draft));
    const best = moves(problem, jobs, draft).reduce<Move | undefined>(
      (top, move) => (move.gain > (top?.gain ?? least) ? move : top),
      undefined,
    );
    if (best === undefined) return draft;
    const changed = new Map(best.changed);
    draft = draft.map((node, index) => changed.get(index) ?? node);
  }
  return draft;
}

function moves(problem: PlanningProblem, jobs: readonly DraftJob[], draft: Draft): readonly Move[] {
  const gains = draft.map((node) => nodeGain(problem, node));
  const move = (...changed: readonly (readonly [number, DraftNode])[]): Move => ({
    changed,
    gain: changed.reduce((total, [index, node]) => total + nodeGain(problem, node) - (gains[index] ?? 0), 0),
  });
  const seats = draft.flatMap((node, index) => node.parts.map((part) => ({ node, index, part })));
  const running = new Set(seats.map(({ part }) => part.job));
  const waiting = jobs.filter((job) => !running.has(job)).slice(0, MAX_PARTNERS);
  const worst = [...seats]
    .sort((a, b) => b.part.job.pressureSeconds - a.part.job.pressureSeconds)
    .slice(0, MAX_PARTNERS);

  const swaps = worst.flatMap((a) =>
    seats
      .filter((b) => b.index !== a.index)
      .map((b) =>
        move(
          [a.index, withPart(a.node, a.part, { job: b.part.job, gpus: a.part.gpus })],
          [b.index, withPart(b.node, b.part, { job: a.part.job, gpus: b.part.gpus })],
        ),
      ),
  );
  const replacements = waiting.flatMap((job) =>
    seats
      .filter(({ part }) => part.job.pressureSeconds < job.pressureSeconds)
      .map(({ node, index, part }) => move([index, withPart(node, part, { job, gpus: part.gpus })])),
  );
  const retypings = draft.flatMap((node, index) => {
    const others = draft.filter((_, other) => other !== index);
    return problem.vmTypes
      .filter((vmType) => vmType !== node.vmType && hasQuotaBeside(problem, others, vmType))
      .map((vmType) => move([index, { ...node, vmType }]));
  });
  const resplits = seats.flatMap(({ node, index, part }) => {
    const most = node.vmType.gpuCount - usedGpus(node) + part.gpus;
    return Array.from({ length: most }, (_, count) => count + 1)
      .filter((gpus) => gpus !== part.gpus)
      .map((gpus) => move([index, withPart(node, part, { ...part, gpus })]));
  });
  return [...swaps, ...replacements, ...retypings, ...resplits];
}

const withPart = (node: DraftNode, old: DraftPart, next: DraftPart): DraftNode => ({
  ...node,
  parts: node.parts.map((part) => (part === old ? next : part)),
});
