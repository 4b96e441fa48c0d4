/** What Berth asks of a MILP solver, and what it may answer. */
import type { MilpModel } from "./milp-model.ts";

/** When to stop. Simulations and tests leave `deadlineSeconds` null, so that equal input gives equal output. */
export interface SolveLimits {
  /** Stop once |incumbent − bound| / |incumbent| is at most this. */
  readonly relativeGap: number;
  /** Branch-and-bound nodes; null is unlimited. */
  readonly maxTreeNodes: number | null;
  /** Wall-clock seconds after which the caller gets an answer whatever the solver does; null is unlimited. */
  readonly deadlineSeconds: number | null;
  readonly seed: number;
}

/** A point with its objective and the proof that goes with it. */
interface Incumbent {
  /** One value for each column. */
  readonly point: readonly number[];
  readonly objective: number;
}

/**
 * Expected outcomes are data, never exceptions.
 * `proven`: optimal within the relative gap asked for; `incumbent`: feasible, a limit was met first.
 * A bound is a proven lower bound of the minimum; null when there is none.
 */
export type SolveOutcome =
  | (Incumbent & { readonly kind: "proven"; readonly bound: number | null })
  | (Incumbent & { readonly kind: "incumbent"; readonly bound: number | null; readonly reason: LimitReason })
  | { readonly kind: "no-incumbent"; readonly bound: number | null; readonly reason: LimitReason }
  | { readonly kind: "infeasible" }
  | { readonly kind: "failed"; readonly message: string };

/** Which limit ended a search. */
export type LimitReason = "time-limit" | "node-limit" | "deadline";

/** One solver. Implementations validate nothing about the meaning of the model; the caller checks each point. */
export interface SolverPort {
  readonly name: string;
  /** `start` is a complete point to begin from; an infeasible one is ignored. */
  readonly solve: (model: MilpModel, limits: SolveLimits, start?: readonly number[]) => Promise<SolveOutcome>;
  /** Frees workers and memory. */
  readonly close: () => Promise<void>;
}
