import type { Clock } from "../../src/service/clock.ts";

/** A clock that stands still until a test advances it; what falls due on the way is called in order. */
export interface FakeClock extends Clock {
  readonly advanceTo: (atSeconds: number) => void;
  readonly advanceBy: (seconds: number) => void;
  /** Sets the clock, backwards too, as an operator may. */
  readonly set: (atSeconds: number) => void;
  /** Times that something waits for, earliest first. */
  readonly dueTimes: () => readonly number[];
}

interface Waiting {
  readonly dueAtSeconds: number;
  readonly call: () => void;
}

/** Starts at a time in seconds since the Unix epoch. */
export function fakeClock(startAtSeconds: number): FakeClock {
  let nowSeconds = startAtSeconds;
  let waiting: readonly Waiting[] = [];
  const advanceTo = (atSeconds: number): void => {
    for (;;) {
      const next = [...waiting].sort((a, b) => a.dueAtSeconds - b.dueAtSeconds)[0];
      if (next === undefined || next.dueAtSeconds > atSeconds) break;
      waiting = waiting.filter((entry) => entry !== next);
      nowSeconds = Math.max(nowSeconds, next.dueAtSeconds);
      next.call();
    }
    nowSeconds = atSeconds;
  };
  return {
    nowSeconds: () => nowSeconds,
    after: (delaySeconds, call) => {
      const entry = { dueAtSeconds: nowSeconds + delaySeconds, call };
      waiting = [...waiting, entry];
      return () => {
        waiting = waiting.filter((other) => other !== entry);
      };
    },
    advanceTo,
    advanceBy: (seconds) => {
      advanceTo(nowSeconds + seconds);
    },
    set: (atSeconds) => {
      nowSeconds = atSeconds;
    },
    dueTimes: () => waiting.map((entry) => entry.dueAtSeconds).sort((a, b) => a - b),
  };
}
