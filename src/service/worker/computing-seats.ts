/** How many threads of a worker compute comparisons: parts of them take the seats that whole ones leave. */
export interface ComputingSeats {
  readonly count: number;
  /** Seats that no whole comparison sits on. */
  readonly left: () => number;
  /** Sits on a seat while the work goes on. */
  readonly occupy: <Result>(work: () => Promise<Result>) => Promise<Result>;
  /** Within `occupy`: leaves the seat to others while waiting for them. */
  readonly vacate: <Result>(wait: () => Promise<Result>) => Promise<Result>;
}

/** So many seats; whoever occupies one more than there are is let in, and parts stay away for as long. */
export function computingSeats(count: number): ComputingSeats {
  let taken = 0;
  const during = async <Result>(change: number, work: () => Promise<Result>): Promise<Result> => {
    taken += change;
    try {
      return await work();
    } finally {
      taken -= change;
    }
  };
  return {
    count,
    left: () => Math.max(0, count - taken),
    occupy: (work) => during(1, work),
    vacate: (wait) => during(-1, wait),
  };
}
