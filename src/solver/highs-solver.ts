/** HiGHS behind SolverPort: a worker pool and a watchdog that ends a worker which outstays its deadline. */
import { Piscina } from "piscina";
import type { MilpModel } from "../milp/milp-model.ts";
import type { SolveLimits, SolveOutcome, SolverPort } from "../milp/solver-port.ts";
import type { HighsTask } from "./highs-worker.ts";
import { poolEntry } from "./pool-entry.ts";

/** HiGHS gets a little less than the deadline, so that it can hand over its incumbent before the watchdog ends it. */
const TIME_LIMIT_SHARE_OF_DEADLINE = 0.8;

/** Node's timers take no more than 2^31 − 1 ms; a longer one would fire at once. */
const MAX_TIMER_MILLISECONDS = 2 ** 31 - 1;

/** HiGHS in `threads` workers (one solve each at a time). Close it to let the process end. */
export function highsSolver(options: { readonly threads: number }): SolverPort {
  const pool = new Piscina<HighsTask, SolveOutcome>({
    ...poolEntry(new URL("./highs-worker.ts", import.meta.url)),
    minThreads: 1,
    maxThreads: options.threads,
    // A worker keeps its loaded WASM module; memory of a dead worker is returned.
    idleTimeout: Infinity,
  });
  let closed = false;
  return {
    name: "highs",
    solve: async (model, limits, start) => {
      // A destroyed pool would start workers again, and nobody would end them.
      if (closed) return { kind: "failed", message: "the solver was closed" };
      const watchdog = new AbortController();
      const timer =
        limits.deadlineSeconds === null
          ? undefined
          : setTimeout(
              () => {
                watchdog.abort();
              },
              Math.min(limits.deadlineSeconds * 1000, MAX_TIMER_MILLISECONDS),
            );
      try {
        return await pool.run(taskOf(model, limits, start), { signal: watchdog.signal });
      } catch (error) {
        if (watchdog.signal.aborted) return { kind: "no-incumbent", bound: null, reason: "deadline" };
        return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
      } finally {
        clearTimeout(timer);
      }
    },
    close: async () => {
      closed = true;
      await pool.destroy();
    },
  };
}

function taskOf(model: MilpModel, limits: SolveLimits, start: readonly number[] | undefined): HighsTask {
  const entryCount = model.rows.reduce((total, row) => total + row.terms.length, 0);
  const starts = new Int32Array(model.rows.length + 1);
  const indices = new Int32Array(entryCount);
  const values = new Float64Array(entryCount);
  let entry = 0;
  model.rows.forEach((row, rowIndex) => {
    starts[rowIndex] = entry;
    for (const term of row.terms) {
      indices[entry] = term.column;
      values[entry] = term.coefficient;
      entry += 1;
    }
  });
  starts[model.rows.length] = entry;
  return {
    columnCount: model.columns.length,
    rowCount: model.rows.length,
    cost: Float64Array.from(model.columns, (column) => column.cost),
    columnLower: Float64Array.from(model.columns, (column) => column.lower),
    columnUpper: Float64Array.from(model.columns, (column) => column.upper),
    integrality: Int32Array.from(model.columns, (column) => (column.domain === "integer" ? 1 : 0)),
    rowLower: Float64Array.from(model.rows, (row) => row.lower),
    rowUpper: Float64Array.from(model.rows, (row) => row.upper),
    starts,
    indices,
    values,
    relativeGap: limits.relativeGap,
    maxTreeNodes: limits.maxTreeNodes,
    timeLimitSeconds:
      limits.deadlineSeconds === null ? null : limits.deadlineSeconds * TIME_LIMIT_SHARE_OF_DEADLINE,
    seed: limits.seed,
    start: start === undefined ? null : Float64Array.from(start),
  };
}
