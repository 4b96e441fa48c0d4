/**
 * From what jobs would use at the dual's prices to nodes that can be rented: each VM type packs its use into nodes, largest parts first;
 * nodes that are worth least at those prices are given up until the quotas, the limits and N hold. The slot assignment then evicts whom they held.
 */
import type { LimitRow } from "../formulation/limit-rows.ts";
import type { NodeCutKind } from "../formulation/node-cuts.ts";
import { worthOfParts } from "../formulation/node-cuts.ts";
import type { SlotTable } from "../formulation/slot-table.ts";

/** Nodes of each cut: at most Q_v of a VM type and N together, and within every limit. */
export function repairedNodes(
  table: SlotTable,
  cuts: readonly NodeCutKind[],
  args: { readonly use: Int32Array; readonly prices: Float64Array },
): Int32Array {
  const nodes = new Int32Array(cuts.length);
  const worth = cuts.map((cut) => worthOfParts(table, cut, args.prices) - cut.cost);
  table.vmTypes.forEach((_, index) => {
    packUse(table, index, { cuts, worth, use: args.use, nodes });
  });
  // Cheapest to give up first; among equals the later one.
  const order = Array.from(cuts.keys()).sort((a, b) => (worth[a] ?? 0) - (worth[b] ?? 0) || b - a);
  table.vmTypes.forEach(({ quota }, index) => {
    giveUp(
      nodes,
      order.filter((q) => cuts[q]?.vmType === index),
      quota,
    );
  });
  for (const row of table.limits) giveUpCounting(nodes, cuts, { row, worth });
  giveUp(nodes, order, table.maxNodes);
  return nodes;
}

/** Packs the use of one VM type's slots; nodes with the same parts are packed at once. */
function packUse(
  table: SlotTable,
  vmTypeIndex: number,
  args: {
    readonly cuts: readonly NodeCutKind[];
    readonly worth: readonly number[];
    readonly use: Int32Array;
    readonly nodes: Int32Array;
  },
): void {
  const vmType = table.vmTypes[vmTypeIndex];
  if (vmType === undefined) return;
  const { firstSlot, slotCount, gpuCount } = vmType;
  const left = args.use.slice(firstSlot, firstSlot + slotCount);
  const parts = new Int32Array(slotCount);
  for (;;) {
    parts.fill(0);
    let free = gpuCount;
    let repeats = Infinity;
    for (let index = slotCount - 1; index >= 0; index -= 1) {
      const fitting = Math.floor(free / (table.slotGpus[firstSlot + index] ?? 1));
      const taken = Math.min(left[index] ?? 0, fitting);
      if (taken === 0) continue;
      parts[index] = taken;
      free -= taken * (table.slotGpus[firstSlot + index] ?? 1);
      repeats = Math.min(repeats, Math.floor((left[index] ?? 0) / taken));
    }
    if (repeats === Infinity) return;
    const q = hostOf(vmTypeIndex, parts, args);
    args.nodes[q] = (args.nodes[q] ?? 0) + repeats;
    for (let index = 0; index < slotCount; index += 1) {
      left[index] = (left[index] ?? 0) - repeats * (parts[index] ?? 0);
    }
  }
}

/** The cut of most worth that hosts the parts, each in a part of its own size or larger. */
function hostOf(
  vmTypeIndex: number,
  parts: Int32Array,
  { cuts, worth }: { readonly cuts: readonly NodeCutKind[]; readonly worth: readonly number[] },
): number {
  let best = -1;
  cuts.forEach((cut, q) => {
    if (cut.vmType !== vmTypeIndex || !hosts(cut.parts, parts)) return;
    if (best < 0 || (worth[q] ?? 0) > (worth[best] ?? 0)) best = q;
  });
  if (best < 0) throw new Error("No maximal partition hosts parts that fit a node");
  return best;
}

/** Parts at least as large, counted from the largest down. */
function hosts(cut: Int32Array, parts: Int32Array): boolean {
  let surplus = 0;
  for (let index = cut.length - 1; index >= 0; index -= 1) {
    surplus += (cut[index] ?? 0) - (parts[index] ?? 0);
    if (surplus < 0) return false;
  }
  return true;
}

function giveUp(nodes: Int32Array, order: readonly number[], most: number): void {
  let excess = order.reduce((total, q) => total + (nodes[q] ?? 0), 0) - most;
  for (const q of order) {
    if (excess <= 0) return;
    const given = Math.min(excess, nodes[q] ?? 0);
    nodes[q] = (nodes[q] ?? 0) - given;
    excess -= given;
  }
}

/** Gives up nodes that count against a limit until it holds, those first that are worth least for what they count. */
function giveUpCounting(
  nodes: Int32Array,
  cuts: readonly NodeCutKind[],
  { row, worth }: { readonly row: LimitRow; readonly worth: readonly number[] },
): void {
  const weightOf = (q: number): number => row.weights[cuts[q]?.vmType ?? -1] ?? 0;
  let excess = nodes.reduce((total, count, q) => total + count * weightOf(q), 0) - row.limit;
  const order = Array.from(cuts.keys())
    .filter((q) => weightOf(q) > 0)
    .sort((a, b) => (worth[a] ?? 0) / weightOf(a) - (worth[b] ?? 0) / weightOf(b) || b - a);
  for (const q of order) {
    if (excess <= 0) return;
    const given = Math.min(Math.ceil(excess / weightOf(q)), nodes[q] ?? 0);
    nodes[q] = (nodes[q] ?? 0) - given;
    excess -= given * weightOf(q);
  }
}
