import type { SolveLimits } from "../../src/milp/solver-port.ts";

/** Solve to the proven optimum; no wall clock, so that equal problems give equal answers. */
export const EXACT: SolveLimits = { relativeGap: 0, maxTreeNodes: null, deadlineSeconds: null, seed: 1 };
