/** Runs in a worker thread: one HiGHS solve for each message. HiGHS blocks its thread, so it never runs in the caller's. */
import loadHighs from "highs";
import type { Highs, Model, ModelData } from "highs";
import type { LimitReason, SolveOutcome } from "../milp/solver-port.ts";

/** A MILP in compressed rows; bounds are ±Infinity where open. */
export interface HighsTask {
  readonly columnCount: number;
  readonly rowCount: number;
  readonly cost: Float64Array;
  readonly columnLower: Float64Array;
  readonly columnUpper: Float64Array;
  /** 1 where the column is an integer. */
  readonly integrality: Int32Array;
  readonly rowLower: Float64Array;
  readonly rowUpper: Float64Array;
  readonly starts: Int32Array;
  readonly indices: Int32Array;
  readonly values: Float64Array;
  readonly relativeGap: number;
  readonly maxTreeNodes: number | null;
  /** HiGHS overruns it at times; the caller's watchdog is what holds. */
  readonly timeLimitSeconds: number | null;
  readonly seed: number;
  readonly start: Float64Array | null;
}

/** How far from whole an integer may be. */
const INTEGRALITY_TOLERANCE = 1e-9;

let loading: Promise<Highs> | undefined;

/** Solves one task. The WASM module is loaded once for each worker; every model is disposed. */
export default async function solveTask(task: HighsTask): Promise<SolveOutcome> {
  loading ??= loadHighs();
  const highs = await loading;
  if (task.columnCount === 0) return { kind: "proven", point: [], objective: 0, bound: 0 };
  const data: ModelData = {
    numCols: task.columnCount,
    numRows: task.rowCount,
    colCost: task.cost,
    colLower: task.columnLower,
    colUpper: task.columnUpper,
    rowLower: task.rowLower,
    rowUpper: task.rowUpper,
    matrix: {
      format: "csr",
      numRows: task.rowCount,
      numCols: task.columnCount,
      starts: task.starts,
      indices: task.indices,
      values: task.values,
    },
    integrality: task.integrality,
  };
  return highs.withModel(data, (model) => run(highs, model, task));
}

function run(highs: Highs, model: Model, task: HighsTask): SolveOutcome {
  model.options.set({
    output_flag: false,
    mip_rel_gap: task.relativeGap,
    // The default of 1e-6 is absolute: on a cheap cluster it would pass for proof of a plan that is not optimal.
    mip_abs_gap: 0,
    // The default of 1e-6 lets an integer cheat by a millionth of a big-M, so that the objective is below what any plan can cost.
    mip_feasibility_tolerance: INTEGRALITY_TOLERANCE,
    random_seed: task.seed,
    ...(task.maxTreeNodes === null ? {} : { mip_max_nodes: task.maxTreeNodes }),
    ...(task.timeLimitSeconds === null ? {} : { time_limit: task.timeLimitSeconds }),
  });
  if (task.start !== null) model.setSolution({ colValue: task.start });
  model.run();
  return outcome(highs, model, task);
}

/** Judged by whether a feasible point exists, not by the status word alone. */
function outcome(highs: Highs, model: Model, task: HighsTask): SolveOutcome {
  const status = model.getModelStatus();
  const codes = highs.constants.modelStatus;
  if (status === codes.infeasible) return { kind: "infeasible" };
  if (status === codes.unbounded) return { kind: "failed", message: "the model is unbounded" };
  const bound = boundOf(model, task, status === codes.optimal);
  const feasible = model.info.get("primal_solution_status") === highs.constants.solutionStatus.feasible;
  if (!feasible) {
    const reason = limitReason(highs, status);
    return reason === null
      ? { kind: "failed", message: `HiGHS ended with model status ${status} and no feasible point` }
      : { kind: "no-incumbent", bound, reason };
  }
  const point = Array.from(model.getSolution().colValue);
  const objective = model.getObjectiveValue();
  if (status === codes.optimal) return { kind: "proven", point, objective, bound };
  return { kind: "incumbent", point, objective, bound, reason: limitReason(highs, status) ?? "time-limit" };
}

/** HiGHS leaves `mip_dual_bound` at 0 for a model without integers, which would pass for a proof; an optimal LP is its own bound. */
function boundOf(model: Model, task: HighsTask, optimal: boolean): number | null {
  if (task.integrality.includes(1)) return finiteOrNull(model.info.get("mip_dual_bound"));
  return optimal ? model.getObjectiveValue() : null;
}

function limitReason(highs: Highs, status: number): LimitReason | null {
  const codes = highs.constants.modelStatus;
  if (status === codes.timeLimit) return "time-limit";
  if (status === codes.solutionLimit || status === codes.iterationLimit) return "node-limit";
  return null;
}

function finiteOrNull(value: number | bigint): number | null {
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}
