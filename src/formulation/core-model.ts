/**
 * The aggregated formulation on what the dual leaves open, for a MILP solver.
 *
 * Sets, parameters and λ as in slot-table.ts and lagrangian-dual.ts; q ∈ P_v cuts; L = L(λ), U = cost of the best plan known.
 * Variables   x_cr jobs of c that need the size of slot r, 0 ≤ x_cr ≤ n_c; p_q nodes cut by q, integer ≥ 0
 *
 *   min  Σ_j P_j + Σ_cr C_cr x_cr + Σ_q f_q p_q
 *   (1)  Σ_r x_cr ≤ n_c                               ∀c         = n_c where waiting is out of the question
 *   (2)  Σ_c Σ_{r' ≥ r} x_cr' ≤ Σ_q A_qr p_q          ∀r = (v, s), r' over the sizes of v from s up
 *   (3)  Σ_{q ∈ P_v} p_q ≤ Q_v ∀v ;  Σ_q p_q ≤ N
 *   (4)  Σ_q a_kv(q) p_q ≤ b_k                        ∀k         limit-rows.ts
 *
 * x need not be declared integer: for whole p the rows (1) and (2) are two laminar families, so that their matrix is totally unimodular
 * (Edmonds 1970). Only a few dozen p are branched on.
 *
 * Reduced-cost fixing: a plan that puts one job of c into r costs at least L + (C_cr + λ_r − min(0, min_r C_cr + λ_r)), one that rents a
 * node cut by q at least L + θ + η_v − (Σ_r λ_r a_qr − f_q − Σ_k μ_k a_kv); what exceeds U is left out, and no better plan is lost.
 */
import type { LinearExpression, Term } from "../milp/linear-expression.ts";
import { times } from "../milp/linear-expression.ts";
import type { Column, ColumnList, MilpModel, Row } from "../milp/milp-model.ts";
import { atMost, columnList, equal } from "../milp/milp-model.ts";
import { limitRows } from "./limit-rows.ts";
import { limitCharges, nodeScarcity } from "./node-market.ts";
import type { NodeCutKind } from "./node-cuts.ts";
import { worthOfParts } from "./node-cuts.ts";
import { isOwnSlot, leastReduced, regretsUpTo } from "./regrets.ts";
import type { SlotTable } from "./slot-table.ts";

/**
 * Up to this many columns x is declared integer all the same: HiGHS's cuts and heuristics profit (2 to 4 times faster on hundreds of
 * columns), while on thousands they cost more than they bring (3 times slower).
 */
const INTEGER_JOBS_UP_TO = 1000;

/** Relative to U: by so much a bound must exceed U before anything is left out, so that rounding never loses the optimum. */
const FIXING_TOLERANCE = 1e-7;

/** The plan known best: jobs of class c in slot r, and nodes of each cut. */
export interface KnownPlan {
  readonly cost: number;
  readonly visitClass: (c: number, visit: (slot: number, jobs: number) => void) => void;
  readonly nodes: Int32Array;
}

/** A core MILP and the way back. */
export interface CoreModel {
  readonly milpModel: MilpModel;
  /** What to add to the MILP's objective to get the cost of the plan. */
  readonly objectiveOffset: number;
  /** Whether no better plan was left out. Then min(U, bound of the MILP) is a bound of the whole problem. */
  readonly isExact: boolean;
  /** The known plan as a point. */
  readonly start: readonly number[];
  /** Nodes of each cut at a point. */
  readonly nodesAt: (point: readonly number[]) => Int32Array;
}

interface Sets {
  readonly table: SlotTable;
  readonly cuts: readonly NodeCutKind[];
  readonly classes: readonly OpenClass[];
  /** Jobs whose slot is settled, by slot. */
  readonly settledUse: Float64Array;
  readonly nodeColumns: readonly NodeColumn[];
}

interface RunColumn {
  readonly slot: number;
  readonly column: number;
}

interface OpenClass {
  readonly c: number;
  readonly jobs: number;
  readonly mayWait: boolean;
  readonly runs: readonly RunColumn[];
}

interface NodeColumn {
  readonly q: number;
  readonly column: number;
}

