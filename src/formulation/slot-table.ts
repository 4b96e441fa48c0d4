/**
 * A separable problem as plain numbers, for the parts of a decision that count nanoseconds.
 *
 * Sets        c ∈ C job classes of n_c jobs; v ∈ V VM types; r = (v, s) ∈ R slots: a part of s GPUs of a node of type v
 * Parameters  C_cr   cost against waiting of a job of c in slot r: min_{g ≤ s} C_cvg − P_c where that is negative, else ∞
 *
 * A part of s GPUs hosts any job that needs at most s, so C_cr falls with s, and "dearer with more GPUs" never shows. Slots of sizes that
 * no job prefers to the next smaller one are left out. Jobs with identical rows are one class; jobs that never pay are in none.
 */
import type { PlanningProblem } from "../domain/planning-problem.ts";
import type { VmTypeId } from "../domain/ids.ts";
import { quotaWithin } from "../domain/vm-type.ts";
import type { LimitOrigin, LimitRow } from "./limit-rows.ts";
import { tightLimits, tightLimitsOf } from "./limit-rows.ts";
import type { SeparableObjective } from "./objective.ts";
import { distinctRows } from "./distinct-rows.ts";

/** v: a VM type that at least one job would use and that may be rented; its slots are firstSlot..firstSlot + slotCount − 1, sizes ascending. */
export interface SlotVmType {
  readonly id: VmTypeId;
  /** G_v */
  readonly gpuCount: number;
  /** f_v */
  readonly nodeCost: number;
  /** Q_v, at most N and what the limits leave */
  readonly quota: number;
  /** The limit that Q_v comes from; null where it is the VM type's own. */
  readonly quotaOrigin: LimitOrigin | null;
  readonly firstSlot: number;
  readonly slotCount: number;
}

/** C_cr row by row (class c holds cost[c·R] to cost[c·R + R − 1]), with what leads back to jobs and configurations. */
export interface SlotTable {
  readonly vmTypes: readonly SlotVmType[];
  /** R */
  readonly slotCount: number;
  /** Size s of each slot. */
  readonly slotGpus: Int32Array;
  /** 1 where a slot is the smallest of its VM type. */
  readonly firstOfVmType: Uint8Array;
  /** N */
  readonly maxNodes: number;
  /** The limit that N comes from; null where it is the cluster's own. */
  readonly maxNodesOrigin: LimitOrigin | null;
  /** Σ_v a_kv z_v ≤ b_k by position of the VM type in this table: what neither quotas nor N can say. */
  readonly limits: readonly LimitRow[];
  /** |C| */
  readonly classCount: number;
  readonly cost: Float64Array;
  /** g of the configuration behind each C_cr; 0 where it is ∞. */
  readonly gpus: Uint16Array;
  /** n_c */
  readonly multiplicity: Int32Array;
  /** Class of each job of the problem, in its order; −1 for one that never pays. */
  readonly classOfJob: Int32Array;
  /** Σ_j P_j: what everybody's waiting costs. */
  readonly waitingCost: number;
  /** The largest |C_cr| or |f_v|: rounding is relative to it where costs cancel out. */
  readonly largestCost: number;
}

/** Poses a problem under an objective. Time and memory grow with jobs × slots. */
export function slotTable(problem: PlanningProblem, objective: SeparableObjective): SlotTable {
  const wide = wideRows(problem, objective);
  const { vmTypes, columns, slotGpus, maxNodes, maxNodesOrigin, limits } = slotsInUse(
    problem,
    objective,
    wide,
  );
  const slotCount = columns.length;
  const jobCount = problem.jobs.length;
  // As a rule every size of every VM type is a slot, and the wide rows are the table's.
  const isWide = slotCount === wide.width;
  const cost = isWide ? wide.cost : new Float64Array(jobCount * slotCount);
  const gpus = isWide ? wide.gpus : new Uint16Array(jobCount * slotCount);
  for (let job = 0; job < jobCount && !isWide; job += 1) {
    for (let slot = 0; slot < slotCount; slot += 1) {
      const from = job * wide.width + (columns[slot] ?? 0);
      cost[job * slotCount + slot] = wide.cost[from] ?? Infinity;
      gpus[job * slotCount + slot] = wide.gpus[from] ?? 0;
    }
  }
  const { classOfRow, firstRow, count } = distinctRows(cost, { rowCount: jobCount, width: slotCount });
  for (let c = 0; c < firstRow.length; c += 1) {
    const from = (firstRow[c] ?? 0) * slotCount;
    if (from === c * slotCount) continue;
    cost.copyWithin(c * slotCount, from, from + slotCount);
    gpus.copyWithin(c * slotCount, from, from + slotCount);
  }
  const classCount = firstRow.length;
  return {
    vmTypes,
    slotCount,
    slotGpus,
    firstOfVmType: Uint8Array.from(slotGpus, (_, r) =>
      vmTypes.some(({ firstSlot }) => firstSlot === r) ? 1 : 0,
    ),
    maxNodes,
    maxNodesOrigin,
    limits,
    classCount,
    cost: cost.subarray(0, classCount * slotCount),
    gpus: gpus.subarray(0, classCount * slotCount),
    multiplicity: count,
    classOfJob: classOfRow,
    waitingCost: wide.waitingCost,
    largestCost: vmTypes.reduce((most, { nodeCost }) => Math.max(most, Math.abs(nodeCost)), largest(cost)),
  };
}

