import type { Allocation } from "../domain/allocation.ts";
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

/** A solver's answer in words of the domain, before nodes have names. The cuts host all choices. */
export interface Assignment {
  readonly choices: readonly Choice[];
  readonly cuts: readonly NodeCut[];
}

/** A decision problem written as a MILP, and the way back. */
export interface FormulatedProblem {
  readonly milpModel: MilpModel;
  /** What to add to the MILP's objective to get the cost of the plan. */
  readonly objectiveOffset: number;
  readonly decode: (point: readonly number[]) => Assignment;
  /** The point of a feasible allocation (or of one that costs no more), as a start for the solver. */
  readonly encode: (allocation: Allocation) => readonly number[];
}