/** Poses what is open between `bound` and the known plan, on at most about `maxColumns` columns of jobs: those of least regret. */
export function coreModel(
  table: SlotTable,
  cuts: readonly NodeCutKind[],
  args: {
    readonly prices: Float64Array;
    readonly bound: number;
    readonly known: KnownPlan;
    readonly maxColumns: number;
  },
): CoreModel {
  const { known, prices } = args;
  const open = known.cost - args.bound + FIXING_TOLERANCE * Math.abs(known.cost);
  const regrets = regretsUpTo(table, prices, open);
  const isExact = regrets.length <= args.maxColumns;
  const width = isExact ? open : (regrets.sort()[args.maxColumns] ?? open);
  const columns = columnList();
  const nodeColumns = columnsOfNodes(table, cuts, { columns, prices, open, known });
  const domain = Math.min(regrets.length, args.maxColumns) <= INTEGER_JOBS_UP_TO ? "integer" : "continuous";
  const { classes, settledUse, settledCost, start } = columnsOfJobs(table, {
    columns,
    prices,
    width,
    known,
    domain,
  });
  for (const { q, column } of nodeColumns) start[column] = known.nodes[q] ?? 0;
  const sets: Sets = { table, cuts, classes, settledUse, nodeColumns };
  return {
    milpModel: {
      name: "core",
      columns: columns.all(),
      rows: [...oneSlot(sets), ...partCapacity(sets), ...quotas(sets), ...nodeLimit(sets), ...limits(sets)],
    },
    objectiveOffset: table.waitingCost + settledCost,
    isExact,
    start: Array.from(columns.all(), (_, column) => start[column] ?? 0),
    nodesAt: (point) => {
      const nodes = new Int32Array(cuts.length);
      for (const { q, column } of nodeColumns) nodes[q] = Math.round(point[column] ?? 0);
      return nodes;
    },
  };
}

function columnsOfJobs(
  table: SlotTable,
  args: {
    readonly columns: ColumnList;
    readonly prices: Float64Array;
    readonly width: number;
    readonly known: KnownPlan;
    readonly domain: Column["domain"];
  },
): {
  readonly classes: readonly OpenClass[];
  readonly settledUse: Float64Array;
  readonly settledCost: number;
  readonly start: number[];
} {
  const { columns, prices, width, known, domain } = args;
  const { slotCount, cost } = table;
  const classes: OpenClass[] = [];
  const settledUse = new Float64Array(slotCount);
  const start: number[] = [];
  let settledCost = 0;
  for (let c = 0; c < table.classCount; c += 1) {
    const least = leastReduced(table, prices, c);
    const jobs = table.multiplicity[c] ?? 0;
    const planned = new Map<number, number>();
    let waiting = jobs;
    known.visitClass(c, (slot, count) => {
      if (slot === slotCount) return;
      waiting -= count;
      let own = slot;
      while (!isOwnSlot(table, c, own)) own -= 1;
      planned.set(own, (planned.get(own) ?? 0) + count);
    });
    const mayWait = -least <= width || waiting > 0;
    const slots: number[] = [];
    for (let r = 0; r < slotCount; r += 1) {
      const regret = (cost[c * slotCount + r] ?? 0) + (prices[r] ?? 0) - least;
      if (planned.has(r) || (regret <= width && isOwnSlot(table, c, r))) slots.push(r);
    }
    const only = slots[0];
    if (slots.length === 1 && !mayWait && only !== undefined) {
      settledUse[only] = (settledUse[only] ?? 0) + jobs;
      settledCost += jobs * (cost[c * slotCount + only] ?? 0);
      continue;
    }
    if (slots.length === 0) continue;
    const runs = slots.map((slot) => {
      const column = columns.add({
        name: `x[${c},${slot}]`,
        lower: 0,
        upper: jobs,
        domain,
        cost: cost[c * slotCount + slot] ?? 0,
      });
      start[column] = planned.get(slot) ?? 0;
      return { slot, column };
    });
    classes.push({ c, jobs, mayWait, runs });
  }
  return { classes, settledUse, settledCost, start };
}

