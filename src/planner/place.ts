/**
 * Places an assignment on named nodes. Running jobs stay where they are when the rest still fits around them (best fit, largest first);
 * for odd part sizes that can fail, then the VM type is packed anew by the solver's cuts and nodes are matched to those already rented.
 */
import type { Allocation, AllocatedNode, GpuPart } from "../domain/allocation.ts";
import { groupBy } from "../domain/group-by.ts";
import type { NodeId } from "../domain/ids.ts";
import { compareIds, nodeId } from "../domain/ids.ts";
import type { PlanningProblem } from "../domain/planning-problem.ts";
import type { VmType } from "../domain/vm-type.ts";
import type { Assignment, Choice, NodeCut } from "../formulation/formulation.ts";

/** Nodes while they are being filled; `id` is null until a name is given. */
interface Bin {
  id: NodeId | null;
  readonly parts: GpuPart[];
  freeGpus: number;
}

/** Named nodes for an assignment. Uses no more nodes of a VM type than the assignment rents. */
export function place(problem: PlanningProblem, assignment: Assignment): Allocation {
  const choices = groupBy(assignment.choices, (choice) => choice.vmTypeId);
  const cuts = groupBy(assignment.cuts, (cut) => cut.vmTypeId);
  let nextNodeNumber = problem.nextNodeNumber;
  const nodes: AllocatedNode[] = [];
  for (const vmType of problem.vmTypes) {
    const own = [...(choices.get(vmType.id) ?? [])].sort((a, b) => b.gpus - a.gpus || compareIds(a.jobId, b.jobId));
    const ownCuts = cuts.get(vmType.id) ?? [];
    const rented = problem.current.nodes.filter((node) => node.vmTypeId === vmType.id);
    const bins = keepInPlace(vmType, rented, { choices: own, nodeCount: ownCuts.length }) ?? packByCuts(vmType, own, ownCuts);
    nameBins(bins, rented);
    for (const bin of bins) {
      if (bin.parts.length === 0) continue;
      const id = bin.id ?? nodeId(`node-${nextNodeNumber++}`);
      nodes.push({ id, vmTypeId: vmType.id, parts: sortedParts(bin.parts) });
    }
  }
  return { nodes };
}

function keepInPlace(
  vmType: VmType,
  rented: readonly AllocatedNode[],
  wanted: { readonly choices: readonly Choice[]; readonly nodeCount: number },
): Bin[] | undefined {
  const unplaced = new Map(wanted.choices.map((choice) => [choice.jobId, choice]));
  const bins: Bin[] = [];
  for (const node of rented) {
    const kept = node.parts.filter((part) => unplaced.get(part.jobId)?.gpus === part.gpus);
    if (kept.length === 0) continue;
    bins.push({ id: node.id, parts: [...kept], freeGpus: vmType.gpuCount - gpusOf(kept) });
    for (const part of kept) unplaced.delete(part.jobId);
  }
  if (bins.length > wanted.nodeCount) return undefined;
  for (const choice of unplaced.values()) {
    const bin = bestFit(bins, choice.gpus);
    if (bin !== undefined) addPart(bin, choice);
    else if (bins.length < wanted.nodeCount) bins.push(binWith(vmType, choice));
    else return undefined;
  }
  return bins;
}

function bestFit(bins: readonly Bin[], gpus: number): Bin | undefined {
  return bins
    .filter((bin) => bin.freeGpus >= gpus)
    .reduce<Bin | undefined>((best, bin) => (best === undefined || bin.freeGpus < best.freeGpus ? bin : best), undefined);
}

/** The i-th largest job takes the i-th largest part: the packing constraint says exactly that this works. */
function packByCuts(vmType: VmType, choices: readonly Choice[], cuts: readonly NodeCut[]): Bin[] {
  const bins = cuts.map((): Bin => ({ id: null, parts: [], freeGpus: vmType.gpuCount }));
  const parts = cuts
    .flatMap((cut, bin) => cut.partition.map((size) => ({ bin, size })))
    .sort((a, b) => b.size - a.size);
  choices.forEach((choice, index) => {
    const part = parts[index];
    const bin = part === undefined ? undefined : bins[part.bin];
    if (part === undefined || bin === undefined || part.size < choice.gpus) {
      throw new Error(`The cuts of ${vmType.id} do not host ${choice.jobId} on ${choice.gpus} GPUs`);
    }
    addPart(bin, choice);
  });
  return bins;
}

/** Nodes that are rented already keep their names where most of their jobs stay. */
function nameBins(bins: readonly Bin[], rented: readonly AllocatedNode[]): void {
  const taken = new Set(bins.flatMap((bin) => bin.id ?? []));
  const free = rented.filter((node) => !taken.has(node.id));
  const pairs = bins
    .filter((bin) => bin.id === null && bin.parts.length > 0)
    .flatMap((bin) => free.map((node) => ({ bin, node, stay: staying(bin, node) })))
    .sort((a, b) => b.stay - a.stay || compareIds(a.node.id, b.node.id));
  for (const { bin, node } of pairs) {
    if (bin.id !== null || taken.has(node.id)) continue;
    bin.id = node.id;
    taken.add(node.id);
  }
}

const staying = (bin: Bin, node: AllocatedNode): number =>
  bin.parts.filter((part) => node.parts.some((old) => old.jobId === part.jobId)).length;

const gpusOf = (parts: readonly GpuPart[]): number => parts.reduce((total, part) => total + part.gpus, 0);

function binWith(vmType: VmType, choice: Choice): Bin {
  const bin: Bin = { id: null, parts: [], freeGpus: vmType.gpuCount };
  addPart(bin, choice);
  return bin;
}

function addPart(bin: Bin, choice: Choice): void {
  bin.parts.push({ jobId: choice.jobId, gpus: choice.gpus });
  bin.freeGpus -= choice.gpus;
}

const sortedParts = (parts: readonly GpuPart[]): readonly GpuPart[] =>
  [...parts].sort((a, b) => compareIds(a.jobId, b.jobId));
