/**
 * The peer's randomised construction: its greedy rule (greedy.ts) with dice. Jobs by pressure, neighbours swapped at random (a heavier job less often moves back);
 * each takes its best setup, now and then the next one; the fullest open node with room, now and then the next; else a new node of the largest VM type of that
 * GPU type; if no node may be opened any more, any later setup that fits an open node. Then each node shrinks to the cheapest VM type that holds its jobs, and
 * GPUs left idle go to the job that gains most.
 */
import { rentUsd } from "../domain/cost.ts";
import type { PlanningProblem } from "../domain/planning-problem.ts";
import type { Random } from "../domain/seeded-random.ts";
import type { VmType } from "../domain/vm-type.ts";
import type { Draft, DraftJob, DraftNode, DraftPart } from "./peer-draft.ts";
import { partSeconds, usedGpus } from "./peer-draft.ts";
import { hasQuotaBeside } from "./room-for-node.ts";

/** Probability of passing over the best setup, and of passing over the best node; the same again for each next one. */
const PASS_OVER_PROBABILITY = 0.05;
/** Neighbours in the queue change places with probability 1/2, less or more by this when the first is the heavier or the lighter. */
const SWAP_BIAS = 0.05;

interface Setup {
  readonly vmType: VmType;
  readonly gpus: number;
}

/** Setups of each job, best first: those in time by the price of the whole node, then the others by duration. */
export function rankedSetups(
  problem: PlanningProblem,
  jobs: readonly DraftJob[],
): ReadonlyMap<DraftJob, readonly Setup[]> {
  const vmTypes = new Map(problem.vmTypes.map((vmType) => [vmType.id, vmType]));
  return new Map(
    jobs.map((job) => {
      const ranked = job.planning.configurations
        .flatMap(({ vmTypeId, gpus, durationSeconds }) => {
          const vmType = vmTypes.get(vmTypeId);
          if (vmType === undefined) return [];
          const late = problem.nowSeconds + durationSeconds > job.planning.dueAtSeconds;
          return [
            {
              vmType,
              gpus,
              late,
              rank: late
                ? durationSeconds
                : rentUsd({ pricePerHourUsd: vmType.pricePerHourUsd, durationSeconds }),
            },
          ];
        })
        .sort((a, b) => Number(a.late) - Number(b.late) || a.rank - b.rank);
      return [job, ranked];
    }),
  );
}

/** One draft; every call draws anew. */
export function constructDraft(
  problem: PlanningProblem,
  jobs: readonly DraftJob[],
  setups: ReadonlyMap<DraftJob, readonly Setup[]>,
  random: Random,
): Draft {
  const open: DraftNode[] = [];
  for (const job of shuffledNeighbours(jobs, random)) {
    const [first, ...others] = startingSomewhere(setups.get(job) ?? [], random);
    if (first === undefined) continue;
    if (seat(open, { job, setup: first, random })) continue;
    if (openNode(problem, open, { job, setup: first })) continue;
    others.some((setup) => seat(open, { job, setup, random }));
  }
  return giveIdleGpus(open.map((_, index) => shrink(problem, open, index)));
}

function shuffledNeighbours(jobs: readonly DraftJob[], random: Random): readonly DraftJob[] {
  const order = [...jobs];
  for (let index = 0; index + 1 < order.length; index += 1) {
    const first = order[index];
    const second = order[index + 1];
    if (first === undefined || second === undefined) continue;
    const heavier = first.planning.tardinessCostPerSecondUsd > second.planning.tardinessCostPerSecondUsd;
    if (random() < 0.5 + (heavier ? -SWAP_BIAS : SWAP_BIAS)) {
      order[index] = second;
      order[index + 1] = first;
    }
  }
  return order;
}

/** Drops the first few items at random; what was passed over comes last. */
function startingSomewhere<Item>(items: readonly Item[], random: Random): readonly Item[] {
  let start = 0;
  while (start + 1 < items.length && random() < PASS_OVER_PROBABILITY) start += 1;
  return start === 0 ? items : [...items.slice(start), ...items.slice(0, start)];
}

function seat(
  open: DraftNode[],
  { job, setup, random }: { readonly job: DraftJob; readonly setup: Setup; readonly random: Random },
): boolean {
  const part: DraftPart = { job, gpus: setup.gpus };
  const withRoom = open
    .map((node, index) => ({ node, index, freeGpus: node.vmType.gpuCount - usedGpus(node) }))
    .filter(
      ({ node, freeGpus }) =>
        freeGpus >= setup.gpus &&
        node.vmType.gpuType === setup.vmType.gpuType &&
        partSeconds(node.vmType, part) < Infinity,
    )
    .sort((a, b) => a.freeGpus - b.freeGpus);
  const chosen = startingSomewhere(withRoom, random)[0];
  if (chosen === undefined) return false;
  open[chosen.index] = { ...chosen.node, parts: [...chosen.node.parts, part] };
  return true;
}

function openNode(
  problem: PlanningProblem,
  open: DraftNode[],
  { job, setup }: { readonly job: DraftJob; readonly setup: Setup },
): boolean {
  if (open.length >= problem.maxNodes) return false;
  const part: DraftPart = { job, gpus: setup.gpus };
  const vmType = problem.vmTypes
    .filter(
      (candidate) =>
        candidate.gpuType === setup.vmType.gpuType &&
        partSeconds(candidate, part) < Infinity &&
        hasQuotaBeside(problem, open, candidate),
    )
    .sort((a, b) => b.gpuCount - a.gpuCount)[0];
  if (vmType === undefined) return false;
  open.push({ vmType, parts: [part] });
  return true;
}

function shrink(problem: PlanningProblem, draft: DraftNode[], index: number): DraftNode {
  const node = draft[index];
  if (node === undefined) throw new RangeError(`The draft has no node ${index}`);
  const used = usedGpus(node);
  const others = draft.filter((other) => other !== node);
  const cheapest = problem.vmTypes
    .filter(
      (vmType) =>
        vmType.gpuType === node.vmType.gpuType &&
        vmType.gpuCount >= used &&
        vmType.pricePerHourUsd < node.vmType.pricePerHourUsd &&
        hasQuotaBeside(problem, others, vmType) &&
        node.parts.every((part) => partSeconds(vmType, part) < Infinity),
    )
    .sort((a, b) => a.pricePerHourUsd - b.pricePerHourUsd)[0];
  if (cheapest === undefined) return node;
  const shrunk = { ...node, vmType: cheapest };
  draft[index] = shrunk;
  return shrunk;
}

/** The peer gives idle GPUs away once, to the job of the whole plan that they speed up most. */
function giveIdleGpus(draft: Draft): Draft {
  const offers = draft.flatMap((node, index) => {
    const idle = node.vmType.gpuCount - usedGpus(node);
    if (idle === 0) return [];
    return node.parts.map((part) => {
      const grown = { ...part, gpus: part.gpus + idle };
      return {
        index,
        part,
        grown,
        gainSeconds: partSeconds(node.vmType, part) - partSeconds(node.vmType, grown),
      };
    });
  });
  const best = offers.reduce<(typeof offers)[number] | undefined>(
    (top, offer) => (offer.gainSeconds > (top?.gainSeconds ?? 0) ? offer : top),
    undefined,
  );
  if (best === undefined) return draft;
  return draft.map((node, index) =>
    index === best.index
      ? { ...node, parts: node.parts.map((part) => (part === best.part ? best.grown : part)) }
      : node,
  );
}
