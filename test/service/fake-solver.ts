import type { SolveOutcome, SolverPort } from "../../src/milp/solver-port.ts";

/** A solver whose answers the test gives, one by one. */
export interface FakeSolver extends SolverPort {
  /** Solves under way that have no answer yet. */
  readonly pendingCount: () => number;
  readonly solveCount: () => number;
  /** Waits until a solve is under way. */
  readonly asked: () => Promise<void>;
  /** Answers the oldest solve: no better plan was found, so the draft is taken. */
  readonly answer: () => void;
  /** Breaks the oldest solve as a defect would. */
  readonly break: (error: Error) => void;
}

const NOTHING_BETTER: SolveOutcome = { kind: "no-incumbent", bound: null, reason: "deadline" };

/** Answers nothing by itself. */
export function fakeSolver(): FakeSolver {
  const pending: {
    readonly resolve: (outcome: SolveOutcome) => void;
    readonly reject: (error: Error) => void;
  }[] = [];
  let listeners: (() => void)[] = [];
  let solveCount = 0;
  const oldest = (): (typeof pending)[number] => {
    const first = pending.shift();
    if (first === undefined) throw new Error("No solve is under way");
    return first;
  };
  return {
    name: "fake",
    solve: () =>
      new Promise((resolve, reject) => {
        solveCount += 1;
        pending.push({ resolve, reject });
        for (const listener of listeners) listener();
        listeners = [];
      }),
    close: () => Promise.resolve(),
    pendingCount: () => pending.length,
    solveCount: () => solveCount,
    asked: () =>
      pending.length > 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            listeners.push(resolve);
          }),
    answer: () => {
      oldest().resolve(NOTHING_BETTER);
    },
    break: (error) => {
      oldest().reject(error);
    },
  };
}

/** A solver that finds nothing better than the draft, at once. */
export const draftSolver: SolverPort = {
  name: "draft",
  solve: () => Promise.resolve(NOTHING_BETTER),
  close: () => Promise.resolve(),
};
