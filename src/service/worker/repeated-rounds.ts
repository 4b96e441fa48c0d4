/** Rounds of some upkeep: one at a time, when rung and now and then; a round that fails is logged, and the next one comes all the same. */
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";

/** What is done again and again. */
export interface RepeatedWork {
  readonly name: string;
  readonly everySeconds: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly round: () => Promise<void>;
}

/** Rounds that go on until they are closed. */
export interface RepeatedRounds {
  /** The next round comes at once. */
  readonly ring: () => void;
  /** Waits for the round under way. */
  readonly close: () => Promise<void>;
}

/** Starts with a round now. */
export function repeatedRounds({ name, everySeconds, clock, logger, round }: RepeatedWork): RepeatedRounds {
  let isClosed = false;
  let isRung = false;
  let wake: () => void = () => undefined;
  const isOpen = (): boolean => !isClosed;
  const run = async (): Promise<void> => {
    while (isOpen()) {
      isRung = false;
      await round().catch((error: unknown) => {
        logger.error({ err: error, upkeep: name }, "a round of upkeep failed; it is tried again");
      });
      await new Promise<void>((resolve) => {
        const callOff = clock.after(everySeconds, resolve);
        wake = () => {
          callOff();
          resolve();
        };
        if (isRung || isClosed) wake();
      });
    }
  };
  const running = run();
  return {
    ring: () => {
      isRung = true;
      wake();
    },
    close: async () => {
      isClosed = true;
      wake();
      await running;
    },
  };
}