/** The largest finite absolute value. */
function largest(values: Float64Array): number {
  let most = 0;
  for (const value of values) if (value < 0 && value > -Infinity && -value > most) most = -value;
  return most;
}

/** Costs against waiting of every job in every part size 1..G_v of every VM type, sizes that nobody prefers included. */
interface WideRows {
  readonly width: number;
  /** Column of size 1 of each VM type of the problem. */
  readonly firstColumn: readonly number[];
  readonly cost: Float64Array;
  readonly gpus: Uint16Array;
  /** 1 where some job prefers this size to the next smaller one. */
  readonly preferred: Uint8Array;
  readonly waitingCost: number;
}

function wideRows(problem: PlanningProblem, objective: SeparableObjective): WideRows {
  const firstColumn: number[] = [];
  let width = 0;
  for (const vmType of problem.vmTypes) {
    firstColumn.push(width);
    width += vmType.gpuCount;
  }
  const columnOf = new Map(problem.vmTypes.map((vmType, index) => [vmType.id, firstColumn[index] ?? 0]));
  const cost = new Float64Array(problem.jobs.length * width).fill(Infinity);
  const gpus = new Uint16Array(problem.jobs.length * width);
  const preferred = new Uint8Array(width);
  let waitingCost = 0;
  let row = 0;
  for (const job of problem.jobs) {
    const waiting = objective.waiting(job);
    waitingCost += waiting;
    // Configurations are sorted by VM type, so the type is looked up once for all of its sizes.
    let vmTypeId: VmTypeId | undefined;
    let column: number | undefined;
    for (const configuration of job.configurations) {
      if (configuration.vmTypeId !== vmTypeId) {
        vmTypeId = configuration.vmTypeId;
        column = columnOf.get(vmTypeId);
      }
      if (column === undefined) continue;
      const against = objective.running(job, configuration) - waiting;
      const at = row + column + configuration.gpus - 1;
      if (against < 0) {
        cost[at] = against;
        gpus[at] = configuration.gpus;
      }
    }
    hostSmallerJobs(problem, { row, firstColumn, cost, gpus, preferred });
    row += width;
  }
  return { width, firstColumn, cost, gpus, preferred, waitingCost };
}

/** C_cr = min over g ≤ s, in place; the smaller g among equals. */
function hostSmallerJobs(
  problem: PlanningProblem,
  args: {
    readonly row: number;
    readonly firstColumn: readonly number[];
    readonly cost: Float64Array;
    readonly gpus: Uint16Array;
    readonly preferred: Uint8Array;
  },
): void {
  const { row, firstColumn, cost, gpus, preferred } = args;
  problem.vmTypes.forEach((vmType, index) => {
    const first = firstColumn[index] ?? 0;
    let least = Infinity;
    let leastGpus = 0;
    for (let column = first; column < first + vmType.gpuCount; column += 1) {
      const own = cost[row + column] ?? Infinity;
      if (own < least) {
        least = own;
        leastGpus = gpus[row + column] ?? 0;
        preferred[column] = 1;
      } else {
        cost[row + column] = least;
        gpus[row + column] = leastGpus;
      }
    }
  });
}

function slotsInUse(
  problem: PlanningProblem,
  objective: SeparableObjective,
  wide: WideRows,
): Pick<SlotTable, "vmTypes" | "slotGpus" | "maxNodes" | "maxNodesOrigin" | "limits"> & {
  readonly columns: readonly number[];
} {
  const { maxNodes, nodeLimits } = problem;
  const { quotas } = tightLimitsOf(problem);
  const columns: number[] = [];
  const sizes: number[] = [];
  const used: Omit<SlotVmType, "quotaOrigin">[] = [];
  problem.vmTypes.forEach((vmType, index) => {
    const firstSlot = columns.length;
    if ((quotas[index] ?? 0) <= 0) return;
    for (let size = 1; size <= vmType.gpuCount; size += 1) {
      const column = (wide.firstColumn[index] ?? 0) + size - 1;
      if (wide.preferred[column] !== 1) continue;
      columns.push(column);
      sizes.push(size);
    }
    const slotCount = columns.length - firstSlot;
    if (slotCount === 0) return;
    const { id, gpuCount } = vmType;
    const quota = quotaWithin(vmType, maxNodes);
    used.push({ id, gpuCount, nodeCost: objective.node(vmType), quota, firstSlot, slotCount });
  });
  // Among the VM types in use alone a limit may say no more than a quota.
  const tight = tightLimits({ vmTypes: used, maxNodes, nodeLimits });
  return {
    vmTypes: used.map((vmType, v) => ({
      ...vmType,
      quota: tight.quotas[v] ?? 0,
      quotaOrigin: tight.quotaOrigins[v] ?? null,
    })),
    columns,
    slotGpus: Int32Array.from(sizes),
    maxNodes: tight.maxNodes,
    maxNodesOrigin: tight.maxNodesOrigin,
    limits: tight.rows,
  };
}
