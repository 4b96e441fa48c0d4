/**
 * Places an assignment on named nodes.
 *
 * Grouped: the solver decided which jobs share a node; groups only get names, those of the rented nodes where most of their jobs stay.
 *
 * Pooled: only how many jobs run in which configuration is decided, so running jobs stay where they are and the others are put around
 * them, largest first. Where a job finds no room, smaller ones that stayed make way: with the sizes of a divisor chain that always succeeds.
 * For odd sizes it can fail; then the VM type is packed anew by the solver's cuts.
 */
import type { Allocation, AllocatedNode, GpuPart } from "../domain/allocation.ts";
import { assertNever } from "../domain/assert-never.ts";
import { groupBy } from "../domain/group-by.ts";
import type { NodeId } from "../domain/ids.ts";
import { compareIds, nodeId } from "../domain/ids.ts";
import type { PlanningProblem } from "../domain/planning-problem.ts";
import type { VmType } from "../domain/vm-type.ts";
import type { Assignment, Choice, NodeCut } from "../formulation/formulation.ts";

/** Nodes of one VM type while they are being filled; `id` is null until a name is given. */
interface Bin {
  id: NodeId | null;
  parts: GpuPart[];
  freeGpus: number;
}

/** Named nodes for an assignment. Uses no more nodes of a VM type than the assignment rents. */
export function place(problem: PlanningProblem, assignment: Assignment): Allocation {
  const bins = binsByVmType(problem, assignment);
  let nextNodeNumber = problem.nextNodeNumber;
  const nodes: AllocatedNode[] = [];
  for (const vmType of problem.vmTypes) {
    const own = bins(vmType).filter((bin) => bin.parts.length > 0);
    nameBins(own, rentedAs(problem, vmType));
    for (const bin of own) {
      const id = bin.id ?? nodeId(`node-${nextNodeNumber++}`);
      nodes.push({ id, vmTypeId: vmType.id, parts: sortedParts(bin.parts) });
    }
  }
  return { nodes };
}

const rentedAs = (problem: PlanningProblem, vmType: VmType): readonly AllocatedNode[] =>
  problem.current.nodes.filter((node) => node.vmTypeId === vmType.id);

function binsByVmType(problem: PlanningProblem, assignment: Assignment): (vmType: VmType) => readonly Bin[] {
  switch (assignment.kind) {
    case "grouped": {
      const groups = groupBy(assignment.groups, (group) => group.vmTypeId);
      return (vmType) => (groups.get(vmType.id) ?? []).map(({ parts }) => binOf(vmType, null, parts));
    }
    case "pooled": {
      const choices = groupBy(assignment.choices, (choice) => choice.vmTypeId);
      const cuts = groupBy(assignment.cuts, (cut) => cut.vmTypeId);
      return (vmType) => {
        const own = [...(choices.get(vmType.id) ?? [])].sort(largestFirst);
        const ownCuts = cuts.get(vmType.id) ?? [];
        const wanted = { choices: own, nodeCount: ownCuts.length };
        return keepInPlace(vmType, rentedAs(problem, vmType), wanted) ?? packByCuts(vmType, own, ownCuts);
      };
    }
    default:
      return assertNever(assignment);
  }
}

function keepInPlace(
  vmType: VmType,
  rented: readonly AllocatedNode[],
  wanted: { readonly choices: readonly Choice[]; readonly nodeCount: number },
): readonly Bin[] | undefined {
  const unplaced = new Map(wanted.choices.map((choice): [string, GpuPart] => [choice.jobId, choice]));
  // The nodes that lose most of their jobs anyway are given back first.
  const bins = rented
    .map((node) =>
      binOf(
        vmType,
        node.id,
        node.parts.filter((part) => unplaced.get(part.jobId)?.gpus === part.gpus),
      ),
    )
    .filter((bin) => bin.parts.length > 0)
    .sort((a, b) => a.freeGpus - b.freeGpus)
    .slice(0, wanted.nodeCount);
  for (const part of bins.flatMap((bin) => bin.parts)) unplaced.delete(part.jobId);
  while (bins.length < wanted.nodeCount) bins.push(binOf(vmType, null, []));

  // Parts that make way are smaller than the one that drives them out, so that they come up again later in this order.
  const shelves = shelvesOf(vmType, bins);
  const queue = [...unplaced.values()];
  for (let next = 0; next < queue.length; next += 1) {
    const part = queue[next];
    if (part === undefined) continue;
    const bin = shelves.takeFullest(part.gpus) ?? makeWay(bins, part.gpus, { queue, next, shelves });
    if (bin === undefined) return undefined;
    bin.parts.push({ jobId: part.jobId, gpus: part.gpus });
    bin.freeGpus -= part.gpus;
    shelves.put(bin);
  }
  return bins;
}

