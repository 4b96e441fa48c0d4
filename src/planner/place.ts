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

  // Largest first. Parts that make way are smaller than the one that drives them out, so that their turn is still to come.
  const queues = Array.from({ length: vmType.gpuCount + 1 }, (): GpuPart[] => []);
  for (const part of unplaced.values()) queues[part.gpus]?.push(part);
  const shelves = shelvesOf(vmType, bins);
  for (let gpus = vmType.gpuCount; gpus > 0; gpus -= 1) {
    for (const part of queues[gpus] ?? []) {
      const bin = shelves.takeFullest(gpus) ?? shelves.takeFewestLeaving(gpus);
      if (bin === undefined) return undefined;
      for (const leaving of makeWay(bin, gpus)) queues[leaving.gpus]?.push(leaving);
      bin.parts.push({ jobId: part.jobId, gpus });
      bin.freeGpus -= gpus;
      shelves.put(bin);
    }
  }
  return bins;
}

/** Bins, each found by its free GPUs and by the sizes of its parts, without looking at all of them. */
interface Shelves {
  readonly put: (bin: Bin) => void;
  /** Takes the fullest bin with room off its shelf; of equals the one that lies there longest. */
  readonly takeFullest: (gpus: number) => Bin | undefined;
  /** Takes the bin off its shelf that has room once the fewest smaller parts have left it. */
  readonly takeFewestLeaving: (gpus: number) => Bin | undefined;
}

function shelvesOf(vmType: VmType, bins: readonly Bin[]): Shelves {
  const byFree = Array.from({ length: vmType.gpuCount + 1 }, () => new Set<Bin>());
  // Of thousands of nodes few differ in the sizes of their parts.
  const bySizes = new Map<string, Set<Bin>>();
  const alike = ({ parts }: Bin): Set<Bin> => {
    const key = parts
      .map((part) => part.gpus)
      .sort((a, b) => b - a)
      .join();
    const found = bySizes.get(key) ?? new Set();
    bySizes.set(key, found);
    return found;
  };
  const put = (bin: Bin): void => {
    byFree[bin.freeGpus]?.add(bin);
    alike(bin).add(bin);
  };
  const take = (bin: Bin | undefined): Bin | undefined => {
    if (bin === undefined) return undefined;
    byFree[bin.freeGpus]?.delete(bin);
    alike(bin).delete(bin);
    return bin;
  };
  bins.forEach(put);
  return {
    put,
    takeFullest: (gpus) => take(first(byFree.find((shelf, free) => free >= gpus && shelf.size > 0))),
    takeFewestLeaving: (gpus) => {
      let best: { readonly bin: Bin; readonly count: number } | undefined;
      for (const shelf of bySizes.values()) {
        const bin = first(shelf);
        const count = bin === undefined ? undefined : leavingFor(bin, gpus)?.length;
        if (bin !== undefined && count !== undefined && (best === undefined || count < best.count))
          best = { bin, count };
      }
      return take(best?.bin);
    },
  };
}

const first = (shelf: ReadonlySet<Bin> | undefined): Bin | undefined => shelf?.values().next().value;

/** The parts smaller than `gpus` that have to leave until so many GPUs are free, largest first; undefined where that is not enough. */
function leavingFor(bin: Bin, gpus: number): readonly GpuPart[] | undefined {
  const leaving: GpuPart[] = [];
  let free = bin.freeGpus;
  for (const part of [...bin.parts].sort(largestFirst)) {
    if (free >= gpus) break;
    if (part.gpus >= gpus) continue;
    leaving.push(part);
    free += part.gpus;
  }
  return free >= gpus ? leaving : undefined;
}

/** Takes out of the bin what has to leave for `gpus`. */
function makeWay(bin: Bin, gpus: number): readonly GpuPart[] {
  const leaving = new Set(leavingFor(bin, gpus));
  bin.parts = bin.parts.filter((part) => !leaving.has(part));
  for (const part of leaving) bin.freeGpus += part.gpus;
  return [...leaving];
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