function columnsOfNodes(
  table: SlotTable,
  cuts: readonly NodeCutKind[],
  args: {
    readonly columns: ColumnList;
    readonly prices: Float64Array;
    readonly open: number;
    readonly known: KnownPlan;
  },
): readonly NodeColumn[] {
  const scarcity = nodeScarcity(table, args.prices);
  const charges = limitCharges(table, args.prices);
  return cuts.flatMap((cut, q): NodeColumn[] => {
    const worth = worthOfParts(table, cut, args.prices) - cut.cost - (charges[cut.vmType] ?? 0);
    const regret = scarcity.nodeLimit + (scarcity.quotas[cut.vmType] ?? 0) - worth;
    if (regret > args.open && (args.known.nodes[q] ?? 0) === 0) return [];
    const upper = table.vmTypes[cut.vmType]?.quota ?? 0;
    const name = `p[${table.vmTypes[cut.vmType]?.id ?? ""},${cut.partition.join("+")}]`;
    return [{ q, column: args.columns.add({ name, lower: 0, upper, domain: "integer", cost: cut.cost }) }];
  });
}

/** (1) Σ_r x_cr ≤ n_c, or = n_c   ∀c */
function oneSlot({ classes }: Sets): readonly Row[] {
  return classes.map(({ c, jobs, mayWait, runs }) => {
    const used = runs.flatMap(({ column }) => times(1, column));
    return mayWait ? atMost(`oneSlot[${c}]`, used, jobs) : equal(`oneSlot[${c}]`, used, jobs);
  });
}

/** (2) Σ_c Σ_{r' ≥ r} x_cr' ≤ Σ_q A_qr p_q   ∀r; settled jobs go to the right */
function partCapacity({ table, cuts, classes, settledUse, nodeColumns }: Sets): readonly Row[] {
  return table.vmTypes.flatMap(({ id, firstSlot, slotCount }, v) => {
    const needed: Term[][] = Array.from({ length: slotCount }, () => []);
    for (const { runs } of classes) {
      for (const { slot, column } of runs) {
        if (slot < firstSlot || slot >= firstSlot + slotCount) continue;
        for (let index = 0; index <= slot - firstSlot; index += 1)
          needed[index]?.push({ column, coefficient: 1 });
      }
    }
    return needed.map((jobs, index) => {
      const offered = nodeColumns.flatMap(({ q, column }): LinearExpression => {
        const cut = cuts[q];
        if (cut?.vmType !== v) return [];
        return times(-cut.parts.subarray(index).reduce((total, parts) => total + parts, 0), column);
      });
      const settled = settledUse
        .subarray(firstSlot + index, firstSlot + slotCount)
        .reduce((total, use) => total + use, 0);
      return atMost(
        `partCapacity[${id},${table.slotGpus[firstSlot + index] ?? 0}]`,
        [...jobs, ...offered],
        0 - settled,
      );
    });
  });
}

/** (3) Σ_{q ∈ P_v} p_q ≤ Q_v   ∀v whose quota is below N */
function quotas({ table, cuts, nodeColumns }: Sets): readonly Row[] {
  return table.vmTypes.flatMap(({ id, quota }, v) => {
    const own = nodeColumns.filter(({ q }) => cuts[q]?.vmType === v);
    if (quota >= table.maxNodes || own.length === 0) return [];
    return [
      atMost(
        `quota[${id}]`,
        own.flatMap(({ column }) => times(1, column)),
        quota,
      ),
    ];
  });
}

/** (3) Σ_q p_q ≤ N */
function nodeLimit({ table, nodeColumns }: Sets): readonly Row[] {
  return [
    atMost(
      "nodeLimit",
      nodeColumns.flatMap(({ column }) => times(1, column)),
      table.maxNodes,
    ),
  ];
}

/** (4) Σ_q a_kv(q) p_q ≤ b_k   ∀k */
const limits = ({ table, cuts, nodeColumns }: Sets): readonly Row[] =>
  limitRows(
    table.limits,
    nodeColumns.map(({ q, column }) => ({ column, v: cuts[q]?.vmType ?? -1 })),
  );