/** Bins by their free GPUs, so that the fullest one with room is found without looking at all of them. */
interface Shelves {
  readonly put: (bin: Bin) => void;
  /** Takes the fullest bin with room off its shelf; of equals the one that lies there longest. */
  readonly takeFullest: (gpus: number) => Bin | undefined;
  /** Takes a bin off its shelf. */
  readonly take: (bin: Bin) => void;
}

function shelvesOf(vmType: VmType, bins: readonly Bin[]): Shelves {
  const shelves = Array.from({ length: vmType.gpuCount + 1 }, () => new Set<Bin>());
  const put = (bin: Bin): void => {
    shelves[bin.freeGpus]?.add(bin);
  };
  const take = (bin: Bin): void => {
    shelves[bin.freeGpus]?.delete(bin);
  };
  bins.forEach(put);
  return {
    put,
    take,
    takeFullest: (gpus) => {
      const shelf = shelves.find((candidate, free) => free >= gpus && candidate.size > 0);
      const bin = shelf?.values().next().value;
      if (bin !== undefined) take(bin);
      return bin;
    },
  };
}

/** Makes room by taking smaller parts out of the bin that has to lose fewest of them; they go back into the queue. */
function makeWay(
  bins: readonly Bin[],
  gpus: number,
  { queue, next, shelves }: { readonly queue: GpuPart[]; readonly next: number; readonly shelves: Shelves },
): Bin | undefined {
  const evictions = bins.flatMap((bin) => {
    const leaving: GpuPart[] = [];
    let free = bin.freeGpus;
    for (const part of [...bin.parts].sort(largestFirst)) {
      if (free >= gpus) break;
      if (part.gpus >= gpus) continue;
      leaving.push(part);
      free += part.gpus;
    }
    return free >= gpus ? [{ bin, leaving, free }] : [];
  });
  const chosen = evictions.reduce<(typeof evictions)[number] | undefined>(
    (best, entry) => (best === undefined || entry.leaving.length < best.leaving.length ? entry : best),
    undefined,
  );
  if (chosen === undefined) return undefined;
  shelves.take(chosen.bin);
  chosen.bin.parts = chosen.bin.parts.filter((part) => !chosen.leaving.includes(part));
  chosen.bin.freeGpus = chosen.free;
  const waiting = [...queue.splice(next + 1), ...chosen.leaving].sort(largestFirst);
  queue.push(...waiting);
  return chosen.bin;
}

/** The i-th largest job takes the i-th largest part: the packing constraint says exactly that this works. */
function packByCuts(vmType: VmType, choices: readonly Choice[], cuts: readonly NodeCut[]): readonly Bin[] {
  const bins = cuts.map(() => binOf(vmType, null, []));
  const parts = cuts
    .flatMap((cut, bin) => cut.partition.map((size) => ({ bin, size })))
    .sort((a, b) => b.size - a.size);
  choices.forEach((choice, index) => {
    const part = parts[index];
    const bin = part === undefined ? undefined : bins[part.bin];
    if (part === undefined || bin === undefined || part.size < choice.gpus) {
      throw new Error(`The cuts of ${vmType.id} do not host ${choice.jobId} on ${choice.gpus} GPUs`);
    }
    bin.parts.push({ jobId: choice.jobId, gpus: choice.gpus });
  });
  return bins;
}

/** Nodes that are rented already keep their names where most of their jobs stay; names that are left go to the other bins in order. */
function nameBins(bins: readonly Bin[], rented: readonly AllocatedNode[]): void {
  const taken = new Set(bins.flatMap((bin) => bin.id ?? []));
  const free = rented.filter((node) => !taken.has(node.id));
  const nodeOf = new Map(free.flatMap((node) => node.parts.map((part) => [part.jobId, node] as const)));
  const unnamed = bins.filter((bin) => bin.id === null);
  const pairs = unnamed
    .flatMap((bin) =>
      [...groupBy(bin.parts, (part) => nodeOf.get(part.jobId))].flatMap(([node, staying]) =>
        node === undefined ? [] : [{ bin, node, stay: staying.length }],
      ),
    )
    .sort((a, b) => b.stay - a.stay || compareIds(a.node.id, b.node.id));
  for (const { bin, node } of pairs) {
    if (bin.id !== null || taken.has(node.id)) continue;
    bin.id = node.id;
    taken.add(node.id);
  }
  const names = free.flatMap((node) => (taken.has(node.id) ? [] : [node.id])).sort(compareIds);
  unnamed
    .filter((bin) => bin.id === null)
    .forEach((bin, index) => {
      bin.id = names[index] ?? null;
    });
}

const binOf = (vmType: VmType, id: NodeId | null, parts: readonly GpuPart[]): Bin => ({
  id,
  parts: [...parts],
  freeGpus: vmType.gpuCount - parts.reduce((total, part) => total + part.gpus, 0),
});

const largestFirst = (a: GpuPart, b: GpuPart): number => b.gpus - a.gpus || compareIds(a.jobId, b.jobId);

const sortedParts = (parts: readonly GpuPart[]): readonly GpuPart[] =>
  [...parts].sort((a, b) => compareIds(a.jobId, b.jobId));
