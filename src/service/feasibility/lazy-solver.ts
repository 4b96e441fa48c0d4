/** Solvers for questions that a request waits for: started when the first is asked, and held to the time that one request may take. */
import type { SolverPort } from "../../milp/solver-port.ts";

/** A solver that is opened at its first solve: who never asks has no thread for it. */
export function lazySolver(open: () => SolverPort): SolverPort {
  let opened: SolverPort | undefined;
  return {
    name: "lazy",
    solve: (model, limits, start) => (opened ??= open()).solve(model, limits, start),
    close: async () => {
      await opened?.close();
    },
  };
}

/** The same solver for one question of several solves: all of them together get so many seconds from now on. */
export function withinSeconds(solver: SolverPort, seconds: number, clock: () => number): SolverPort {
  const endsAtSeconds = clock() + seconds;
  return {
    name: solver.name,
    close: () => solver.close(),
    solve: async (model, limits, start) => {
      const secondsLeft = endsAtSeconds - clock();
      if (secondsLeft <= 0) return { kind: "no-incumbent", bound: null, reason: "deadline" };
      const deadlineSeconds = Math.min(secondsLeft, limits.deadlineSeconds ?? Infinity);
      return solver.solve(model, { ...limits, deadlineSeconds }, start);
    },
  };
}
