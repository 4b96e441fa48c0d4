/**
 * Ejection local search on the nodes to rent. A move rents one node more, gives one up, or changes one for another (another cut or another
 * VM type); the cheapest assignment of jobs follows by ejection chains (slot-assignment.ts), so that each plan that is compared is the
 * best one for its nodes.
 *
 * Let b be the parts on offer and A(b) the cost of the best assignment, convex in b. For any dual prices μ of it A(b') ≥ A(b) − μ(b' − b),
 * so that a move whose rent and parts at μ show no saving cannot save anything and is not tried. Two such μ are known: what one part less
 * costs, and what one part more saves.
 */
import type { NodeCutKind } from "../formulation/node-cuts.ts";
import { addParts, worthOfParts } from "../formulation/node-cuts.ts";
import type { SlotTable } from "../formulation/slot-table.ts";
import type { SlotAssignment } from "./slot-assignment.ts";

/** Relative to the cost: a smaller saving is rounding. */
const LEAST_SAVING = 1e-10;

/** When to stop searching. */
export interface NodeSearchLimits {
  /** Moves to try out. */
  readonly maxTrials: number;
  /** Cost at which the search has done enough. */
  readonly target: number;
  readonly expired: () => boolean;
}

/** Nodes to rent and the cheapest assignment on them. */
export interface NodeSearch {
  /** Nodes of each cut. */
  readonly nodes: Int32Array;
  /** Cost of the plan under the objective. */
  readonly cost: () => number;
  /** Replaces the nodes; the assignment follows. */
  readonly rent: (nodes: Int32Array) => void;
  /** Moves until none saves anything or a limit is met; returns the trials made. */
  readonly improve: (limits: NodeSearchLimits) => number;
  /** Changes `count` nodes for the ones that look best under randomly perturbed prices. */
  readonly kick: (count: number, random: () => number) => void;
}

/** A search that starts with nothing rented. */
export function nodeSearch(
  table: SlotTable,
  cuts: readonly NodeCutKind[],
  assignment: SlotAssignment,
): NodeSearch {
  const nodes = new Int32Array(cuts.length);
  const loss = new Float64Array(table.slotCount);
  const gain = new Float64Array(table.slotCount);
  const byType = new Int32Array(table.vmTypes.length);
  // What the nodes count against each limit.
  const counted = new Float64Array(table.limits.length);
  let rented = 0;
  let rents = 0;

  const change = (q: number, amount: number): void => {
    const cut = cuts[q];
    if (cut === undefined) return;
    nodes[q] = (nodes[q] ?? 0) + amount;
    byType[cut.vmType] = (byType[cut.vmType] ?? 0) + amount;
    rented += amount;
    rents += amount * cut.cost;
    for (let k = 0; k < counted.length; k += 1) {
      counted[k] = (counted[k] ?? 0) + amount * (table.limits[k]?.weights[cut.vmType] ?? 0);
    }
    addParts(table, cut, { supply: assignment.supply, nodes: amount });
  };
  const cost = (): number => table.waitingCost + rents + assignment.cost();
  const keepsLimits = (v: number, givenUpType: number): boolean =>
    table.limits.every(
      ({ weights, limit }, k) => (counted[k] ?? 0) + (weights[v] ?? 0) - (weights[givenUpType] ?? 0) <= limit,
    );
  const mayRent = (q: number, givenUp: number): boolean => {
    const v = cuts[q]?.vmType ?? -1;
    const givenUpType = cuts[givenUp]?.vmType ?? -1;
    return (
      (givenUp >= 0 || rented < table.maxNodes) &&
      (givenUpType === v ||
        ((byType[v] ?? 0) < (table.vmTypes[v]?.quota ?? 0) && keepsLimits(v, givenUpType)))
    );
  };
  /** Applies a move (−1: none on that side), keeps it if it saves. */
  const tryMove = (givenUp: number, taken: number): boolean => {
    const before = cost();
    const mark = assignment.mark();
    if (givenUp >= 0) change(givenUp, -1);
    if (taken >= 0) change(taken, 1);
    assignment.balance();
    if (cost() < before - LEAST_SAVING * Math.abs(before)) return true;
    assignment.undo(mark);
    if (taken >= 0) change(taken, -1);
    if (givenUp >= 0) change(givenUp, 1);
    return false;
  };
  /** Moves that may save something, the most promising first. */
  const promising = (): readonly Move[] => {
    assignment.marginals(loss, gain);
    const byLoss = cuts.map((cut) => worthOfParts(table, cut, loss) - cut.cost);
    const byGain = cuts.map((cut) => worthOfParts(table, cut, gain) - cut.cost);
    const least = -LEAST_SAVING * Math.abs(cost());
    const moves: Move[] = [];
    for (let givenUp = -1; givenUp < cuts.length; givenUp += 1) {
      if (givenUp >= 0 && (nodes[givenUp] ?? 0) === 0) continue;
      for (let taken = -1; taken < cuts.length; taken += 1) {
        if (taken === givenUp || (taken >= 0 && !mayRent(taken, givenUp))) continue;
        const bound = Math.max(
          (byLoss[givenUp] ?? 0) - (byLoss[taken] ?? 0),
          (byGain[givenUp] ?? 0) - (byGain[taken] ?? 0),
        );
        if (bound < least) moves.push({ givenUp, taken, bound });
      }
    }
    return moves.sort((a, b) => a.bound - b.bound || a.givenUp - b.givenUp || a.taken - b.taken);
  };
  return {
    nodes,
    cost,
    rent: (wanted) => {
      for (let q = 0; q < cuts.length; q += 1) change(q, (wanted[q] ?? 0) - (nodes[q] ?? 0));
      assignment.balance();
      assignment.forget();
    },
    improve: (limits) => {
      let trials = 0;
      for (;;) {
        let saved = false;
        for (const { givenUp, taken } of promising()) {
          if (trials >= limits.maxTrials || cost() <= limits.target || limits.expired()) return trials;
          trials += 1;
          saved = tryMove(givenUp, taken);
          if (!saved) continue;
          // What saved once may save again: nodes of a type are many.
          while (
            trials < limits.maxTrials &&
            (nodes[givenUp] ?? 1) > 0 &&
            (taken < 0 || mayRent(taken, givenUp))
          ) {
            trials += 1;
            if (!tryMove(givenUp, taken)) break;
          }
          assignment.forget();
          break;
        }
        if (!saved) return trials;
      }
    },
    kick: (count, random) => {
      assignment.marginals(loss, gain);
      for (let r = 0; r < loss.length; r += 1) {
        loss[r] = (loss[r] ?? 0) * (1 + KICK_STRENGTH * (2 * random() - 1));
      }
      const worth = cuts.map((cut) => worthOfParts(table, cut, loss) - cut.cost);
      const order = Array.from(cuts.keys()).sort((a, b) => (worth[b] ?? 0) - (worth[a] ?? 0) || a - b);
      for (let time = 0; time < count; time += 1) {
        const givenUp = order.findLast((q) => (nodes[q] ?? 0) > 0 && random() < 0.5) ?? -1;
        const taken = order.find((q) => q !== givenUp && mayRent(q, givenUp) && random() < 0.5) ?? -1;
        if (givenUp >= 0) change(givenUp, -1);
        if (taken >= 0) change(taken, 1);
      }
      assignment.balance();
      assignment.forget();
    },
  };
}

/** Share by which prices are perturbed in a kick. */
const KICK_STRENGTH = 0.3;

interface Move {
  readonly givenUp: number;
  readonly taken: number;
  /** No more can be saved than this. */
  readonly bound: number;
}
