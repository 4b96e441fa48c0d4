import type { SolveLimits } from "../../milp/solver-port.ts";

/** Limits of live solves: someone waits for the plan, so the clock binds; a gap of 0.1 % is below any prediction's error. */
export const LIVE_LIMITS: SolveLimits = {
  relativeGap: 0.001,
  maxTreeNodes: null,
  deadlineSeconds: 10,
  seed: 1,
};
