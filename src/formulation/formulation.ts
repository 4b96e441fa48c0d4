import type { Allocation, GpuPart } from "../domain/allocation.ts";
import type { GpuPartition } from "../domain/gpu-partition.ts";
import type { JobId, VmTypeId } from "../domain/ids.ts";
import type { MilpModel } from "../milp/milp-model.ts";

/** Which configuration one running job gets. */
export interface Choice {
  readonly jobId: JobId;
  readonly vmTypeId: VmTypeId;
  readonly gpus: number;
}

/** One node to rent and the partition of its GPUs; a part may host a job that needs fewer. */
export interface NodeCut {
  readonly vmTypeId: VmTypeId;
  readonly partition: GpuPartition;
}

/** One node to rent and the jobs that share it. */
export interface NodeGroup {
  readonly vmTypeId: VmTypeId;
  readonly parts: readonly GpuPart[];
}

/**
 * A solver's answer in words of the domain, before nodes have names.
 * `pooled`: nodes of a VM type are interchangeable; the cuts host all choices, and which jobs share a node is free.
 * `grouped`: which jobs share a node matters to the objective (its rent until the first of them completes) and is decided.
 */
export type Assignment =
  | { readonly kind: "pooled"; readonly choices: readonly Choice[]; readonly cuts: readonly NodeCut[] }
  | { readonly kind: "grouped"; readonly groups: readonly NodeGroup[] };

/** A decision problem written as a MILP, and the way back. */
export interface FormulatedProblem {
  readonly milpModel: MilpModel;
  /** What to add to the MILP's objective to get the cost of the plan. */
  readonly objectiveOffset: number;
  readonly decode: (point: readonly number[]) => Assignment;
  /** The point of a feasible allocation (or of one that costs no more), as a start for the solver. */
  readonly encode: (allocation: Allocation) => readonly number[];
}
