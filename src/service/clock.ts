import { millisecondsToSeconds, secondsToMilliseconds } from "../domain/units.ts";

/** Where the service's time comes from; tests advance a fake one. */
export interface Clock {
  /** Seconds since the Unix epoch. */
  readonly nowSeconds: () => number;
  /** Calls back once after a delay, or earlier where the delay is longer than the clock can wait; gives the way to call it off. */
  readonly after: (delaySeconds: number, call: () => void) => () => void;
}

/** Node's timers hold a signed 32-bit number of milliseconds. */
const MAX_DELAY_MILLISECONDS = 2 ** 31 - 1;

/**
 * The machine's clock. With `startAtSeconds` it starts there and runs at the usual pace, so that a replayed history goes on
 * where it ended instead of leaping to today.
 */
export function systemClock(options: { readonly startAtSeconds?: number } = {}): Clock {
  const machineSeconds = (): number => millisecondsToSeconds(Date.now());
  const offsetSeconds = options.startAtSeconds === undefined ? 0 : options.startAtSeconds - machineSeconds();
  return {
    nowSeconds: () => machineSeconds() + offsetSeconds,
    after: (delaySeconds, call) => {
      const delayMilliseconds = Math.ceil(Math.max(0, secondsToMilliseconds(delaySeconds)));
      const timer = setTimeout(call, Math.min(delayMilliseconds, MAX_DELAY_MILLISECONDS));
      return () => {
        clearTimeout(timer);
      };
    },
  };
}
